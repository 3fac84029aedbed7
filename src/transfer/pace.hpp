// How fast a transfer may go, and how fast it must: CURLOPT_MAX_RECV_SPEED_LARGE,
// CURLOPT_MAX_SEND_SPEED_LARGE, CURLOPT_LOW_SPEED_LIMIT and _TIME. Owned by the transfer.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "base/clock.hpp"
#include "easy/options.hpp"

namespace hiper {

/// At most `bytes per second`: what was moved is paid for by waiting until the average is right again.
class RateLimit {
 public:
  void begin(curl_off_t bytes_per_second) noexcept {
    rate_ = bytes_per_second;
    open_from_ = 0;
  }
  bool limited() const noexcept { return rate_ > 0; }
  /// Bytes that may be moved now; 0 before open_from().
  std::size_t allowance(Nanos now) const noexcept;
  void moved(std::size_t count, Nanos now) noexcept;
  Nanos open_from() const noexcept { return open_from_; }

 private:
  curl_off_t rate_ = 0;
  Nanos open_from_ = 0;
};

/// Gives up when fewer than `limit` bytes per second came and went for `seconds` in a row.
class LowSpeed {
 public:
  void begin(curl_off_t limit, long seconds, Nanos now) noexcept;
  /// The connection is there only now; it is its maker's business how long that took.
  void restart(curl_off_t total_bytes, Nanos now) noexcept;
  bool watched() const noexcept { return limit_ > 0 && seconds_ > 0; }
  /// To be called about once a second with the bytes moved so far. True when it is time to give up.
  bool too_slow(curl_off_t total_bytes, bool paused, Nanos now) noexcept;

 private:
  curl_off_t limit_ = 0;
  long seconds_ = 0;
  curl_off_t bytes_before_ = 0;
  Nanos looked_at_ = 0;
  Nanos slow_since_ = kNever;
};

struct Pace {
  RateLimit receive;
  RateLimit send;
  LowSpeed low_speed;
};

/// What the options ask for; nullptr, as for most transfers, when that is nothing. Takes the place of the
/// last transfer's. Throws std::bad_alloc.
void begin_pace(std::unique_ptr<Pace>& pace, const Options& options, Nanos now);

}  // namespace hiper
