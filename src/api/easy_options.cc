// curl_easy_option_by_name, _by_id, _next.
#include <curl/curl.h>

#include <bit>

#include "easy/option_names.hpp"

extern "C" {

const curl_easyoption* curl_easy_option_by_name(const char* name) noexcept {
  return hiper::option_by_name(name);
}

const curl_easyoption* curl_easy_option_by_id(CURLoption id) noexcept {
  return hiper::option_by_id(std::bit_cast<std::uint32_t>(id));
}

const curl_easyoption* curl_easy_option_next(const curl_easyoption* previous) noexcept {
  return hiper::option_after(previous);
}

}  // extern "C"
