#include "multi/timer_heap.hpp"

#include <algorithm>
#include <utility>

namespace hiper {

void TimerHeap::arm(Reactor& reactor, Timer& timer, Nanos due) {
  if (!timer.armed()) {
    heap_.push_back(&timer);
    timer.reactor_ = &reactor;
    timer.index_ = heap_.size() - 1;
    timer.due_ = timer.sorted_due_ = due;
    sift_up(timer.index_);
    return;
  }
  timer.due_ = due;
  if (due >= timer.sorted_due_) return;  // settle_top() moves it when it matters
  timer.sorted_due_ = due;
  sift_up(timer.index_);
}

void TimerHeap::disarm(Timer& timer) noexcept {
  remove_at(timer.index_);
  timer.reactor_ = nullptr;
}

Nanos TimerHeap::next() noexcept {
  settle_top();
  return heap_.empty() ? kNever : heap_.front()->due_;
}

Runnable* TimerHeap::pop_due(Nanos now) noexcept {
  if (next() > now) return nullptr;
  Timer& timer = *heap_.front();
  disarm(timer);
  return timer.target_;
}

void TimerHeap::swap(std::size_t a, std::size_t b) noexcept {
  std::swap(heap_[a], heap_[b]);
  heap_[a]->index_ = a;
  heap_[b]->index_ = b;
}

void TimerHeap::sift_up(std::size_t at) noexcept {
  while (at > 0) {
    const std::size_t parent = (at - 1) / kArity;
    if (!before(at, parent)) return;
    swap(at, parent);
    at = parent;
  }
}

void TimerHeap::sift_down(std::size_t at) noexcept {
  for (;;) {
    const std::size_t first = at * kArity + 1;
    if (first >= heap_.size()) return;
    const std::size_t last = std::min(first + kArity, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < last; ++child) {
      if (before(child, least)) least = child;
    }
    if (!before(least, at)) return;
    swap(at, least);
    at = least;
  }
}

void TimerHeap::remove_at(std::size_t at) noexcept {
  const std::size_t last = heap_.size() - 1;
  if (at != last) swap(at, last);
  heap_.pop_back();
  if (at == last) return;
  sift_up(at);
  sift_down(at);
}

// A deadline that was moved later still has its old key: give it its place before anybody is told about it.
void TimerHeap::settle_top() noexcept {
  while (!heap_.empty() && heap_.front()->due_ > heap_.front()->sorted_due_) {
    heap_.front()->sorted_due_ = heap_.front()->due_;
    sift_down(0);
  }
}

}  // namespace hiper
