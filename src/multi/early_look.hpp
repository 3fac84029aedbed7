// Decides whether to look once more, before a socket is announced, for what its transfer waits for: an
// answer, or the end of a connect. Learns from how often that was worth it: peers far away are never that
// fast, so looking is given up but for a sample. Used by multi/announce.cc.
#pragma once
#include "base/clock.hpp"

namespace hiper {

class EarlyLook {
 public:
  void begin_turn() noexcept {
    misses_ = hits_ = 0;
    took_too_long_ = false;
  }
  /// Looking has paid off lately, or it is time to try again.
  bool worth_it() noexcept {
    if (misses_ == kMissesPerTurn || hits_ == kHitsPerTurn || took_too_long_) return false;
    return score_ >= kWorthwhile || ++skipped_ % kSample == 0;
  }
  /// Before the first look of a turn, and now and then: it is to be told the time.
  bool wants_time() const noexcept { return misses_ == 0 && hits_ % kHitsPerClock == 0; }
  void time_is(Nanos now) noexcept {
    if (hits_ == 0) began_at_ = now;
    took_too_long_ = now - began_at_ > kLongest;
  }
  void learn(bool hit) noexcept {
    misses_ = hit ? 0 : misses_ + 1;
    hits_ += hit;
    score_ += hit ? (kOne - score_) / kMemory : -score_ / kMemory;
  }

 private:
  static constexpr int kOne = 1 << 12;
  static constexpr int kWorthwhile = kOne / 8;  ///< a miss costs about an eighth of what a hit saves
  static constexpr int kMemory = 16;
  static constexpr unsigned kSample = 16;
  /// What comes later in a turn was begun later: when two in a row are not there, none is.
  static constexpr unsigned kMissesPerTurn = 2;
  /// Transfers that wait for a place may follow each other for ever, and a hit may be a TLS handshake; the
  /// application has other things to do.
  static constexpr unsigned kHitsPerTurn = 1024;
  static constexpr Nanos kLongest = 10 * kMillisecond;
  static constexpr unsigned kHitsPerClock = 8;
  int score_ = kOne / 2;
  unsigned skipped_ = 0;
  unsigned misses_ = 0;  ///< in a row, in this turn
  unsigned hits_ = 0;    ///< in this turn
  Nanos began_at_ = 0;   ///< this turn's first look
  bool took_too_long_ = false;
};

}  // namespace hiper
