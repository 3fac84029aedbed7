// All forms of operator new and delete of this library, going through the memory door. Linked into the shared
// library only. They stay local to it: libstdc++ is linked statically, its own versions are never pulled out
// of the archive because these define every form, and the version script makes the symbols local, so that
// neither the program nor another library can see or replace them.
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/memory.hpp"

namespace {

/// `size` bytes from the door, or nullptr. Zero bytes are one, since every object has its own address.
void* take(std::size_t size) noexcept { return hiper::allocate(size == 0 ? 1 : size); }

void* take_or_throw(std::size_t size) {
  void* const memory = take(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// Memory aligned more strictly than the application's functions promise: a larger block, whose start is kept
/// just before the address handed out.
void* take_aligned(std::size_t size, std::align_val_t alignment) noexcept {
  const auto align = static_cast<std::uintptr_t>(alignment);
  const std::size_t extra = align + sizeof(void*);
  if (size > SIZE_MAX - extra) return nullptr;
  void* const block = take(size + extra);
  if (block == nullptr) return nullptr;
  const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t lead = (start + extra) / align * align - start;
  void** const aligned = reinterpret_cast<void**>(static_cast<char*>(block) + lead);
  aligned[-1] = block;
  return aligned;
}

void* take_aligned_or_throw(std::size_t size, std::align_val_t alignment) {
  void* const memory = take_aligned(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void release_aligned(void* memory) noexcept {
  if (memory != nullptr) hiper::release(static_cast<void**>(memory)[-1]);
}

}  // namespace

using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t n) { return take_or_throw(n); }
void* operator new[](size_t n) { return take_or_throw(n); }
void* operator new(size_t n, const nothrow_t&) noexcept { return take(n); }
void* operator new[](size_t n, const nothrow_t&) noexcept { return take(n); }
void* operator new(size_t n, align_val_t a) { return take_aligned_or_throw(n, a); }
void* operator new[](size_t n, align_val_t a) { return take_aligned_or_throw(n, a); }
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept { return take_aligned(n, a); }
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept { return take_aligned(n, a); }

void operator delete(void* p) noexcept { hiper::release(p); }
void operator delete[](void* p) noexcept { hiper::release(p); }
void operator delete(void* p, size_t) noexcept { hiper::release(p); }
void operator delete[](void* p, size_t) noexcept { hiper::release(p); }
void operator delete(void* p, const nothrow_t&) noexcept { hiper::release(p); }
void operator delete[](void* p, const nothrow_t&) noexcept { hiper::release(p); }
void operator delete(void* p, align_val_t) noexcept { release_aligned(p); }
void operator delete[](void* p, align_val_t) noexcept { release_aligned(p); }
void operator delete(void* p, size_t, align_val_t) noexcept { release_aligned(p); }
void operator delete[](void* p, size_t, align_val_t) noexcept { release_aligned(p); }
void operator delete(void* p, align_val_t, const nothrow_t&) noexcept { release_aligned(p); }
void operator delete[](void* p, align_val_t, const nothrow_t&) noexcept { release_aligned(p); }
