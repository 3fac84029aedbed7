// Failing operator new: the n-th allocation throws. One source of the program includes failing_new.inc, which
// replaces the operators.
#pragma once
#include <atomic>

namespace hiper {

/// While it lives, allocation number `n` (from 1) throws std::bad_alloc, once; 0: none does.
class FailingNew {
 public:
  explicit FailingNew(long n = 0) noexcept {
    left_ = n;
    asked_ = 0;
    paused_ = false;
  }
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;
  ~FailingNew() { left_ = 0; }

  /// The allocation that was to fail has been asked for.
  bool struck() const noexcept { return left_ <= 0; }
  /// What a test allocates for itself in between does not count.
  static void pause() noexcept { paused_ = true; }
  static void go_on() noexcept { paused_ = false; }
  /// Allocations since construction.
  static long num_asked() noexcept { return asked_; }
  /// Blocks of the whole program that were not given back.
  static long num_live() noexcept { return live_; }

  // For the operators.
  static bool fails() noexcept {
    if (paused_) return false;
    ++asked_;
    return left_ > 0 && --left_ == 0;
  }
  static void count(long by) noexcept { live_ += by; }

 private:
  static inline std::atomic<long> left_ = 0;
  static inline std::atomic<long> asked_ = 0;
  static inline std::atomic<long> live_ = 0;
  static inline std::atomic<bool> paused_ = false;
};

}  // namespace hiper
