#include "wire/support/faults.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace hiper::wire {
namespace {

struct State {
  long left = 0;  ///< allocations up to the one that fails; 0: none does
  long asked = 0;
  std::atomic<long> live = 0;  ///< threads of the tests allocate, too
  bool inside = false;
  bool struck = false;
  bool failing = false;  ///< every one fails
  Faults::How how = Faults::How::once;
};
constinit State state;

void* counted(void* room) noexcept {
  if (room != nullptr) Faults::count(1);
  return room;
}
void* take(std::size_t size) {
  return Faults::fails() ? nullptr : counted(std::malloc(size == 0 ? 1 : size));
}
void* take_zeroed(std::size_t count, std::size_t size) {
  return Faults::fails() ? nullptr : counted(std::calloc(count, size));
}
void* change(void* room, std::size_t size) {
  if (room == nullptr) return take(size);
  return Faults::fails() ? nullptr : std::realloc(room, size);
}
char* copy(const char* text) {
  return Faults::fails() ? nullptr : static_cast<char*>(counted(::strdup(text)));
}
void give(void* room) {
  if (room == nullptr) return;
  Faults::count(-1);
  std::free(room);
}

}  // namespace

void Faults::arm(long n, How how) noexcept {
  state.left = n;
  state.asked = 0;
  state.how = how;
  state.struck = state.failing = false;
}
void Faults::disarm() noexcept {
  state.left = 0;
  state.failing = false;
}
bool Faults::struck() noexcept { return state.struck; }
long Faults::num_asked() noexcept { return state.asked; }
long Faults::num_live() noexcept { return state.live; }
void Faults::count(long by) noexcept { state.live += by; }
bool Faults::exchange_inside(bool inside) noexcept { return std::exchange(state.inside, inside); }

bool Faults::fails() noexcept {
  if (!state.inside) return false;
  ++state.asked;
  if (state.failing) return true;
  if (state.left == 0 || --state.left != 0) return false;
  state.struck = true;
  state.failing = state.how == How::from_then_on;
  return true;
}

void Faults::install() noexcept {
  curl_global_cleanup();  // the functions are chosen by who comes first
  const CURLcode code = curl_global_init_mem(CURL_GLOBAL_ALL, take, give, change, copy, take_zeroed);
  EXPECT_EQ(code, CURLE_OK);
}
void Faults::uninstall() noexcept {
  curl_global_cleanup();
  EXPECT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
}

}  // namespace hiper::wire

using hiper::wire::Faults;

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return hiper::wire::take(size); }
void* operator new(std::size_t size) {
  void* const room = hiper::wire::take(size);
  if (room == nullptr) throw std::bad_alloc();
  return room;
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}
void operator delete(void* room) noexcept { hiper::wire::give(room); }
void operator delete(void* room, std::size_t) noexcept { operator delete(room); }
void operator delete(void* room, const std::nothrow_t&) noexcept { operator delete(room); }
void operator delete[](void* room) noexcept { operator delete(room); }
void operator delete[](void* room, std::size_t) noexcept { operator delete(room); }
void operator delete[](void* room, const std::nothrow_t&) noexcept { operator delete(room); }
