// The C door of transfers on one handle: curl_easy_perform, _pause, _send, _recv, _upkeep.
#include <curl/curl.h>

#include <new>

#include "easy/easy.hpp"
#include "multi/easy_engine.hpp"

using namespace hiper;

extern "C" {

CURLcode curl_easy_perform(CURL* curl) {
  Easy* const easy = Easy::from(curl);
  if (easy == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  try {
    return perform_easy(*easy);
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

CURLcode curl_easy_pause(CURL* curl, int action) {
  Easy* const easy = Easy::from(curl);
  return easy == nullptr ? CURLE_BAD_FUNCTION_ARGUMENT : pause_easy(*easy, action);
}

CURLcode curl_easy_send(CURL* curl, const void* buffer, size_t buflen, size_t* n) {
  Easy* const easy = Easy::from(curl);
  if (easy == nullptr || n == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  *n = 0;
  return send_raw(*easy, {static_cast<const char*>(buffer), buflen}, *n);
}

CURLcode curl_easy_recv(CURL* curl, void* buffer, size_t buflen, size_t* n) {
  Easy* const easy = Easy::from(curl);
  if (easy == nullptr || n == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  *n = 0;
  return receive_raw(*easy, {static_cast<char*>(buffer), buflen}, *n);
}

CURLcode curl_easy_upkeep(CURL* curl) {
  // HTTP/1 connections have no keep-alive probe of their own: there is nothing to send.
  return Easy::from(curl) == nullptr ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_OK;
}

}  // extern "C"
