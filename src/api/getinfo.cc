// curl_easy_getinfo.
#include <curl/curl.h>

#include <bit>
#include <cstdarg>
#include <new>

#include "easy/easy.hpp"

#undef curl_easy_getinfo

// The C signature names the enum, whose promotion clang finds worth a warning.
#pragma GCC diagnostic ignored "-Wvarargs"

extern "C" CURLcode curl_easy_getinfo(CURL* handle, CURLINFO info, ...) noexcept {
  hiper::Easy* const easy = hiper::Easy::from(handle);
  if (easy == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  va_list arguments;
  va_start(arguments, info);
  void* const answer = va_arg(arguments, void*);
  va_end(arguments);
  try {
    return hiper::get_info(*easy, std::bit_cast<std::uint32_t>(info), answer);
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}
