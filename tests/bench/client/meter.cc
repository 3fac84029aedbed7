#include "client/meter.hpp"

#include <bit>

namespace hiper::bench {

Counters Counters::operator-(const Counters& earlier) const noexcept {
  return {requests - earlier.requests,
          errors - earlier.errors,
          bytes - earlier.bytes,
          connects - earlier.connects,
          socket_calls - earlier.socket_calls,
          timer_calls - earlier.timer_calls,
          epoll_ctls - earlier.epoll_ctls,
          waits - earlier.waits,
          events - earlier.events,
          timeouts - earlier.timeouts};
}

// The place of a value is the exponent of its power of two, and the bits after the first.
void Latencies::add(std::uint64_t ns) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  const unsigned shift = width > kStepBits + 1 ? width - kStepBits - 1 : 0;
  ++counts_[shift * kSteps + static_cast<std::size_t>(ns >> shift)];
  ++total_;
}

double Latencies::quantile(double part) const noexcept {
  std::uint64_t seen = 0;
  for (std::size_t at = 0; at < counts_.size(); ++at) {
    seen += counts_[at];
    if (seen == 0 || static_cast<double>(seen) < part * static_cast<double>(total_)) continue;
    const std::size_t shift = at < 2 * kSteps ? 0 : at / kSteps - 1;
    return static_cast<double>((at - shift * kSteps) << shift) / 1e3;
  }
  return 0;
}

}  // namespace hiper::bench
