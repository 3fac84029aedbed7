// The C door of the URL API: curl_url, curl_url_cleanup, curl_url_dup, curl_url_get, curl_url_set. The rules
// are in parse/url*.cc.
#include <curl/curl.h>

#include <new>
#include <string>

#include "base/memory.hpp"
#include "parse/url_handle.hpp"

using namespace hiper;

extern "C" {

CURLU* curl_url(void) {
  try {
    return new Curl_URL;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void curl_url_cleanup(CURLU* u) { delete u; }

CURLU* curl_url_dup(const CURLU* in) {
  if (in == nullptr) return nullptr;
  try {
    return new Curl_URL(*in);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

CURLUcode curl_url_get(const CURLU* u, CURLUPart what, char** part, unsigned int flags) {
  if (u == nullptr) return CURLUE_BAD_HANDLE;
  if (part == nullptr) return CURLUE_BAD_PARTPOINTER;
  *part = nullptr;
  try {
    std::string scratch;
    std::string_view text;
    const UrlResult result = u->url.get(what, flags, scratch, text);
    if (!result.ok()) return result.code();
    *part = duplicate(text);
  } catch (const std::bad_alloc&) {
  }
  return *part == nullptr ? CURLUE_OUT_OF_MEMORY : CURLUE_OK;
}

CURLUcode curl_url_set(CURLU* u, CURLUPart what, const char* part, unsigned int flags) {
  if (u == nullptr) return CURLUE_BAD_HANDLE;
  try {
    return (part == nullptr ? u->url.clear(what) : u->url.set(what, part, flags)).code();
  } catch (const std::bad_alloc&) {
    return CURLUE_OUT_OF_MEMORY;
  }
}

}  // extern "C"
