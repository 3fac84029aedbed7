#include "multi/timer_heap.hpp"

#include <algorithm>
#include <utility>

namespace hiper {

void TimerHeap::arm(Reactor& reactor, Timer& timer, Nanos due) {
  if (!timer.armed()) {
    heap_.push_back({due, &timer});
    timer.reactor_ = &reactor;
    timer.due_ = due;
    sift_up(heap_.size() - 1);
    return;
  }
  timer.due_ = due;
  Entry& entry = heap_[timer.index_];
  if (due >= entry.due) return;  // settle_top() moves it when it matters
  entry.due = due;
  sift_up(timer.index_);
}

void TimerHeap::disarm(Timer& timer) noexcept {
  remove_at(timer.index_);
  timer.reactor_ = nullptr;
}

Nanos TimerHeap::next() noexcept {
  settle_top();
  return heap_.empty() ? kNever : heap_.front().due;
}

Runnable* TimerHeap::pop_due(Nanos now) noexcept {
  if (next() > now) return nullptr;
  Timer& timer = *heap_.front().timer;
  disarm(timer);
  return timer.target_;
}

void TimerHeap::put(std::size_t at, const Entry& entry) noexcept {
  heap_[at] = entry;
  entry.timer->index_ = at;
}

void TimerHeap::sift_up(std::size_t at) noexcept {
  const Entry rising = heap_[at];
  while (at > 0) {
    const std::size_t parent = (at - 1) / kArity;
    if (rising.due >= heap_[parent].due) break;
    put(at, heap_[parent]);
    at = parent;
  }
  put(at, rising);
}

void TimerHeap::sift_down(std::size_t at) noexcept {
  const Entry sinking = heap_[at];
  for (;;) {
    const std::size_t first = at * kArity + 1;
    if (first >= heap_.size()) break;
    const std::size_t last = std::min(first + kArity, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child) {
      if (heap_[child].due < heap_[least].due) least = child;
    }
    if (heap_[least].due >= sinking.due) break;
    put(at, heap_[least]);
    at = least;
  }
  put(at, sinking);
}

void TimerHeap::remove_at(std::size_t at) noexcept {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  put(at, last);
  sift_up(at);
  sift_down(last.timer->index_);
}

// A deadline that was moved later still has its old key: give it its place before anybody is told about it.
void TimerHeap::settle_top() noexcept {
  while (!heap_.empty() && heap_.front().timer->due_ > heap_.front().due) {
    heap_.front().due = heap_.front().timer->due_;
    sift_down(0);
  }
}

}  // namespace hiper
