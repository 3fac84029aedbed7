// The one door for memory (curl_global_init_mem). Every room that hands memory to the application, or takes
// memory that the application will free, comes here; operator new goes through the same functions
// (base/operator_new.cc).
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace hiper {

/// The functions given to curl_global_init_mem, or the C library's. Written only by global init.
struct MemoryFunctions {
  curl_malloc_callback allocate;
  curl_free_callback release;
  curl_realloc_callback resize;
  curl_strdup_callback duplicate;
  curl_calloc_callback allocate_zeroed;
};
extern MemoryFunctions memory_functions;

[[nodiscard]] inline void* allocate(std::size_t size) noexcept { return memory_functions.allocate(size); }
[[nodiscard]] inline void* resize(void* p, std::size_t size) noexcept {
  return memory_functions.resize(p, size);
}
inline void release(void* p) noexcept {
  if (p != nullptr) memory_functions.release(p);
}

/// A NUL-terminated copy of `text` that the caller owns (and frees with release() or curl_free()); nullptr
/// when memory is out.
[[nodiscard]] char* duplicate(std::string_view text) noexcept;

struct Release {
  void operator()(void* p) const noexcept { release(p); }
};
/// Owner of memory from this door.
using OwnedText = std::unique_ptr<char, Release>;

}  // namespace hiper
