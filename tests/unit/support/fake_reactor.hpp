// A reactor for unit tests: real descriptors and poll(2), turns on demand, a clock that a test can move, and
// a record of what an application would have been told. Needs multi/timer_heap.cc.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "flow/reactor.hpp"
#include "multi/timer_heap.hpp"

namespace hiper {

/// The tag under which a class is a list member.
template <class Tag>
Tag tag_of(const ListNode<Tag>&);

class FakeReactor final : public Reactor {
 public:
  enum class What { adopted, announced, removed, closed };
  struct Event {
    What what;
    int fd;
    Events interest;
    CURL* easy;
  };

  FakeReactor() noexcept { begin_turn(); }
  ~FakeReactor() {
    end_turn();
    for (const auto& watch : live_) close(watch->fd_);
  }

  // What a test does.
  /// Waits up to `timeout_ms` for a descriptor, the nearest timer or `extra_fd`, then runs one turn.
  void turn(int timeout_ms, int extra_fd = -1) {
    begin_turn();
    std::vector<pollfd> polled = interest_set();
    polled.push_back({extra_fd, POLLIN, 0});
    poll(polled.data(), static_cast<nfds_t>(polled.size()), wait_ms(timeout_ms));
    begin_turn();
    for (const pollfd& one : polled) fire(one);
    while (Runnable* const due = timers_.pop_due(now_)) make_ready(*due);
    run_ready();
    end_turn();
  }
  /// Runs what is ready without looking at descriptors or timers.
  void run_ready() noexcept {
    ready_.take(next_turn_);
    if (before_run != nullptr) before_run();
    while (!ready_.empty()) ready_.pop_front().run();
    if (after_run != nullptr) after_run();
  }
  void (*before_run)() = nullptr;  ///< around what is under test in a turn (failing allocations)
  void (*after_run)() = nullptr;
  /// Tells (records) interest changes, then closes what was retired.
  void end_turn() noexcept {
    for (const auto& watch : live_) announce(*watch, watch->wanted_);
    for (const auto& watch : retired_) {
      announce(*watch, Events::none);
      record(What::closed, *watch);
      if (watch->closer_.function == nullptr) {
        EXPECT_NE(fcntl(watch->fd_, F_GETFD), -1) << watch->fd_ << " was closed by somebody else";
      }
      watch->closer_.close(watch->fd_);
    }
    retired_.clear();
  }
  /// Makes later turns believe that so much more time has passed.
  void advance(Nanos by) noexcept {
    offset_ += by;
    begin_turn();
  }
  /// The call of adopt() number `n` from now (1 is the next) runs out of memory; 0: none.
  void fail_adopt(int n) noexcept { adopt_to_fail_ = n; }
  /// The same for allocate_frame().
  void fail_frame(int n) noexcept { frame_to_fail_ = n; }
  /// From here on time passes by advance() only.
  void freeze() noexcept {
    begin_turn();
    offset_ = now_;
    frozen_ = true;
  }
  /// Reports `events` on `watch` although nothing may have happened to its descriptor.
  void report(Watch& watch, Events events) noexcept {
    watch.fired_ = watch.fired_ | events;
    if (watch.waiter_ != nullptr) make_ready(*watch.waiter_);
  }

  // What a test looks at.
  std::size_t num_live() const noexcept { return live_.size(); }
  std::size_t num_frames() const noexcept { return num_frames_; }       ///< allocated and not released
  std::size_t num_frames_asked() const noexcept { return num_asked_; }  ///< calls of allocate_frame()
  std::size_t num_wakes() const noexcept { return num_wakes_; }         ///< calls of make_ready()
  bool idle() const noexcept { return ready_.empty() && next_turn_.empty(); }
  Nanos next_deadline() noexcept { return timers_.next(); }
  const std::vector<Event>& events() const noexcept { return events_; }
  std::size_t count(What what) const noexcept {
    return static_cast<std::size_t>(
        std::count_if(events_.begin(), events_.end(), [&](const Event& e) { return e.what == what; }));
  }
  const std::vector<std::unique_ptr<Watch>>& live() const noexcept { return live_; }

  // Reactor.
  Nanos now() const noexcept override { return now_; }
  void make_ready(Runnable& runnable) noexcept override {
    ++num_wakes_;
    if (!runnable.linked()) ready_.push_back(runnable);
  }
  void make_ready_next_turn(Runnable& runnable) noexcept override {
    if (!runnable.linked()) next_turn_.push_back(runnable);
  }
  Watch& adopt(int fd, SocketCloser closer, CURL* easy) override {
    if (adopt_to_fail_ > 0 && --adopt_to_fail_ == 0) {
      close(fd);
      throw std::bad_alloc();
    }
    try {
      live_.reserve(live_.size() + 1);
      retired_.reserve(live_.size() + retired_.size() + 1);
      events_.reserve(events_.size() + 64);
      auto watch = std::make_unique<Watch>(*this, fd, closer, easy);
      for (const auto& other : live_) EXPECT_NE(other->fd_, fd) << "closed behind the reactor's back";
      live_.push_back(std::move(watch));
    } catch (const std::bad_alloc&) {
      close(fd);
      throw;
    }
    record(What::adopted, *live_.back());
    return *live_.back();
  }
  void retire(Watch& watch) noexcept override {
    watch.retired_ = true;
    watch.waiter_ = nullptr;
    watch.wanted_ = Events::none;
    const auto at =
        std::find_if(live_.begin(), live_.end(), [&](const auto& one) { return one.get() == &watch; });
    if (at == live_.end()) std::abort();
    retired_.push_back(std::move(*at));  // room was reserved by adopt()
    live_.erase(at);
  }
  void release(Watch& watch) noexcept override {
    EXPECT_EQ(watch.wanted_, Events::none);
    EXPECT_EQ(watch.announced_, Events::none);
    const auto at =
        std::find_if(live_.begin(), live_.end(), [&](const auto& one) { return one.get() == &watch; });
    if (at == live_.end()) std::abort();
    static_cast<void>(at->release());
    live_.erase(at);
    watch.reactor_ = nullptr;
  }
  void take_over(Watch& watch) override {
    if (adopt_to_fail_ > 0 && --adopt_to_fail_ == 0) throw std::bad_alloc();
    live_.reserve(live_.size() + 1);
    retired_.reserve(live_.size() + retired_.size() + 1);
    watch.reactor_ = this;
    live_.emplace_back(&watch);
  }
  void interest_changed(Watch& watch) noexcept override { EXPECT_FALSE(watch.retired_); }
  void arm(Timer& timer, Nanos due) override { timers_.arm(*this, timer, due); }
  void disarm(Timer& timer) noexcept override { timers_.disarm(timer); }
  void* allocate_frame(std::size_t size) noexcept override {
    ++num_asked_;
    if (frame_to_fail_ > 0 && --frame_to_fail_ == 0) return nullptr;
    void* const room = std::malloc(size);
    if (room != nullptr) ++num_frames_;
    return room;
  }
  void release_frame(void* frame, std::size_t) noexcept override {
    --num_frames_;
    std::free(frame);
  }

 private:
  void begin_turn() noexcept { now_ = frozen_ ? offset_ : monotonic_now() + offset_; }
  std::vector<pollfd> interest_set() const {
    std::vector<pollfd> polled;
    for (const auto& watch : live_) {
      short events = 0;
      if (any(watch->wanted_ & Events::in)) events = static_cast<short>(events | POLLIN);
      if (any(watch->wanted_ & Events::out)) events = static_cast<short>(events | POLLOUT);
      if (events != 0) polled.push_back({watch->fd_, events, 0});
    }
    return polled;
  }
  int wait_ms(int timeout_ms) noexcept {
    const Nanos due = timers_.next();
    if (!ready_.empty() || !next_turn_.empty() || due <= now_) return 0;
    if (due == kNever) return timeout_ms;
    return static_cast<int>(std::min<Nanos>(timeout_ms, (due - now_) / kMillisecond + 1));
  }
  void fire(const pollfd& one) noexcept {
    const auto at = std::find_if(live_.begin(), live_.end(), [&](const auto& w) { return w->fd_ == one.fd; });
    if (one.revents == 0 || at == live_.end()) return;
    Watch& watch = **at;
    if ((one.revents & (POLLIN | POLLHUP)) != 0) watch.fired_ = watch.fired_ | Events::in;
    if ((one.revents & POLLOUT) != 0) watch.fired_ = watch.fired_ | Events::out;
    if ((one.revents & POLLERR) != 0) watch.fired_ = watch.fired_ | Events::error;
    if (watch.waiter_ != nullptr) make_ready(*watch.waiter_);
  }
  void announce(Watch& watch, Events interest) noexcept {
    if (interest == watch.announced_) return;
    watch.announced_ = interest;
    record(any(interest) ? What::announced : What::removed, watch);
  }
  void record(What what, const Watch& watch) noexcept {
    if (events_.size() < events_.capacity())
      events_.push_back({what, watch.fd_, watch.announced_, watch.easy_});
  }

  Nanos offset_ = 0;
  Nanos now_ = 0;
  bool frozen_ = false;
  int adopt_to_fail_ = 0;
  int frame_to_fail_ = 0;
  std::size_t num_frames_ = 0;
  std::size_t num_asked_ = 0;
  std::size_t num_wakes_ = 0;
  TimerHeap timers_;
  std::vector<std::unique_ptr<Watch>> live_;
  std::vector<std::unique_ptr<Watch>> retired_;
  std::vector<Event> events_;
  using Runnables = List<Runnable, decltype(tag_of(std::declval<Runnable&>()))>;
  Runnables ready_;
  Runnables next_turn_;
};

}  // namespace hiper
