// A Task is the root of one line of flows: a transfer. It remembers where that line is suspended, so that the
// engine can go on there. The awaiters that suspend are here too; nobody else registers for wake-ups on a
// flow's behalf.
#pragma once
#include <coroutine>

#include "flow/reactor.hpp"

namespace hiper {

class Task : public Runnable {
 public:
  explicit Task(Reactor& reactor) noexcept : reactor_(reactor), timer_(*this) {}

  Reactor& reactor() const noexcept { return reactor_; }
  /// Makes the task run in this turn. Call it after changing what it waits for.
  void wake() noexcept { reactor_.make_ready(*this); }

  // For the awaiters below only.
  /// The line is suspended at `leaf`, at the latest until `deadline`. Throws std::bad_alloc.
  void park(std::coroutine_handle<> leaf, Nanos deadline) {
    if (deadline != kNever) timer_.arm(reactor_, deadline);
    leaf_ = leaf;
  }
  void unpark() noexcept {
    timer_.disarm();
    leaf_ = nullptr;
  }

 protected:
  ~Task() = default;
  /// Goes on where the line is suspended. The derived class calls it from run(); the flow may be finished
  /// afterwards.
  void resume() noexcept {
    const std::coroutine_handle<> leaf = leaf_;
    leaf_ = nullptr;
    if (leaf) leaf.resume();
  }
  bool suspended() const noexcept { return leaf_ != nullptr; }

 private:
  Reactor& reactor_;
  std::coroutine_handle<> leaf_;
  Timer timer_;  ///< the deadline of the current wait
};

/// What a wait answers.
class Woken {
 public:
  constexpr Woken() noexcept = default;
  constexpr explicit Woken(bool timed_out) noexcept : timed_out_(timed_out) {}
  constexpr bool timed_out() const& noexcept { return timed_out_; }
  bool timed_out() const&& = delete;
  static Woken out_of_memory() noexcept { return Woken(true); }
  static Woken from_current_exception() noexcept { return Woken(true); }

 private:
  bool timed_out_ = false;
};

/// Base of the awaiters below: suspends the task's line until the task is run, at the latest at `deadline`. A
/// wake-up is a hint; the flow looks again. Not an aggregate, not copyable, and unregisters when destroyed
/// (g++ 12, cancellation).
class Suspension {
 public:
  Suspension(Task& task, Nanos deadline) noexcept : task_(task), deadline_(deadline) {}
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> leaf) { task_.park(leaf, deadline_); }
  Woken await_resume() const noexcept { return Woken(deadline_ <= task_.reactor().now()); }

 protected:
  ~Suspension() { task_.unpark(); }
  Task& task_;

 private:
  Nanos deadline_;
};

/// Waits until somebody wakes the task, or the deadline.
class WaitWake final : public Suspension {
 public:
  explicit WaitWake(Task& task, Nanos deadline = kNever) noexcept : Suspension(task, deadline) {}
};

/// Waits until `watch` reports any of `interest` (if there is any), somebody wakes the task, or the deadline.
class WaitIo final : public Suspension {
 public:
  WaitIo(Task& task, Watch& watch, Events interest, Nanos deadline = kNever) noexcept
      : Suspension(task, deadline), watch_(watch) {
    watch.want(task, interest);
  }
  ~WaitIo() { watch_.unwant(); }

 private:
  Watch& watch_;
};

}  // namespace hiper
