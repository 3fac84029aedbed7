// The doors curl_easy_escape, curl_easy_unescape and their older names.
#include <curl/curl.h>

#include <climits>
#include <cstring>
#include <new>
#include <string>

#include "base/memory.hpp"
#include "parse/percent.hpp"

namespace {

/// Longer results are refused, as observed.
constexpr std::size_t kMaxEscapedLength = 24'000'000;

/// The bytes an application names by pointer and length, where 0 says "up to the NUL". False for what is
/// neither.
bool given_text(const char* text, int length, std::string_view& out) noexcept {
  if (text == nullptr || length < 0) return false;
  out = {text, length == 0 ? std::strlen(text) : static_cast<std::size_t>(length)};
  return true;
}

char* escape(const char* text, int length) noexcept try {
  std::string_view given;
  if (!given_text(text, length, given) || given.size() >= kMaxEscapedLength) return nullptr;
  std::string escaped;
  escaped.reserve(given.size() + given.size() / 2);
  hiper::append_percent_encoded(escaped, given);
  return escaped.size() >= kMaxEscapedLength ? nullptr : hiper::duplicate(escaped);
} catch (const std::bad_alloc&) {
  return nullptr;
}

char* unescape(const char* text, int length, int* out_length) noexcept try {
  std::string_view given;
  if (!given_text(text, length, given)) return nullptr;
  std::string plain;
  plain.reserve(given.size());
  (void)hiper::append_percent_decoded(plain, given, hiper::Decoded::anything);
  if (out_length == nullptr) return hiper::duplicate(plain);
  if (plain.size() > INT_MAX) return nullptr;
  char* const copy = hiper::duplicate(plain);
  if (copy != nullptr) *out_length = static_cast<int>(plain.size());
  return copy;
} catch (const std::bad_alloc&) {
  return nullptr;
}

}  // namespace

extern "C" {

char* curl_easy_escape(CURL* /*curl*/, const char* string, int length) { return escape(string, length); }

char* curl_escape(const char* string, int length) { return escape(string, length); }

char* curl_easy_unescape(CURL* /*curl*/, const char* string, int inlength, int* outlength) {
  return unescape(string, inlength, outlength);
}

char* curl_unescape(const char* string, int length) { return unescape(string, length, nullptr); }

}  // extern "C"
