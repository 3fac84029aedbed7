// The deadlines of one engine: a 4-ary heap of intrusive timers. O(log n) to arm and disarm, O(1) to look at
// the next one. A timer that only moves later keeps its place until it comes to the top.
#pragma once
#include <vector>

#include "flow/reactor.hpp"

namespace hiper {

class TimerHeap {
 public:
  /// Arms or moves `timer`. Throws std::bad_alloc when it was not armed and there is no room.
  void arm(Reactor& reactor, Timer& timer, Nanos due);
  void disarm(Timer& timer) noexcept;

  /// The earliest deadline, or kNever.
  Nanos next() noexcept;
  /// Takes the earliest timer off the heap if it is due at `now`; nullptr otherwise.
  Runnable* pop_due(Nanos now) noexcept;
  bool empty() const noexcept { return heap_.empty(); }

 private:
  static constexpr std::size_t kArity = 4;
  /// The key lies beside the pointer: sorting touches no timer but those that move.
  struct Entry {
    Nanos due;  ///< may be earlier than the timer's
    Timer* timer;
  };
  void put(std::size_t at, const Entry& entry) noexcept;
  void sift_up(std::size_t at) noexcept;
  void sift_down(std::size_t at) noexcept;
  void remove_at(std::size_t at) noexcept;
  void settle_top() noexcept;

  std::vector<Entry> heap_;
};

}  // namespace hiper
