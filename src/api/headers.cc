// curl_easy_header and curl_easy_nextheader: check, convert, call.
#include <curl/curl.h>

#include <new>

#include "easy/response_headers.hpp"

extern "C" {

CURLHcode curl_easy_header(CURL* easy, const char* name, size_t index, unsigned int origin, int request,
                           curl_header** hout) noexcept try {
  hiper::ResponseHeaders* const headers = hiper::response_headers_of(easy);
  if (headers == nullptr) return CURLHE_BAD_ARGUMENT;
  return headers->find(name, index, origin, request, hout);
} catch (const std::bad_alloc&) {
  return CURLHE_OUT_OF_MEMORY;
}

curl_header* curl_easy_nextheader(CURL* easy, unsigned int origin, int request,
                                  curl_header* previous) noexcept try {
  hiper::ResponseHeaders* const headers = hiper::response_headers_of(easy);
  return headers == nullptr ? nullptr : headers->next(origin, request, previous);
} catch (const std::bad_alloc&) {
  return nullptr;
}

}  // extern "C"
