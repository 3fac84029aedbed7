// curl_easy_setopt.
#include <curl/curl.h>

#include <bit>
#include <cstdarg>

#include "easy/set_option.hpp"

#undef curl_easy_setopt

// The C signature names the enum, whose promotion clang finds worth a warning.
#pragma GCC diagnostic ignored "-Wvarargs"

extern "C" CURLcode curl_easy_setopt(CURL* handle, CURLoption option, ...) noexcept {
  hiper::Easy* const easy = hiper::Easy::from(handle);
  if (easy == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  va_list arguments;
  va_start(arguments, option);
  const CURLcode result = hiper::set_option(*easy, std::bit_cast<std::uint32_t>(option), arguments);
  va_end(arguments);
  return result;
}
