// Twenty thousand transfers that wait for ten connections: each is served in its turn, and what one costs
// when it ends does not depend on how many still wait. Counted are calls and requests for memory, not time.
#include <gtest/gtest.h>

#include <numeric>

#include "wire/support/crowd.hpp"
#include "wire/support/faults.hpp"
#include "wire/support/world.hpp"
#include "wire/torture/sys_faults.hpp"

namespace hiper::wire {
namespace {

constexpr int kHandles = 20000;
constexpr long kConnections = 10;

/// What a stretch of the queue cost.
struct Cost {
  long allocations = 0;
  long system_calls = 0;
  long turns = 0;
  long socket_callbacks = 0;
};

class LongQueue : public testing::Test {
 protected:
  LongQueue() { Faults::install(); }
  ~LongQueue() override { Faults::uninstall(); }

  /// Fills the queue, and works the first few off.
  void fill(Crowd& crowd, CURLMoption limit) {
    EXPECT_EQ(curl_multi_setopt(crowd.multi(), limit, kConnections), CURLM_OK);
    for (int i = 0; i < kHandles; ++i) {
      Handle& get = crowd.make(peer.url("/" + std::to_string(i)));
      get.set(CURLOPT_TIMEOUT_MS, 600000L);
      get.set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
      get.set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
    }
    crowd.start_all();
  }
  static Cost cost_of(Crowd& crowd, long count) {
    const Cost before = {0, 0, crowd.num_calls(), crowd.num_socket_calls()};
    Faults::arm(0, Faults::How::once);
    SysFaults::arm(0, SysCall::none, 0, SysFaults::How::once);
    crowd.run(count);
    const Cost cost = {Faults::num_asked(), static_cast<long>(SysFaults::calls().size()),
                       crowd.num_calls() - before.turns, crowd.num_socket_calls() - before.socket_callbacks};
    SysFaults::disarm();
    Faults::disarm();
    return cost;
  }
  /// Requests came in the order in which the handles were added. Those that are under way at the same time
  /// are on different connections, whose order is the peer's.
  void expect_in_order(long count) const {
    ASSERT_EQ(peer.requests.size(), static_cast<std::size_t>(count));
    for (long i = 0; i < count; ++i) {
      const long asked = std::strtol(peer.requests[static_cast<std::size_t>(i)].c_str() + 5, nullptr, 10);
      ASSERT_LT(std::abs(asked - i), kConnections) << "request number " << i;
    }
  }

  World world;
  Peer peer{world};
};

void expect_same(const Cost& early, const Cost& late, long count) {
  EXPECT_NEAR(static_cast<double>(late.allocations), static_cast<double>(early.allocations), 5);
  EXPECT_LE(late.system_calls, early.system_calls + count / 8);
  EXPECT_LE(early.system_calls, late.system_calls + count / 8);
  EXPECT_LE(early.turns, count + count / 8 + 10);
  EXPECT_LE(late.turns, count + count / 8 + 10);
  EXPECT_LE(early.socket_callbacks, 2 * count + 20);
  EXPECT_LE(late.socket_callbacks, 2 * count + 20);
  EXPECT_LE(early.system_calls, 2 * count + count / 8 + 20) << "a send and a recv each";
}

TEST_F(LongQueue, CostsTheSameForEachHoweverManyWait) {
  for (const CURLMoption limit : {CURLMOPT_MAX_HOST_CONNECTIONS, CURLMOPT_MAX_TOTAL_CONNECTIONS}) {
    SCOPED_TRACE(limit);
    peer.forget();
    Crowd crowd(world);
    fill(crowd, limit);
    crowd.run(1000);
    const Cost early = cost_of(crowd, 1000);
    crowd.run(16000);
    const Cost late = cost_of(crowd, 1000);
    expect_same(early, late, 1000);
    crowd.run_to_the_end();
    EXPECT_EQ(crowd.num_done(), kHandles);
    EXPECT_EQ(crowd.num_failed(), 0);
    EXPECT_EQ(peer.num_accepted(), static_cast<std::size_t>(kConnections));
    expect_in_order(kHandles);
  }
}

/// The first turn looks at each once: it connects ten times and sends nothing else.
TEST_F(LongQueue, FillsInOneTurn) {
  Crowd crowd(world);
  fill(crowd, CURLMOPT_MAX_HOST_CONNECTIONS);
  const long before = crowd.num_calls();
  SysFaults::arm(0, SysCall::none, 0, SysFaults::How::once);
  while (crowd.num_calls() == before) ASSERT_TRUE(world.step());
  const std::vector<SysCall> calls = SysFaults::calls();
  SysFaults::disarm();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), SysCall::socket), kConnections);
  EXPECT_LE(calls.size(), 8 * static_cast<std::size_t>(kConnections));
  EXPECT_LE(crowd.num_socket_calls(), 3 * kConnections);
}

/// Those in the middle of the queue leave it without a trace; the order of the others stays.
TEST_F(LongQueue, ServesTheOthersInOrderWhenManyLeave) {
  Crowd crowd(world);
  fill(crowd, CURLMOPT_MAX_HOST_CONNECTIONS);
  crowd.run(100);
  Faults::arm(0, Faults::How::once);
  SysFaults::arm(0, SysCall::none, 0, SysFaults::How::once);
  for (std::size_t i = 1000; i < kHandles; ++i) {
    if (i % 10 != 0) crowd.stop(crowd.at(i));
  }
  EXPECT_EQ(Faults::num_asked(), 0) << "to leave needs no memory";
  EXPECT_EQ(SysFaults::calls().size(), 0u) << "and no system call";
  Faults::disarm();
  SysFaults::disarm();
  crowd.run_to_the_end();
  EXPECT_EQ(crowd.num_failed(), 0);
  ASSERT_EQ(peer.requests.size(), 1000u + (kHandles - 1000) / 10);
  for (std::size_t i = 1000; i < peer.requests.size(); ++i) {
    const long asked = std::strtol(peer.requests[i].c_str() + 5, nullptr, 10);
    EXPECT_EQ(asked % 10, 0);
    ASSERT_LT(std::abs((asked - 1000) / 10 - static_cast<long>(i - 1000)), kConnections);
  }
}

/// Exactly in order where one connection serves all.
TEST_F(LongQueue, OfOneConnectionIsServedStrictlyInOrder) {
  Crowd crowd(world);
  EXPECT_EQ(curl_multi_setopt(crowd.multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L), CURLM_OK);
  for (int i = 0; i < 2000; ++i) crowd.make(peer.url("/" + std::to_string(i)));
  crowd.start_all();
  crowd.run_to_the_end();
  ASSERT_EQ(peer.requests.size(), 2000u);
  for (std::size_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(peer.requests[i].rfind("GET /" + std::to_string(i) + " HTTP/1.1\r\n", 0), 0u) << i;
  }
}

}  // namespace
}  // namespace hiper::wire
