#include "conn/key.hpp"

#include <functional>

namespace hiper {

ConnectionKey::ConnectionKey(std::string&& host, std::string&& shape, ConnectTarget&& target)
    : text_(new Text(std::move(host), std::move(shape), std::move(target))) {
  text_->host_hash = std::hash<std::string_view>{}(text_->host);
  text_->hash = text_->host_hash ^ (std::hash<std::string_view>{}(text_->shape) * 0x9e3779b97f4a7c15u);
}

/// Seven bits per byte, the lowest ones first; the highest bit says that more follow.
void KeyBuilder::put(std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) text_ += static_cast<char>(number | 0x80);
  text_ += static_cast<char>(number);
}

KeyBuilder& KeyBuilder::add(std::int64_t number) {
  // The sign goes to the lowest bit, so that small negative numbers are short, too.
  put(static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63));
  return *this;
}

KeyBuilder& KeyBuilder::add(std::string_view field) {
  put(field.size() + 1);
  text_ += field;
  return *this;
}

KeyBuilder& KeyBuilder::add(const char* field) {
  if (field != nullptr) return add(std::string_view(field));
  put(0);
  return *this;
}

}  // namespace hiper
