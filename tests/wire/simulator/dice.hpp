// The one source of chance of a simulated run: the same seed gives the same numbers on every machine.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace hiper::sim {

class Dice {
 public:
  // The sequences of neighbouring seeds must have nothing in common.
  explicit Dice(std::uint64_t seed) noexcept : state_(mixed(seed ^ 0x2545f4914f6cdd1du)) {}

  std::uint64_t next() noexcept { return mixed(state_ += 0x9e3779b97f4a7c15u); }  // splitmix64
  /// 0 … n-1; 0 if n is 0.
  std::size_t below(std::size_t n) noexcept { return n == 0 ? 0 : static_cast<std::size_t>(next() % n); }
  /// low … high, both included.
  long between(long low, long high) noexcept {
    return low + static_cast<long>(below(static_cast<std::size_t>(high - low + 1)));
  }
  /// True once in n times.
  bool once_in(std::size_t n) noexcept { return below(n) == 0; }
  bool percent(std::size_t chance) noexcept { return below(100) < chance; }
  template <class T>
  T any_of(std::initializer_list<T> choices) noexcept {
    return choices.begin()[below(choices.size())];
  }

 private:
  static std::uint64_t mixed(std::uint64_t x) noexcept {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  }
  std::uint64_t state_;
};

}  // namespace hiper::sim
