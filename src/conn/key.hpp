// What makes two connections interchangeable. One value that holds every option that shaped a connection: a
// pooled one is reused only for an equal key, so nothing of one origin or configuration reaches another. With
// it goes where such a connection leads, for whoever has to open one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "conn/connect_target.hpp"
#include "stream/counted.hpp"

namespace hiper {

/// A value. Copies share what they hold, so thousands of handles that lead to one place have it once, and
/// such copies are equal at a glance.
class ConnectionKey {
 public:
  ConnectionKey() noexcept = default;
  /// `host` is what per-host limits count: the host name and port connected to. `shape` is everything else.
  /// `target` follows from the two: equal keys lead to the same place. Throws std::bad_alloc.
  ConnectionKey(std::string&& host, std::string&& shape, ConnectTarget&& target = {});

  std::string_view host() const noexcept { return text_ ? text_->host : std::string_view(); }
  std::string_view shape() const noexcept { return text_ ? text_->shape : std::string_view(); }
  /// Not for an empty key.
  const ConnectTarget& target() const noexcept { return text_->target; }
  std::uint64_t hash() const noexcept { return text_ ? text_->hash : 0; }
  std::uint64_t host_hash() const noexcept { return text_ ? text_->host_hash : 0; }
  friend bool operator==(const ConnectionKey& a, const ConnectionKey& b) noexcept {
    if (a.text_.get() == b.text_.get()) return true;
    return a.hash() == b.hash() && a.host() == b.host() && a.shape() == b.shape();
  }

 private:
  struct Text : Counted {
    Text(std::string&& own_host, std::string&& own_shape, ConnectTarget&& own_target) noexcept
        : host(std::move(own_host)), shape(std::move(own_shape)), target(std::move(own_target)) {}
    std::string host;
    std::string shape;
    ConnectTarget target;
    std::uint64_t host_hash = 0;
    std::uint64_t hash = 0;
  };
  Ref<Text> text_;
};

/// Appends fields so that no two different sequences of fields of the same types give the same text: length
/// before content. Small numbers, and texts that are not set, take one byte.
class KeyBuilder {
 public:
  KeyBuilder() { text_.reserve(kUsualSize); }
  KeyBuilder& add(std::string_view field);
  KeyBuilder& add(const char* field);  ///< nullptr differs from ""
  KeyBuilder& add(std::int64_t number);
  KeyBuilder& add(const void* pointer) {
    return add(static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(pointer)));
  }
  std::string take() noexcept { return std::move(text_); }

 private:
  static constexpr std::size_t kUsualSize = 120;  // bytes
  void put(std::uint64_t number);
  std::string text_;
};

}  // namespace hiper
