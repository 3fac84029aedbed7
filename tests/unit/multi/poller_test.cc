#include "multi/poller.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "support/failing_new.hpp"
#include "support/fake_reactor.hpp"

namespace hiper {
namespace {

constexpr int kLong = 20'000;  // milliseconds; a wait that takes so long is a failure

class Nobody final : public Runnable {
 public:
  void run() noexcept override {}
};

/// A watched socket and its other end.
struct Pair {
  explicit Pair(FakeReactor& reactor) {
    std::array<int, 2> ends;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    watch = &reactor.adopt(ends[0], {}, nullptr);
    peer = ends[1];
  }
  void send() const { EXPECT_EQ(write(peer, "x", 1), 1); }
  Watch* watch;
  int peer;
};

class PollerTest : public ::testing::Test {
 protected:
  PollerTest() { EXPECT_TRUE(poller.create()); }
  ~PollerTest() override {
    for (const Pair& pair : pairs) close(pair.peer);
  }
  Pair& pair() { return pairs.emplace_back(reactor); }
  void want(Watch& watch, Events events) {
    if (any(events)) {
      watch.want(nobody, events);
    } else {
      watch.unwant();
    }
    EXPECT_TRUE(poller.update(watch));
  }
  int wait(int timeout_ms, std::span<curl_waitfd> extra = {}, bool wakeable = false) {
    reported.clear();
    return poller.wait(extra, timeout_ms, wakeable,
                       [this](Watch& watch, Events events) { reported[&watch] = events; });
  }

  FakeReactor reactor;
  Nobody nobody;
  std::deque<Pair> pairs;
  Poller poller;
  std::map<Watch*, Events> reported;
};

TEST_F(PollerTest, NothingReadyIsNothing) {
  EXPECT_EQ(wait(0), 0);
  want(*pair().watch, Events::in);
  EXPECT_EQ(wait(0), 0);
  EXPECT_EQ(wait(5), 0);
  EXPECT_TRUE(reported.empty());
}

TEST_F(PollerTest, ReportsWhatIsWantedAndReady) {
  const Pair& one = pair();
  const Pair& two = pair();
  want(*one.watch, Events::inout);
  want(*two.watch, Events::in);
  EXPECT_EQ(wait(kLong), 1);
  EXPECT_EQ(reported[one.watch], Events::out);
  one.send();
  two.send();
  EXPECT_EQ(wait(kLong), 2);
  EXPECT_EQ(reported[one.watch], Events::inout);
  EXPECT_EQ(reported[two.watch], Events::in);
}

TEST_F(PollerTest, AChangedInterestIsObeyed) {
  const Pair& one = pair();
  one.send();
  want(*one.watch, Events::in);
  EXPECT_EQ(wait(0), 1);
  want(*one.watch, Events::out);
  EXPECT_EQ(wait(0), 1);
  EXPECT_EQ(reported[one.watch], Events::out);
  want(*one.watch, Events::in);
  EXPECT_EQ(wait(0), 1);
  EXPECT_EQ(reported[one.watch], Events::in);
}

TEST_F(PollerTest, AnIdleSocketIsNotReportedAndCanBeWantedAgain) {
  const Pair& one = pair();
  want(*one.watch, Events::in);
  want(*one.watch, Events::none);
  EXPECT_EQ(wait(0), 0);
  one.send();
  EXPECT_EQ(wait(0), 0);
  EXPECT_EQ(wait(5), 0) << "it does not keep the wait from waiting";
  want(*one.watch, Events::in);
  EXPECT_EQ(wait(0), 1);
  EXPECT_EQ(reported[one.watch], Events::in);
}

TEST_F(PollerTest, APeerThatHasGoneIsReported) {
  Pair& one = pair();
  want(*one.watch, Events::in);
  close(one.peer);
  EXPECT_EQ(wait(kLong), 1);
  EXPECT_EQ(reported[one.watch], Events::in | Events::error);
  one.peer = -1;
}

TEST_F(PollerTest, AForgottenSocketIsNotReported) {
  const Pair& one = pair();
  one.send();
  want(*one.watch, Events::in);
  poller.forget(*one.watch);
  poller.forget(*one.watch);
  EXPECT_EQ(wait(0), 0);
  want(*one.watch, Events::in);
  EXPECT_EQ(wait(0), 1);
}

TEST_F(PollerTest, ADescriptorThatCannotBePolledIsRefused) {
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  Watch& watch = reactor.adopt(file, {}, nullptr);
  watch.want(nobody, Events::in);
  EXPECT_FALSE(poller.update(watch));
  EXPECT_EQ(errno, EPERM);
}

TEST_F(PollerTest, MoreSocketsThanOneBatchAreAllReportedInTurn) {
  constexpr std::size_t kMany = 600;
  std::vector<Watch*> watches;
  for (std::size_t i = 0; i < kMany; ++i) {
    watches.push_back(&reactor.adopt(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK), {}, nullptr));
    want(*watches.back(), Events::in);
  }
  std::set<Watch*> seen;
  for (int i = 0; i < 3; ++i) {
    EXPECT_GT(wait(kLong), 0);
    for (const auto& [watch, events] : reported) seen.insert(watch);
  }
  EXPECT_EQ(seen.size(), kMany) << "none starves";
}

// contract: 11.4
TEST_F(PollerTest, ExtraDescriptorsGetTheirEvents) {
  const Pair& ours = pair();
  const Pair& theirs = pair();
  want(*ours.watch, Events::in);
  std::array<curl_waitfd, 4> extra{{{theirs.watch->fd(), CURL_WAIT_POLLIN, 77},
                                    {theirs.watch->fd(), CURL_WAIT_POLLOUT, 77},
                                    {-1, CURL_WAIT_POLLIN, 77},
                                    {theirs.peer, CURL_WAIT_POLLIN | CURL_WAIT_POLLPRI, 77}}};
  EXPECT_EQ(wait(0, extra), 1);
  EXPECT_EQ(extra[0].revents, 0);
  EXPECT_EQ(extra[1].revents, CURL_WAIT_POLLOUT);
  EXPECT_EQ(extra[2].revents, 0);
  EXPECT_EQ(extra[3].revents, 0);
  ours.send();
  theirs.send();
  EXPECT_EQ(wait(kLong, extra), 3);
  EXPECT_EQ(extra[0].revents, CURL_WAIT_POLLIN);
  EXPECT_EQ(reported[ours.watch], Events::in);
}

TEST_F(PollerTest, OurSocketsWakeAWaitForExtraDescriptors) {
  const Pair& ours = pair();
  const Pair& theirs = pair();
  want(*ours.watch, Events::in);
  ours.send();
  std::array<curl_waitfd, 1> extra{{{theirs.watch->fd(), CURL_WAIT_POLLIN, 77}}};
  EXPECT_EQ(wait(kLong, extra), 1);
  EXPECT_EQ(extra[0].revents, 0);
}

// contract: 11.13
TEST_F(PollerTest, AnExtraDescriptorThatIsNotOpenIsReportedNotWaitedFor) {
  const int closed = dup(0);
  close(closed);
  std::array<curl_waitfd, 1> extra{{{closed, CURL_WAIT_POLLIN, 0}}};
  EXPECT_EQ(wait(kLong, extra), 1);
  EXPECT_NE(extra[0].revents, 0);
}

TEST_F(PollerTest, WithoutMemoryForExtraDescriptorsTheWaitFails) {
  std::array<curl_waitfd, 1> extra{{{0, CURL_WAIT_POLLIN, 0}}};
  const FailingNew failing(1);
  EXPECT_EQ(poller.wait(extra, 0, false, [](Watch&, Events) {}), -1);
  EXPECT_EQ(errno, ENOMEM);
}

// contract: 11.8, 11.10
TEST_F(PollerTest, AWakeUpEndsTheNextWakeableWaitOnce) {
  EXPECT_TRUE(poller.wake_up());
  EXPECT_EQ(wait(kLong, {}, true), 0);
  const Nanos before = monotonic_now();
  EXPECT_EQ(wait(30, {}, true), 0);
  EXPECT_GE(monotonic_now() - before, 29 * kMillisecond) << "two wake-ups of one call";
}

// contract: 11.8
TEST_F(PollerTest, ManyWakeUpsAreOne) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(poller.wake_up());
  EXPECT_EQ(wait(kLong, {}, true), 0);
  const Nanos before = monotonic_now();
  EXPECT_EQ(wait(30, {}, true), 0);
  EXPECT_GE(monotonic_now() - before, 29 * kMillisecond);
}

// contract: 11.9
TEST_F(PollerTest, AWaitThatIsNotWakeableLeavesTheWakeUpForLater) {
  const Pair& one = pair();
  std::array<curl_waitfd, 1> extra{{{one.watch->fd(), CURL_WAIT_POLLIN, 0}}};
  EXPECT_TRUE(poller.wake_up());
  const Nanos before = monotonic_now();
  EXPECT_EQ(wait(30), 0);
  EXPECT_GE(monotonic_now() - before, 29 * kMillisecond) << "it is not for this wait";
  EXPECT_EQ(wait(0, extra), 0);
  EXPECT_EQ(wait(kLong, {}, true), 0);
}

TEST(PollerWakeUp, BeforeThePollerExistsItIsRemembered) {
  Poller poller;
  EXPECT_FALSE(poller.open());
  EXPECT_TRUE(poller.wake_up());
  ASSERT_TRUE(poller.create());
  ASSERT_TRUE(poller.create());
  EXPECT_EQ(poller.wait({}, kLong, true, [](Watch&, Events) {}), 0);
}

/// Another thread asks `count` times; each time the waiting thread must return and see it.
void expect_no_wake_up_lost(Poller& poller, int count, const std::function<void(int)>& wait_once) {
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  std::thread other([&] {
    for (int i = 1; i <= count; ++i) {
      asked = i;
      EXPECT_TRUE(poller.wake_up());
      while (answered < i) std::this_thread::yield();
    }
  });
  const Nanos start = monotonic_now();
  for (int i = 1; i <= count; ++i) {
    while (asked < i) wait_once(i);
    answered = i;
  }
  other.join();
  EXPECT_LT(monotonic_now() - start, kLong * kMillisecond) << "a wait has slept through its wake-up";
}

// contract: 11.7
TEST(PollerWakeUp, FromAnotherThreadIsNeverLost) {
  Poller poller;
  ASSERT_TRUE(poller.create());
  expect_no_wake_up_lost(poller, 1000,
                         [&](int) { EXPECT_EQ(poller.wait({}, kLong, true, [](Watch&, Events) {}), 0); });
}

TEST_F(PollerTest, AWakeUpBetweenOtherEventsIsNotLost) {
  const Pair& one = pair();
  want(*one.watch, Events::in);
  std::array<curl_waitfd, 1> extra{{{one.peer, CURL_WAIT_POLLIN, 0}}};
  expect_no_wake_up_lost(poller, 1000, [&](int i) {
    if (i % 3 == 0) one.send();
    EXPECT_GE(wait(kLong, i % 2 == 0 ? std::span<curl_waitfd>(extra) : std::span<curl_waitfd>(), true), 0);
    if (i % 7 == 0) {
      EXPECT_GE(wait(0), 0);
    }
    char byte;
    while (read(one.watch->fd(), &byte, 1) == 1) {
    }
  });
}

}  // namespace
}  // namespace hiper
