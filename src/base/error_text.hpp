// What each error code means, in one line of English: the core of the curl_*_strerror doors, also the
// fallback text for CURLOPT_ERRORBUFFER. Every number gets an answer; the texts are constants.
#pragma once
#include <curl/curl.h>

namespace hiper {

const char* error_text(CURLcode code) noexcept;
const char* error_text(CURLMcode code) noexcept;
const char* error_text(CURLSHcode code) noexcept;
const char* error_text(CURLUcode code) noexcept;

}  // namespace hiper
