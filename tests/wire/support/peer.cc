#include "wire/support/peer.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "unit/support/abortive_close.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

sockaddr* raw(sockaddr_in& address) noexcept { return static_cast<sockaddr*>(static_cast<void*>(&address)); }

/// Where the body of a request with this head, which begins at `from`, ends; npos if it is not there yet.
std::size_t end_of_body(const std::string& text, std::size_t from, std::string_view request_head) {
  if (request_head.find("Transfer-Encoding: chunked") != request_head.npos) {
    const std::size_t end = text.find("0\r\n\r\n", from);
    return end == text.npos ? end : end + 5;
  }
  const std::size_t length_at = request_head.find("Content-Length: ");
  if (length_at == request_head.npos) return from;
  const std::size_t length = std::strtoul(request_head.data() + length_at + 16, nullptr, 10);
  return text.size() - from >= length ? from + length : text.npos;
}

/// OpenSSL writes without MSG_NOSIGNAL. The signal stays deadly for the library.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() {
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
};

}  // namespace

std::string chunks(std::string_view body, std::size_t piece) {
  std::string text;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    const std::string_view data = body.substr(at, piece);
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    text.append(size).append(data).append("\r\n");
  }
  return text;
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

std::string response(std::string_view body, std::string_view more_headers, std::string_view status) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append(more_headers).append("\r\n").append(body);
}

Script always(const std::string& text) { return {request(), send(text), again()}; }
Script once(const std::string& text) { return {request(), send(text), client_gone()}; }

// --- PeerConnection

PeerConnection::PeerConnection(Peer& peer, int fd, Script script, SSL* tls)
    : peer_(peer), fd_(fd), tls_(tls), script_(std::move(script)) {
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in client{};
  socklen_t length = sizeof client;
  getpeername(fd, raw(client), &length);
  client_port_ = ntohs(client.sin_port);
}

PeerConnection::~PeerConnection() {
  if (open()) reset_now();
}

void PeerConnection::close_now() {
  SSL_free(std::exchange(tls_, nullptr));
  close(std::exchange(fd_, -1));
}

void PeerConnection::reset_now() {
  SSL_free(std::exchange(tls_, nullptr));
  close_abortively(std::exchange(fd_, -1));
}

void PeerConnection::add_to(std::vector<pollfd>& set) const {
  if (!open()) return;
  const bool listens = reading_ && !client_closed_ && !client_reset_;
  const int events = (listens ? POLLIN : 0) | (blocked_ ? POLLOUT : 0);
  if (events != 0) set.push_back({fd_, static_cast<short>(events), 0});
}

long PeerConnection::read_some(char* into, std::size_t size) {
  if (tls_ == nullptr) return recv(fd_, into, size, MSG_DONTWAIT);
  const int count = SSL_read(tls_, into, static_cast<int>(size));
  if (count > 0) return count;
  const int error = SSL_get_error(tls_, count);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    errno = EAGAIN;
    return -1;
  }
  return 0;
}

long PeerConnection::write_some(const char* from, std::size_t size) {
  if (tls_ == nullptr) return ::send(fd_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  const int count = SSL_write(tls_, from, static_cast<int>(size));
  if (count > 0) return count;
  const int error = SSL_get_error(tls_, count);
  ERR_clear_error();
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
  return -1;
}

void PeerConnection::read_all() {
  char buffer[65536];
  while (open() && reading_ && !client_closed_ && !client_reset_) {
    const bool limited = at_ < script_.size() && script_[at_].kind == Step::Kind::bytes;
    const std::size_t missing = limited ? script_[at_].count - (received_.size() - consumed_) : sizeof buffer;
    if (missing == 0) return;
    const long count = read_some(buffer, std::min(missing, sizeof buffer));
    if (count > 0) {
      received_.append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0) {
      client_closed_ = true;
    } else if (errno == EAGAIN) {
      return;
    } else {
      client_reset_ = true;
    }
  }
}

void PeerConnection::pump() {
  while (open()) {
    read_all();
    if (finished() || !run_step(script_[at_])) break;
    ++at_;
    sent_ = piece_ = piece_sent_ = 0;
  }
  if (open() && finished() && (client_closed_ || client_reset_)) reset_now();
}

/// True when the step is done.
bool PeerConnection::run_step(const Step& step) {
  switch (step.kind) {
    case Step::Kind::request:
      return take_request(true);
    case Step::Kind::first_flight:
      return BIO_number_written(SSL_get_wbio(tls_)) > 0;
    case Step::Kind::head:
      return take_request(false);
    case Step::Kind::bytes:
      if (received_.size() - consumed_ < step.count) return false;
      consumed_ += step.count;
      return true;
    case Step::Kind::send:
      return send_some(step);
    case Step::Kind::answer:
      if (sent_ == 0) answer_ = send_in(peer_.answerer(last_request_), step.sizes);
      return send_some(answer_);
    case Step::Kind::hold:
      return peer_.take_release();
    case Step::Kind::send_cut:
      send_cut_off(step);
      return true;
    case Step::Kind::end_sending:
      if (tls_ != nullptr) SSL_shutdown(tls_);
      shutdown(fd_, SHUT_WR);
      return true;
    case Step::Kind::close:
      close_now();
      return true;
    case Step::Kind::reset:
      reset_now();
      return true;
    case Step::Kind::stop_reading:
      reading_ = false;
      return true;
    case Step::Kind::start_reading:
      reading_ = true;
      return true;
    case Step::Kind::client_gone:
      return client_closed_ || client_reset_;
    case Step::Kind::again:
      at_ = static_cast<std::size_t>(-1);
      return true;
  }
  return true;
}

bool PeerConnection::take_request(bool with_body) {
  const std::size_t blank = received_.find("\r\n\r\n", consumed_);
  if (blank == received_.npos) return false;
  const std::string_view request_head(received_.data() + consumed_, blank + 4 - consumed_);
  const std::size_t end = with_body ? end_of_body(received_, blank + 4, request_head) : blank + 4;
  if (end == received_.npos) return false;
  last_request_ = received_.substr(consumed_, end - consumed_);
  peer_.requests.push_back(last_request_);
  consumed_ = end;
  return true;
}

bool PeerConnection::client_has_read() const {
  const int client = peer_.world().app().socket_at_port(client_port_);
  int waiting = 0;
  return client < 0 || ioctl(client, FIONREAD, &waiting) != 0 || waiting == 0;
}

bool PeerConnection::send_some(const Step& step) {
  blocked_ = false;
  while (sent_ < step.text.size()) {
    std::size_t size = step.text.size() - sent_;
    if (piece_ < step.sizes.size()) size = std::min(size, step.sizes[piece_] - piece_sent_);
    if (piece_ > 0 && piece_sent_ == 0 && !client_has_read()) return false;
    const long count = write_some(step.text.data() + sent_, size);
    if (count < 0) {
      blocked_ = errno == EAGAIN;
      return !blocked_;  // the client has gone: the script goes on without it
    }
    sent_ += static_cast<std::size_t>(count);
    piece_sent_ += static_cast<std::size_t>(count);
    if (piece_ < step.sizes.size() && piece_sent_ == step.sizes[piece_]) {
      ++piece_;
      piece_sent_ = 0;
      if (sent_ < step.text.size()) return false;  // the client first
    }
  }
  return true;
}

void PeerConnection::send_cut_off(const Step& step) {
  std::string wire = step.text;
  if (tls_ != nullptr) {
    BIO* const memory = BIO_new(BIO_s_mem());
    BIO* const socket = SSL_get_wbio(tls_);
    BIO_up_ref(socket);
    SSL_set0_wbio(tls_, memory);
    SSL_write(tls_, step.text.data(), static_cast<int>(step.text.size()));
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    wire.assign(data, static_cast<std::size_t>(size));
    SSL_set0_wbio(tls_, socket);
  }
  EXPECT_LT(step.count, wire.size()) << "nothing is cut off";
  EXPECT_EQ(::send(fd_, wire.data(), step.count, MSG_DONTWAIT | MSG_NOSIGNAL), static_cast<long>(step.count));
  shutdown(fd_, SHUT_WR);
}

// --- Peer

Peer::Peer(World& world, SSL_CTX* tls)
    : world_(world), tls_(tls), listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  default_ = always(response("ok"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(bind(listener_, raw(address), length), 0);
  EXPECT_EQ(listen(listener_, 256), 0);
  getsockname(listener_, raw(address), &length);
  port_ = ntohs(address.sin_port);
  world.join(*this);
}

Peer::~Peer() {
  world_.leave(*this);
  close(listener_);
}

std::string Peer::url(std::string_view path) const {
  std::string text = tls_ != nullptr ? "https://127.0.0.1:" : "http://127.0.0.1:";
  return text.append(std::to_string(port_)).append(path);
}

void Peer::forget() {
  connections_.clear();
  requests.clear();
  scripts_.clear();
  releases_ = 0;
  // Connections nobody has accepted yet belong to the past, too.
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) close_abortively(fd);
}

void Peer::forget_closed() {
  std::erase_if(connections_, [](const auto& connection) { return !connection->open(); });
}

std::size_t Peer::num_open() const noexcept {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [](const auto& c) {
    return c->open() && !c->client_closed() && !c->client_reset();
  }));
}

void Peer::pump() {
  const NoPipeSignal quiet;
  for (int fd;
       accepting_ && (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    Script script = default_;
    if (!scripts_.empty()) {
      script = std::move(scripts_.front());
      scripts_.pop_front();
    }
    SSL* tls = nullptr;
    if (tls_ != nullptr) {
      tls = SSL_new(tls_);
      SSL_set_fd(tls, fd);
      SSL_set_accept_state(tls);
    }
    connections_.push_back(std::make_unique<PeerConnection>(*this, fd, std::move(script), tls));
  }
  for (const auto& connection : connections_) connection->pump();
}

void Peer::add_to(std::vector<pollfd>& set) const {
  if (accepting_) set.push_back({listener_, POLLIN, 0});
  for (const auto& connection : connections_) connection->add_to(set);
}

}  // namespace hiper::wire
