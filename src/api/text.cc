// The doors for text and the environment: curl_strequal, curl_strnequal, curl_getenv.
#include <curl/curl.h>

#include <cstdlib>
#include <cstring>

#include "base/memory.hpp"
#include "parse/ascii.hpp"

extern "C" {

int curl_strequal(const char* s1, const char* s2) {
  if (s1 == nullptr || s2 == nullptr) return s1 == s2;
  return hiper::equals_ignore_case(s1, s2);
}

// Two missing strings are equal only if there was something to compare, as observed.
int curl_strnequal(const char* s1, const char* s2, size_t n) {
  if (s1 == nullptr || s2 == nullptr) return s1 == s2 && n != 0;
  return hiper::equals_ignore_case({s1, strnlen(s1, n)}, {s2, strnlen(s2, n)});
}

// An empty variable counts as unset, as observed.
char* curl_getenv(const char* variable) {
  const char* const value = variable == nullptr ? nullptr : std::getenv(variable);
  return value == nullptr || *value == '\0' ? nullptr : hiper::duplicate(value);
}

}  // extern "C"
