// The engine's own epoll set, for applications that let the library wait: curl_multi_perform, _poll, _wait,
// _fdset and curl_easy_perform. Created on first use; an application that drives the sockets by itself never
// pays for it. Idle connections may stay in the set, which saves two system calls per transfer.
//
// After a fork both processes have the same kernel objects: the child touches neither the set nor the wake-up
// descriptor, drops its descriptors of them and makes new ones when it waits.
#pragma once
#include <curl/curl.h>

#include <atomic>
#include <span>

#include "base/process.hpp"
#include "flow/reactor.hpp"

namespace hiper {

class Poller {
 public:
  Poller() noexcept = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  /// There is a set, and it is this process's own.
  bool open() const noexcept { return epoll_ >= 0 && ours(); }
  /// Creates the set and the wake-up descriptor, in place of inherited ones. False when the system refuses
  /// (errno says why). What was in an inherited set must be forgotten before.
  bool create() noexcept;

  /// Tells the set what `watch` wants now. False when the system refuses.
  bool update(Watch& watch) noexcept;
  /// The watch's descriptor is about to be closed.
  void forget(Watch& watch) noexcept;

  /// Waits up to `timeout_ms` (-1: for ever) for our sockets, for `extra`, or for a wake-up. What is ready of
  /// ours is handed to `ready(Watch&, Events)`; `extra` gets its revents. Returns the number of descriptors
  /// with something to report (the wake-up not counted), or -1 with errno.
  template <class Ready>
  int wait(std::span<curl_waitfd> extra, int timeout_ms, bool wakeable, Ready ready);

  /// From any thread: the current or next wakeable wait returns at once. False when the system refuses.
  bool wake_up() noexcept;

 private:
  bool ours() const noexcept { return generation_.load() == process_generation(); }
  void drop_inherited() noexcept;

  static constexpr int kBatch = 256;
  struct Ready {
    Watch* watch;
    Events events;
  };
  int collect(Ready* out, int timeout_ms) noexcept;
  int wait_with_extra(std::span<curl_waitfd> extra, int timeout_ms) noexcept;
  static int remaining_ms(Nanos deadline) noexcept;

  int epoll_ = -1;
  std::atomic<ProcessGeneration> generation_{0};  ///< whose the descriptors are; written before wakeup_fd_
  std::atomic<int> wakeup_fd_{-1};
  std::atomic<bool> wakeup_pending_{false};
};

template <class ReadyFunction>
int Poller::wait(std::span<curl_waitfd> extra, int timeout_ms, bool wakeable, ReadyFunction ready) {
  if (wakeable && wakeup_pending_.exchange(false)) timeout_ms = 0;
  int reported = 0;
  if (!extra.empty()) {
    reported = wait_with_extra(extra, timeout_ms);
    if (reported < 0) return reported;
    timeout_ms = 0;
  }
  const Nanos deadline = timeout_ms > 0 ? after_ms(monotonic_now(), timeout_ms) : 0;
  for (;;) {
    Ready batch[kBatch];
    const int count = collect(batch, timeout_ms);
    if (count < 0) return count;
    for (int i = 0; i < count; ++i) {
      if (batch[i].watch == nullptr) continue;
      ready(*batch[i].watch, batch[i].events);
      ++reported;
    }
    const bool only_wakeup = count > 0 && reported == 0 && extra.empty();
    if (wakeable) {
      // Reads, too: what was done before the wake-up it takes is seen after this wait.
      wakeup_pending_.exchange(false);
      return reported;
    }
    if (!only_wakeup || timeout_ms == 0) return reported;
    if (timeout_ms > 0) timeout_ms = remaining_ms(deadline);
  }
}

}  // namespace hiper
