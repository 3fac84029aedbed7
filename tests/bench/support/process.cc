#include "support/process.hpp"

#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "support/die.hpp"

namespace hiper::bench {
namespace {

double seconds(const timeval& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::uint64_t now_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

Usage Usage::operator-(const Usage& earlier) const noexcept {
  return {wall_s - earlier.wall_s, user_s - earlier.user_s, sys_s - earlier.sys_s};
}

Usage usage_now() noexcept {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return {static_cast<double>(now_ns()) / 1e9, seconds(used.ru_utime), seconds(used.ru_stime)};
}

long status_kb(const char* name) noexcept {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/status", "r"),
                                                             std::fclose);
  const std::size_t length = std::strlen(name);
  char line[256];
  while (file != nullptr && std::fgets(line, sizeof line, file.get()) != nullptr) {
    if (std::strncmp(line, name, length) == 0) return std::strtol(line + length, nullptr, 10);
  }
  return 0;
}

std::size_t allow_descriptors(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < count) {
    limit.rlim_cur = count;
    if (limit.rlim_max < count) limit.rlim_max = count;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("%zu descriptors are needed, and not allowed", count);
  }
  return limit.rlim_cur;
}

}  // namespace hiper::bench
