// What is counted: requests, calls, CPU time and latencies, between the start and the end of the count.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "support/process.hpp"

namespace hiper::bench {

struct Counters {
  std::uint64_t requests = 0, errors = 0, bytes = 0, connects = 0;
  std::uint64_t socket_calls = 0, timer_calls = 0;  ///< of the application's callbacks
  std::uint64_t epoll_ctls = 0, waits = 0, events = 0, timeouts = 0;
  Counters operator-(const Counters& earlier) const noexcept;
};

/// How long requests took, exact to 3 %: 32 steps for each power of two nanoseconds.
class Latencies {
 public:
  void add(std::uint64_t ns) noexcept;
  /// In microseconds; 0.5 is the median.
  double quantile(double part) const noexcept;

 private:
  static constexpr unsigned kStepBits = 5;
  static constexpr std::size_t kSteps = 1 << kStepBits;
  std::array<std::uint32_t, 64 * kSteps> counts_{};
  std::uint64_t total_ = 0;
};

/// A moment, or what happened between two.
struct Mark {
  Counters counters;
  Usage usage;
};

struct Meter {
  Counters counters;  ///< since the start of the program
  Latencies latencies;
  Mark begin, end;  ///< of the count
  Mark mark() const noexcept { return {counters, usage_now()}; }
};

}  // namespace hiper::bench
