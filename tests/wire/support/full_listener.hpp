// An address that never answers a connection: the queue of its listener is full.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace hiper::wire {

class FullListener {
 public:
  FullListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    socklen_t length = sizeof address;
    auto* const raw = static_cast<sockaddr*>(static_cast<void*>(&address));
    EXPECT_EQ(bind(fd_, raw, length), 0);
    EXPECT_EQ(listen(fd_, 0), 0);
    getsockname(fd_, raw, &length);
    port_ = ntohs(address.sin_port);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      static_cast<void>(connect(client, raw, length));
    }
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  ~FullListener() {
    for (const int client : clients_) close(client);
    close(fd_);
  }
  int port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.2:" + std::to_string(port_) + "/"; }

 private:
  int fd_;
  int port_ = 0;
  int clients_[4];
};

}  // namespace hiper::wire
