// What the canaries share: an answer with non-trivial members, objects that notice when they are destroyed
// twice or forgotten, and a line of flows that a test drives step by step.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"
#include "unit/support/failing_new.hpp"
#include "unit/support/fake_reactor.hpp"

namespace hiper {

/// Knows its address, so that a copy made byte by byte, or destroyed twice, is noticed. Its text is too long
/// for the string itself, so that the sanitizer notices too.
class Tracked {
 public:
  Tracked() noexcept : self_(this), value_(0) { ++num_live; }
  explicit Tracked(int value) : self_(this), value_(value), text_(40, 't') { ++num_live; }
  Tracked(const Tracked& other) : self_(this), value_(other.value_), text_(other.text_) { ++num_live; }
  Tracked(Tracked&& other) noexcept : self_(this), value_(other.value_), text_(std::move(other.text_)) {
    ++num_live;
  }
  Tracked& operator=(Tracked other) noexcept {
    value_ = other.value_;
    text_ = std::move(other.text_);
    return *this;
  }
  ~Tracked() {
    if (self_ != this) was_corrupted = true;
    self_ = nullptr;
    --num_live;
  }
  int value() const { return value_; }
  std::string text() const { return text_; }

  static inline int num_live = 0;
  static inline bool was_corrupted = false;

 private:
  Tracked* self_;
  int value_;
  std::string text_;
};

/// A flow's answer that is expensive to destroy.
class Answer {
 public:
  Answer() = default;
  explicit Answer(CURLcode code) noexcept : code_(code) {}
  explicit Answer(int value) : value_(value), text_(40, 'a'), tracked_(value) {}

  bool ok() const& noexcept { return code_ == CURLE_OK; }
  bool ok() const&& = delete;
  CURLcode code() const& noexcept { return code_; }
  CURLcode code() const&& = delete;
  int value() const& noexcept { return value_; }
  int value() const&& = delete;
  const std::string& text() const& noexcept { return text_; }
  const std::string& text() const&& = delete;

  static Answer out_of_memory() noexcept { return Answer(CURLE_OUT_OF_MEMORY); }
  static Answer from_current_exception() noexcept { return out_of_memory(); }

 private:
  CURLcode code_ = CURLE_OK;
  int value_ = 0;
  std::string text_;
  Tracked tracked_;
};

/// The root of one line of flows.
class Line final : public Task {
 public:
  using Task::Task;
  void run() noexcept override {
    ++num_runs;
    resume();
  }
  bool is_suspended() const noexcept { return suspended(); }
  int num_runs = 0;
};

class FlowTest : public ::testing::Test {
 protected:
  FlowTest() {
    Tracked::num_live = 0;
    Tracked::was_corrupted = false;
    reactor.freeze();
  }
  ~FlowTest() override {
    expect_nothing_left();
    EXPECT_EQ(reactor.num_live(), 0U);
  }
  void expect_nothing_left() {
    EXPECT_EQ(Tracked::num_live, 0);
    EXPECT_FALSE(Tracked::was_corrupted);
    EXPECT_EQ(reactor.num_frames(), 0U);
    EXPECT_EQ(reactor.next_deadline(), kNever);
    EXPECT_FALSE(line.is_suspended());
  }
  /// One wake-up, for whatever the line waits.
  void step() {
    line.wake();
    reactor.run_ready();
  }

  FakeReactor reactor;
  Line line{reactor};
};

}  // namespace hiper
