// What the rooms below the engine may ask of it: watch a descriptor, arm a timer, run something in this turn.
// Declared here and implemented by multi/, so dns/, stream/ and conn/ never look up. Single-threaded: one
// reactor, one thread.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/list.hpp"

namespace hiper {

class Reactor;

/// Readiness or interest, a bit set. The values are those of CURL_POLL_IN and CURL_POLL_OUT, and of
/// CURL_CSELECT_*.
enum class Events : std::uint8_t { none = 0, in = 1, out = 2, inout = 3, error = 4 };
constexpr Events operator|(Events a, Events b) noexcept {
  return static_cast<Events>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Events operator&(Events a, Events b) noexcept {
  return static_cast<Events>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr bool any(Events events) noexcept { return events != Events::none; }

/// Something that runs in the engine's loop after it was made ready: a flow, a resolver channel. Being made
/// ready is only a hint: look at the world again and accept that nothing may have changed.
class Runnable : public ListNode<> {
 public:
  /// Called by the engine only, once per time it was made ready, never below a user callback.
  virtual void run() noexcept = 0;

 protected:
  ~Runnable() = default;
};

/// A deadline. Owned by whoever waits; leaves the heap when destroyed. Its target is made ready when it
/// strikes.
class Timer {
 public:
  explicit Timer(Runnable& target) noexcept : target_(&target) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }

  bool armed() const noexcept { return reactor_ != nullptr; }
  Nanos due() const noexcept { return due_; }
  inline void arm(Reactor& reactor, Nanos due);  ///< throws std::bad_alloc; moving an armed timer does not
  inline void disarm() noexcept;

 private:
  friend class TimerHeap;
  Runnable* target_;
  Reactor* reactor_ = nullptr;  ///< set while armed
  Nanos due_ = 0;
  std::size_t index_ = 0;  ///< in the heap
};

/// How a descriptor is closed when its REMOVE has been announced.
struct SocketCloser {
  curl_closesocket_callback function = nullptr;  ///< nullptr: close(2)
  void* data = nullptr;

  void close(int fd) const noexcept;
};

/// One descriptor known to the engine, from its creation until it is closed. Interest is what somebody waits
/// for, so an idle socket has none and is not announced. It can move from one engine to another while idle
/// (Reactor::release, Reactor::take_over).
class Watch : public ListNode<> {
 public:
  Watch(Reactor& reactor, int fd, SocketCloser closer, CURL* easy) noexcept
      : reactor_(&reactor), fd_(fd), closer_(closer), easy_(easy) {}

  int fd() const noexcept { return fd_; }
  Reactor& reactor() const noexcept { return *reactor_; }
  /// Its owner has no use for it any more: the reactor retires it, or, when it was released, it is closed and
  /// deleted at once.
  inline void give_up() noexcept;
  /// The application's handle named in announcements: the one that uses the socket, or that used it last.
  void set_easy(CURL* easy) noexcept { easy_ = announced_easy_ = easy; }
  /// The next user: what was announced for the last one ends with a REMOVE.
  void hand_over(CURL* easy) noexcept { easy_ = easy; }
  CURL* easy() const noexcept { return easy_; }

  /// `waiter` is made ready when any of `interest` (or an error) is reported. Replaces what was wanted
  /// before.
  inline void want(Runnable& waiter, Events interest) noexcept;
  inline void unwant() noexcept;
  Events wanted() const noexcept { return wanted_; }

  /// The application was not told yet that somebody waits.
  bool newly_wanted() const noexcept { return any(wanted_) && announced_ == Events::none && !retired_; }
  /// What was reported since the last call; a hint.
  Events take_fired() noexcept {
    const Events fired = fired_;
    fired_ = Events::none;
    return fired;
  }

 private:
  friend class Engine;
  friend class SocketTable;
  friend class Poller;
  friend class FakeReactor;  // tests/unit/support
  void close_released() noexcept;

  Reactor* reactor_;  ///< nullptr while released
  int fd_;
  Events wanted_ = Events::none;
  Events announced_ = Events::none;  ///< what the socket callback was told last
  Events polled_ = Events::none;     ///< what the engine's own epoll set holds
  Events fired_ = Events::none;
  bool counted_ = false;  ///< somebody waited for it when it was last announced
  bool in_epoll_ = false;
  bool retired_ = false;
  SocketCloser closer_;
  Runnable* waiter_ = nullptr;
  CURL* easy_;
  CURL* announced_easy_ = nullptr;  ///< whom the announcement was about
  void* socketp_ = nullptr;         ///< curl_multi_assign
};

class Reactor {
 public:
  /// The time of this turn.
  virtual Nanos now() const noexcept = 0;
  /// Runs `runnable` in this turn, after what is already ready.
  virtual void make_ready(Runnable& runnable) noexcept = 0;
  /// Runs `runnable` in the next turn, which is asked for with a 0 ms timer. For work that has had its share.
  virtual void make_ready_next_turn(Runnable& runnable) noexcept = 0;
  /// Takes over the open descriptor `fd` (non-blocking). On std::bad_alloc the descriptor has been closed.
  virtual Watch& adopt(int fd, SocketCloser closer, CURL* easy) = 0;
  /// Gives the watch up: REMOVE is announced if needed, then the descriptor is closed, at the end of this
  /// turn.
  virtual void retire(Watch& watch) noexcept = 0;
  /// Forgets the watch, whose descriptor stays open. Nobody waits for it, and that has been announced.
  virtual void release(Watch& watch) noexcept = 0;
  /// Takes over a released watch, of this reactor or another. Throws std::bad_alloc; it is then still
  /// released.
  virtual void take_over(Watch& watch) = 0;

  virtual void interest_changed(Watch& watch) noexcept = 0;  ///< for Watch only
  virtual void arm(Timer& timer, Nanos due) = 0;             ///< for Timer only
  virtual void disarm(Timer& timer) noexcept = 0;            ///< for Timer only

  /// Memory for coroutine frames, recycled per engine. Returns nullptr when memory is out.
  virtual void* allocate_frame(std::size_t size) noexcept = 0;
  virtual void release_frame(void* frame, std::size_t size) noexcept = 0;

 protected:
  ~Reactor() = default;
};

/// Owner of a watch: retires it when dropped.
struct RetireWatch {
  void operator()(Watch* watch) const noexcept { watch->give_up(); }
};
using OwnedWatch = std::unique_ptr<Watch, RetireWatch>;

inline void Timer::arm(Reactor& reactor, Nanos due) { reactor.arm(*this, due); }
inline void Timer::disarm() noexcept {
  if (reactor_ != nullptr) reactor_->disarm(*this);
}
inline void Watch::give_up() noexcept {
  if (reactor_ != nullptr) {
    reactor_->retire(*this);
  } else {
    close_released();
  }
}
inline void Watch::want(Runnable& waiter, Events interest) noexcept {
  waiter_ = &waiter;
  if (interest == wanted_) return;
  wanted_ = interest;
  reactor_->interest_changed(*this);
}
inline void Watch::unwant() noexcept {
  waiter_ = nullptr;
  if (wanted_ == Events::none) return;
  wanted_ = Events::none;
  reactor_->interest_changed(*this);
}

}  // namespace hiper
