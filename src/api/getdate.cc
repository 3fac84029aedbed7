// The door curl_getdate.
#include <curl/curl.h>

#include "parse/date.hpp"

static_assert(sizeof(time_t) == sizeof(std::int64_t), "dates past 2037 need a 64-bit time_t");

extern "C" time_t curl_getdate(const char* p, const time_t* /*unused*/) {
  return p == nullptr ? -1 : hiper::date_or_minus_one(p);
}
