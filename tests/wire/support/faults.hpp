// Allocations that fail: the n-th one made by the library returns nothing. Calls into the library go through
// in_library(), callbacks of the tests through in_test(), so that only the library's requests count, whether
// they come by operator new or by the functions given to curl_global_init_mem.
#pragma once
#include <utility>

namespace hiper::wire {

class Faults {
 public:
  enum class How { once, from_then_on };

  /// Allocation number `n` from now on (1: the next one) fails; 0: none does.
  static void arm(long n, How how) noexcept;
  static void disarm() noexcept;
  /// The allocation that was to fail has been asked for.
  static bool struck() noexcept;
  /// Allocations of the library since arm().
  static long num_asked() noexcept;
  /// Blocks that are not given back, the tests' own included.
  static long num_live() noexcept;
  /// Makes the library ask these functions instead of malloc; and the other way round.
  static void install() noexcept;
  static void uninstall() noexcept;

  // For the operators and in_library().
  static bool fails() noexcept;
  static void count(long by) noexcept;
  static bool exchange_inside(bool inside) noexcept;
};

class InsideLibrary {
 public:
  explicit InsideLibrary(bool inside) noexcept : before_(Faults::exchange_inside(inside)) {}
  InsideLibrary(const InsideLibrary&) = delete;
  InsideLibrary& operator=(const InsideLibrary&) = delete;
  ~InsideLibrary() { Faults::exchange_inside(before_); }

 private:
  bool before_;
};

template <class Call>
auto in_library(Call call) {
  const InsideLibrary inside(true);
  return call();
}
template <class Call>
auto in_test(Call call) {
  const InsideLibrary inside(false);
  return call();
}

}  // namespace hiper::wire
