// A text that is often replaced by one of about the same size: its memory is kept. For results of transfers.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/memory.hpp"

namespace hiper {

class TextBuffer {
 public:
  TextBuffer() noexcept = default;
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;
  ~TextBuffer() { release(head_); }

  bool set() const noexcept { return head_ != nullptr && head_->size != kUnset; }
  /// NUL-terminated; nullptr while nothing is set.
  const char* c_str() const noexcept { return set() ? data() : nullptr; }
  std::string_view view() const noexcept {
    return set() ? std::string_view(data(), head_->size) : std::string_view();
  }

  /// Takes a copy of `text`, which must not be a part of this buffer that would have to grow. False when
  /// memory is out; then nothing is set.
  [[nodiscard]] bool assign(std::string_view text) noexcept {
    if ((head_ == nullptr || text.size() >= head_->capacity) && !reserve(text.size() + 1)) return false;
    if (!text.empty()) std::memmove(data(), text.data(), text.size());
    data()[text.size()] = '\0';
    head_->size = static_cast<std::uint32_t>(text.size());
    return true;
  }
  /// Nothing is set any more; the memory stays.
  void clear() noexcept {
    if (head_ != nullptr) head_->size = kUnset;
  }

 private:
  /// In front of the bytes, so that an unused buffer is one pointer.
  struct Head {
    std::uint32_t size;
    std::uint32_t capacity;
  };
  static constexpr std::uint32_t kUnset = 0xffffffff;

  char* data() const noexcept { return reinterpret_cast<char*>(head_ + 1); }
  bool reserve(std::size_t capacity) noexcept {
    clear();
    if (capacity >= kUnset) return false;
    auto* const grown = static_cast<Head*>(resize(head_, sizeof(Head) + capacity));
    if (grown == nullptr) return false;
    *grown = {kUnset, static_cast<std::uint32_t>(capacity)};
    head_ = grown;
    return true;
  }

  Head* head_ = nullptr;
};

}  // namespace hiper
