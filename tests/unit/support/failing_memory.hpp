// The memory door with a counter: the n-th allocation fails, and what was not given back is known.
#pragma once
#include <cstdlib>
#include <cstring>

#include "base/memory.hpp"

namespace hiper::testing {

class FailingMemory {
 public:
  /// Allocation number `fail_at` (from 1) and all later ones fail; 0: none does.
  explicit FailingMemory(int fail_at = 0) noexcept : saved_(memory_functions) {
    state() = {fail_at, 0, 0};
    memory_functions = {take, give, change, copy, take_zeroed};
  }
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;
  ~FailingMemory() { memory_functions = saved_; }

  /// Blocks taken since construction that were not given back.
  static int num_live() noexcept { return state().live; }
  static bool has_failed() noexcept { return state().fail_at != 0 && state().asked >= state().fail_at; }

 private:
  struct State {
    int fail_at;
    int asked;
    int live;
  };
  static State& state() noexcept {
    static State state{};
    return state;
  }
  static bool allowed() noexcept {
    State& s = state();
    ++s.asked;
    if (s.fail_at != 0 && s.asked >= s.fail_at) return false;
    ++s.live;
    return true;
  }
  static void* take(std::size_t size) { return allowed() ? std::malloc(size) : nullptr; }
  static void* take_zeroed(std::size_t count, std::size_t size) {
    return allowed() ? std::calloc(count, size) : nullptr;
  }
  static void give(void* p) {
    if (p == nullptr) return;
    --state().live;
    std::free(p);
  }
  static void* change(void* p, std::size_t size) {
    if (p == nullptr) return take(size);
    State& s = state();
    ++s.asked;
    return s.fail_at != 0 && s.asked >= s.fail_at ? nullptr : std::realloc(p, size);
  }
  static char* copy(const char* text) { return allowed() ? ::strdup(text) : nullptr; }

  MemoryFunctions saved_;
};

}  // namespace hiper::testing
