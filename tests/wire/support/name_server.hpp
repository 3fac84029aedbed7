// A name server as part of the loop of a World. Answers every question for an IPv4 address with 127.0.0.1,
// until it is told to be silent.
#pragma once
#include <string>

#include "unit/dns/mock_dns_server.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {

class NameServer final : public Actor {
 public:
  explicit NameServer(World& world) : world_(world) {
    world.join(*this);
    answer();
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() { world_.leave(*this); }

  /// The handle asks here, for IPv4 only.
  void serve(Handle& handle) const {
    handle.set(CURLOPT_DNS_SERVERS, server.address().c_str());
    handle.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  }
  void be_silent() {
    server.answerer = [](const DnsQuestion&) { return std::string(); };
  }
  void answer() {
    server.answerer = [](const DnsQuestion& question) {
      if (question.type != MockDnsServer::kA) return MockDnsServer::reply(question, {});
      return MockDnsServer::reply(question, {"127.0.0.1"});
    };
  }
  static std::string url(const std::string& name, const Peer& peer, const std::string& path = "/") {
    return "http://" + name + ":" + std::to_string(peer.port()) + path;
  }
  void pump() override {
    if (listens) server.pump();
  }
  void add_to(std::vector<pollfd>& set) const override {
    if (listens) set.push_back({server.fd(), POLLIN, 0});
  }

  MockDnsServer server;
  bool listens = true;  ///< otherwise questions stay where they are

 private:
  World& world_;
};

}  // namespace hiper::wire
