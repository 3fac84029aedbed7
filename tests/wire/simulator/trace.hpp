// What happened in a run: every step goes into a hash, so that two runs can be compared, and is printed when
// a run is replayed. Complaints are the breaches that were found; the first ones are kept.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace hiper::sim {

class Trace {
 public:
  bool printing = false;
  Nanos now = 0;  ///< kept up to date by the kernel

  /// `what` and up to three numbers that tell more.
  void note(std::string_view what, std::int64_t a = 0, std::int64_t b = 0, std::int64_t c = 0) noexcept {
    for (const char one : what) mix(static_cast<unsigned char>(one));
    mix(static_cast<std::uint64_t>(now));
    mix(static_cast<std::uint64_t>(a));
    mix(static_cast<std::uint64_t>(b));
    mix(static_cast<std::uint64_t>(c));
    ++num_notes_;
    if (!printing) return;
    std::printf("%9.3f ms  %.*s %lld %lld %lld\n",
                static_cast<double>(now) / static_cast<double>(kMillisecond), static_cast<int>(what.size()),
                what.data(), static_cast<long long>(a), static_cast<long long>(b), static_cast<long long>(c));
  }
  void complain(std::string text) {
    if (printing) std::printf("            COMPLAINT: %s\n", text.c_str());
    constexpr std::size_t kKept = 20;
    if (complaints_.size() < kKept) complaints_.push_back(std::move(text));
  }
  const std::vector<std::string>& complaints() const noexcept { return complaints_; }
  std::uint64_t hash() const noexcept { return hash_; }
  std::uint64_t num_notes() const noexcept { return num_notes_; }

 private:
  void mix(std::uint64_t value) noexcept { hash_ = ((hash_ ^ value) * 0x100000001b3u) ^ hash_ >> 29; }

  std::uint64_t hash_ = 0xcbf29ce484222325u;
  std::uint64_t num_notes_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace hiper::sim
