// The awaiters of flow/task.hpp: what they register, what wakes them, and that they leave nothing behind.
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "fixture.hpp"

namespace hiper {
namespace {

class WaitTest : public FlowTest {
 protected:
  WaitTest() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    watch = &reactor.adopt(ends[0], {}, nullptr);
    writer = ends[1];
  }
  ~WaitTest() override {
    flow = Flow<Status>();
    reactor.retire(*watch);
    reactor.end_turn();
    close(writer);
  }
  void start(Flow<Status> what) {
    flow = std::move(what);
    flow.start();
    reactor.end_turn();
  }
  void send() { EXPECT_EQ(write(writer, "x", 1), 1); }

  Watch* watch;
  int writer;
  Flow<Status> flow;
  std::vector<bool> seen;  ///< the timed_out() of each wake-up
};

Flow<Status> wait_io(Task& task, Watch& watch, Events interest, Nanos deadline, std::vector<bool>& seen) {
  for (;;) {
    const Woken woken = co_await WaitIo(task, watch, interest, deadline);
    seen.push_back(woken.timed_out());
    if (woken.timed_out()) co_return Status(CURLE_OPERATION_TIMEDOUT);
    if (any(watch.take_fired())) co_return Status();
  }
}
Flow<Status> wait_wake(Task& task, Nanos deadline, std::vector<bool>& seen) {
  for (;;) {
    const Woken woken = co_await WaitWake(task, deadline);
    seen.push_back(woken.timed_out());
    if (woken.timed_out()) co_return Status(CURLE_OPERATION_TIMEDOUT);
  }
}

TEST_F(WaitTest, AWaitForADescriptorIsInterestWhileItLasts) {
  start(wait_io(line, *watch, Events::in, kNever, seen));
  EXPECT_EQ(watch->wanted(), Events::in);
  EXPECT_EQ(reactor.next_deadline(), kNever);
  send();
  reactor.turn(1000);
  ASSERT_TRUE(flow.done());
  EXPECT_EQ(watch->wanted(), Events::none);
  EXPECT_EQ(seen, (std::vector<bool>{false}));
}

TEST_F(WaitTest, ACancelledWaitTakesItsInterestAndItsTimerAway) {
  start(wait_io(line, *watch, Events::inout, reactor.now() + kSecond, seen));
  EXPECT_EQ(watch->wanted(), Events::inout);
  EXPECT_NE(reactor.next_deadline(), kNever);
  flow = Flow<Status>();
  EXPECT_EQ(watch->wanted(), Events::none);
  EXPECT_EQ(reactor.next_deadline(), kNever);
  send();
  reactor.turn(0);
  EXPECT_EQ(line.num_runs, 0) << "nobody waits any more";
}

TEST_F(WaitTest, AWakeUpWithoutAReasonLetsTheFlowLookAndWaitOn) {
  start(wait_io(line, *watch, Events::in, kNever, seen));
  for (int i = 0; i < 3; ++i) {
    step();
    EXPECT_FALSE(flow.done());
    EXPECT_EQ(watch->wanted(), Events::in);
  }
  EXPECT_EQ(seen, (std::vector<bool>{false, false, false}));
}

TEST_F(WaitTest, WaitingAgainInTheSameTurnTellsTheApplicationNothing) {
  start(wait_io(line, *watch, Events::in, kNever, seen));
  const std::size_t before = reactor.events().size();
  step();
  reactor.end_turn();
  EXPECT_EQ(reactor.events().size(), before);
}

TEST_F(WaitTest, WakingTwiceInATurnRunsOnce) {
  start(wait_wake(line, kNever, seen));
  line.wake();
  line.wake();
  reactor.run_ready();
  EXPECT_EQ(line.num_runs, 1);
}

TEST_F(WaitTest, ADeadlineStrikesOnceAndNotBefore) {
  start(wait_wake(line, reactor.now() + kSecond, seen));
  reactor.advance(kSecond - 1);
  reactor.turn(0);
  EXPECT_TRUE(seen.empty());
  reactor.advance(1);
  reactor.turn(0);
  ASSERT_TRUE(flow.done());
  EXPECT_EQ(seen, (std::vector<bool>{true}));
  EXPECT_EQ(reactor.next_deadline(), kNever);
}

TEST_F(WaitTest, AWakeUpAtTheDeadlineIsATimeOut) {
  start(wait_io(line, *watch, Events::in, reactor.now() + kSecond, seen));
  reactor.advance(kSecond);
  step();  // not by the timer
  ASSERT_TRUE(flow.done());
  EXPECT_EQ(seen, (std::vector<bool>{true}));
  EXPECT_EQ(reactor.next_deadline(), kNever) << "the timer is gone with the wait";
}

TEST_F(WaitTest, ADeadlineInThePastStrikesInTheNextTurn) {
  start(wait_wake(line, reactor.now() - 1, seen));
  EXPECT_FALSE(flow.done());
  EXPECT_LT(reactor.next_deadline(), reactor.now());
  reactor.turn(0);
  EXPECT_TRUE(flow.done());
}

TEST_F(WaitTest, EarlierWakeUpsDoNotMoveTheDeadline) {
  start(wait_wake(line, reactor.now() + 2 * kSecond, seen));
  reactor.advance(kSecond);
  step();
  EXPECT_EQ(reactor.next_deadline(), reactor.now() + kSecond);
  reactor.advance(kSecond);
  reactor.turn(0);
  EXPECT_EQ(seen, (std::vector<bool>{false, true}));
}

Flow<Status> wait_turns(Task& task, int count, int& num_done) {
  for (; num_done < count; ++num_done) {
    task.reactor().make_ready_next_turn(task);
    co_await WaitWake(task);
  }
  co_return Status();
}

TEST_F(WaitTest, TheNextTurnIsNotThisOne) {
  int num_done = 0;
  start(wait_turns(line, 3, num_done));
  EXPECT_EQ(num_done, 0);
  for (int i = 1; i <= 3; ++i) {
    reactor.turn(0);
    EXPECT_EQ(num_done, i) << "once per turn";
  }
  EXPECT_TRUE(flow.done());
  EXPECT_TRUE(reactor.idle());
}

TEST_F(WaitTest, ACancelledTurnRunsTheTaskInVain) {
  int num_done = 0;
  start(wait_turns(line, 3, num_done));
  flow = Flow<Status>();
  reactor.turn(0);
  EXPECT_EQ(num_done, 0);
  EXPECT_EQ(line.num_runs, 1);
}

Flow<Status> wait_two(Task& task, Watch& watch) {
  const Woken first = co_await WaitIo(task, watch, Events::in);
  static_cast<void>(watch.take_fired());
  const Woken second = co_await WaitIo(task, watch, Events::out);
  co_return Status(first.timed_out() || second.timed_out() ? CURLE_OPERATION_TIMEDOUT : CURLE_OK);
}

TEST_F(WaitTest, OneWaitAfterTheOtherChangesTheInterest) {
  start(wait_two(line, *watch));
  send();
  reactor.turn(1000);
  EXPECT_EQ(watch->wanted(), Events::out);
  ASSERT_FALSE(reactor.events().empty());
  EXPECT_EQ(reactor.events().back().interest, Events::out);
  EXPECT_EQ(reactor.count(FakeReactor::What::removed), 0U) << "a change, not an end and a start";
  flow = Flow<Status>();
  reactor.end_turn();
  EXPECT_EQ(reactor.count(FakeReactor::What::removed), 1U);
}

TEST_F(WaitTest, AWatchGivenUpWhileAFlowWaitsForItIsLeftAlone) {
  start(wait_io(line, *watch, Events::in, kNever, seen));
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  reactor.retire(*watch);
  flow = Flow<Status>();  // in the same turn: the watch is still there
  reactor.end_turn();
  watch = &reactor.adopt(ends[0], {}, nullptr);
  close(ends[1]);
}

}  // namespace
}  // namespace hiper
