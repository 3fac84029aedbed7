// What the tests of cookies/ have in common.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "cookies/file.hpp"
#include "cookies/jar.hpp"
#include "cookies/set_cookie.hpp"

namespace hiper::testing {

inline constexpr std::int64_t kNow = 1'800'000'000;

inline CookieOrigin at(std::string_view host, std::string_view path = "/", bool secure = false) {
  return {host, path, secure || is_trustworthy(host)};
}

inline std::string line_of(const Cookie& cookie) {
  std::string text;
  append_cookie_line(cookie, text);
  return text;
}

/// What a response to `origin` puts into `jar`.
inline bool receive(CookieJar& jar, const CookieOrigin& origin, std::string_view header,
                    std::int64_t now = kNow) {
  Cookie cookie;
  if (!parse_set_cookie(header, &origin, now, cookie)) return false;
  jar.add(std::move(cookie), &origin, now);
  return true;
}

/// What an application puts into it.
inline bool give(CookieJar& jar, std::string_view line, std::int64_t now = kNow) {
  Cookie cookie;
  if (!parse_cookie_line(line, now, cookie)) return false;
  jar.add(std::move(cookie), nullptr, now);
  return true;
}

inline std::string sent(CookieJar& jar, const CookieOrigin& request, std::int64_t now = kNow) {
  std::string text;
  jar.append_header(request, now, kCookieHeaderMax, text);
  return text;
}

}  // namespace hiper::testing
