// The cookie engine of an easy handle: which jar it uses (its own, or that of its share), the files it reads
// and writes, the commands of CURLOPT_COOKIELIST. The doors for setopt, getinfo and cleanup are declared in
// easy/cookie_doors.hpp, since the options lie below this room; transfers call what is declared here.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cookies/cookie.hpp"
#include "cookies/jar.hpp"
#include "easy/cookie_doors.hpp"
#include "easy/easy.hpp"
#include "easy/share.hpp"

namespace hiper {

/// For CURL_LOCK_DATA_COOKIE: an empty jar with a lock of its own. Throws std::bad_alloc.
std::unique_ptr<SharedData> make_shared_cookies(Share& share);

/// Whether a transfer may have anything to do with cookies beyond CURLOPT_COOKIE: a share alone does not
/// switch the engine on. Cheap: asked for every request.
inline bool may_use_cookies(const Easy& easy) noexcept {
  return easy.cookies != nullptr || easy.options.has(Opt::cookiefile);
}

/// Whether the engine is on, now that a request begins; reads cookie files that are still to be read. Throws
/// std::bad_alloc.
bool start_cookies(Easy& easy);

/// Whether it is on, after start_cookies().
bool uses_cookies(const Easy& easy) noexcept;

/// Appends the cookies that go to `request`, at most `room` bytes: "a=b; c=d". Throws std::bad_alloc.
void append_cookies(Easy& easy, const CookieOrigin& request, std::size_t room, std::string& text);

/// Takes the value of a Set-Cookie header that answers `request`. Throws std::bad_alloc.
void receive_cookie(Easy& easy, const CookieOrigin& request, std::string_view value);

}  // namespace hiper
