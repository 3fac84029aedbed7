// Time inside the library: nanoseconds of the monotonic clock. The engine reads it once per turn.
#pragma once
#include <cstdint>
#include <ctime>
#include <limits>

namespace hiper {

using Nanos = std::int64_t;  ///< a point in time or a duration, in nanoseconds

inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

inline Nanos monotonic_now() noexcept {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<Nanos>(t.tv_sec) * kSecond + t.tv_nsec;
}

/// `start` plus `ms` milliseconds, kNever if that cannot be expressed.
inline constexpr Nanos after_ms(Nanos start, std::int64_t ms) noexcept {
  return ms > (kNever - start) / kMillisecond ? kNever : start + ms * kMillisecond;
}

/// How long to sleep for at least `span`: 0 if it has passed.
inline constexpr std::int64_t ms_rounded_up(Nanos span) noexcept {
  return span <= 0 ? 0 : (span + kMillisecond - 1) / kMillisecond;
}

}  // namespace hiper
