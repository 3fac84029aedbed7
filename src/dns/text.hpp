// Host names as keys: ASCII without case, independent of the locale. For this room's caches and tables.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hiper::dns {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool equal_nocase(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

constexpr bool ends_with_nocase(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() && equal_nocase(text.substr(text.size() - end.size()), end);
}

inline void append_lower(std::string& to, std::string_view text) {
  for (const char c : text) to.push_back(lower(c));
}

/// FNV-1a of the lower-case text.
constexpr std::uint32_t hash_nocase(std::string_view text) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(lower(c));
    hash *= 16777619U;
  }
  return hash;
}

}  // namespace hiper::dns
