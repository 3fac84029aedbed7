#include "conn/key.hpp"

#include <cstring>
#include <functional>

namespace hiper {

ConnectionKey::ConnectionKey(std::string host, std::string shape)
    : host_(std::move(host)), shape_(std::move(shape)), host_hash_(std::hash<std::string>{}(host_)) {
  hash_ = host_hash_ ^ (std::hash<std::string>{}(shape_) * 0x9e3779b97f4a7c15u);
}

KeyBuilder& KeyBuilder::add(std::int64_t number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  text_.append(raw, sizeof raw);
  return *this;
}

KeyBuilder& KeyBuilder::add(std::string_view field) {
  add(static_cast<std::int64_t>(field.size()));
  text_ += field;
  return *this;
}

KeyBuilder& KeyBuilder::add(const char* field) {
  return field == nullptr ? add(std::int64_t{-1}) : add(std::string_view(field));
}

}  // namespace hiper
