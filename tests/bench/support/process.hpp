// What the programs ask the system about themselves: time, CPU time, memory, descriptors.
#pragma once
#include <cstddef>
#include <cstdint>

namespace hiper::bench {

/// Nanoseconds of the monotonic clock.
std::uint64_t now_ns() noexcept;

/// What this process has used up to a moment, or between two of them.
struct Usage {
  double wall_s = 0;
  double user_s = 0;
  double sys_s = 0;
  double cpu_s() const noexcept { return user_s + sys_s; }
  Usage operator-(const Usage& earlier) const noexcept;
};
Usage usage_now() noexcept;

/// The value in kB of a line of /proc/self/status, such as "VmRSS:"; 0 if there is none. (ru_maxrss would not
/// do: it survives exec, so it may be the peak of the program that started this one.)
long status_kb(const char* name) noexcept;

/// Sees to it that `count` descriptors may be open, or ends the program. Returns how many may be.
std::size_t allow_descriptors(std::size_t count);

}  // namespace hiper::bench
