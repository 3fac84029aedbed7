#include "dns/global.hpp"

#include <ares.h>

#include <cstdlib>

#include "base/memory.hpp"

namespace hiper {
namespace {

extern "C" void* ares_allocate(std::size_t size) { return allocate(size); }
extern "C" void ares_release(void* p) { release(p); }
extern "C" void* ares_resize(void* p, std::size_t size) { return resize(p, size); }

unsigned num_inits = 0;

// c-ares keeps its allocator in globals that the whole process shares. An application that uses c-ares by
// itself may have chosen them: they are replaced only when curl_global_init_mem asks for other functions.
int start_ares() noexcept {
  if (num_inits > 0 || memory_functions.allocate == std::malloc) return ares_library_init(ARES_LIB_INIT_ALL);
  return ares_library_init_mem(ARES_LIB_INIT_ALL, ares_allocate, ares_release, ares_resize);
}

}  // namespace

CURLcode dns_global_init() noexcept {
  if (start_ares() != ARES_SUCCESS) return CURLE_FAILED_INIT;
  ++num_inits;
  return CURLE_OK;
}

void dns_global_cleanup() noexcept {
  if (num_inits == 0) return;
  --num_inits;
  ares_library_cleanup();
}

}  // namespace hiper
