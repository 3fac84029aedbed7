#include "multi/timer_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "support/failing_new.hpp"

namespace hiper {
namespace {

/// Only what timers need.
class HeapReactor final : public Reactor {
 public:
  Nanos now() const noexcept override { return 0; }
  void make_ready(Runnable&) noexcept override {}
  void make_ready_next_turn(Runnable&) noexcept override {}
  Watch& adopt(int, SocketCloser, CURL*) override { std::abort(); }
  void retire(Watch&) noexcept override {}
  void release(Watch&) noexcept override {}
  void take_over(Watch&) override {}
  void interest_changed(Watch&) noexcept override {}
  void arm(Timer& timer, Nanos due) override { heap.arm(*this, timer, due); }
  void disarm(Timer& timer) noexcept override { heap.disarm(timer); }
  void* allocate_frame(std::size_t) noexcept override { return nullptr; }
  void release_frame(void*, std::size_t) noexcept override {}
  TimerHeap heap;
};

struct Target final : Runnable {
  void run() noexcept override {}
  Timer timer{*this};
};

class TimerHeapTest : public ::testing::Test {
 protected:
  HeapReactor reactor;
  TimerHeap& heap = reactor.heap;
  std::deque<Target> targets;
  Target& armed(Nanos due) {
    Target& target = targets.emplace_back();
    target.timer.arm(reactor, due);
    return target;
  }
};

TEST_F(TimerHeapTest, AnEmptyHeapHasNoDeadline) {
  EXPECT_EQ(heap.next(), kNever);
  EXPECT_EQ(heap.pop_due(kNever - 1), nullptr);
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, TimersStrikeInOrderAndNotBeforeTheirTime) {
  Target& late = armed(30);
  Target& early = armed(10);
  Target& middle = armed(20);
  EXPECT_EQ(heap.next(), 10);
  EXPECT_EQ(heap.pop_due(9), nullptr);
  EXPECT_EQ(heap.pop_due(10), &early);
  EXPECT_FALSE(early.timer.armed());
  EXPECT_EQ(heap.pop_due(10), nullptr);
  EXPECT_EQ(heap.pop_due(100), &middle);
  EXPECT_EQ(heap.pop_due(100), &late);
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, ATimerMovedLaterStrikesLaterAndIsNeverAnnouncedEarly) {
  Target& one = armed(10);
  armed(20);
  one.timer.arm(reactor, 30);
  EXPECT_EQ(one.timer.due(), 30);
  EXPECT_EQ(heap.next(), 20);
  EXPECT_NE(heap.pop_due(25), &one);
  EXPECT_EQ(heap.next(), 30);
  EXPECT_EQ(heap.pop_due(29), nullptr);
  EXPECT_EQ(heap.pop_due(30), &one);
}

TEST_F(TimerHeapTest, ATimerMovedLaterAndBackStrikesAtTheLastWord) {
  Target& one = armed(10);
  armed(20);
  one.timer.arm(reactor, 50);
  one.timer.arm(reactor, 15);
  EXPECT_EQ(heap.next(), 15);
  one.timer.arm(reactor, 40);
  EXPECT_EQ(heap.next(), 20);
  one.timer.arm(reactor, 5);
  EXPECT_EQ(heap.next(), 5);
  EXPECT_EQ(heap.pop_due(5), &one);
}

TEST_F(TimerHeapTest, ADestroyedTimerLeaves) {
  armed(20);
  {
    Target shortlived;
    shortlived.timer.arm(reactor, 10);
    EXPECT_EQ(heap.next(), 10);
  }
  EXPECT_EQ(heap.next(), 20);
  targets.clear();
  EXPECT_TRUE(heap.empty());
}

TEST_F(TimerHeapTest, DisarmingTwiceIsHarmless) {
  Target& one = armed(10);
  one.timer.disarm();
  one.timer.disarm();
  EXPECT_FALSE(one.timer.armed());
  EXPECT_EQ(heap.next(), kNever);
}

TEST_F(TimerHeapTest, WithoutMemoryATimerStaysDisarmedAndMovingNeedsNone) {
  Target one;
  {
    const FailingNew failing(1);
    EXPECT_THROW(one.timer.arm(reactor, 10), std::bad_alloc);
  }
  EXPECT_FALSE(one.timer.armed());
  EXPECT_EQ(heap.next(), kNever);
  one.timer.arm(reactor, 10);
  const FailingNew failing(1);
  one.timer.arm(reactor, 20);
  one.timer.arm(reactor, 5);
  one.timer.disarm();
  EXPECT_FALSE(failing.struck());
}

TEST_F(TimerHeapTest, ExtremeDeadlinesKeepTheirOrder) {
  armed(kNever - 1);
  armed(-5);
  armed(0);
  EXPECT_EQ(heap.next(), -5);
  EXPECT_NE(heap.pop_due(0), nullptr);
  EXPECT_EQ(heap.next(), 0);
  EXPECT_NE(heap.pop_due(0), nullptr);
  EXPECT_EQ(heap.next(), kNever - 1);
}

// The reference: when each armed target is due.
class HeapModel {
 public:
  explicit HeapModel(unsigned seed) : random_(seed) {
    for (int i = 0; i < 60; ++i) targets_.push_back(std::make_unique<Target>());
  }
  void step() {
    Target& target = *targets_[random_() % targets_.size()];
    switch (random_() % 8) {
      case 0:
        return disarm(target);
      case 1:
        return pop();
      case 2:
        return replace();
      case 3:
        return arm(target, target.timer.armed() ? target.timer.due() + delta() : now_);
      case 4:
        return arm(target, target.timer.armed() ? target.timer.due() - delta() : now_ - delta());
      default:
        return arm(target, now_ + delta());
    }
  }
  void check() {
    ASSERT_EQ(reactor_.heap.empty(), due_.empty());
    // Asked only now and then: lazy sorting must be exact after any number of steps.
    if (random_() % 3 == 0) {
      ASSERT_EQ(reactor_.heap.next(), earliest());
    }
  }
  void drain() {
    now_ = kNever - 1;
    while (!due_.empty() && !::testing::Test::HasFailure()) pop();
    EXPECT_TRUE(reactor_.heap.empty());
  }

 private:
  Nanos delta() { return static_cast<Nanos>(random_() % 50); }
  Nanos earliest() const {
    Nanos result = kNever;
    for (const auto& [target, due] : due_) result = std::min(result, due);
    return result;
  }
  void arm(Target& target, Nanos due) {
    target.timer.arm(reactor_, due);
    due_[&target] = due;
  }
  void disarm(Target& target) {
    target.timer.disarm();
    due_.erase(&target);
  }
  void replace() {
    std::unique_ptr<Target>& place = targets_[random_() % targets_.size()];
    due_.erase(place.get());
    place = std::make_unique<Target>();
  }
  void pop() {
    if (now_ < kNever / 2) now_ += delta() / 5;
    Runnable* const popped = reactor_.heap.pop_due(now_);
    if (popped == nullptr) {
      ASSERT_GT(earliest(), now_);
      return;
    }
    Target* const target = static_cast<Target*>(popped);
    ASSERT_TRUE(due_.contains(target));
    ASSERT_EQ(due_[target], earliest());
    ASSERT_LE(due_[target], now_);
    ASSERT_FALSE(target->timer.armed());
    due_.erase(target);
  }

  std::mt19937 random_;
  HeapReactor reactor_;
  Nanos now_ = 1000;
  std::vector<std::unique_ptr<Target>> targets_;
  std::map<Target*, Nanos> due_;
};

TEST(TimerHeapModel, RandomStepsAgreeWithASimpleModel) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    HeapModel model(seed);
    for (int i = 0; i < 3000 && !::testing::Test::HasFailure(); ++i) {
      model.step();
      model.check();
    }
    model.drain();
  }
}

}  // namespace
}  // namespace hiper
