#include "threads/support/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "unit/stream/tls_fixture.hpp"
#include "unit/support/abortive_close.hpp"

namespace hiper::threads {
namespace {

constexpr auto kVeryLong = std::chrono::seconds(60);

sockaddr* raw(sockaddr_in& address) noexcept { return static_cast<sockaddr*>(static_cast<void*>(&address)); }

SSL_CTX* server_context() {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, good_server().certificate.get());
  SSL_CTX_use_PrivateKey(context, good_server().key.get());
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("t"), 1);
  return context;
}

std::string body_for(const std::string& path) {
  constexpr std::string_view kBytes = "/bytes/";
  if (path.starts_with(kBytes))
    return std::string(std::strtoul(path.c_str() + kBytes.size(), nullptr, 10), 'x');
  return path;
}

}  // namespace

/// One accepted connection; the server's thread alone works with it.
class Server::Connection {
 public:
  Connection(int fd, SSL_CTX* tls) : fd_(fd) {
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (tls == nullptr) return;
    ssl_.reset(SSL_new(tls));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(ssl_.get()), -1);
    SSL_set_accept_state(ssl_.get());
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { reset_now(); }

  void add_to(std::vector<pollfd>& set) const {
    if (fd_ < 0) return;
    const bool over = received_.fin || received_.reset;
    set.push_back({fd_, static_cast<short>((over ? 0 : POLLIN) | (output_.empty() ? 0 : POLLOUT)), 0});
  }
  /// True if something has happened.
  bool pump(bool released) {
    if (fd_ < 0) return false;
    const bool read = read_all();
    answer_all(released);
    if (ssl_) take_output();
    const bool sent = send_all();
    if (closing_ && output_.empty()) close_now();
    if (received_.reset || (received_.fin && output_.empty())) reset_now();
    return read || sent;
  }
  const Received& received() const noexcept { return received_; }

 private:
  bool read_all() {
    std::array<char, 65536> buffer;
    bool any = false;
    while (!received_.fin && !received_.reset) {
      const ssize_t count = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
      any = true;
      if (count == 0) received_.fin = true;
      if (count < 0) received_.reset = true;
      if (count > 0) take({buffer.data(), static_cast<std::size_t>(count)});
    }
    return any;
  }
  void take(std::string_view bytes) {
    received_.raw += bytes;
    if (!ssl_) {
      received_.text += bytes;
      return;
    }
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    std::array<char, 16384> buffer;
    for (int count; (count = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0;)
      received_.text.append(buffer.data(), static_cast<std::size_t>(count));
    clear_openssl_errors();
    received_.resumed = SSL_session_reused(ssl_.get()) == 1;
    received_.said_goodbye = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  void answer_all(bool released) {
    for (;;) {
      if (held_) {
        if (!released) return;
        say(*std::exchange(held_, std::nullopt));
        ++received_.num_answered;
      }
      const std::size_t end = received_.text.find("\r\n\r\n", answered_);
      if (end == std::string::npos || closing_) return;
      const std::size_t from = received_.text.find(' ', answered_) + 1;
      const std::string path = received_.text.substr(from, received_.text.find(' ', from) - from);
      answered_ = end + 4;
      answer(path);
    }
  }
  void answer(const std::string& path) {
    const std::string body = body_for(path);
    closing_ = path.starts_with("/close/");
    say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
        (path.starts_with("/hsts/") ? "\r\nStrict-Transport-Security: max-age=1000" : "") +
        (path.starts_with("/cookie/") ? "\r\nSet-Cookie: " + path.substr(8) + "; path=/" : "") +
        (closing_ ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n"));
    if (path.starts_with("/hold/")) {
      say(body.substr(0, body.size() / 2));
      held_ = body.substr(body.size() / 2);
      return;
    }
    say(body);
    ++received_.num_answered;
  }
  void say(const std::string& text) {
    if (!ssl_) {
      output_ += text;
    } else {
      SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    }
  }
  void take_output() {
    std::array<char, 16384> buffer;
    for (int count;
         (count = BIO_read(SSL_get_wbio(ssl_.get()), buffer.data(), static_cast<int>(buffer.size()))) > 0;)
      output_.append(buffer.data(), static_cast<std::size_t>(count));
    clear_openssl_errors();
  }
  bool send_all() {
    bool any = false;
    while (!output_.empty()) {
      const ssize_t count = send(fd_, output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN && errno != EINTR) output_.clear();
      if (count < 0) break;
      output_.erase(0, static_cast<std::size_t>(count));
      any = true;
    }
    return any;
  }
  void close_now() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  void reset_now() {
    if (fd_ >= 0) close_abortively(std::exchange(fd_, -1));
  }

  int fd_;
  OwnedSsl ssl_;
  Received received_;
  std::string output_;
  std::size_t answered_ = 0;  ///< of received_.text
  std::optional<std::string> held_;
  bool closing_ = false;
};

Server::Server(Kind kind) : interrupt_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (kind == Kind::tls) tls_ = server_context();
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(bind(listener_, raw(address), length), 0);
  EXPECT_EQ(listen(listener_, 1024), 0);
  getsockname(listener_, raw(address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

Server::~Server() {
  ending_ = true;
  interrupt();
  thread_.join();
  connections_.clear();
  close(listener_);
  close(interrupt_fd_);
  SSL_CTX_free(tls_);
}

const std::string& Server::authority_pem() {
  static const std::string pem = pem_of(authority().certificate.get());
  return pem;
}

std::string Server::url(const std::string& path, const std::string& host) const {
  return (secure() ? "https://" : "http://") + host + ":" + std::to_string(port_) + path;
}

std::vector<Received> Server::connections() {
  std::unique_lock lock(mutex_);
  catch_up(lock);
  return received_;
}

bool Server::wait_until(const std::function<bool(const std::vector<Received>&)>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kVeryLong, [&] { return condition(received_); });
}

void Server::catch_up() {
  std::unique_lock lock(mutex_);
  catch_up(lock);
}

// The round that runs now may have looked before the call; the one after it has not.
void Server::catch_up(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t enough = num_rounds_ + 2;
  const bool done = changed_.wait_for(lock, kVeryLong, [&] {
    interrupt();
    return num_rounds_ >= enough;
  });
  EXPECT_TRUE(done);
}

void Server::release() {
  released_ = true;
  interrupt();
}

void Server::pause() {
  std::unique_lock lock(mutex_);
  pausing_ = true;
  interrupt();
  changed_.wait(lock, [this] { return paused_; });
}

void Server::resume() {
  const std::lock_guard lock(mutex_);
  pausing_ = false;
  changed_.notify_all();
}

void Server::interrupt() const noexcept {
  const std::uint64_t one = 1;
  EXPECT_EQ(write(interrupt_fd_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
}

void Server::accept_all() {
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
    connections_.push_back(std::make_unique<Connection>(fd, tls_));
}

void Server::poll_once() {
  std::vector<pollfd> set = {{listener_, POLLIN, 0}, {interrupt_fd_, POLLIN, 0}};
  for (const auto& connection : connections_) connection->add_to(set);
  ::poll(set.data(), set.size(), -1);
  std::uint64_t count;
  static_cast<void>(!read(interrupt_fd_, &count, sizeof count));
}

void Server::run() {
  while (!ending_) {
    poll_once();
    accept_all();
    const bool released = released_;
    std::vector<std::size_t> news;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (connections_[i]->pump(released)) news.push_back(i);
    }
    std::unique_lock lock(mutex_);
    received_.resize(connections_.size());
    for (const std::size_t i : news) received_[i] = connections_[i]->received();
    ++num_rounds_;
    paused_ = pausing_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !pausing_; });
    paused_ = false;
  }
}

}  // namespace hiper::threads
