#include "parse/date.hpp"

#include <climits>
#include <cstddef>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

constexpr int kMaxItems = 6;
constexpr int kFirstYear = 1583;  // the first full year of the Gregorian calendar

constexpr std::string_view kWeekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                          "Friday", "Saturday", "Sunday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Zone {
  std::string_view name;
  int minutes;  ///< what is added to the local time to get UTC
};
constexpr Zone kZones[] = {
#include "parse/date_zones.inc"
};

/// Days from 1970-01-01 to the first day of a month (0-11), in the Gregorian calendar.
constexpr std::int64_t days_before(std::int64_t year, int month) noexcept {
  constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const auto leaps_until = [](std::int64_t y) { return y / 4 - y / 100 + y / 400; };
  const std::int64_t leap_years = leaps_until(month < 2 ? year - 1 : year) - leaps_until(1969);
  return (year - 1970) * 365 + leap_years + kBefore[month];
}
static_assert(days_before(1970, 0) == 0 && days_before(2000, 2) == 11017);

/// Military zones (RFC 822 section 5.1, with its signs): A-I and K-M are behind, N-Y ahead of UTC as written
/// there.
bool military_zone(char letter, int& minutes) noexcept {
  const char c = to_lower(letter);
  if (c == 'j') return false;
  if (c == 'z') {
    minutes = 0;
  } else if (c >= 'n') {
    minutes = -60 * (c - 'n' + 1);
  } else {
    minutes = 60 * (c - 'a' + (c < 'j' ? 1 : 0));
  }
  return true;
}

class DateReader {
 public:
  explicit DateReader(std::string_view text) noexcept : text_(text) {}

  DateResult read() noexcept {
    for (int items = 0; items < kMaxItems; ++items) {
      skip_separators();
      if (at_ == text_.size()) break;
      if (!(is_alpha(text_[at_]) ? read_word() : read_digits())) return {};
    }
    return result();
  }

 private:
  void skip_separators() noexcept {
    while (at_ < text_.size() && !is_alpha(text_[at_]) && !is_digit(text_[at_])) ++at_;
  }

  bool read_word() noexcept {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_alpha(text_[at_])) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    return read_weekday(word) || read_month(word) || read_zone(word);
  }

  bool read_weekday(std::string_view word) noexcept {
    if (has_weekday_) return false;
    for (const std::string_view name : kWeekdays) {
      if (equals_ignore_case(word, name) || equals_ignore_case(word, name.substr(0, 3)))
        return has_weekday_ = true;
    }
    return false;
  }

  bool read_month(std::string_view word) noexcept {
    if (month_ >= 0) return false;
    for (int i = 0; i < 12; ++i) {
      if (!equals_ignore_case(word, kMonths[i])) continue;
      month_ = i;
      return true;
    }
    return false;
  }

  bool read_zone(std::string_view word) noexcept {
    if (has_zone_) return false;
    if (word.size() == 1) return has_zone_ = military_zone(word[0], zone_minutes_);
    for (const Zone& zone : kZones) {
      if (!equals_ignore_case(word, zone.name)) continue;
      zone_minutes_ = zone.minutes;
      return has_zone_ = true;
    }
    return false;
  }

  bool read_digits() noexcept {
    if (!has_time_ && read_time()) return seconds_of_day_ >= 0;
    const std::size_t start = at_;
    std::int64_t value = 0;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      value = value * 10 + (text_[at_++] - '0');
      if (value > INT_MAX) return false;
    }
    const std::size_t num_digits = at_ - start;
    const char before = start == 0 ? ' ' : text_[start - 1];
    return read_offset(static_cast<int>(value), num_digits, before) ||
           read_compact_date(static_cast<int>(value), num_digits) ||
           read_day_or_year(static_cast<int>(value));
  }

  /// HH:MM or HH:MM:SS, one or two digits each. A time that no day has is one, too, with a negative
  /// seconds_of_day_.
  bool read_time() noexcept {
    std::size_t at = at_;
    int fields[3] = {0, 0, 0};
    int num_fields = 0;
    while (num_fields < 3 && read_two_digits(at, fields[num_fields])) {
      ++num_fields;
      if (num_fields == 3 || at + 1 >= text_.size() || text_[at] != ':' || !is_digit(text_[at + 1])) break;
      ++at;
    }
    if (num_fields < 2) return false;
    const bool exists = fields[0] <= 23 && fields[1] <= 59 && fields[2] <= 60;
    seconds_of_day_ = exists ? fields[0] * 3600 + fields[1] * 60 + fields[2] : -1;
    at_ = at;
    return has_time_ = true;
  }

  bool read_two_digits(std::size_t& at, int& value) const noexcept {
    const std::size_t start = at;
    value = 0;
    while (at < text_.size() && at - start < 2 && is_digit(text_[at]))
      value = value * 10 + (text_[at++] - '0');
    return at > start;
  }

  /// +HHMM or -HHMM.
  bool read_offset(int value, std::size_t num_digits, char before) noexcept {
    if (has_zone_ || num_digits != 4 || value > 1400 || (before != '+' && before != '-')) return false;
    const int minutes = value / 100 * 60 + value % 100;
    zone_minutes_ = before == '+' ? -minutes : minutes;
    return has_zone_ = true;
  }

  /// YYYYMMDD.
  bool read_compact_date(int value, std::size_t num_digits) noexcept {
    if (num_digits != 8 || year_ >= 0 || month_ >= 0 || day_ >= 0) return false;
    year_ = value / 10000;
    month_ = value % 10000 / 100 - 1;
    day_ = value % 100;
    return true;
  }

  /// A lone number is the day if it can be and none was seen, else the year; next time the other way round.
  bool read_day_or_year(int value) noexcept {
    if (expects_day_ && day_ < 0) {
      expects_day_ = false;
      if (value > 0 && value < 32) {
        day_ = value;
        return true;
      }
    }
    if (expects_day_ || year_ >= 0) return false;
    year_ = value >= 100 ? value : value > 70 ? value + 1900 : value + 2000;
    expects_day_ = day_ < 0;
    return true;
  }

  DateResult result() const noexcept {
    if (day_ < 1 || day_ > 31 || month_ < 0 || month_ > 11 || year_ < kFirstYear) return {};
    const std::int64_t days = days_before(year_, month_) + day_ - 1;
    return {true, days * 86400 + seconds_of_day_ + zone_minutes_ * 60};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int year_ = -1;
  int month_ = -1;  ///< 0-11
  int day_ = -1;
  int seconds_of_day_ = 0;
  int zone_minutes_ = 0;
  bool has_weekday_ = false;
  bool has_time_ = false;
  bool has_zone_ = false;
  bool expects_day_ = true;
};

}  // namespace

DateResult parse_date(std::string_view text) noexcept { return DateReader(text).read(); }

std::int64_t date_or_minus_one(std::string_view text) noexcept {
  const DateResult date = parse_date(text);
  if (!date.ok) return -1;
  return date.seconds == -1 ? 0 : date.seconds;
}

}  // namespace hiper
