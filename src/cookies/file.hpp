// Cookie files in the format that Netscape began and every tool reads: one cookie per line, seven fields
// between tabs. Lines of response headers (Set-Cookie: …) are read too. Called by cookies/engine.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "cookies/cookie.hpp"
#include "cookies/jar.hpp"

namespace hiper {

/// Reads one line of either format; line ends and what follows them do not count. False when it holds no
/// cookie. Throws std::bad_alloc.
bool parse_cookie_line(std::string_view line, std::int64_t now, Cookie& cookie);

/// Appends the cookie as one line without line end. Throws std::bad_alloc.
void append_cookie_line(const Cookie& cookie, std::string& text);

/// Calls `add(Cookie&&)` for the cookies of the file `name` ("-": standard input) as they are read. A file
/// that cannot be read is an empty one. With `without_session`, session cookies are left out. Throws
/// std::bad_alloc.
class CookieSink {
 public:
  virtual void add(Cookie&& cookie) = 0;

 protected:
  ~CookieSink() = default;
};
void read_cookie_file(const char* name, bool without_session, std::int64_t now, CookieSink& sink);

/// The whole text of a cookie file: all cookies of `jar`, the newest first as in libcurl. Throws
/// std::bad_alloc.
std::string cookie_file_text(const CookieJar& jar);

/// Replaces the file `name` by one with `text`: written beside it and renamed, so that nobody sees half of it
/// and nothing is lost when the disk is full. "-" is standard output; what is no regular file (a device, a
/// pipe) is written in place. An existing file keeps its mode. False, with errno set, when that fails. Throws
/// std::bad_alloc.
bool write_cookie_file(const char* name, std::string_view text);

}  // namespace hiper
