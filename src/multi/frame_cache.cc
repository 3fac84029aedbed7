#include "multi/frame_cache.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/memory.hpp"

namespace hiper {

FrameCache::~FrameCache() {
  for (Class& c : classes_) {
    while (c.head != nullptr) release(std::exchange(c.head, c.head->next));
  }
}

void* FrameCache::take(std::size_t size) noexcept {
  const std::size_t at = class_of(size);
  if (at >= kClasses) return allocate(size);
  Class& c = classes_[at];
  if (c.head == nullptr) return allocate(size_of(at));
  --c.count;
  return std::exchange(c.head, c.head->next);
}

void FrameCache::give(void* room, std::size_t size) noexcept {
  const std::size_t at = class_of(size);
  if (!kRecycles || at >= kClasses || classes_[at].count >= kept_) {
    release(room);
    return;
  }
  Class& c = classes_[at];
  c.head = new (room) Node{c.head};
  ++c.count;
}

void FrameCache::keep_for(std::size_t num_transfers) noexcept {
  const std::size_t before = std::exchange(kept_, std::max(num_transfers, kKeptLeast));
  if (kept_ >= before) return;
  for (Class& c : classes_) {
    for (; c.count > kept_; --c.count) release(std::exchange(c.head, c.head->next));
  }
}

}  // namespace hiper
