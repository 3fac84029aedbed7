// A server at a distance: answers each GET with 100 bytes, DELAY_US microseconds after it came; with "never"
// it accepts connections and stays silent. On loopback an ordinary server often answers before the client has
// looked for it, in a network none does: this is the server to measure the waiting with. Since all delays are
// equal, the answers that are due form a plain queue.
//
//   server DELAY_US|never [HOSTS]
//
// Listens on 127.0.0.1 to 127.0.0.HOSTS, on one port, which it writes to stdout. Ends with its standard
// input.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string_view>
#include <vector>

#include "support/die.hpp"
#include "support/process.hpp"

namespace hiper::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAttempts = 100;  ///< to find a port that is free on all addresses
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n"
    "Connection: keep-alive\r\n\r\n"
    "01234567890123456789012345678901234567890123456789"
    "01234567890123456789012345678901234567890123456789";

/// A socket that listens on 127.0.0.`host`, or -1. `port` 0: any, which is stored there.
int listen_on(int host, std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(host) - 1);
  address.sin_port = htons(port);
  if (bind(fd, generic, size) != 0 || listen(fd, kBacklog) != 0 || getsockname(fd, generic, &size) != 0) {
    close(fd);
    return -1;
  }
  port = ntohs(address.sin_port);
  return fd;
}

/// One listener per host, or none when the port that was found is not free on all of them.
std::vector<int> try_to_listen(int hosts, std::uint16_t& port) {
  std::vector<int> listeners;
  for (int host = 1; host <= hosts; ++host) {
    const int fd = listen_on(host, port);
    if (fd < 0) {
      for (const int other : listeners) close(other);
      return {};
    }
    listeners.push_back(fd);
  }
  return listeners;
}

class Server {
 public:
  Server(bool silent, std::uint64_t delay_ns, int hosts);
  std::uint16_t port() const noexcept { return port_; }
  void run();

 private:
  struct Due {
    int fd;
    unsigned life;
    std::uint64_t when_ns;
  };

  void watch(int fd);
  bool listens(int fd) const noexcept { return std::binary_search(listeners_.begin(), listeners_.end(), fd); }
  void accept_all(int listener);
  void receive(int fd);
  /// Which connection has the number `fd` now: answers that are due to an earlier one must not reach it.
  unsigned& life_of(int fd);
  void send_due();
  int wait(epoll_event* events, int size);

  bool silent_;
  std::uint64_t delay_ns_;
  std::uint16_t port_ = 0;
  std::vector<int> listeners_;  ///< ascending
  int epoll_;
  std::deque<Due> queue_;
  std::vector<unsigned> lives_;  ///< by descriptor
};

Server::Server(bool silent, std::uint64_t delay_ns, int hosts)
    : silent_(silent), delay_ns_(delay_ns), epoll_(-1) {
  for (int i = 0; i < kAttempts && listeners_.empty(); ++i) {
    port_ = 0;
    listeners_ = try_to_listen(hosts, port_);
  }
  if (listeners_.empty()) die("cannot listen on 127.0.0.1 to 127.0.0.%d", hosts);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  watch(STDIN_FILENO);
  for (const int fd : listeners_) watch(fd);
}

void Server::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll: %s", std::strerror(errno));
}

void Server::accept_all(int listener) {
  const int on = 1;
  for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(fd);
  }
}

void Server::receive(int fd) {
  char request[4096];
  if (recv(fd, request, sizeof request, 0) <= 0) {
    ++life_of(fd);
    close(fd);
  } else if (!silent_) {
    queue_.push_back({fd, life_of(fd), now_ns() + delay_ns_});
  }
}

unsigned& Server::life_of(int fd) {
  const auto at = static_cast<std::size_t>(fd);
  if (at >= lives_.size()) lives_.resize(2 * at + 64);
  return lives_[at];
}

// Clients that have gone in the meantime get nothing.
void Server::send_due() {
  for (const std::uint64_t now = now_ns(); !queue_.empty() && queue_.front().when_ns <= now;
       queue_.pop_front()) {
    const Due& due = queue_.front();
    if (life_of(due.fd) == due.life) send(due.fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
  }
}

int Server::wait(epoll_event* events, int size) {
  if (queue_.empty()) return epoll_wait(epoll_, events, size, -1);
  const std::uint64_t now = now_ns(), due = queue_.front().when_ns, left = due > now ? due - now : 0;
  const timespec timeout = {static_cast<time_t>(left / 1'000'000'000),
                            static_cast<long>(left % 1'000'000'000)};
  return epoll_pwait2(epoll_, events, size, &timeout, nullptr);
}

void Server::run() {
  std::array<epoll_event, 1024> events{};
  for (;;) {
    const int count = wait(events.data(), static_cast<int>(events.size()));
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) return;
      if (listens(fd)) {
        accept_all(fd);
      } else {
        receive(fd);
      }
    }
    send_due();
  }
}

}  // namespace
}  // namespace hiper::bench

int main(int argc, char** argv) {
  using namespace hiper::bench;
  if (argc < 2 || argc > 3) die("usage: server DELAY_US|never [HOSTS]");
  const bool silent = std::string_view(argv[1]) == "never";
  const int hosts = argc == 3 ? std::atoi(argv[2]) : 1;
  if (hosts < 1 || hosts > 254) die("1 to 254 hosts");
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  allow_descriptors(limit.rlim_max);
  Server server(silent, silent ? 0 : std::strtoull(argv[1], nullptr, 10) * 1000, hosts);
  std::printf("%d\n", static_cast<int>(server.port()));
  std::fflush(stdout);
  server.run();
  return 0;
}
