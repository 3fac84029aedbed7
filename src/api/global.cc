// Owns the process-wide state: the use count, the choice of memory functions and the set-up of the rooms that
// need one. All of it is thread-safe (CURL_VERSION_THREADSAFE). Sources: curl_global_init(3),
// curl_global_init_mem(3), curl_global_cleanup(3), curl_global_trace(3), curl_free(3); what they leave open
// was observed on the original.
#include "api/global.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <mutex>

#include "base/memory.hpp"
#include "base/process.hpp"
#include "dns/global.hpp"
#include "stream/tls_global.hpp"

namespace hiper {
namespace {

constexpr MemoryFunctions kLibcFunctions{std::malloc, std::free, std::realloc, ::strdup, std::calloc};

struct Room {
  CURLcode (*set_up)() noexcept;
  void (*tear_down)() noexcept;
};
/// Set up in this order, torn down in reverse. The memory functions are in place before the first.
constexpr Room kRooms[] = {
    {tls_global_init, tls_global_cleanup},
    {dns_global_init, dns_global_cleanup},
};

constinit std::mutex mutex;
constinit std::atomic<unsigned> users = 0;  // written under the mutex

bool complete(const MemoryFunctions& f) noexcept {
  return f.allocate != nullptr && f.release != nullptr && f.resize != nullptr && f.duplicate != nullptr &&
         f.allocate_zeroed != nullptr;
}

bool same(const MemoryFunctions& a, const MemoryFunctions& b) noexcept {
  return a.allocate == b.allocate && a.release == b.release && a.resize == b.resize &&
         a.duplicate == b.duplicate && a.allocate_zeroed == b.allocate_zeroed;
}

CURLcode set_up_rooms() noexcept {
  if (!notice_forks(mutex)) return CURLE_OUT_OF_MEMORY;  // when memory was out as the library was loaded
  for (const Room* room = std::begin(kRooms); room != std::end(kRooms); ++room) {
    const CURLcode code = room->set_up();
    if (code == CURLE_OK) continue;
    while (room != std::begin(kRooms)) (--room)->tear_down();
    return code;
  }
  return CURLE_OK;
}

/// When the library is loaded: no other thread can be in it yet. One that came in while a fork has begun, and
/// asked only then to be told of forks, would leave its lock to the child.
[[gnu::constructor]] void notice_forks_from_the_first() noexcept { static_cast<void>(notice_forks(mutex)); }

enum class Join { always, if_nobody_has };

/// Only the first user decides on the memory functions. They stay after the last one has gone, until there is
/// a first one again, because the application may still free what it was given.
CURLcode join(const MemoryFunctions& functions, Join when) noexcept {
  const std::lock_guard lock(mutex);
  const unsigned count = users.load(std::memory_order_relaxed);
  if (count != 0) {
    if (when == Join::always) users.store(count + 1, std::memory_order_release);
    return CURLE_OK;
  }
  // Not written without need: another thread may be inside curl_free() or curl_slist_append().
  if (!same(memory_functions, functions)) memory_functions = functions;
  const CURLcode code = set_up_rooms();
  if (code == CURLE_OK) users.store(1, std::memory_order_release);
  return code;
}

void leave() noexcept {
  const std::lock_guard lock(mutex);
  const unsigned count = users.load(std::memory_order_relaxed);
  if (count == 0) return;
  users.store(count - 1, std::memory_order_release);
  if (count > 1) return;
  for (const Room* room = std::end(kRooms); room != std::begin(kRooms);) (--room)->tear_down();
}

}  // namespace

CURLcode ensure_global_init() noexcept {
  if (users.load(std::memory_order_acquire) != 0) return CURLE_OK;
  return join(kLibcFunctions, Join::if_nobody_has);
}

}  // namespace hiper

extern "C" {

// The flags select nothing any more: all that there is gets set up.
CURLcode curl_global_init(long /*flags*/) { return hiper::join(hiper::kLibcFunctions, hiper::Join::always); }

CURLcode curl_global_init_mem(long /*flags*/, curl_malloc_callback m, curl_free_callback f,
                              curl_realloc_callback r, curl_strdup_callback s, curl_calloc_callback c) {
  const hiper::MemoryFunctions functions{m, f, r, s, c};
  return hiper::complete(functions) ? hiper::join(functions, hiper::Join::always) : CURLE_FAILED_INIT;
}

void curl_global_cleanup() { hiper::leave(); }

// Names of components that do not exist are to be ignored, and no component has a trace of its own yet.
CURLcode curl_global_trace(const char* /*config*/) { return CURLE_OK; }

void curl_free(void* p) { hiper::release(p); }

}  // extern "C"
