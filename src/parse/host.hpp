// The host part of a URL: numeric addresses in all their spellings, and which names are acceptable. Called by
// the URL parser and curl_url_set.
#pragma once
#include <string>
#include <string_view>

namespace hiper {

/// The longest IPv6 zone id that is accepted, in bytes (an interface name, IFNAMSIZ - 1).
inline constexpr std::size_t kMaxZoneLength = 15;

/// If `host` is an IPv4 address in any of the inet_aton forms (decimal, 0x hex, 0 octal; one to four numbers,
/// the last fills the rest), replaces `out` with its dotted form and returns true.
[[nodiscard]] bool normalize_ipv4(std::string_view host, std::string& out);

/// What a bracketed host is made of.
struct Ipv6Host {
  std::string bracketed;  ///< `[address]`, shortened when that makes it shorter
  std::string_view zone;  ///< into the given text; data() is nullptr when there is none
};

/// Splits `[address]`, `[address%zone]` or `[address%25zone]` (RFC 6874). False when it is none of these.
[[nodiscard]] bool parse_ipv6_host(std::string_view bracketed, Ipv6Host& out);

/// Whether `name` (decoded) has none of the bytes that delimit other parts of a URL or could not be in one.
[[nodiscard]] bool is_acceptable_host_name(std::string_view name) noexcept;

}  // namespace hiper
