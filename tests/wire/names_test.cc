// Names over c-ares: the resolver's sockets are announced like any other, and nothing waits for dead servers.
#include <gtest/gtest.h>

#include "unit/dns/mock_dns_server.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// The name server as part of the loop.
class DnsPeer final : public Actor {
 public:
  explicit DnsPeer(World& world) : world_(world) {
    world.join(*this);
    server.answerer = [](const DnsQuestion& question) {
      if (question.type != MockDnsServer::kA) return MockDnsServer::reply(question, {});
      return MockDnsServer::reply(question, {"127.0.0.1"});
    };
  }
  ~DnsPeer() { world_.leave(*this); }
  void pump() override { server.pump(); }
  void add_to(std::vector<pollfd>& set) const override { set.push_back({server.fd(), POLLIN, 0}); }
  MockDnsServer server;

 private:
  World& world_;
};

class Names : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void ask_by(Handle& handle) { handle.set(CURLOPT_DNS_SERVERS, dns.server.address().c_str()); }
  static std::string url(const std::string& name, const Peer& peer) {
    return "http://" + name + ":" + std::to_string(peer.port()) + "/";
  }
  void be_silent() {
    dns.server.answerer = [](const DnsQuestion&) { return std::string(); };
  }
  World world;
  DnsPeer dns{world};
};

// contract: 5.11
TEST_F(Names, TheQuestionIsAnnouncedAndReplacedByTheConnectionInOneCall) {
  Peer peer(world);
  Handle get(url("some.test", peer));
  ask_by(get);
  get.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  app().add(get);
  app().fire_timer();
  EXPECT_EQ(app().trace(), "timer:0 a:IN timer:later");
  EXPECT_LE(app().timer_ms(), 10000) << "the next question";
  ASSERT_TRUE(world.event());
  EXPECT_EQ(app().trace(), "a:REMOVE+ b:OUT timer:later");
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  app().remove(get);
  EXPECT_EQ(world.transfer(get), CURLE_OK) << "and from the cache";
  EXPECT_EQ(dns.server.num_asked, 1);
}

TEST_F(Names, AnUnknownNameIsAnError) {
  dns.server.answerer = [](const DnsQuestion& question) { return MockDnsServer::reply(question, {}, 3); };
  Peer peer(world);
  Handle get(url("unknown.test", peer));
  ask_by(get);
  EXPECT_EQ(world.transfer(get), CURLE_COULDNT_RESOLVE_HOST);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
}

// contract: 1.8
TEST_F(Names, DeadServersDoNotHoldUpATimeLimitNorARemoval) {
  be_silent();
  Peer peer(world);
  Handle get(url("dead.test", peer));
  ask_by(get);
  get.set(CURLOPT_TIMEOUT_MS, 50L);
  EXPECT_EQ(world.transfer(get), CURLE_OPERATION_TIMEDOUT);
  EXPECT_LT(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 2000000);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);

  get.set(CURLOPT_TIMEOUT_MS, 0L);
  get.set(CURLOPT_CONNECTTIMEOUT_MS, 50L);
  EXPECT_EQ(world.transfer(get), CURLE_OPERATION_TIMEDOUT);
  EXPECT_LT(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 2000000);

  get.set(CURLOPT_CONNECTTIMEOUT_MS, 0L);
  app().add(get);
  app().fire_timer();
  EXPECT_EQ(app().num_announced(), 1u);
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
}

// contract: 1.8
TEST_F(Names, CleanupWhileServersAreSilent) {
  be_silent();
  Peer peer(world);
  Handle get(url("dead.test", peer));
  ask_by(get);
  app().add(get);
  app().fire_timer();
  EXPECT_EQ(app().num_announced(), 1u);
  app().cleanup();
}

TEST_F(Names, AnAnswerThatIsLostIsAskedForAgain) {
  bool first = true;
  const auto good = dns.server.answerer;
  dns.server.answerer = [&](const DnsQuestion& question) {
    return std::exchange(first, false) ? std::string() : good(question);
  };
  Peer peer(world);
  Handle get(url("lost.test", peer));
  ask_by(get);
  get.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(dns.server.num_asked, 2);
}

// Two transfers, one question; the one whose handle was named goes. App checks the handle of every
// announcement.
// contract: 5.14
TEST_F(Names, SocketsSharedByTransfersNameALiveHandle) {
  be_silent();
  Peer peer(world);
  auto gone = std::make_unique<Handle>(url("shared.test", peer));
  Handle stays(url("shared.test", peer));
  Handle other(url("other.test", peer));
  ask_by(*gone);
  ask_by(stays);
  ask_by(other);
  app().add(*gone);
  app().add(stays);
  app().add(other);
  app().fire_timer();
  app().remove(*gone);
  gone.reset();
  app().remove(stays);
  EXPECT_EQ(app().num_announced(), 1u);
  app().remove(other);
  EXPECT_EQ(app().num_announced(), 0u);
}

// contract: 2.17
TEST_F(Names, ManyNamesAtOnce) {
  Peer peer(world);
  std::vector<std::unique_ptr<Handle>> handles;
  std::size_t done = 0;
  for (int i = 0; i < 30; ++i) {
    handles.push_back(std::make_unique<Handle>(url("name" + std::to_string(i % 15) + ".test", peer)));
    ask_by(*handles.back());
    handles.back()->set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
    app().add(*handles.back());
  }
  world.run([&] {
    done = 0;
    for (const auto& handle : handles) done += handle->done ? 1U : 0U;
    return done == handles.size();
  });
  for (const auto& handle : handles) EXPECT_EQ(handle->code, CURLE_OK);
  EXPECT_EQ(dns.server.num_asked, 15) << "each name once";
}

TEST_F(Names, LocalhostAndNumbersAskNobody) {
  Peer peer(world);
  Handle get(url("localhost", peer));
  ask_by(get);
  get.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  get.set(CURLOPT_URL, url("127.0.0.1", peer).c_str());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(dns.server.num_asked, 0);
}

}  // namespace
}  // namespace hiper::wire
