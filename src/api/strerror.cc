// The doors curl_*_strerror.
#include <curl/curl.h>

#include "base/error_text.hpp"

extern "C" {

const char* curl_easy_strerror(CURLcode error) { return hiper::error_text(error); }
const char* curl_multi_strerror(CURLMcode error) { return hiper::error_text(error); }
const char* curl_share_strerror(CURLSHcode error) { return hiper::error_text(error); }
const char* curl_url_strerror(CURLUcode error) { return hiper::error_text(error); }

}  // extern "C"
