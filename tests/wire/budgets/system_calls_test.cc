// The system calls of the library, one by one: what a keep-alive GET and a new connection cost beside what
// the application itself does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "wire/support/crowd.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"
#include "wire/torture/sys_faults.hpp"

namespace hiper::wire {
namespace {

using testing::ElementsAre;

/// The library's calls while `work` runs, in their order.
template <class Work>
std::vector<SysCall> calls_of(Work work) {
  SysFaults::arm(0, SysCall::none, 0, SysFaults::How::once);
  work();
  const std::vector<SysCall> calls = SysFaults::calls();
  SysFaults::disarm();
  EXPECT_LT(calls.size(), 4096u) << "more than can be noted";
  return calls;
}

std::vector<std::string> names(const std::vector<SysCall>& calls) {
  std::vector<std::string> all;
  for (const SysCall call : calls) all.emplace_back(name_of(call));
  return all;
}

long num(const std::vector<SysCall>& calls, SysCall which) {
  return std::count(calls.begin(), calls.end(), which);
}
long num_others(const std::vector<SysCall>& calls, std::initializer_list<SysCall> expected) {
  long others = static_cast<long>(calls.size());
  for (const SysCall call : expected) others -= num(calls, call);
  return others;
}

class SystemCalls : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(SysFaults::take_misuse(), "");
    SysFaults::while_waiting = nullptr;
  }
  World world;
};

/// A connection that was idle for 10 ms is looked at before it serves again (docs/decisions/pool-probing.md).
/// That happens in rounds which the machine, busy with other things, made slow: these are counted.
class Rounds {
 public:
  template <class Work>
  void run(int count, Work work) {
    for (int i = 0; i < count; ++i) {
      const Time begun = Clock::now();
      work();
      num_slow_ += Clock::now() - last_begun_ > std::chrono::milliseconds(9);
      last_begun_ = begun;
    }
  }
  long num_slow() const noexcept { return num_slow_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  Time last_begun_ = Clock::now();
  long num_slow_ = 0;
};

/// One send and one recv for each of `requests`; at most one look in 16 finds nothing, and `num_idle`
/// connections may have been looked at.
void expect_one_of_each(const std::vector<SysCall>& calls, long requests, long num_idle) {
  EXPECT_EQ(num(calls, SysCall::send), requests);
  EXPECT_GE(num(calls, SysCall::recv), requests);
  EXPECT_LE(num(calls, SysCall::recv), requests + requests / 16 + 1 + num_idle);
  EXPECT_EQ(num_others(calls, {SysCall::send, SysCall::recv}), 0)
      << testing::PrintToString(names(calls)).substr(0, 600);
}

/// The peers work between the turns only, so an answer is never there in the turn that sends the request.
void expect_crowd_costs_one_of_each(World& world, Peer& peer, int size) {
  Crowd crowd(world);
  for (int i = 0; i < size; ++i) trust(crowd.make(peer.url()));
  crowd.on_done = [&](Handle& handle) { crowd.start(handle); };
  crowd.start_all();
  crowd.run(30 * size);  // until it has learned that it looks in vain
  long before = 0;
  const std::vector<SysCall> calls = calls_of([&] {
    before = crowd.num_done();
    crowd.run(1600);
  });
  const long requests = crowd.num_done() - before;
  // Some are under way at the begin, as many at the end.
  EXPECT_NEAR(static_cast<double>(num(calls, SysCall::send)), static_cast<double>(requests), size);
  EXPECT_LE(num(calls, SysCall::recv), requests + requests / 16 + size);
  EXPECT_EQ(num_others(calls, {SysCall::send, SysCall::recv}), 0)
      << testing::PrintToString(names(calls)).substr(0, 600);
  EXPECT_EQ(crowd.num_failed(), 0);
}

TEST_F(SystemCalls, AreSeen) {
  Peer peer(world);
  Handle get(peer.url());
  const std::vector<SysCall> calls = calls_of([&] { EXPECT_EQ(world.transfer(get), CURLE_OK); });
  EXPECT_EQ(num(calls, SysCall::socket), 1);
}

TEST_F(SystemCalls, OfAKeepAliveGetAreOneSendAndOneRecv) {
  Peer peer(world);
  Handle get(peer.url());
  for (int i = 0; i < 40; ++i) EXPECT_EQ(world.transfer(get), CURLE_OK);
  Rounds rounds;
  const std::vector<SysCall> calls =
      calls_of([&] { rounds.run(160, [&] { EXPECT_EQ(world.transfer(get), CURLE_OK); }); });
  expect_one_of_each(calls, 160, rounds.num_slow());
}

/// All of them are sent in one turn, so that exactly as many have been answered at its end.
TEST_F(SystemCalls, OfAHundredAtOnceAreOneSendAndOneRecvEach) {
  Peer peer(world);
  Crowd crowd(world);
  crowd.make(peer.url(), 100);
  const auto all = [&] {
    crowd.start_all();
    crowd.run_to_the_end();
  };
  for (int i = 0; i < 20; ++i) all();
  Rounds rounds;
  const std::vector<SysCall> calls = calls_of([&] { rounds.run(16, all); });
  expect_one_of_each(calls, 1600, 100 * rounds.num_slow());
  EXPECT_EQ(peer.num_accepted(), 100u);
}

TEST_F(SystemCalls, OfAHundredThatAreAddedForEverAreOneSendAndOneRecvEach) {
  Peer peer(world);
  expect_crowd_costs_one_of_each(world, peer, 100);
}

TEST_F(SystemCalls, OfHttpsOnKeptConnectionsAreOneSendAndOneRecvEach) {
  Peer peer(world, tls_server());
  expect_crowd_costs_one_of_each(world, peer, 20);
}

/// Beside the waiting, which the application asks for: one epoll_wait for each call that waits.
TEST_F(SystemCalls, OfPerformAndPollAreOneSendAndOneRecvForEachGet) {
  Peer peer(world);
  Crowd crowd(world, Crowd::Api::perform);
  crowd.make(peer.url(), 100);
  const auto all = [&] {
    crowd.start_all();
    crowd.run_to_the_end();
  };
  for (int i = 0; i < 10; ++i) all();
  const long num_calls_before = crowd.num_calls();
  Rounds rounds;
  const std::vector<SysCall> calls = calls_of([&] { rounds.run(10, all); });
  EXPECT_EQ(num(calls, SysCall::send), 1000);
  EXPECT_GE(num(calls, SysCall::recv), 1000);
  EXPECT_LE(num(calls, SysCall::recv), 1000 + 100 * rounds.num_slow());
  EXPECT_LE(num(calls, SysCall::epoll_wait), 2 * (crowd.num_calls() - num_calls_before));
  EXPECT_EQ(num_others(calls, {SysCall::send, SysCall::recv, SysCall::epoll_wait}), 0)
      << testing::PrintToString(names(calls)).substr(0, 600);
}

TEST_F(SystemCalls, OfAnEasyPerformAreOneSendOneRecvAndOneWait) {
  Peer peer(world);
  SysFaults::while_waiting = [&] { world.pump(); };
  Handle get(peer.url());
  const auto perform = [&] { EXPECT_EQ(in_library([&] { return curl_easy_perform(get.curl); }), CURLE_OK); };
  for (int i = 0; i < 5; ++i) perform();
  EXPECT_THAT(names(calls_of(perform)), ElementsAre("send", "epoll_wait", "recv"));
}

// --- A new connection

TEST_F(SystemCalls, OfANewConnectionAreItsSetup) {
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);  // what is made once
  Handle fresh(peer.url());
  fresh.set(CURLOPT_FRESH_CONNECT, 1L);
  const std::vector<SysCall> calls = calls_of([&] { EXPECT_EQ(world.transfer(fresh), CURLE_OK); });
  // The second connect tells how the first one went. CURLINFO_LOCAL_IP is told also when the connection is
  // closed: then it would be too late to ask.
  EXPECT_THAT(names(calls),
              ElementsAre("socket", "setsockopt", "connect", "connect", "getsockname", "send", "recv"));
  EXPECT_STREQ(fresh.info<char*>(CURLINFO_LOCAL_IP), "127.0.0.1");
}

/// Nothing is asked about a connection that is not kept, beyond what was.
TEST_F(SystemCalls, OfAConnectionThatIsNotKeptEndWithClose) {
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  Handle fresh(peer.url());
  fresh.set(CURLOPT_FRESH_CONNECT, 1L);
  fresh.set(CURLOPT_FORBID_REUSE, 1L);
  fresh.set(CURLOPT_TCP_NODELAY, 0L);
  const std::vector<SysCall> calls = calls_of([&] { EXPECT_EQ(world.transfer(fresh), CURLE_OK); });
  EXPECT_THAT(names(calls), ElementsAre("socket", "connect", "connect", "getsockname", "send", "recv"));
  EXPECT_STREQ(fresh.info<char*>(CURLINFO_LOCAL_IP), "127.0.0.1");
  EXPECT_GT(fresh.info<long>(CURLINFO_LOCAL_PORT), 0);
}

/// Two flights there, two back: the last message of the handshake goes with the request. After the server's
/// flight is one look more: who waits edge-triggered would not hear of an end right behind it.
TEST_F(SystemCalls, OfANewTlsConnectionAreTwoFlights) {
  constexpr long kCount = 32;
  Peer peer(world, tls_server());
  Handle get(peer.url());
  trust(get);
  get.set(CURLOPT_FRESH_CONNECT, 1L);
  curl_multi_setopt(world.app().multi(), CURLMOPT_MAXCONNECTS, 100L);  // none is closed
  for (int i = 0; i < 40; ++i) EXPECT_EQ(world.transfer(get), CURLE_OK);
  std::vector<SysCall> calls = calls_of([&] {
    for (int i = 0; i < kCount; ++i) EXPECT_EQ(world.transfer(get), CURLE_OK);
  });
  EXPECT_EQ(num(calls, SysCall::socket), kCount);
  EXPECT_EQ(num(calls, SysCall::connect), 2 * kCount);
  EXPECT_EQ(num(calls, SysCall::setsockopt), kCount);
  EXPECT_EQ(num(calls, SysCall::send), 2 * kCount);
  EXPECT_LE(num(calls, SysCall::recv), 3 * kCount + kCount / 16);
  EXPECT_EQ(num_others(calls, {SysCall::socket, SysCall::setsockopt, SysCall::connect, SysCall::send,
                               SysCall::recv, SysCall::getsockname}),
            0)
      << testing::PrintToString(names(calls)).substr(0, 600);
}

TEST_F(SystemCalls, OfTheSetupAreTheOptionsThatWereAskedFor) {
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  Handle fresh(peer.url());
  fresh.set(CURLOPT_FRESH_CONNECT, 1L);
  fresh.set(CURLOPT_TCP_KEEPALIVE, 1L);
  fresh.set(CURLOPT_INTERFACE, "127.0.0.1");
  std::vector<SysCall> calls = calls_of([&] { EXPECT_EQ(world.transfer(fresh), CURLE_OK); });
  EXPECT_EQ(num(calls, SysCall::setsockopt), 5) << "TCP_NODELAY, SO_KEEPALIVE and its three times";
  EXPECT_EQ(num(calls, SysCall::bind), 1);
  EXPECT_EQ(num_others(calls, {SysCall::setsockopt, SysCall::bind}), 6)
      << "socket, twice connect, getsockname, send, recv: " << testing::PrintToString(names(calls));
}

TEST_F(SystemCalls, OfAHundredNewConnectionsAreTheSameForEach) {
  Peer peer(world);
  Crowd crowd(world);
  crowd.make(peer.url(), 100);
  for (std::size_t i = 0; i < crowd.size(); ++i) crowd.at(i).set(CURLOPT_FRESH_CONNECT, 1L);
  const auto all = [&] {
    crowd.start_all();
    crowd.run_to_the_end();
  };
  all();
  curl_multi_setopt(crowd.multi(), CURLMOPT_MAXCONNECTS, 1000L);
  const std::vector<SysCall> calls = calls_of(all);
  EXPECT_EQ(num(calls, SysCall::socket), 100);
  EXPECT_EQ(num(calls, SysCall::setsockopt), 100);
  EXPECT_EQ(num(calls, SysCall::connect), 200);
  EXPECT_EQ(num(calls, SysCall::send), 100);
  EXPECT_LE(num(calls, SysCall::recv), 107);
  EXPECT_EQ(num(calls, SysCall::getsockname), 100);
  EXPECT_EQ(num_others(calls, {SysCall::socket, SysCall::setsockopt, SysCall::connect, SysCall::send,
                               SysCall::recv, SysCall::getsockname}),
            0);
}

/// Closing happens in the next transfer's place, or never: an idle connection costs nothing.
TEST_F(SystemCalls, AnIdleConnectionCostsNone) {
  Peer peer(world);
  Peer other(world);
  Crowd crowd(world);
  crowd.make(peer.url(), 50);
  crowd.start_all();
  crowd.run_to_the_end();
  Handle& get = crowd.make(other.url());
  crowd.start(get);
  crowd.run(1);
  const auto once_more = [&] {
    crowd.start(get);
    crowd.run(1);
  };
  for (int i = 0; i < 40; ++i) once_more();
  Rounds rounds;
  const std::vector<SysCall> calls = calls_of([&] { rounds.run(160, once_more); });
  expect_one_of_each(calls, 160, rounds.num_slow());
}

}  // namespace
}  // namespace hiper::wire
