// What setopt, getinfo and the life of a handle ask of the cookie engine. Declared here, below the engine,
// and implemented in cookies/engine.cc. All but list_cookies() are called by the rooms easy and api.
#pragma once
#include <curl/curl.h>

namespace hiper {

class Easy;

/// CURLOPT_COOKIEJAR: cookies are taken and sent from now on. CURLE_OUT_OF_MEMORY or CURLE_OK.
CURLcode enable_cookies(Easy& easy) noexcept;
/// CURLOPT_COOKIEFILE set to NULL: the engine is off and its cookies are gone; those of a share stay there.
/// CURLE_OUT_OF_MEMORY or CURLE_OK.
CURLcode disable_cookies(Easy& easy) noexcept;
/// The options' list of cookie files is replaced by another one.
void forget_cookie_files(Easy& easy) noexcept;
/// CURLOPT_COOKIELIST: a command or a line with a cookie; nullptr does nothing. CURLE_OUT_OF_MEMORY or
/// CURLE_OK.
CURLcode cookie_command(Easy& easy, const char* command) noexcept;
/// Writes CURLOPT_COOKIEJAR, if there is one and the engine is on. The handle ends, or COOKIELIST says
/// "FLUSH".
void write_cookies(Easy& easy) noexcept;
/// CURLINFO_COOKIELIST: a new list that the caller frees; nullptr for no cookies. Throws std::bad_alloc.
curl_slist* list_cookies(Easy& easy);

}  // namespace hiper
