// Reads one Set-Cookie value (RFC 6265, sections 5.2 and 5.3, with what the draft that follows it says about
// sizes, control characters and prefixes of names). No I/O. Called by the jar's owners: cookies/engine for
// responses and COOKIELIST, cookies/file for files that hold header lines.
#pragma once
#include <cstdint>
#include <string_view>

#include "cookies/cookie.hpp"

namespace hiper {

/// Fills `cookie` from the value of a Set-Cookie header. `origin` is the request that it answers, or nullptr
/// for an application's own cookie, which may be for any domain but must name it. `now`: seconds since 1970.
/// False when the cookie is refused. Throws std::bad_alloc.
bool parse_set_cookie(std::string_view text, const CookieOrigin* origin, std::int64_t now, Cookie& cookie);

/// The rules of names that begin with __Secure- and __Host-, in any case.
bool keeps_name_promise(const Cookie& cookie) noexcept;

}  // namespace hiper
