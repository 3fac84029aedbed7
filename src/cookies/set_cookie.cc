#include "cookies/set_cookie.hpp"

#include <algorithm>
#include <limits>

#include "cookies/public_suffix.hpp"
#include "parse/ascii.hpp"
#include "parse/date.hpp"
#include "parse/h1_head.hpp"

namespace hiper {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLongAgo = 1;  // expired, and not 0, which is a session

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

bool has_tab(std::string_view text) noexcept { return text.find('\t') != std::string_view::npos; }

/// One piece between semicolons.
struct Attribute {
  std::string_view name;
  std::string_view value;
  bool has_value = false;  ///< there was a '='

  bool is(std::string_view wanted) const noexcept { return equals_ignore_case(name, wanted); }
};

/// Takes the next piece from the front of `text`; false when nothing is left.
bool next_attribute(std::string_view& text, Attribute& out) noexcept {
  if (text.empty()) return false;
  const std::size_t end = std::min(text.find(';'), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  const std::size_t equals = std::min(piece.find('='), piece.size());
  out.has_value = equals < piece.size();
  out.name = piece.substr(0, equals);
  while (out.name.starts_with(' ') || out.name.starts_with('\t')) out.name.remove_prefix(1);
  // A tab at the end of a name is part of it, and refused.
  while (out.name.ends_with(' ') || (!out.has_value && out.name.ends_with('\t'))) out.name.remove_suffix(1);
  out.value = out.has_value ? trim_blanks(piece.substr(equals + 1)) : std::string_view();
  return true;
}

/// Max-Age: what is no positive number ends the cookie, as in libcurl; quotes are dropped.
std::int64_t end_of_life(std::string_view text, std::int64_t now) noexcept {
  if (text.starts_with('"')) text.remove_prefix(1);
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (!is_digit(c)) break;
    if (seconds > (kForever - 9) / 10) return kForever;
    seconds = seconds * 10 + (c - '0');
  }
  if (seconds == 0) return kLongAgo;
  return seconds > kForever - now ? kForever : now + seconds;
}

/// Expires: a date before 1970 has passed, what is no date says nothing.
std::int64_t date_of_end(std::string_view text) noexcept {
  if (text.starts_with('"')) text.remove_prefix(1);
  if (text.ends_with('"')) text.remove_suffix(1);
  const DateResult date = parse_date(text);
  return date.ok ? std::max(date.seconds, kLongAgo) : 0;
}

class SetCookieParser {
 public:
  SetCookieParser(const CookieOrigin* origin, std::int64_t now, Cookie& cookie) noexcept
      : origin_(origin), now_(now), cookie_(cookie) {}

  bool parse(std::string_view text) {
    if (text.size() > kCookieLineMax || has_control(text)) return false;
    if (!take_pair(text)) return false;
    Attribute attribute;
    while (next_attribute(text, attribute)) {
      if (attribute.name.size() > kCookieFieldMax || attribute.value.size() > kCookieFieldMax) return false;
      if (!take(attribute)) return false;
    }
    if (!settle_domain()) return false;
    settle_path();
    return keeps_name_promise(cookie_);
  }

 private:
  // The first piece that has a name is the cookie.
  bool take_pair(std::string_view& text) {
    Attribute pair;
    while (pair.name.empty()) {
      if (!next_attribute(text, pair)) return false;
    }
    if (!pair.has_value || pair.name.size() > kCookieFieldMax || pair.value.size() > kCookieFieldMax)
      return false;
    if (pair.name.size() + pair.value.size() > kCookiePairMax) return false;
    if (has_tab(pair.name) || has_tab(pair.value)) return false;
    cookie_.name = pair.name;
    cookie_.value = pair.value;
    return true;
  }

  bool take(const Attribute& attribute) {
    if (!attribute.has_value) {
      if (attribute.is("httponly")) cookie_.http_only = true;
      if (!attribute.is("secure")) return true;
      cookie_.secure = true;
      return origin_ == nullptr || origin_->secure;
    }
    if (attribute.is("path")) {
      cookie_.path = attribute.value;
      has_path_ = true;
      return !has_tab(attribute.value);
    }
    if (attribute.is("domain")) return take_domain(attribute.value);
    if (attribute.is("max-age")) {
      cookie_.expires = end_of_life(attribute.value, now_);
      has_max_age_ = true;
    } else if (attribute.is("expires") && !has_max_age_) {
      cookie_.expires = date_of_end(attribute.value);
    }
    return true;
  }

  bool take_domain(std::string_view domain) {
    if (domain.empty()) return true;
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.empty() || domain.starts_with('.') || has_tab(domain)) return false;
    if (origin_ != nullptr && !domain_matches(origin_->host, domain)) return false;
    cookie_.domain = domain;
    cookie_.subdomains = !is_numeric_host(domain);
    return true;
  }

  // A host that is a public suffix itself speaks for itself only (RFC 6265, section 5.3, step 5).
  bool settle_domain() {
    if (origin_ == nullptr) return !cookie_.domain.empty();
    if (cookie_.domain.empty()) {
      cookie_.domain = origin_->host;
      return !cookie_.domain.empty();
    }
    if (!cookie_.subdomains) return true;
    if (!may_set_for_domain(origin_->host, cookie_.domain)) return false;
    cookie_.subdomains = !is_listed_suffix(cookie_.domain);
    return true;
  }

  void settle_path() {
    if (has_path_) return;
    const std::string_view request = origin_ != nullptr ? origin_->path : "/";
    const std::size_t slash = request.rfind('/');
    cookie_.path = slash == std::string_view::npos ? "/" : request.substr(0, slash + 1);
  }

  const CookieOrigin* origin_;
  std::int64_t now_;
  Cookie& cookie_;
  bool has_path_ = false;
  bool has_max_age_ = false;
};

}  // namespace

bool parse_set_cookie(std::string_view text, const CookieOrigin* origin, std::int64_t now, Cookie& cookie) {
  cookie = Cookie();
  return SetCookieParser(origin, now, cookie).parse(text);
}

bool keeps_name_promise(const Cookie& cookie) noexcept {
  if (starts_with_ignore_case(cookie.name, "__Secure-")) return cookie.secure;
  if (!starts_with_ignore_case(cookie.name, "__Host-")) return true;
  return cookie.secure && !cookie.subdomains && cookie.effective_path() == "/";
}

}  // namespace hiper
