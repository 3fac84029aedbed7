// A name server on loopback without a thread: the test pumps it. What it answers is a function of the
// question.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unit/support/abortive_close.hpp"

namespace hiper {

struct DnsQuestion {
  std::string packet;  ///< as received
  std::string name;    ///< lower case, dots between labels
  int type = 0;        ///< 1: A, 28: AAAA
  bool tcp = false;
};

class MockDnsServer {
 public:
  static constexpr int kA = 1;
  static constexpr int kAaaa = 28;
  using Answerer = std::function<std::string(const DnsQuestion&)>;

  MockDnsServer() {
    for (int attempt = 0; attempt < 20 && tcp_ < 0; ++attempt) open_sockets();
    EXPECT_GE(tcp_, 0) << "no number found that is free for UDP and TCP";
  }
  ~MockDnsServer() {
    close(udp_);
    close(tcp_);
    for (const int fd : connections_) close_abortively(fd);
  }
  MockDnsServer(const MockDnsServer&) = delete;
  MockDnsServer& operator=(const MockDnsServer&) = delete;

  Answerer answerer;                                 ///< an empty text means no answer
  std::map<std::pair<std::string, int>, int> asked;  ///< questions by name and type
  int num_asked = 0;
  int num_tcp = 0;
  sockaddr_in last_peer = {};

  int fd() const { return udp_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// Answers everything that has arrived.
  void pump() {
    char buffer[2048];
    for (;;) {
      socklen_t length = sizeof(last_peer);
      auto* const from = static_cast<sockaddr*>(static_cast<void*>(&last_peer));
      const ssize_t got = recvfrom(udp_, buffer, sizeof(buffer), MSG_DONTWAIT, from, &length);
      if (got <= 0) break;
      const std::string reply = handle(std::string(buffer, static_cast<std::size_t>(got)), false);
      if (!reply.empty()) sendto(udp_, reply.data(), reply.size(), 0, from, length);
    }
    for (int fd = accept4(tcp_, nullptr, nullptr, SOCK_NONBLOCK); fd >= 0;
         fd = accept4(tcp_, nullptr, nullptr, SOCK_NONBLOCK)) {
      connections_.push_back(fd);
    }
    for (const int fd : connections_) pump_tcp(fd, buffer, sizeof(buffer));
  }

  /// A reply with the question repeated, `rcode` and address records (texts) of the asked type.
  static std::string reply(const DnsQuestion& question, const std::vector<std::string>& addresses,
                           int rcode = 0) {
    std::string out = question.packet;
    out[2] = static_cast<char>(0x81);
    out[3] = static_cast<char>(0x80 | rcode);
    out[6] = static_cast<char>(addresses.size() >> 8);
    out[7] = static_cast<char>(addresses.size() & 0xff);
    out[8] = out[9] = out[10] = out[11] = 0;
    for (const std::string& text : addresses) {
      char raw[16];
      const bool v6 = question.type == kAaaa;
      inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), raw);
      out += std::string("\xc0\x0c\x00", 3) + static_cast<char>(question.type) +
             std::string("\x00\x01\x00\x00\x00\x3c\x00", 7);
      out += static_cast<char>(v6 ? 16 : 4);
      out.append(raw, v6 ? 16 : 4);
    }
    return out;
  }

 private:
  void open_sockets() {
    close(udp_);
    udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const raw = static_cast<sockaddr*>(static_cast<void*>(&at));
    socklen_t length = sizeof(at);
    bind(udp_, raw, length);
    getsockname(udp_, raw, &length);
    port_ = ntohs(at.sin_port);
    const int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(tcp, raw, sizeof(at)) == 0 && listen(tcp, 16) == 0) {
      tcp_ = tcp;
    } else {
      close(tcp);
    }
  }
  void pump_tcp(int fd, char* buffer, std::size_t size) {
    const ssize_t got = recv(fd, buffer, size, MSG_DONTWAIT);
    if (got <= 2) return;
    std::string rest(buffer, static_cast<std::size_t>(got));
    while (rest.size() > 2) {
      const std::size_t length =
          static_cast<unsigned char>(rest[0]) * 256U + static_cast<unsigned char>(rest[1]);
      const std::string answer = handle(rest.substr(2, length), true);
      rest.erase(0, 2 + length);
      std::string framed = {static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size() & 0xff)};
      framed += answer;
      send(fd, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
  }
  std::string handle(std::string packet, bool tcp) {
    DnsQuestion question;
    question.tcp = tcp;
    std::size_t at = 12;
    while (at < packet.size() && packet[at] != 0) {
      const auto length = static_cast<std::size_t>(packet[at]);
      if (!question.name.empty()) question.name += '.';
      question.name += packet.substr(at + 1, length);
      at += length + 1;
    }
    for (char& c : question.name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    question.type = static_cast<unsigned char>(packet[at + 2]);
    question.packet = packet.substr(0, at + 5);
    ++num_asked;
    if (tcp) ++num_tcp;
    ++asked[{question.name, question.type}];
    return answerer ? answerer(question) : std::string();
  }

  int udp_ = -1;
  int tcp_ = -1;
  int port_ = 0;
  std::vector<int> connections_;
};

}  // namespace hiper
