// Decides whether to look for an answer once more before its socket is announced. Learns from how often that
// was worth it: peers far away never answer within the turn, so looking is given up but for a sample. Used by
// multi/announce.cc.
#pragma once
#include "flow/reactor.hpp"
#include "multi/settings.hpp"

namespace hiper {

class EarlyLook {
 public:
  /// `watch` is about to be announced as waiting for an answer, and looking has paid off lately, or it is
  /// time to try again.
  bool worth_it(const Watch& watch, const MultiSettings& settings) noexcept {
    if (settings.socket_function == nullptr || !watch.newly_wants_in()) return false;
    if (score_ >= kWorthwhile) return true;
    return ++skipped_ % kSample == 0;
  }
  void learn(bool hit) noexcept { score_ += hit ? (kOne - score_) / kMemory : -score_ / kMemory; }

 private:
  static constexpr int kOne = 1 << 12;
  static constexpr int kWorthwhile = kOne / 8;  ///< a miss costs about an eighth of what a hit saves
  static constexpr int kMemory = 16;
  static constexpr unsigned kSample = 16;
  int score_ = kOne / 2;
  unsigned skipped_ = 0;
};

}  // namespace hiper
