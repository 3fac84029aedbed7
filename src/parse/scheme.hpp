// The schemes that URLs may name: which ones are known, their default ports and traits, and which ones this
// build can transfer. Called by the URL parser, the settings (CURLOPT_PROTOCOLS_STR) and the transfer.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace hiper {

/// What the rest of the library must know about a scheme without asking for its name.
enum SchemeTrait : std::uint16_t {
  kSchemeTls = 1 << 0,              ///< TLS from the first byte
  kSchemeLoginOptions = 1 << 1,     ///< `user:password;options@` (RFC 5092, 2384, libcurl's smtp)
  kSchemeQuery = 1 << 2,            ///< `?` starts a query that goes to the server apart from the path
  kSchemeNoNetwork = 1 << 3,        ///< no connection (file)
  kSchemeLoginPerRequest = 1 << 4,  ///< credentials belong to the request, not to the connection
  kSchemeHttpFamily = 1 << 5,       ///< http, https and the web sockets that start as such
  kSchemeUserOptional = 1 << 6,     ///< anonymous login is made up when no user is given (ftp)
};

/// One row of the table. `protocol` is the CURLPROTO_ bit; schemes without a public constant use bits above
/// them (ws 30, wss 31, mqtts 32).
struct Scheme {
  std::string_view name;  ///< lower case
  std::uint64_t protocol;
  std::uint16_t default_port;  ///< 0: none
  std::uint16_t traits;        ///< SchemeTrait bits

  constexpr bool has(SchemeTrait trait) const noexcept { return (traits & trait) != 0; }
};

/// The longest scheme that is accepted anywhere, in bytes (curl_url_set(3)).
inline constexpr std::size_t kMaxSchemeLength = 40;

/// Every scheme that libcurl knows, whether or not this build supports it; the commonest first.
std::span<const Scheme> known_schemes() noexcept;

/// The row for `name` in any case, or nullptr for a scheme that libcurl does not know.
const Scheme* find_scheme(std::string_view name) noexcept;

/// Whether this build can transfer with that scheme; the set is kSupportedProtocols in scheme.cc.
bool is_supported(const Scheme& scheme) noexcept;
bool is_supported_scheme(std::string_view name) noexcept;

/// The bits of all schemes that this build can transfer.
std::uint64_t supported_protocols() noexcept;

}  // namespace hiper
