// Memory, exceptions and the stack: what Flow itself promises.
#include "flow/flow.hpp"

#include <algorithm>
#include <cstdint>

#include "fixture.hpp"

namespace hiper {
namespace {

// Not inlined: clang would put a child's frame into its parent's, and there would be nothing to count.
[[gnu::noinline]] Flow<Answer> leaf(Task& task, int value) {
  const Tracked local(value);
  co_await WaitWake(task);
  co_return Answer(local.value());
}
[[gnu::noinline]] Flow<Answer> middle(Task& task) {
  const Tracked local(1);
  const Answer first = co_await leaf(task, 1);
  if (!first.ok()) co_return first;
  const Answer second = co_await leaf(task, 2);
  if (!second.ok()) co_return second;
  co_return Answer(first.value() + second.value());
}
Flow<Answer> top(Task& task) {
  const Tracked local(1);
  const Answer got = co_await middle(task);
  co_return got;
}

using FlowMemory = FlowTest;

TEST_F(FlowMemory, EveryFrameThatCannotBeAllocatedIsOutOfMemory) {
  for (int n = 1; n <= 5; ++n) {
    {
      reactor.fail_frame(n);
      Flow<Answer> flow = top(line);
      flow.start();
      for (int i = 0; !flow.done() && i < 10; ++i) step();
      ASSERT_TRUE(flow.done());
      const Answer got = flow.result();
      EXPECT_EQ(got.code(), n <= 4 ? CURLE_OUT_OF_MEMORY : CURLE_OK) << n;
      EXPECT_EQ(got.value(), n <= 4 ? 0 : 3);
    }
    expect_nothing_left();
  }
}

TEST_F(FlowMemory, ARootWithoutAFrameIsDoneFromTheStart) {
  reactor.fail_frame(1);
  Flow<Answer> flow = top(line);
  EXPECT_TRUE(flow.done());
  flow.start();
  const Answer got = flow.result();
  EXPECT_EQ(got.code(), CURLE_OUT_OF_MEMORY);
}

TEST_F(FlowMemory, AnEmptyFlowIsDone) {
  Flow<Status> flow;
  EXPECT_TRUE(flow.done());
  flow.start();
  const Status status = flow.result();
  EXPECT_EQ(status.code(), CURLE_OUT_OF_MEMORY);
}

TEST_F(FlowMemory, FramesOfOneLineComeFromItsReactorAndGoBackAtOnce) {
  Flow<Answer> flow = top(line);
  EXPECT_EQ(reactor.num_frames(), 1U) << "children are made when they are needed";
  flow.start();
  EXPECT_EQ(reactor.num_frames(), 3U);
  step();
  EXPECT_EQ(reactor.num_frames(), 3U);
  EXPECT_EQ(reactor.num_frames_asked(), 4U);
  step();
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(reactor.num_frames(), 1U);
  flow = Flow<Answer>();
  EXPECT_EQ(reactor.num_frames(), 0U);
}

TEST_F(FlowMemory, AMovedFlowHasOneOwner) {
  Flow<Answer> first = top(line);
  first.start();
  Flow<Answer> second = std::move(first);
  EXPECT_TRUE(first.done());
  EXPECT_FALSE(second.done());
  Flow<Answer> third;
  third = std::move(second);
  step();
  step();
  EXPECT_TRUE(third.done());
  const Answer got = third.result();
  EXPECT_EQ(got.value(), 3);
}

TEST_F(FlowMemory, AssigningOverARunningFlowCancelsIt) {
  Flow<Answer> flow = top(line);
  flow.start();
  EXPECT_TRUE(line.is_suspended());
  flow = Flow<Answer>();
  expect_nothing_left();
  flow = top(line);
  flow.start();
  EXPECT_TRUE(line.is_suspended());
}

Flow<Status> throws_after(Task& task, int num_waits) {
  const Tracked local(1);
  for (int i = 0; i < num_waits; ++i) {
    co_await WaitWake(task);
  }
  throw std::bad_alloc();
  co_return Status();
}
Flow<Status> parent_of_thrower(Task& task, int num_waits) {
  const Tracked local(1);
  const Status status = co_await throws_after(task, num_waits);
  co_return status;
}

TEST_F(FlowMemory, BadAllocInsideAFlowIsItsAnswer) {
  for (int num_waits = 0; num_waits < 3; ++num_waits) {
    {
      Flow<Status> flow = parent_of_thrower(line, num_waits);
      flow.start();
      for (int i = 0; i < num_waits; ++i) step();
      ASSERT_TRUE(flow.done());
      const Status status = flow.result();
      EXPECT_EQ(status.code(), CURLE_OUT_OF_MEMORY);
    }
    expect_nothing_left();
  }
}

Flow<Status> waits_with_a_deadline(Task& task, Nanos deadline, bool& caught) {
  const Tracked local;
  try {
    const Woken woken = co_await WaitWake(task, deadline);
    if (woken.timed_out()) co_return Status(CURLE_OPERATION_TIMEDOUT);
  } catch (const std::bad_alloc&) {
    caught = true;
    throw;
  }
  co_return Status();
}

// The heap of timers may have no room: then await_suspend throws and the flow goes on with the exception.
TEST_F(FlowMemory, ADeadlineThatCannotBeArmedIsThrownIntoTheFlow) {
  bool caught = false;
  {
    const FailingNew failing(1);
    Flow<Status> flow = waits_with_a_deadline(line, reactor.now() + kSecond, caught);
    flow.start();
    ASSERT_TRUE(flow.done());
    const Status status = flow.result();
    EXPECT_EQ(status.code(), CURLE_OUT_OF_MEMORY);
  }
  EXPECT_TRUE(caught);
  expect_nothing_left();
}

// How much stack is in use: the span of addresses that probe() was called at.
struct Span {
  std::uintptr_t low = UINTPTR_MAX;
  std::uintptr_t high = 0;
  std::size_t size() const { return high - low; }
};
[[gnu::noinline]] void probe(Span& span) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  span.low = std::min(span.low, here);
  span.high = std::max(span.high, here);
}

Flow<Status> at_once(Task& task, Span& span) {
  static_cast<void>(task);
  probe(span);
  co_return Status();
}
Flow<Status> sometimes_later(Task& task, Span& span, bool later) {
  probe(span);
  if (later) co_await WaitWake(task);
  probe(span);
  co_return Status();
}
Flow<Status> middle_of_loop(Task& task, Span& span, bool later) {
  const Status status = co_await sometimes_later(task, span, later);
  co_return status;
}
Flow<Status> many_at_once(Task& task, Span& span, int count) {
  for (int i = 0; i < count; ++i) {
    if (const Status status = co_await at_once(task, span); !status.ok()) co_return status;
  }
  co_return Status();
}
Flow<Status> many_mixed(Task& task, Span& span, int count, int wait_every) {
  for (int i = 0; i < count; ++i) {
    const bool later = i % wait_every == wait_every - 1;
    if (const Status status = co_await middle_of_loop(task, span, later); !status.ok()) co_return status;
  }
  co_return Status();
}

constexpr int kMillion = 1'000'000;
constexpr std::size_t kSmallStack = 8192;  // the sanitizers make frames large

using FlowStack = FlowTest;

TEST_F(FlowStack, AMillionAwaitsThatFinishAtOnceStayFlat) {
  Span span;
  Flow<Status> flow = many_at_once(line, span, kMillion);
  flow.start();
  ASSERT_TRUE(flow.done());
  const Status status = flow.result();
  EXPECT_TRUE(status.ok());
  EXPECT_LT(span.size(), kSmallStack);
}

TEST_F(FlowStack, AwaitsThatFinishNowOrLaterInTurnStayFlat) {
  for (const int wait_every : {1, 2, 1000}) {
    Span span;
    Flow<Status> flow = many_mixed(line, span, kMillion / 10, wait_every);
    flow.start();
    int num_steps = 0;
    for (; !flow.done(); ++num_steps) step();
    EXPECT_EQ(num_steps, kMillion / 10 / wait_every);
    EXPECT_LT(span.size(), kSmallStack) << "waits every " << wait_every;
  }
}

}  // namespace
}  // namespace hiper
