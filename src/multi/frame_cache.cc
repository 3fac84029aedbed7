#include "multi/frame_cache.hpp"

#include <new>
#include <utility>

#include "base/memory.hpp"

namespace hiper {
namespace {

// Recycled frames would hide a use after free from the sanitizer.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kRecycle = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kRecycle = false;
#else
constexpr bool kRecycle = true;
#endif
#else
constexpr bool kRecycle = true;
#endif

}  // namespace

FrameCache::~FrameCache() {
  for (Class& c : classes_) {
    while (c.head != nullptr) release(std::exchange(c.head, c.head->next));
  }
}

void* FrameCache::take(std::size_t size) noexcept {
  const std::size_t at = (size + kStep - 1) / kStep;
  if (at >= kClasses) return allocate(size);
  Class& c = classes_[at];
  if (c.head == nullptr) return allocate(at * kStep);
  --c.count;
  return std::exchange(c.head, c.head->next);
}

void FrameCache::give(void* room, std::size_t size) noexcept {
  const std::size_t at = (size + kStep - 1) / kStep;
  if (!kRecycle || at >= kClasses || classes_[at].count >= kKeptPerClass) {
    release(room);
    return;
  }
  Class& c = classes_[at];
  c.head = new (room) Node{c.head};
  ++c.count;
}

}  // namespace hiper
