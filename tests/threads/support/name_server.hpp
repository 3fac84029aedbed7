// A name server with a thread of its own: every name is 127.0.0.1 (A), and has no IPv6 address (AAAA).
#pragma once
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "unit/dns/mock_dns_server.hpp"

namespace hiper::threads {

class NameServer {
 public:
  NameServer() : end_fd_(eventfd(0, EFD_CLOEXEC)) {
    server_.answerer = [this](const DnsQuestion& question) {
      ++num_asked_;
      const bool wants_ip4 = question.type == MockDnsServer::kA;
      return MockDnsServer::reply(
          question, wants_ip4 ? std::vector<std::string>{"127.0.0.1"} : std::vector<std::string>{});
    };
    thread_ = std::thread([this] { run(); });
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() {
    eventfd_write(end_fd_, 1);
    thread_.join();
    close(end_fd_);
  }

  std::string address() const { return server_.address(); }
  /// Questions so far.
  int num_asked() const noexcept { return num_asked_; }

 private:
  void run() {
    for (;;) {
      std::array<pollfd, 2> set = {pollfd{server_.fd(), POLLIN, 0}, pollfd{end_fd_, POLLIN, 0}};
      ::poll(set.data(), set.size(), -1);
      if (set[1].revents != 0) return;
      server_.pump();
    }
  }

  MockDnsServer server_;
  std::atomic<int> num_asked_{0};
  int end_fd_;
  std::thread thread_;
};

}  // namespace hiper::threads
