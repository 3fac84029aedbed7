// What makes two connections interchangeable. One value that holds every option that shaped a connection: a pooled one
// is reused only for an equal key, so nothing of one origin or configuration reaches another.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hiper {

class ConnectionKey {
 public:
  ConnectionKey() = default;
  /// `host` is what per-host limits count: the host name and port connected to. `shape` is everything else.
  ConnectionKey(std::string host, std::string shape);

  std::string_view host() const noexcept { return host_; }
  std::string_view shape() const noexcept { return shape_; }
  std::uint64_t hash() const noexcept { return hash_; }
  std::uint64_t host_hash() const noexcept { return host_hash_; }
  friend bool operator==(const ConnectionKey& a, const ConnectionKey& b) noexcept {
    return a.hash_ == b.hash_ && a.host_ == b.host_ && a.shape_ == b.shape_;
  }

 private:
  std::string host_;
  std::string shape_;
  std::uint64_t host_hash_ = 0;
  std::uint64_t hash_ = 0;
};

/// Appends fields so that no two different sequences of fields give the same text: length before content.
class KeyBuilder {
 public:
  KeyBuilder& add(std::string_view field);
  KeyBuilder& add(const char* field);  ///< nullptr differs from ""
  KeyBuilder& add(std::int64_t number);
  KeyBuilder& add(const void* pointer) { return add(static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(pointer))); }
  std::string take() noexcept { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace hiper
