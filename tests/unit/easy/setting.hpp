// Helpers of the tests of easy/: setting options as an application does, and memory that runs out.
#pragma once
#include <curl/curl.h>

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "base/memory.hpp"
#include "easy/easy.hpp"
#include "easy/set_option.hpp"

// Options that no program should use any more are still options.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace hiper::testing {

inline CURLcode set_by_number(Easy* easy, int id, ...) {
  va_list arguments;
  va_start(arguments, id);
  const CURLcode result = set_option(*easy, static_cast<std::uint32_t>(id), arguments);
  va_end(arguments);
  return result;
}
/// Arguments as in C: say 1L, not 1.
template <class T>
CURLcode set(Easy& easy, CURLoption option, T value) {
  static_assert(!std::is_same_v<T, int>, "longs are passed");
  return set_by_number(&easy, static_cast<int>(option), value);
}
inline CURLcode set(Easy& easy, CURLoption option, std::nullptr_t) {
  return set_by_number(&easy, static_cast<int>(option), static_cast<void*>(nullptr));
}

/// While it lives, the memory door counts what is taken and can fail.
class CountedMemory {
 public:
  explicit CountedMemory(int fail_at = 0) noexcept : saved_(memory_functions) {
    live() = 0;
    largest() = 0;
    left() = fail_at;
    memory_functions = {take, give, change, copy, take_zeroed};
  }
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  ~CountedMemory() { memory_functions = saved_; }

  static int num_live() noexcept { return live(); }
  /// The largest block that was asked for.
  static std::size_t largest_block() noexcept { return largest(); }
  static bool has_failed() noexcept { return left() < 0; }

 private:
  static int& live() noexcept {
    static int count = 0;
    return count;
  }
  static std::size_t& largest() noexcept {
    static std::size_t bytes = 0;
    return bytes;
  }
  static void note(std::size_t size) noexcept {
    if (size > largest()) largest() = size;
  }
  /// Counts down to the call that fails; 0 never fails, negative has failed.
  static int& left() noexcept {
    static int count = 0;
    return count;
  }
  static bool fails() noexcept {
    if (left() <= 0) return false;
    if (--left() > 0) return false;
    left() = -1;
    return true;
  }
  static void* take(std::size_t size) noexcept {
    if (fails()) return nullptr;
    ++live();
    return std::malloc(size);
  }
  static void give(void* p) noexcept {
    if (p != nullptr) --live();
    std::free(p);
  }
  static void* change(void* p, std::size_t size) noexcept {
    if (fails()) return nullptr;
    note(size);
    if (p == nullptr) ++live();
    return std::realloc(p, size);
  }
  static char* copy(const char* text) noexcept {
    if (fails()) return nullptr;
    ++live();
    return ::strdup(text);
  }
  static void* take_zeroed(std::size_t count, std::size_t size) noexcept {
    if (fails()) return nullptr;
    ++live();
    return std::calloc(count, size);
  }
  MemoryFunctions saved_;
};

}  // namespace hiper::testing
