// The floor: what the GETs of the client cost with plain system calls. One request per connection in flight,
// one send and one recv for a small answer; one epoll set in which each connection is entered once (a single
// connection simply blocks). It knows the servers of this benchmark and nothing else: a yardstick, not a
// client.
//
//   floor [-n REQUESTS] [-c IN_FLIGHT] [-w WARM_UP] [--fresh] [--buffer N] [--cacert FILE] URL
//
// Writes the figures as the client does.
#include <getopt.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/die.hpp"
#include "support/exchange.hpp"
#include "support/process.hpp"
#include "support/urls.hpp"

namespace hiper::bench {
namespace {

constexpr char kUsage[] =
    "usage: floor [-n N] [-c N] [-w N] [--fresh] [--buffer N] [--cacert FILE] http[s]://ADDRESS:PORT/PATH";

struct Settings {
  long requests = 10000;
  long in_flight = 1;
  long warm_up = 0;
  std::size_t buffer_size = 16384;
  bool fresh = false;
  const char* ca_file = nullptr;
  std::string_view url;
};

/// TLS for all connections. Keeps the newest session, for the next handshake.
class Tls {
 public:
  explicit Tls(const char* ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
    if (ca_file != nullptr) {
      if (SSL_CTX_load_verify_locations(context_, ca_file, nullptr) != 1) die("cannot read %s", ca_file);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    }
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context_, this);
    SSL_CTX_sess_set_new_cb(context_, keep);
  }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls() {
    SSL_SESSION_free(session_);
    SSL_CTX_free(context_);
  }

  SSL* connect(int fd) {
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    if (session_ != nullptr) SSL_set_session(ssl, session_);
    if (SSL_connect(ssl) != 1) die("the TLS handshake fails");
    return ssl;
  }

 private:
  static int keep(SSL* ssl, SSL_SESSION* session) {
    Tls& tls = *static_cast<Tls*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    SSL_SESSION_free(std::exchange(tls.session_, session));
    return 1;
  }

  SSL_CTX* context_;
  SSL_SESSION* session_ = nullptr;
};

struct Connection {
  const Origin* origin = nullptr;
  int fd = -1;
  SSL* ssl = nullptr;
  long long left = -1;  ///< bytes of the body to come; -1: the head has not come yet
};

class Floor {
 public:
  explicit Floor(const Settings& settings);
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;
  ~Floor();

  void run();
  void report() const;

 private:
  void open(Connection& connection);
  void close_connection(Connection& connection);
  void ask(Connection& connection);
  bool read_some(Connection& connection);
  bool read_available(Connection& connection);
  void answered(Connection& connection);

  Settings settings_;
  std::vector<Origin> origins_;
  Tls* tls_ = nullptr;
  int epoll_ = -1;
  std::vector<char> buffer_;
  std::vector<Connection> connections_;
  long asked_ = 0, answered_ = 0;
  unsigned long long bytes_ = 0, counted_bytes_ = 0;
  Usage begin_, end_;
};

Floor::Floor(const Settings& settings) : settings_(settings), buffer_(settings.buffer_size) {
  for (const std::string& url : expand_url(settings_.url)) origins_.push_back(origin_of(url));
  if (settings_.url.starts_with("https:")) tls_ = new Tls(settings_.ca_file);
  const long total = settings_.requests + settings_.warm_up;
  connections_.resize(static_cast<std::size_t>(std::min(settings_.in_flight, total)));
  allow_descriptors(connections_.size() + 64);
  if (connections_.size() > 1) epoll_ = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    connections_[i].origin = &origins_[i % origins_.size()];
    open(connections_[i]);
  }
}

Floor::~Floor() {
  for (Connection& connection : connections_) close_connection(connection);
  if (epoll_ >= 0) close(epoll_);
  delete tls_;
}

void Floor::open(Connection& connection) {
  connection.fd = connect_to(*connection.origin);
  if (tls_ != nullptr) connection.ssl = tls_->connect(connection.fd);
  if (epoll_ < 0) return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
}

void Floor::close_connection(Connection& connection) {
  if (connection.ssl != nullptr) {
    SSL_shutdown(connection.ssl);
    SSL_free(std::exchange(connection.ssl, nullptr));
  }
  close(connection.fd);
}

void Floor::ask(Connection& connection) {
  const std::string& request = connection.origin->request;
  const auto size = static_cast<ssize_t>(request.size());
  const ssize_t sent = connection.ssl != nullptr
                           ? SSL_write(connection.ssl, request.data(), static_cast<int>(size))
                           : send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != size) die("a request could not be sent at once");
  connection.left = -1;
  ++asked_;
}

/// True when the answer is complete.
bool Floor::read_some(Connection& connection) {
  const ssize_t count = connection.ssl != nullptr
                            ? SSL_read(connection.ssl, buffer_.data(), static_cast<int>(buffer_.size()))
                            : recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (count <= 0) die("the server has closed a connection");
  std::size_t body_bytes = static_cast<std::size_t>(count);
  if (connection.left < 0) {
    const AnswerHead head = read_head({buffer_.data(), body_bytes});
    connection.left = head.body_length;
    body_bytes -= head.size;
  }
  bytes_ += body_bytes;
  connection.left -= static_cast<long long>(body_bytes);
  return connection.left == 0;
}

/// What OpenSSL has already taken from the socket is not announced by epoll.
bool Floor::read_available(Connection& connection) {
  bool complete = read_some(connection);
  while (!complete && connection.ssl != nullptr && SSL_pending(connection.ssl) != 0) {
    complete = read_some(connection);
  }
  return complete;
}

void Floor::answered(Connection& connection) {
  ++answered_;
  if (answered_ == settings_.warm_up) {
    begin_ = usage_now();
    counted_bytes_ = bytes_;
  }
  if (asked_ == settings_.warm_up + settings_.requests) return;
  if (settings_.fresh) {
    close_connection(connection);
    open(connection);
  }
  ask(connection);
}

void Floor::run() {
  begin_ = usage_now();
  for (Connection& connection : connections_) ask(connection);
  std::array<epoll_event, 1024> events{};
  events[0].data.ptr = connections_.data();
  while (answered_ < settings_.warm_up + settings_.requests) {
    const int count = epoll_ < 0 ? 1 : epoll_wait(epoll_, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (read_available(connection)) answered(connection);
    }
  }
  end_ = usage_now();
  counted_bytes_ = bytes_ - counted_bytes_;
}

void Floor::report() const {
  const Usage used = end_ - begin_;
  const double requests = static_cast<double>(settings_.requests), us = 1e6 / requests;
  std::printf(
      "{\"client\":\"raw\",\"requests\":%ld,\"errors\":0,\"bytes\":%llu,\"wall_s\":%.6f,\"user_s\":%.6f,"
      "\"sys_s\":%.6f,\"req_per_s\":%.1f,\"user_us_per_req\":%.3f,\"sys_us_per_req\":%.3f,"
      "\"cpu_us_per_req\":%.3f,\"concurrency\":%ld}\n",
      settings_.requests, counted_bytes_, used.wall_s, used.user_s, used.sys_s, requests / used.wall_s,
      used.user_s * us, used.sys_s * us, used.cpu_s() * us, settings_.in_flight);
}

Settings parse(int argc, char** argv) {
  const option longs[] = {{"requests", 1, nullptr, 'n'}, {"concurrency", 1, nullptr, 'c'},
                          {"warmup", 1, nullptr, 'w'},   {"fresh", 0, nullptr, 'f'},
                          {"buffer", 1, nullptr, 'b'},   {"cacert", 1, nullptr, 'a'},
                          {nullptr, 0, nullptr, 0}};
  Settings settings;
  for (int c; (c = getopt_long(argc, argv, "n:c:w:", longs, nullptr)) != -1;) {
    if (c == 'n') {
      settings.requests = std::atol(optarg);
    } else if (c == 'c') {
      settings.in_flight = std::atol(optarg);
    } else if (c == 'w') {
      settings.warm_up = std::atol(optarg);
    } else if (c == 'b') {
      settings.buffer_size = std::strtoul(optarg, nullptr, 10);
    } else if (c == 'a') {
      settings.ca_file = optarg;
    } else if (c == 'f') {
      settings.fresh = true;
    } else {
      die("%s", kUsage);
    }
  }
  if (optind + 1 != argc || settings.requests <= 0 || settings.in_flight <= 0 || settings.warm_up < 0) {
    die("%s", kUsage);
  }
  settings.url = argv[optind];
  return settings;
}

}  // namespace
}  // namespace hiper::bench

int main(int argc, char** argv) {
  hiper::bench::Floor floor(hiper::bench::parse(argc, argv));
  floor.run();
  floor.report();
  return 0;
}
