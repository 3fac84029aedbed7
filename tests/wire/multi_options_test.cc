// The options of a multi handle: which values are taken, and what the limits, CURLMOPT_NETWORK_CHANGED and
// the notifications do.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "unit/dns/mock_dns_server.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class MultiOptions : public testing::Test {
 protected:
  App& app() { return world.app(); }
  CURLM* multi() { return app().multi(); }
  template <class Value>
  CURLMcode set(CURLMoption option, Value value) {
    return curl_multi_setopt(multi(), option, value);
  }
  curl_off_t count(CURLMinfo_offt what) { return num_handles(multi(), what); }
  World world;
};

// contract: 15.1
TEST_F(MultiOptions, UnknownOnesAreRefused) {
  for (const int number : {0, 4711, 999, 10000, 10999, 20999, 30001, 30999, -1}) {
    EXPECT_EQ(set(static_cast<CURLMoption>(number), 1L), CURLM_UNKNOWN_OPTION) << number;
  }
}

// contract: 15.14, 15.15, 15.16, 15.21
TEST_F(MultiOptions, ThoseThatChangeNothingHereAreAccepted) {
  for (const long bits : {CURLPIPE_NOTHING, CURLPIPE_HTTP1, CURLPIPE_MULTIPLEX, 3L, 1000L}) {
    EXPECT_EQ(set(CURLMOPT_PIPELINING, bits), CURLM_OK) << bits;
  }
  for (const long number : {1L, 0L, -1L, 100L, 2147483647L, 2147483648L}) {
    EXPECT_EQ(set(CURLMOPT_MAX_CONCURRENT_STREAMS, number), CURLM_OK) << number;
  }
  static const char* const kServers[] = {"Ninja/1.0", nullptr};
  EXPECT_EQ(set(CURLMOPT_MAX_PIPELINE_LENGTH, 3L), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE, 10000L), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE, 10000L), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_PIPELINING_SITE_BL, kServers), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_PIPELINING_SERVER_BL, kServers), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_PIPELINING_SERVER_BL, static_cast<const char* const*>(nullptr)), CURLM_OK);
  const curl_push_callback push = [](CURL*, CURL*, std::size_t, curl_pushheaders*, void*) {
    return CURL_PUSH_DENY;
  };
  EXPECT_EQ(set(CURLMOPT_PUSHFUNCTION, push), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_PUSHDATA, this), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_PUSHFUNCTION, curl_push_callback{}), CURLM_OK);
  EXPECT_EQ(set(CURLMOPT_QUICK_EXIT, 1L), CURLM_OK);
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
}

/// Two requests to one host, asked to be pipelined, need two connections.
// contract: 15.15
TEST_F(MultiOptions, NothingIsPipelined) {
  set(CURLMOPT_PIPELINING, CURLPIPE_HTTP1);
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), client_gone()});
  Handle first(peer.url());
  Handle second(peer.url());
  app().add(first);
  app().add(second);
  world.run([&] { return peer.requests.size() == 2; });
  EXPECT_EQ(peer.num_accepted(), 2u);
  peer.release(2);
  world.run([&] { return first.done && second.done; });
}

// contract: 15.20
TEST_F(MultiOptions, TheNumberOfResolverThreadsIsPositive) {
  for (const long number : {1L, 20L, 2147483647L}) {
    EXPECT_EQ(set(CURLMOPT_RESOLVE_THREADS_MAX, number), CURLM_OK) << number;
  }
  for (const long number : {0L, -1L, 1L << 33}) {
    EXPECT_EQ(set(CURLMOPT_RESOLVE_THREADS_MAX, number), CURLM_BAD_FUNCTION_ARGUMENT) << number;
  }
}

// contract: 15.13
TEST_F(MultiOptions, NegativeLimitsAreRefusedAndChangeNothing) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), client_gone()});
  EXPECT_EQ(set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L), CURLM_OK);
  for (const CURLMoption option :
       {CURLMOPT_MAX_HOST_CONNECTIONS, CURLMOPT_MAX_TOTAL_CONNECTIONS, CURLMOPT_MAXCONNECTS}) {
    EXPECT_EQ(set(option, -1L), CURLM_BAD_FUNCTION_ARGUMENT);
  }
  Handle first(peer.url());
  Handle second(peer.url());
  app().add(first);
  app().add(second);
  app().fire_timer();
  EXPECT_EQ(count(CURLMINFO_XFERS_PENDING), 1) << "the limit of before";
}

int other_socket(CURL*, curl_socket_t, int, void* data, void*) {
  ++*static_cast<int*>(data);
  return 0;
}
int other_timer(CURLM*, long, void* data) {
  ++*static_cast<int*>(data);
  return 0;
}

/// What is set last counts, from the next call on; what nobody was told is told to the new one.
// contract: 5.15, 5.17, 5.18, 7.6, 15.22
TEST_F(MultiOptions, FunctionsAndTheirDataCanChangeAtAnyTime) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), client_gone()});
  CURLM* const plain = curl_multi_init();
  const Handle get(peer.url());
  int running = 0;
  EXPECT_EQ(curl_multi_add_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_socket_action(plain, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  EXPECT_EQ(running, 1) << "it works without callbacks";
  int sockets = 0;
  int timers = 0;
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_SOCKETDATA, &sockets), CURLM_OK);
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_SOCKETFUNCTION, other_socket), CURLM_OK);
  EXPECT_EQ(sockets, 1) << "the one that is waited for";
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_TIMERDATA, &timers), CURLM_OK);
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_TIMERFUNCTION, other_timer), CURLM_OK);
  EXPECT_EQ(timers, 1) << "the time for connecting";
  int more_sockets = 0;
  int more_timers = 0;
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_SOCKETDATA, &more_sockets), CURLM_OK);
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_TIMERDATA, &more_timers), CURLM_OK);
  EXPECT_EQ(sockets, 1);
  EXPECT_EQ(more_sockets, 0) << "nothing is told twice";
  EXPECT_EQ(curl_multi_remove_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(sockets, 1);
  EXPECT_EQ(timers, 1);
  EXPECT_EQ(more_sockets, 1) << "its REMOVE";
  EXPECT_EQ(more_timers, 1) << "-1";
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_SOCKETFUNCTION, nullptr), CURLM_OK);
  EXPECT_EQ(curl_multi_setopt(plain, CURLMOPT_TIMERFUNCTION, nullptr), CURLM_OK);
  EXPECT_EQ(curl_multi_add_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_socket_action(plain, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  EXPECT_EQ(curl_multi_remove_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(more_sockets, 1) << "no callback, no call";
  EXPECT_EQ(more_timers, 1);
  EXPECT_EQ(curl_multi_cleanup(plain), CURLM_OK);
}

// --- Limits

using Limits = MultiOptions;

// contract: 15.4, 15.7, 15.8
TEST_F(Limits, OfAHostServeInOrderAndNeverOpenMore) {
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok", "Connection: close\r\n")), close_it()});
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 6; ++i) {
    handles.push_back(std::make_unique<Handle>(peer.url("/" + std::to_string(i))));
    app().add(*handles.back());
  }
  for (std::size_t asked = 2; asked <= 6; ++asked) {
    world.run([&] { return peer.requests.size() == asked; }, "the next request");
    EXPECT_EQ(app().num_announced(), 2u) << "those who wait have no socket";
    EXPECT_EQ(count(CURLMINFO_XFERS_PENDING), static_cast<curl_off_t>(6 - asked));
    EXPECT_LE(peer.num_open(), 2u);
    for (int i = 0; i < 5; ++i) world.step(1);
    EXPECT_EQ(peer.requests.size(), asked) << "nobody else goes";
    peer.release();
  }
  peer.release();
  for (int i = 0; i < 6; ++i) {
    world.run_until_done(*handles[static_cast<std::size_t>(i)]);
    EXPECT_EQ(handles[static_cast<std::size_t>(i)]->code, CURLE_OK);
    const std::string line = "GET /" + std::to_string(i) + " ";
    EXPECT_EQ(peer.requests[static_cast<std::size_t>(i)].substr(0, line.size()), line)
        << "first come first served";
  }
}

// contract: 15.4
TEST_F(Limits, OfAHostAreForHostAndPort) {
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  Peer other(world);
  for (Peer* const one : {&peer, &other}) one->otherwise({request(), client_gone()});
  Handle first(peer.url());
  Handle second(peer.url());
  Handle third(other.url());
  for (Handle* const handle : {&first, &second, &third}) app().add(*handle);
  world.run([&] { return peer.requests.size() == 1 && other.requests.size() == 1; });
  EXPECT_EQ(count(CURLMINFO_XFERS_PENDING), 1);
  EXPECT_EQ(peer.num_accepted() + other.num_accepted(), 2u);
}

// contract: 15.5, 15.6
TEST_F(Limits, InTotalCountIdleConnectionsWhichMakeRoom) {
  set(CURLMOPT_MAX_TOTAL_CONNECTIONS, 2L);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(std::make_unique<Peer>(world));
  const auto num_open = [&] {
    world.pump();
    std::size_t open = 0;
    for (const auto& peer : peers) open += peer->num_open();
    return open;
  };
  for (const auto& peer : peers) {
    Handle get(peer->url());
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_LE(num_open(), 2u);
  }
  EXPECT_EQ(num_open(), 2u);
  EXPECT_EQ(peers[3]->num_open() + peers[4]->num_open(), 2u) << "the longest idle ones went";
}

// contract: 15.9
TEST_F(Limits, LetTheNextGoHoweverTheOneInFrontEnds) {
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.expect({request(), reset_it()});
  peer.expect({request(), client_gone()});
  peer.expect({request(), client_gone()});
  Handle fails(peer.url("/fails"));
  Handle late(peer.url("/late"));
  Handle removed(peer.url("/removed"));
  auto waits = std::make_unique<Handle>(peer.url("/waits"));
  Handle last(peer.url("/last"));
  late.set(CURLOPT_TIMEOUT_MS, 200L);
  fails.set(CURLOPT_FRESH_CONNECT, 1L);
  for (Handle* const handle : {&fails, &late, &removed, waits.get(), &last}) app().add(*handle);
  world.run_until_done(late);
  EXPECT_TRUE(fails.done);
  EXPECT_NE(fails.code, CURLE_OK);
  EXPECT_EQ(late.code, CURLE_OPERATION_TIMEDOUT);
  world.run([&] { return peer.requests.size() == 3; });
  EXPECT_EQ(app().remove(*waits), CURLM_OK) << "from the middle of the queue";
  EXPECT_EQ(app().remove(removed), CURLM_OK) << "from the front";
  world.run_until_done(last);
  EXPECT_EQ(last.code, CURLE_OK);
  EXPECT_EQ(peer.requests.back().substr(0, 10), "GET /last ");
}

// contract: 15.10, 15.11
TEST_F(Limits, TimeInTheQueueIsNoTimeOfConnecting) {
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok", "Connection: close\r\n")), close_it()});
  Handle first(peer.url());
  Handle second(peer.url());
  Handle clock(peer.url("/clock"));
  second.set(CURLOPT_CONNECTTIMEOUT_MS, 60L);
  app().add(first);
  world.run([&] { return peer.requests.size() == 1; });
  app().add(second);
  clock.set(CURLOPT_TIMEOUT_MS, 200L);
  app().add(clock);
  world.run_until_done(clock);
  EXPECT_EQ(clock.code, CURLE_OPERATION_TIMEDOUT) << "200 ms have passed in the queue";
  EXPECT_FALSE(second.done) << "its time for connecting has not begun";
  peer.release(2);
  world.run_until_done(second);
  EXPECT_EQ(second.code, CURLE_OK);
  EXPECT_GE(second.info<curl_off_t>(CURLINFO_QUEUE_TIME_T), 150000);
}

// contract: 15.12
TEST_F(Limits, ThatAreRaisedLetThoseWhoWaitGo) {
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), client_gone()});
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 5; ++i) {
    handles.push_back(std::make_unique<Handle>(peer.url()));
    app().add(*handles.back());
  }
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(set(CURLMOPT_MAX_HOST_CONNECTIONS, 3L), CURLM_OK);
  world.run([&] { return peer.requests.size() == 3; }, "two more");
  EXPECT_EQ(count(CURLMINFO_XFERS_PENDING), 2);
  EXPECT_EQ(set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L), CURLM_OK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 3u) << "nothing in use is closed";
  EXPECT_EQ(set(CURLMOPT_MAX_HOST_CONNECTIONS, 0L), CURLM_OK);
  world.run([&] { return peer.requests.size() == 5; }, "all");
  peer.release(5);
  for (const auto& handle : handles) world.run_until_done(*handle);
}

// contract: 15.2, 15.3
TEST_F(Limits, OfKeptConnectionsGrowWithTheHandlesUnlessSet) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 7; ++i) peers.push_back(std::make_unique<Peer>(world));
  Handle get;
  const auto num_open = [&](std::size_t num_peers) {
    for (std::size_t i = 0; i < num_peers; ++i) {
      get.set(CURLOPT_URL, peers[i]->url().c_str());
      EXPECT_EQ(world.transfer(get), CURLE_OK);
    }
    world.pump();
    std::size_t open = 0;
    for (const auto& peer : peers) open += peer->num_open();
    return open;
  };
  EXPECT_EQ(num_open(4), 4u) << "four for one handle";
  EXPECT_EQ(num_open(7), 4u);
  EXPECT_EQ(set(CURLMOPT_MAXCONNECTS, 6L), CURLM_OK);
  EXPECT_EQ(num_open(7), 6u);
  EXPECT_EQ(set(CURLMOPT_MAXCONNECTS, 2L), CURLM_OK);
  EXPECT_EQ(num_open(1), 2u);
}

// --- CURLMOPT_NETWORK_CHANGED

using NetworkChanged = MultiOptions;

// contract: 15.17, 15.19
TEST_F(NetworkChanged, ClosesIdleConnectionsAndThoseInUseWhenTheyAreFree) {
  Peer peer(world);
  Peer busy(world);
  busy.otherwise({request(), hold(), send(response("ok")), again()});
  Handle get(peer.url());
  Handle running(busy.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  app().add(running);
  world.run([&] { return busy.requests.size() == 1; });
  EXPECT_EQ(set(CURLMOPT_NETWORK_CHANGED, 0L), CURLM_OK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 1u) << "0 has no effect";
  EXPECT_EQ(set(CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_CONNS), CURLM_OK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u) << "idle";
  EXPECT_EQ(busy.num_open(), 1u) << "in use";
  busy.release();
  world.run_until_done(running);
  EXPECT_EQ(running.code, CURLE_OK) << "undisturbed";
  app().remove(running);
  busy.release();
  EXPECT_EQ(world.transfer(running), CURLE_OK);
  EXPECT_EQ(busy.num_accepted(), 2u) << "the old connection serves nobody else";
  busy.release();
  EXPECT_EQ(world.transfer(running), CURLE_OK);
  EXPECT_EQ(busy.num_accepted(), 2u) << "the new one does";
}

/// The same for one that somebody waits for.
// contract: 15.17
TEST_F(NetworkChanged, AnOldConnectionIsNotHandedOnInTheQueue) {
  set(CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), again()});
  Handle first(peer.url());
  Handle second(peer.url());
  app().add(first);
  app().add(second);
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(set(CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_ALL), CURLM_OK);
  peer.release(2);
  world.run([&] { return first.done && second.done; });
  EXPECT_EQ(first.code, CURLE_OK);
  EXPECT_EQ(second.code, CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 2u);
}

class NameServer final : public Actor {
 public:
  explicit NameServer(World& world) : world_(world) {
    world_.join(*this);
    server.answerer = [](const DnsQuestion& question) {
      return MockDnsServer::reply(question, {"127.0.0.1"});
    };
  }
  ~NameServer() { world_.leave(*this); }
  void pump() override { server.pump(); }
  void add_to(std::vector<pollfd>& set) const override { set.push_back({server.fd(), POLLIN, 0}); }
  MockDnsServer server;

 private:
  World& world_;
};

// contract: 2.17, 15.18, 15.19
TEST_F(NetworkChanged, ForgetsNames) {
  NameServer dns(world);
  Peer peer(world);
  const auto ask = [&] {
    Handle get("http://some.test:" + std::to_string(peer.port()) + "/");
    get.set(CURLOPT_DNS_SERVERS, dns.server.address().c_str());
    get.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
    get.set(CURLOPT_FRESH_CONNECT, 1L);
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    return dns.server.num_asked;
  };
  EXPECT_EQ(ask(), 1);
  EXPECT_EQ(ask(), 1) << "another handle, the same cache";
  EXPECT_EQ(set(CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_CONNS), CURLM_OK);
  EXPECT_EQ(ask(), 1);
  EXPECT_EQ(set(CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_DNS), CURLM_OK);
  EXPECT_EQ(ask(), 2);
  EXPECT_EQ(ask(), 2);
  EXPECT_EQ(set(CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_ALL), CURLM_OK);
  EXPECT_EQ(ask(), 3);
}

}  // namespace
}  // namespace hiper::wire
