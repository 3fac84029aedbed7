// Changing single parts of a Url, by the rules of curl_url_set(3).
#include <charconv>

#include "parse/host.hpp"
#include "parse/percent.hpp"
#include "parse/scheme.hpp"
#include "parse/url.hpp"
#include "parse/url_scan.hpp"

namespace hiper {
namespace {

/// What CURLU_URLENCODE leaves alone in a path, apart from the unreserved (curl_url_set(3)).
constexpr std::string_view kKeptInPath = "/!$&'(){}[]*+,;=:@";

/// A query with spaces as `+`; of several `=` in an appended `name=value` the first one stays.
std::string encode_query(std::string_view text, bool appending) {
  std::string encoded;
  std::size_t equal = appending ? text.find('=') : std::string_view::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') {
      encoded.push_back('+');
    } else {
      append_percent_encoded(encoded, text.substr(i, 1), i == equal ? "=" : "");
    }
  }
  return encoded;
}

std::string prepare(std::string_view text, unsigned flags, std::string_view also_keep = {}) {
  std::string prepared;
  if ((flags & CURLU_URLENCODE) != 0) {
    append_percent_encoded(prepared, text, also_keep);
  } else {
    prepared = text;
    upper_case_percent(prepared);
  }
  return prepared;
}

}  // namespace

UrlResult Url::set_url(std::string_view text, unsigned flags) {
  if (has_scheme() || has_host() || !text.empty()) return resolve(*this, text, flags, *this);
  return UrlResult(CURLUE_MALFORMED_INPUT);
}

UrlResult Url::set_scheme(std::string_view text, unsigned flags) {
  if (text.empty() || text.size() > kMaxSchemeLength) return UrlResult(CURLUE_BAD_SCHEME);
  const bool any = (flags & CURLU_NON_SUPPORT_SCHEME) != 0;
  if (!any && !is_supported_scheme(text)) return UrlResult(CURLUE_UNSUPPORTED_SCHEME);
  if (!is_scheme_name(text)) return UrlResult(CURLUE_BAD_SCHEME);
  put(kScheme, text);
  scheme_guessed_ = false;
  return UrlResult();
}

UrlResult Url::set_port_text(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return UrlResult(CURLUE_BAD_PORT_NUMBER);
  set_port(port);
  return UrlResult();
}

UrlResult Url::set_host(std::string_view text, unsigned flags) {
  const std::string prepared = prepare(text, flags);
  if (prepared.find(' ') != std::string::npos) return UrlResult(CURLUE_BAD_HOSTNAME);
  Ipv6Host ipv6;
  if (prepared.empty()) {
    if ((flags & CURLU_NO_AUTHORITY) == 0) return UrlResult(CURLUE_BAD_HOSTNAME);
  } else if (prepared[0] == '[') {
    if (!parse_ipv6_host(prepared, ipv6)) return UrlResult(CURLUE_BAD_HOSTNAME);
  } else {
    std::string decoded;
    if (!append_percent_decoded(decoded, prepared, Decoded::anything)) return UrlResult(CURLUE_BAD_HOSTNAME);
    if (!is_acceptable_host_name(decoded)) return UrlResult(CURLUE_BAD_HOSTNAME);
  }
  // What may throw comes first, so that host and zone change together.
  text_.reserve(text_.size() + prepared.size() + ipv6.bracketed.size());
  put(kHost, ipv6.bracketed.empty() ? std::string_view(prepared) : std::string_view(ipv6.bracketed));
  drop(kZone);
  if (!ipv6.zone.empty()) put(kZone, ipv6.zone);
  return UrlResult();
}

UrlResult Url::append_query(std::string_view text, unsigned flags) {
  const bool appending = (flags & CURLU_APPENDQUERY) != 0;
  const bool encoding = (flags & CURLU_URLENCODE) != 0;
  const std::string added = encoding ? encode_query(text, appending) : prepare(text, 0);
  std::string whole = "?";
  if (appending && !query().empty()) {
    if (encoding && added.empty()) return UrlResult();
    whole.append(query());
    if (whole.back() != '&') whole.push_back('&');
    if (whole.size() + added.size() > kMaxUrlLength) return UrlResult(CURLUE_TOO_LARGE);
  }
  put(kQuery, whole.append(added));
  return UrlResult();
}

UrlResult Url::set(CURLUPart what, std::string_view text, unsigned flags) {
  if (text.size() > kMaxUrlLength) return UrlResult(CURLUE_MALFORMED_INPUT);
  const auto simple = [&](Part which) {
    // Encoding nothing removes the part, as in libcurl.
    if (text.empty() && (flags & CURLU_URLENCODE) != 0) {
      drop(which);
    } else {
      put(which, prepare(text, flags));
    }
    return UrlResult();
  };
  switch (what) {
    case CURLUPART_URL:
      return set_url(text, flags);
    case CURLUPART_SCHEME:
      return set_scheme(text, flags);
    case CURLUPART_USER:
      return simple(kUser);
    case CURLUPART_PASSWORD:
      return simple(kPassword);
    case CURLUPART_OPTIONS:
      return simple(kOptions);
    case CURLUPART_HOST:
      return set_host(text, flags);
    case CURLUPART_PORT:
      return set_port_text(text);
    case CURLUPART_PATH: {
      std::string path = prepare(text, flags, kKeptInPath);
      if (!path.starts_with('/')) path.insert(path.begin(), '/');
      put(kPath, path);
      return UrlResult();
    }
    case CURLUPART_QUERY:
      if (text.empty() && (flags & CURLU_URLENCODE) != 0 && (flags & CURLU_APPENDQUERY) == 0)
        return clear(what);
      return append_query(text, flags);
    case CURLUPART_FRAGMENT:
      return simple(kFragment);
    case CURLUPART_ZONEID:
      return simple(kZone);
    default:
      return UrlResult(CURLUE_UNKNOWN_PART);
  }
}

UrlResult Url::clear(CURLUPart what) {
  switch (what) {
    case CURLUPART_URL:
      *this = Url();
      break;
    case CURLUPART_SCHEME:
      drop(kScheme);
      scheme_guessed_ = false;
      break;
    case CURLUPART_USER:
      drop(kUser);
      break;
    case CURLUPART_PASSWORD:
      drop(kPassword);
      break;
    case CURLUPART_OPTIONS:
      drop(kOptions);
      break;
    case CURLUPART_HOST:
      drop(kHost);
      break;
    case CURLUPART_PORT:
      drop_port();
      break;
    case CURLUPART_PATH:
      put(kPath, "/");
      break;
    case CURLUPART_QUERY:
      drop(kQuery);
      break;
    case CURLUPART_FRAGMENT:
      drop(kFragment);
      break;
    case CURLUPART_ZONEID:
      drop(kZone);
      break;
    default:
      return UrlResult(CURLUE_UNKNOWN_PART);
  }
  return UrlResult();
}

}  // namespace hiper
