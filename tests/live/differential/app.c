/* The application of recorder.h: callbacks that print, an epoll set, a one-shot timer. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

struct sock {
  char name[16];
  curl_socket_t fd;
  bool open;
  bool accepted; /* by the peer */
  int what;      /* as announced; 0 or CURL_POLL_REMOVE: not */
};

enum { kStorm = 3000 };
enum { kNoTimer = -1 };
/* Timers of applications are a little late, and 7.88.1 needs that: it rounds down what it announces. */
static const double kLateness = 2e-3;

struct application app;
static struct handle handles[kHandlesMax];
static struct sock sockets[kSocketsMax];
static int num_handles, num_sockets;
static int epoll_fd = -1;
static long timer_ms = kNoTimer; /* as announced */
static double timer_due;
static int running;
static int depth;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (depth > 0) fputs("  ", stdout);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

void limit_buffer(int fd, int which) {
  const int size = 100000;
  setsockopt(fd, SOL_SOCKET, which, &size, sizeof(size));
}

/* Names. */

static struct handle* handle_of(CURL* easy) {
  for (int index = 0; index < num_handles; ++index) {
    if (handles[index].easy == easy) return &handles[index];
  }
  return NULL;
}

static const char* name_of(CURL* easy) {
  const struct handle* handle = easy == NULL ? NULL : handle_of(easy);
  return handle == NULL ? "unknown" : handle->name;
}

struct handle* handle_named(const char* name) {
  for (int index = num_handles - 1; index >= 0; --index) {
    if (strcmp(handles[index].name, name) == 0) return &handles[index];
  }
  CHECK(false, "no handle %s", name);
}

static struct sock* open_socket(curl_socket_t fd) {
  for (int index = num_sockets - 1; index >= 0; --index) {
    if (sockets[index].fd == fd) return sockets[index].open ? &sockets[index] : NULL;
  }
  return NULL;
}

static struct sock* new_socket(curl_socket_t fd) {
  CHECK(num_sockets < kSocketsMax, "too many sockets");
  struct sock* made = &sockets[num_sockets++];
  snprintf(made->name, sizeof(made->name), "s%d", num_sockets);
  made->fd = fd;
  made->open = true;
  return made;
}

static struct sock* last_socket(curl_socket_t fd) {
  for (int index = num_sockets - 1; index >= 0; --index) {
    if (sockets[index].fd == fd) return &sockets[index];
  }
  return new_socket(fd);
}

curl_socket_t descriptor_of(const char* socket) {
  for (int index = num_sockets - 1; index >= 0; --index) {
    if (strcmp(sockets[index].name, socket) == 0) return sockets[index].fd;
  }
  CHECK(false, "no socket %s", socket);
}

static int port_in(const struct sockaddr_storage* address) {
  if (address->ss_family == AF_INET) return ntohs(((const struct sockaddr_in*)address)->sin_port);
  if (address->ss_family == AF_INET6) return ntohs(((const struct sockaddr_in6*)address)->sin6_port);
  return -1;
}

static int local_port(curl_socket_t fd) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof(address);
  return getsockname(fd, (struct sockaddr*)&address, &length) == 0 ? port_in(&address) : -1;
}

static int remote_port(curl_socket_t fd) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof(address);
  return getpeername(fd, (struct sockaddr*)&address, &length) == 0 ? port_in(&address) : -1;
}

curl_socket_t descriptor_with_port(int port) {
  for (int index = num_sockets - 1; index >= 0; --index) {
    if (sockets[index].open && local_port(sockets[index].fd) == port) return sockets[index].fd;
  }
  return CURL_SOCKET_BAD;
}

int next_client_port(int port) {
  for (int index = 0; index < num_sockets; ++index) {
    struct sock* sock = &sockets[index];
    if (!sock->open || sock->accepted || remote_port(sock->fd) != port) continue;
    sock->accepted = true;
    return local_port(sock->fd);
  }
  return -1;
}

/* Callbacks of the multi. */

static const char* what_text(int what) {
  static const char* const kNames[] = {"NONE", "IN", "OUT", "INOUT", "REMOVE"};
  return what >= 0 && what <= CURL_POLL_REMOVE ? kNames[what] : "?";
}

static void watch(struct sock* sock, int what) {
  const bool was_watched = sock->what != 0 && sock->what != CURL_POLL_REMOVE;
  struct epoll_event event = {0};
  event.data.u32 = (unsigned)(sock - sockets);
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  sock->what = what;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, sock->fd, &event);
  } else if (epoll_ctl(epoll_fd, was_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, sock->fd, &event) != 0) {
    say("epoll refuses %s", sock->name);
  }
}

static int on_socket(CURL* easy, curl_socket_t fd, int what, void* data, void* socketp) {
  (void)data;
  struct sock* sock = what == CURL_POLL_REMOVE ? last_socket(fd) : open_socket(fd);
  if (sock == NULL) sock = new_socket(fd);
  const char* pointer = socketp == NULL ? "null" : socketp == sock ? "own" : "wrong";
  const char* state = fcntl(fd, F_GETFD) == -1 ? " closed" : "";
  say("socket %s %s %s %s%s", name_of(easy), sock->name, what_text(what), pointer, state);
  watch(sock, what);
  if (what != CURL_POLL_REMOVE && socketp == NULL && app.assigns) {
    CHECK(curl_multi_assign(app.multi, fd, sock) == CURLM_OK, "assign");
  }
  if (app.on_socket != NULL) app.on_socket(easy, fd, what);
  return app.socket_answer;
}

static int on_timer(CURLM* multi, long ms, void* data) {
  (void)data;
  CHECK(multi == app.multi, "another multi");
  say("timer %ld", ms);
  timer_ms = ms;
  timer_due = seconds() + (double)ms / 1e3;
  if (app.on_timer != NULL) app.on_timer(ms);
  return app.timer_answer;
}

/* Callbacks of the handles. */

static curl_socket_t on_open(void* data, curlsocktype purpose, struct curl_sockaddr* address) {
  (void)data, (void)purpose;
  if (app.refuses_to_open) {
    say("open refused");
    return CURL_SOCKET_BAD;
  }
  const curl_socket_t fd = socket(address->family, address->socktype, address->protocol);
  limit_buffer(fd, SO_SNDBUF);
  say("open %s", fd == -1 ? "fails" : new_socket(fd)->name);
  return fd;
}

static int on_close(void* data, curl_socket_t fd) {
  (void)data;
  struct sock* sock = open_socket(fd);
  const bool watched = sock != NULL && sock->what != 0 && sock->what != CURL_POLL_REMOVE;
  say("close %s%s", sock == NULL ? "unknown" : sock->name, watched ? " announced" : "");
  if (sock != NULL) sock->open = false;
  return close(fd);
}

static size_t on_write(char* bytes, size_t size, size_t count, void* data) {
  struct handle* handle = data;
  const size_t length = size * count;
  (void)bytes;
  if (handle->abort_write_at != 0 && handle->num_received + length >= handle->abort_write_at) {
    say("write %s aborts", handle->name);
    return 0;
  }
  if (handle->pause_at != 0 && handle->num_received + length >= handle->pause_at) {
    handle->pause_at = 0;
    say("write %s pauses", handle->name);
    return CURL_WRITEFUNC_PAUSE;
  }
  handle->num_received += length;
  say("write %s %zu", handle->name, length);
  if (handle->on_write != NULL) handle->on_write(handle);
  return length;
}

static size_t on_header(char* bytes, size_t size, size_t count, void* data) {
  struct handle* handle = data;
  const size_t length = size * count;
  if (handle->abort_header) {
    say("header %s aborts", handle->name);
    return 0;
  }
  if (handle->pause_header) {
    handle->pause_header = false;
    say("header %s pauses", handle->name);
    return CURL_WRITEFUNC_PAUSE;
  }
  const int shown = (int)strcspn(bytes, "\r\n");
  say("header %s %.*s", handle->name, shown < (int)length ? shown : (int)length, bytes);
  if (handle->on_header != NULL) handle->on_header(handle);
  return length;
}

static size_t on_read(char* bytes, size_t size, size_t count, void* data) {
  struct handle* handle = data;
  size_t length = size * count;
  if (handle->abort_read) {
    say("read %s aborts", handle->name);
    return CURL_READFUNC_ABORT;
  }
  if (handle->pause_read) {
    handle->pause_read = false;
    say("read %s pauses", handle->name);
    return CURL_READFUNC_PAUSE;
  }
  const size_t left = handle->upload_size - handle->num_sent;
  if (length > left) length = left;
  if (handle->read_at_most != 0 && length > handle->read_at_most) length = handle->read_at_most;
  memset(bytes, 'u', length);
  handle->num_sent += length;
  say("read %s %zu", handle->name, length);
  return length;
}

static int on_progress(void* data, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now) {
  struct handle* handle = data;
  (void)total, (void)now, (void)up_total, (void)up_now;
  if (handle->abort_progress) {
    say("progress %s aborts", handle->name);
    return 1;
  }
  say("progress %s", handle->name);
  if (handle->on_progress != NULL) handle->on_progress(handle);
  return 0;
}

/* Handles. */

struct handle* easy(const char* name, const char* url) {
  CHECK(num_handles < kHandlesMax, "too many handles");
  struct handle* handle = &handles[num_handles++];
  snprintf(handle->name, sizeof(handle->name), "%s", name);
  handle->easy = curl_easy_init();
  CHECK(handle->easy != NULL, "no handle");
  curl_easy_setopt(handle->easy, CURLOPT_URL, url);
  curl_easy_setopt(handle->easy, CURLOPT_PRIVATE, handle);
  curl_easy_setopt(handle->easy, CURLOPT_NOSIGNAL, 1L);
  /* So late that it never strikes here; 7.88.1 sets that timer with a single address, too. */
  curl_easy_setopt(handle->easy, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 50000L);
  curl_easy_setopt(handle->easy, CURLOPT_ERRORBUFFER, handle->error);
  curl_easy_setopt(handle->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(handle->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(handle->easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(handle->easy, CURLOPT_WRITEDATA, handle);
  curl_easy_setopt(handle->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle->easy, CURLOPT_HEADERDATA, handle);
  curl_easy_setopt(handle->easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(handle->easy, CURLOPT_READDATA, handle);
  curl_easy_setopt(handle->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle->easy, CURLOPT_XFERINFODATA, handle);
  return handle;
}

void upload(struct handle* handle, size_t size, bool known) {
  handle->upload_size = size;
  SET(handle, CURLOPT_UPLOAD, 1L);
  SET(handle, CURLOPT_INFILESIZE_LARGE, known ? (curl_off_t)size : (curl_off_t)-1);
}

/* Calls. */

static void begin_call(const char* format, ...) __attribute__((format(printf, 1, 2)));
static void begin_call(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("> ", stdout);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  depth = 1;
}

static void end_call(CURLMcode code) {
  depth = 0;
  say("< %s", code == CURLM_OK ? "OK" : curl_multi_strerror(code));
}

static void end_run(CURLMcode code) {
  depth = 0;
  if (code == CURLM_OK) {
    say("< OK running %d", running);
  } else {
    say("< code %d running %d", code, running);
  }
  if (!app.reads_no_messages) read_messages();
}

static void read_one_by_one(bool all) {
  int left = 0;
  do {
    CURLMsg* message = curl_multi_info_read(app.multi, &left);
    if (message == NULL) return;
    CURL* finished = message->easy_handle;
    const CURLcode code = message->data.result;
    long status = 0, connects = -1;
    curl_easy_getinfo(finished, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(finished, CURLINFO_NUM_CONNECTS, &connects);
    const struct handle* handle = handle_of(finished);
    say("message %s code %d left %d: status %ld, connections %ld, received %zu, sent %zu", name_of(finished),
        code, left, status, connects, handle->num_received, handle->num_sent);
    if (app.on_message != NULL) app.on_message(handle_of(finished), code);
  } while (all);
}

void read_messages(void) { read_one_by_one(!app.reads_one_message); }

void add(struct handle* handle) {
  handle->num_received = handle->num_sent = 0;
  begin_call("add %s", handle->name);
  const CURLMcode code = curl_multi_add_handle(app.multi, handle->easy);
  depth = 0;
  say("< code %d", code);
}

void remove_easy(struct handle* handle) {
  begin_call("remove %s", handle->name);
  const CURLMcode code = curl_multi_remove_handle(app.multi, handle->easy);
  depth = 0;
  say("< code %d", code);
}

void cleanup_easy(struct handle* handle) {
  begin_call("cleanup %s", handle->name);
  curl_easy_cleanup(handle->easy);
  end_call(CURLM_OK);
  handle->easy = NULL;
}

void pause_to(struct handle* handle, int bits) {
  const bool inside = depth != 0;
  const char* name = bits == 0                ? "nothing"
                     : bits == CURLPAUSE_RECV ? "receiving"
                     : bits == CURLPAUSE_SEND ? "sending"
                                              : "all";
  if (inside) {
    say("pause %s %s", handle->name, name);
  } else {
    begin_call("pause %s %s", handle->name, name);
  }
  const CURLcode code = curl_easy_pause(handle->easy, bits);
  if (inside) {
    say("pause answers %d", code);
  } else {
    depth = 0;
    say("< code %d", code);
  }
}

static void timer_runs(const char* name) {
  timer_ms = kNoTimer;
  begin_call("%s", name);
  end_run(curl_multi_socket_action(app.multi, CURL_SOCKET_TIMEOUT, 0, &running));
}

void timeout_call(void) { timer_runs("timeout"); }

void action_fd(curl_socket_t fd, int bits, const char* name) {
  const char* in = (bits & CURL_CSELECT_IN) != 0 ? " IN" : "";
  const char* out = (bits & CURL_CSELECT_OUT) != 0 ? " OUT" : "";
  const char* error = (bits & CURL_CSELECT_ERR) != 0 ? " ERR" : "";
  begin_call("event %s%s%s%s", name, in, out, error);
  end_run(curl_multi_socket_action(app.multi, fd, bits, &running));
}

void action(const char* socket, int bits) { action_fd(descriptor_of(socket), bits, socket); }

void socket_all(void) {
  begin_call("socket_all");
  end_run(curl_multi_socket_all(app.multi, &running));
}

void perform(void) {
  begin_call("perform");
  end_run(curl_multi_perform(app.multi, &running));
}

void set_multi(CURLMoption option, long value, const char* name) {
  begin_call("%s %ld", name, value);
  end_call(curl_multi_setopt(app.multi, option, value));
}

void compare_multi_timeout(void) {
  long ms = -2;
  const CURLMcode code = curl_multi_timeout(app.multi, &ms);
  const double left = timer_ms < 0 ? -1 : (timer_due - seconds()) * 1e3;
  const bool agrees =
      timer_ms == kNoTimer ? ms == -1 : ms >= 0 && (double)ms > left - 50 && (double)ms < left + 50;
  say("multi_timeout %d: %s", code, agrees ? "agrees" : "differs");
  if (!agrees) fprintf(stderr, "announced %ld, left %f, told %ld\n", timer_ms, left, ms);
}

/* The loop. */

static void sleep_until(double due) {
  for (double left; (left = due - seconds()) > 0;) {
    const struct timespec span = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    nanosleep(&span, NULL);
  }
}

/* The first socket (with app.reverse, the last one) that is ready; NULL if none is within `ms`. */
static struct sock* ready_socket(int ms, int* bits) {
  struct epoll_event events[kSocketsMax];
  const int count = epoll_wait(epoll_fd, events, kSocketsMax, ms);
  const struct epoll_event* chosen = NULL;
  for (int index = 0; index < count; ++index) {
    const bool better = chosen == NULL || (events[index].data.u32 < chosen->data.u32) != app.reverse;
    if (better) chosen = &events[index];
  }
  if (chosen == NULL) return NULL;
  *bits = ((chosen->events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
          ((chosen->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
          ((chosen->events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
  return &sockets[chosen->data.u32];
}

/* The kernel passes data between two sockets of loopback at once, but for a hiccup that is far below this. */
enum { kHiccupMs = 4, kAcknowledgeMs = 30 };

/* A socket that cannot take more may have room when the kernel has passed on what it holds. */
static bool sends(void) {
  for (int index = 0; index < num_sockets; ++index) {
    if (sockets[index].open && (sockets[index].what & CURL_POLL_OUT) != 0 &&
        sockets[index].what != CURL_POLL_REMOVE)
      return true;
  }
  return false;
}

bool settle_one(void) {
  if (timer_ms == 0) {
    timer_runs("due");
    return true;
  }
  int bits = 0;
  const struct sock* sock = ready_socket(sends() ? kAcknowledgeMs : kHiccupMs, &bits);
  if (sock != NULL) action_fd(sock->fd, bits, sock->name);
  return sock != NULL;
}

void be_idle(void) { sleep_until(seconds() + 0.03); }

/* Events without end: there is nothing more to be seen. */
static void storm(void) {
  say("storm");
  _exit(0);
}

void settle(void) {
  for (int count = 0; settle_one() || pump_tls(); ++count) {
    if (count < kStorm) continue;
    storm();
  }
}

void wait_timer(void) {
  settle();
  if (timer_ms < 0) {
    say("no timer to wait for");
    return;
  }
  sleep_until(timer_due + kLateness);
  timer_runs("due");
  settle();
}

bool timer_is_set(void) { return timer_ms >= 0; }

void settle_until(int wanted) {
  for (int count = 0; count < kStorm; ++count) {
    settle();
    if (running <= wanted) return;
    const double left = timer_ms < 0 ? 5 : timer_due - seconds();
    int bits = 0;
    const struct sock* sock = ready_socket(left < 0 ? 0 : (int)(left * 1e3) + 1, &bits);
    if (sock != NULL) {
      action_fd(sock->fd, bits, sock->name);
    } else if (timer_ms < 0) {
      say("nothing happens any more");
      return;
    } else {
      sleep_until(timer_due + kLateness);
      timer_runs("due");
    }
  }
  storm();
}

void finish(void) {
  for (int index = 0; index < num_handles; ++index) {
    struct handle* handle = &handles[index];
    if (handle->easy == NULL) continue;
    remove_easy(handle);
    cleanup_easy(handle);
  }
  if (app.multi == NULL) return;
  begin_call("cleanup multi");
  const CURLMcode code = curl_multi_cleanup(app.multi);
  end_call(code);
  for (int index = 0; index < num_sockets; ++index) {
    if (sockets[index].open && fcntl(sockets[index].fd, F_GETFD) != -1)
      say("left open: %s", sockets[index].name);
  }
}

/* Before main() runs a scenario. */
void start_application(void) {
  app.assigns = true;
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  app.multi = curl_multi_init();
  CHECK(app.multi != NULL && epoll_fd != -1, "start");
  curl_multi_setopt(app.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(app.multi, CURLMOPT_TIMERFUNCTION, on_timer);
}
