#include "parse/host.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>
#include <cstring>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

/// Takes one number (0x hex, 0 octal, decimal) from the start of `text`; false when there is none or it does
/// not fit 32 bits.
bool take_number(std::string_view& text, std::uint32_t& value) noexcept {
  unsigned base = 10;
  if (text.size() > 1 && text[0] == '0') base = to_lower(text[1]) == 'x' ? 16 : 8;
  if (base == 16) text.remove_prefix(2);
  std::uint64_t sum = 0;
  std::size_t used = 0;
  for (; used < text.size(); ++used) {
    const int digit = hex_value(text[used]);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) break;
    sum = sum * base + static_cast<unsigned>(digit);
    if (sum > UINT32_MAX) return false;
  }
  text.remove_prefix(used);
  value = static_cast<std::uint32_t>(sum);
  return used != 0;
}

/// Bytes that no host name has, decoded or not.
struct RefusedBytes {
  bool bytes[256] = {};
  constexpr RefusedBytes() {
    for (const char c : std::string_view(" \r\n\t/:#?!@{}[]\\$'\"^`*<>=;,+&()")) {
      bytes[static_cast<unsigned char>(c)] = true;
    }
  }
};
constexpr RefusedBytes kRefused;

void write_dotted(std::uint32_t address, std::string& out) {
  char dotted[sizeof "255.255.255.255."];
  char* end = dotted;
  for (int shift = 24; shift >= 0; shift -= 8) {
    end = std::to_chars(end, std::end(dotted), (address >> shift) & 0xff).ptr;
    // Always so, which g++ 12 does not see when it has a profile.
    if (end != std::end(dotted)) *end++ = '.';
  }
  out.assign(dotted, end - 1);
}

constexpr std::size_t kMaxIpv6Text = INET6_ADDRSTRLEN - 1;

/// `address` in the shortest spelling; empty when it is no IPv6 address.
std::string shorten_ipv6(std::string_view address) {
  if (address.empty() || address.size() > kMaxIpv6Text) return {};
  char text[INET6_ADDRSTRLEN] = {};
  std::memcpy(text, address.data(), address.size());
  in6_addr binary;
  if (inet_pton(AF_INET6, text, &binary) != 1) return {};
  if (inet_ntop(AF_INET6, &binary, text, sizeof text) == nullptr) return {};
  // An equally long spelling keeps the case that was given, as libcurl does.
  return std::string(std::strlen(text) < address.size() ? std::string_view(text) : address);
}

}  // namespace

bool normalize_ipv4(std::string_view host, std::string& out) {
  if (host.empty() || !is_digit(host[0])) return false;
  std::uint32_t numbers[4];
  unsigned count = 0;
  for (;;) {
    if (count == 4 || !take_number(host, numbers[count])) return false;
    ++count;
    if (host.empty()) break;
    if (host[0] != '.') return false;
    host.remove_prefix(1);
  }
  std::uint32_t address = 0;
  for (unsigned i = 0; i + 1 < count; ++i) {
    if (numbers[i] > 255) return false;
    address |= numbers[i] << (24 - 8 * i);
  }
  const unsigned bits_left = 32 - 8 * (count - 1);
  const std::uint32_t last = numbers[count - 1];
  if (bits_left < 32 && (last >> bits_left) != 0) return false;
  address |= last;
  write_dotted(address, out);
  return true;
}

bool parse_ipv6_host(std::string_view bracketed, Ipv6Host& out) {
  if (bracketed.size() < 2 || bracketed.front() != '[' || bracketed.back() != ']') return false;
  const std::string_view inside = bracketed.substr(1, bracketed.size() - 2);
  const std::size_t percent = inside.find('%');
  out.zone = {};
  if (percent != std::string_view::npos) {
    std::string_view zone = inside.substr(percent + 1);
    if (zone.size() > 2 && zone.substr(0, 2) == "25") zone.remove_prefix(2);
    if (zone.empty() || zone.size() > kMaxZoneLength || zone.find(']') != std::string_view::npos)
      return false;
    out.zone = zone;
  }
  const std::string address = shorten_ipv6(inside.substr(0, percent));
  if (address.empty()) return false;
  out.bracketed.clear();
  out.bracketed.append(1, '[').append(address).append(1, ']');
  return true;
}

bool is_acceptable_host_name(std::string_view name) noexcept {
  for (const char c : name) {
    if (kRefused.bytes[static_cast<unsigned char>(c)]) return false;
  }
  return !name.empty();
}

}  // namespace hiper
