// Dates as the network writes them (RFC 822/1123, RFC 850, asctime and looser forms): the core of
// curl_getdate, also for Last-Modified, Expires and Retry-After.
#pragma once
#include <cstdint>
#include <string_view>

namespace hiper {

struct DateResult {
  bool ok = false;
  std::int64_t seconds = 0;  ///< since 1970-01-01 00:00:00 UTC, may be negative
};

/// Reads a date made of up to six items in any order: weekday, day, month name, year (or YYYYMMDD),
/// HH:MM[:SS], zone. Day, month and year are required; whatever follows the sixth item is ignored. A day that
/// the month does not have counts on into the next month. Years before 1583 are refused. Source:
/// curl_getdate(3).
DateResult parse_date(std::string_view text) noexcept;

/// What curl_getdate and CURLINFO_FILETIME say: -1 is the answer for "no date", so the second before the
/// epoch becomes 0.
std::int64_t date_or_minus_one(std::string_view text) noexcept;

}  // namespace hiper
