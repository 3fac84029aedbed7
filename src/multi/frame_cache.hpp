// Recycles coroutine frames of one engine by size class, so that a transfer in the steady state allocates
// nothing.
#pragma once
#include <array>
#include <cstddef>

namespace hiper {

class FrameCache {
 public:
  FrameCache() noexcept = default;
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;
  ~FrameCache();

  /// Room for `size` bytes, or nullptr.
  void* take(std::size_t size) noexcept;
  void give(void* room, std::size_t size) noexcept;

 private:
  static constexpr std::size_t kStep = 32;
  static constexpr std::size_t kClasses = 80;        ///< frames up to 2.5 kB are recycled
  static constexpr std::size_t kKeptPerClass = 256;  ///< the rest goes back after a burst
  struct Node {
    Node* next;
  };
  struct Class {
    Node* head = nullptr;
    std::size_t count = 0;
  };
  std::array<Class, kClasses> classes_;
};

}  // namespace hiper
