/* The peer of recorder.h: sockets that wait for what has to come, and never for longer than a limit. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "recorder.h"

enum { kPatienceMs = 3000, kHeadMax = 65536 };

const char* directory;
static struct peer peers[kPeersMax];
static int num_peers;
static SSL_CTX* tls_context;

const char* text(const char* format, ...) {
  static char buffers[16][2048];
  static unsigned next;
  char* const buffer = buffers[next++ % 16];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer, sizeof(buffers[0]), format, arguments);
  va_end(arguments);
  return buffer;
}

const char* url_at(struct listener listener, const char* path) {
  return text("http://127.0.0.1:%d%s", listener.port, path);
}

const char* ok(const char* body) {
  return text("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
}

static bool ready(int fd, short events, int ms) {
  struct pollfd waited = {fd, events, 0};
  return poll(&waited, 1, ms) > 0;
}

struct listener listen_at(const char* address, int port, int backlog) {
  struct listener listener = {-1, 0};
  if (address[0] == '/') {
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    snprintf(path.sun_path, sizeof(path.sun_path), "%s", address);
    listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(listener.fd, (struct sockaddr*)&path, sizeof(path)) == 0, "%s", address);
  } else {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    socklen_t length = sizeof(place);
    inet_pton(AF_INET, address, &place.sin_addr);
    listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    limit_buffer(listener.fd, SO_RCVBUF);
    CHECK(bind(listener.fd, (struct sockaddr*)&place, sizeof(place)) == 0, "%s:%d", address, port);
    getsockname(listener.fd, (struct sockaddr*)&place, &length);
    listener.port = ntohs(place.sin_port);
  }
  CHECK(listen(listener.fd, backlog) == 0, "%s", address);
  return listener;
}

struct listener listen_deaf(const char* address, int port) {
  const struct listener listener = listen_at(address, port, 0);
  for (int count = 0; count < 3; ++count) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)listener.port)};
    inet_pton(AF_INET, address, &place.sin_addr);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connect(fd, (struct sockaddr*)&place, sizeof(place));
  }
  return listener;
}

/* Connections that came before their turn. */
static struct { int fd, listener, port; } early[kPeersMax];
static int num_early;

static int take_early(int listener, int port) {
  for (int index = 0; index < num_early; ++index) {
    if (early[index].listener != listener || (port != -1 && early[index].port != port)) continue;
    const int fd = early[index].fd;
    early[index] = early[--num_early];
    return fd;
  }
  return -1;
}

/* The kernel need not queue connections in the order in which they were asked for, so they are told by their
 * ports. */
static int accept_from(struct listener listener) {
  const int wanted = next_client_port(listener.port);
  const int found = take_early(listener.fd, wanted);
  if (found != -1) return found;
  for (;;) {
    CHECK(num_early < kPeersMax, "too many connections");
    CHECK(ready(listener.fd, POLLIN, kPatienceMs), "no connection to port %d", listener.port);
    struct sockaddr_in address = {0};
    socklen_t length = sizeof(address);
    const int fd = accept4(listener.fd, (struct sockaddr*)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK(fd != -1, "accept");
    const int port = address.sin_family == AF_INET ? ntohs(address.sin_port) : -1;
    if (wanted == -1 || port == wanted) return fd;
    early[num_early].fd = fd;
    early[num_early].listener = listener.fd;
    early[num_early++].port = port;
  }
}

struct peer* accepted(struct listener listener) {
  CHECK(num_peers < kPeersMax, "too many connections");
  for (int count = 0; count < 20 && num_early == 0 && !ready(listener.fd, POLLIN, 0) && timer_is_set();
       ++count) {
    wait_timer();
  }
  struct peer* peer = &peers[num_peers++];
  snprintf(peer->name, sizeof(peer->name), "p%d", num_peers);
  peer->fd = accept_from(listener);
  say("peer: %s is there", peer->name);
  return peer;
}

/* TLS. */

void speak_tls(struct peer* peer) {
  if (tls_context == NULL) {
    tls_context = SSL_CTX_new(TLS_server_method());
    const int loaded =
        SSL_CTX_use_certificate_chain_file(tls_context, text("%s/server.pem", directory)) == 1 &&
        SSL_CTX_use_PrivateKey_file(tls_context, text("%s/server.key", directory), SSL_FILETYPE_PEM) == 1;
    CHECK(loaded, "no certificate in %s", directory);
  }
  peer->tls = SSL_new(tls_context);
  SSL_set_fd(peer->tls, peer->fd);
  SSL_set_accept_state(peer->tls);
}

/* Waits until what `peer` has sent can be seen by the application. */
static void wait_for_arrival(const struct peer* peer) {
  struct sockaddr_in address = {0};
  socklen_t length = sizeof(address);
  if (getpeername(peer->fd, (struct sockaddr*)&address, &length) != 0 || address.sin_family != AF_INET)
    return;
  const curl_socket_t fd = descriptor_with_port(ntohs(address.sin_port));
  if (fd != CURL_SOCKET_BAD) ready(fd, POLLIN, kPatienceMs);
}

bool pump_tls(void) {
  bool moved = false;
  for (int index = 0; index < num_peers; ++index) {
    struct peer* peer = &peers[index];
    if (peer->tls == NULL || peer->shaken || peer->fd == -1 || !ready(peer->fd, POLLIN, 0)) continue;
    moved = true;
    ERR_clear_error();
    const int result = SSL_do_handshake(peer->tls);
    if (result == 1) {
      peer->shaken = true;
      wait_for_arrival(peer);
    } else if (SSL_get_error(peer->tls, result) == SSL_ERROR_WANT_READ) {
      wait_for_arrival(peer);
    } else {
      say("peer: the handshake of %s fails", peer->name);
      hang_up(peer);
    }
  }
  return moved;
}

/* Bytes. */

static ssize_t receive(struct peer* peer, char* bytes, size_t size) {
  if (peer->tls == NULL) return recv(peer->fd, bytes, size, 0);
  const int result = SSL_read(peer->tls, bytes, (int)size);
  if (result > 0) return result;
  errno = SSL_get_error(peer->tls, result) == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
  return errno == EIO ? 0 : -1;
}

static ssize_t transmit(struct peer* peer, const char* bytes, size_t size) {
  if (peer->tls == NULL) return send(peer->fd, bytes, size, MSG_NOSIGNAL);
  return SSL_write(peer->tls, bytes, (int)size);
}

/* Waits for bytes; 0 when the other side has closed. */
static size_t receive_some(struct peer* peer, char* bytes, size_t size) {
  for (int rounds = 0;; ++rounds) {
    const ssize_t count = receive(peer, bytes, size);
    if (count >= 0) return (size_t)count;
    CHECK(errno == EAGAIN, "%s: %s", peer->name, strerror(errno));
    if (ready(peer->fd, POLLIN, 0)) continue;
    if (timer_is_set() && rounds < 50) {
      wait_timer();
    } else {
      CHECK(ready(peer->fd, POLLIN, kPatienceMs), "%s: nothing comes", peer->name);
    }
  }
}

void body_of(struct peer* peer, size_t size) {
  char bytes[4096];
  size_t left = size;
  while (left > 0) {
    const size_t count = receive_some(peer, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
    CHECK(count > 0, "%s: closed, %zu bytes are missing", peer->name, left);
    left -= count;
  }
  say("peer: %s got a body of %zu", peer->name, size);
}

static void until_last_chunk(struct peer* peer) {
  char tail[5] = {0};
  while (memcmp(tail, "0\r\n\r\n", 5) != 0) {
    memmove(tail, tail + 1, 4);
    CHECK(receive_some(peer, tail + 4, 1) == 1, "%s: closed inside of a chunked body", peer->name);
  }
  say("peer: %s got a chunked body", peer->name);
}

void request(struct peer* peer) {
  static char head[kHeadMax];
  size_t size = 0;
  while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0) {
    CHECK(size + 1 < sizeof(head), "a long head");
    const size_t count = receive_some(peer, head + size, 1);
    if (count == 0) {
      say("peer: %s was closed", peer->name);
      return;
    }
    size += count;
  }
  head[size] = '\0';
  const bool expects = strcasestr(head, "\r\nexpect:") != NULL;
  say("peer: %s got %.*s%s", peer->name, (int)strcspn(head, "\r"), head, expects ? " and expects" : "");
  const char* length = strcasestr(head, "\r\ncontent-length:");
  if (expects) return;
  if (length != NULL) body_of(peer, (size_t)strtoul(length + 17, NULL, 10));
  if (strcasestr(head, "\r\ntransfer-encoding: chunked") != NULL) until_last_chunk(peer);
}

struct peer* started(struct handle* handle, struct listener listener) {
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  request(peer);
  return peer;
}

void answer_bytes(struct peer* peer, const char* bytes, size_t size) {
  say("peer: %s sends %zu", peer->name, size);
  while (size > 0) {
    const ssize_t count = transmit(peer, bytes, size);
    CHECK(count > 0, "%s: %s", peer->name, strerror(errno));
    bytes += count;
    size -= (size_t)count;
  }
  wait_for_arrival(peer);
}

void answer(struct peer* peer, const char* bytes) { answer_bytes(peer, bytes, strlen(bytes)); }

void stream_out(struct peer* peer, size_t size) {
  static char bytes[16384];
  memset(bytes, 'x', sizeof(bytes));
  say("peer: %s streams %zu", peer->name, size);
  while (size > 0) {
    const ssize_t count = transmit(peer, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
    CHECK(count > 0 || errno == EAGAIN, "%s: %s", peer->name, strerror(errno));
    if (count > 0) size -= (size_t)count;
    if (count < 0) settle();
  }
  wait_for_arrival(peer);
}

void stream_in(struct peer* peer, size_t size) {
  char bytes[65536];
  while (size > 0) {
    const ssize_t count = receive(peer, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
    CHECK(count > 0 || (count < 0 && errno == EAGAIN), "%s: closed", peer->name);
    if (count > 0) size -= (size_t)count;
    if (count < 0) settle();
    if (count < 0 && timer_is_set() && !ready(peer->fd, POLLIN, 0)) wait_timer();
  }
  say("peer: %s has read the stream", peer->name);
}

static void close_peer(struct peer* peer) {
  if (peer->tls != NULL) SSL_free(peer->tls);
  peer->tls = NULL;
  close(peer->fd);
  peer->fd = -1;
}

void hang_up(struct peer* peer) {
  say("peer: %s closes", peer->name);
  if (peer->tls != NULL && peer->shaken) SSL_shutdown(peer->tls);
  shutdown(peer->fd, SHUT_WR);
  wait_for_arrival(peer);
  close_peer(peer);
}

void reset(struct peer* peer) {
  say("peer: %s resets", peer->name);
  const struct linger at_once = {1, 0};
  setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close_peer(peer);
}
