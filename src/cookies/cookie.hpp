// A cookie as a jar keeps it, and the request that it came with or would go with (RFC 6265). Values only;
// used by the whole room.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hiper {

/// The longest line that holds a cookie, in bytes: a Set-Cookie value, a line of a cookie file.
inline constexpr std::size_t kCookieLineMax = 4998;
/// Name and value together; each name or value (attributes included) is one less than that minus its '='.
inline constexpr std::size_t kCookiePairMax = 4096;
inline constexpr std::size_t kCookieFieldMax = 4094;
/// Set-Cookie headers of one response that count; cookies in one request; bytes of its Cookie header line.
inline constexpr unsigned kCookiesPerResponseMax = 50;
inline constexpr std::size_t kCookiesPerRequestMax = 150;
inline constexpr std::size_t kCookieHeaderMax = 8190;

/// Where a cookie comes from or would go to: views of the request.
struct CookieOrigin {
  std::string_view host;  ///< ASCII, in any case; IPv6 without brackets
  std::string_view path;  ///< of the request, without query
  bool secure = false;    ///< https, or a server on this machine: see is_trustworthy()
};

/// Whether cookies with Secure may go to `host` even without TLS: the own machine by its well-known names, as
/// libcurl has it.
bool is_trustworthy(std::string_view host) noexcept;

/// `text` in lower case. Throws std::bad_alloc.
std::string lowered(std::string_view text);

/// Whether `host` is a numeric address.
bool is_numeric_host(std::string_view host) noexcept;

/// RFC 6265, section 5.1.3; no leading dots. Names of one label ("com", "localhost") match only themselves: a
/// cookie for all of "com", which an application or a file may bring, goes nowhere.
bool domain_matches(std::string_view host, std::string_view domain) noexcept;

/// RFC 6265, section 5.1.4; both as effective_path() gives them.
bool path_matches(std::string_view request, std::string_view cookie) noexcept;

struct Cookie {
  std::string name;
  std::string value;
  std::string domain;        ///< without leading dot, in the case it was given in
  std::string path;          ///< as given, which is how it is listed and saved
  std::int64_t expires = 0;  ///< seconds since 1970; 0: at the end of the session
  std::uint64_t number = 0;  ///< order in which the cookies of a jar were made
  bool subdomains = false;   ///< goes to the hosts below `domain` too
  bool secure = false;       ///< goes only where CookieOrigin::secure is
  bool http_only = false;    ///< kept for those who ask; it means nothing to a library
  bool from_file = false;    ///< read from a file: does not replace what was set since

  bool is_session() const noexcept { return expires == 0; }
  bool is_expired(std::int64_t now) const noexcept { return expires != 0 && expires < now; }
  /// What `path` means: without quotes and one slash at the end; "/" if it does not begin with a slash.
  std::string_view effective_path() const noexcept;
  /// RFC 6265, section 5.4, step 1; expiry apart.
  bool goes_to(const CookieOrigin& request) const noexcept;
  /// Name, domain and path, which tell cookies apart (RFC 6265, section 5.3, step 11); here also whether the
  /// hosts below the domain get it, as in libcurl.
  bool same_identity(const Cookie& other) const noexcept;
};

}  // namespace hiper
