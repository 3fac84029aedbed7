// curl_easy_init, cleanup, duphandle, reset: the life of an easy handle.
#include "easy/easy.hpp"

#include <curl/curl.h>

#include <new>

#include "api/global.hpp"

using hiper::Easy;

extern "C" {

CURL* curl_easy_init(void) noexcept {
  if (hiper::ensure_global_init() != CURLE_OK) return nullptr;
  try {
    return (new Easy)->handle();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void curl_easy_cleanup(CURL* handle) noexcept { delete Easy::from(handle); }

CURL* curl_easy_duphandle(CURL* handle) noexcept {
  const Easy* const easy = Easy::from(handle);
  if (easy == nullptr) return nullptr;
  try {
    Easy* const copy = easy->duplicate();
    return copy != nullptr ? copy->handle() : nullptr;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void curl_easy_reset(CURL* handle) noexcept {
  if (Easy* const easy = Easy::from(handle)) easy->reset();
}

}  // extern "C"
