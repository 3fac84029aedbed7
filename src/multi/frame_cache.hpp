// Recycles coroutine frames of one engine by size class, so that a transfer in the steady state allocates
// nothing.
#pragma once
#include <array>
#include <cstddef>

namespace hiper {

class FrameCache {
 public:
// Recycled frames would hide a use after free from the sanitizer.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kRecycles = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  static constexpr bool kRecycles = false;
#else
  static constexpr bool kRecycles = true;
#endif
#else
  static constexpr bool kRecycles = true;
#endif

  FrameCache() noexcept = default;
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;
  ~FrameCache();

  /// Room for `size` bytes, or nullptr.
  void* take(std::size_t size) noexcept;
  void give(void* room, std::size_t size) noexcept;

  /// So many transfers may end, and begin again, at once: room for as many is kept, and what is more is given
  /// back.
  void keep_for(std::size_t num_transfers) noexcept;

 private:
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kClasses = 160;    ///< frames up to 2.5 kB are recycled
  static constexpr std::size_t kKeptLeast = 256;  ///< per class
  /// The sizes that an allocator which aligns to 16 and keeps 8 bytes of its own serves without waste.
  static constexpr std::size_t class_of(std::size_t size) noexcept { return (size + 7) / kStep; }
  static constexpr std::size_t size_of(std::size_t at) noexcept { return at * kStep + 8; }
  struct Node {
    Node* next;
  };
  struct Class {
    Node* head = nullptr;
    std::size_t count = 0;
  };
  std::array<Class, kClasses> classes_;
  std::size_t kept_ = kKeptLeast;
};

}  // namespace hiper
