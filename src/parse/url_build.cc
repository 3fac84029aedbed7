// From Url to text: the whole URL and its parts, by the rules of curl_url_get(3).
#include <charconv>

#include "parse/ascii.hpp"
#include "parse/idn.hpp"
#include "parse/percent.hpp"
#include "parse/scheme.hpp"
#include "parse/url.hpp"

namespace hiper {
namespace {

constexpr std::string_view kDefaultScheme = "https";

std::string_view port_text(std::uint16_t port, char (&digits)[5]) noexcept {
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, port);
  return {digits, static_cast<std::size_t>(end - digits)};
}

void append_escaping_percent(std::string& out, std::string_view host) {
  for (const char c : host) {
    if (c == '%') {
      out.append("%25");
    } else {
      out.push_back(c);
    }
  }
}

/// Decodes and encodes a part as the flags ask for.
UrlResult convert(std::string_view raw, bool is_query, unsigned flags, std::string& scratch,
                  std::string_view& out) {
  out = raw;
  const bool decode = (flags & CURLU_URLDECODE) != 0;
  const bool encode = (flags & CURLU_URLENCODE) != 0;
  if (!decode && !encode) return UrlResult();
  std::string decoded;
  if (decode) {
    std::string spaced(raw);
    if (is_query) {
      for (char& c : spaced) c = c == '+' ? ' ' : c;
    }
    if (!append_percent_decoded(decoded, spaced, Decoded::no_control)) return UrlResult(CURLUE_URLDECODE);
    raw = decoded;
  }
  if (encode) {
    std::string encoded;
    append_made_ascii(encoded, raw, is_query ? "+" : "%20");
    scratch = std::move(encoded);
  } else {
    scratch = std::move(decoded);
  }
  out = scratch;
  return UrlResult();
}

}  // namespace

bool Url::port_shown(std::string_view scheme_name, unsigned flags, std::uint16_t& port) const noexcept {
  const Scheme* known = find_scheme(scheme_name);
  if (port_given_) {
    port = port_;
    return (flags & CURLU_NO_DEFAULT_PORT) == 0 || known == nullptr || port_ != known->default_port;
  }
  if (known == nullptr || (flags & CURLU_DEFAULT_PORT) == 0) return false;
  port = known->default_port;
  return true;
}

UrlResult Url::get_host(unsigned flags, std::string& scratch, std::string_view& out) const {
  out = host();
  if ((flags & CURLU_URLENCODE) != 0 || host_is_ipv6()) return UrlResult();
  if ((flags & CURLU_PUNYCODE) != 0) return ascii_host(scratch, out);
  if ((flags & CURLU_PUNY2IDN) != 0 && has_punycode_label(out)) {
    if (!idn_to_unicode(host(), scratch)) return UrlResult(CURLUE_BAD_HOSTNAME);
    out = scratch;
  }
  return UrlResult();
}

UrlResult Url::append_host(unsigned flags, std::string& out) const {
  std::string scratch;
  std::string_view shown;
  if (const UrlResult result = get_host(flags, scratch, shown); !result.ok()) return result;
  if (host_is_ipv6()) {
    out.append(shown);
    if (has(kZone)) {
      out.pop_back();
      out.append("%25").append(zone()).append(1, ']');
    }
  } else if ((flags & CURLU_URLENCODE) != 0) {
    append_percent_encoded(out, shown);
  } else {
    append_escaping_percent(out, shown);
  }
  return UrlResult();
}

void Url::append_login(std::string_view scheme_name, std::string& out) const {
  const Scheme* known = find_scheme(scheme_name);
  const bool with_options = has(kOptions) && (known == nullptr || known->has(kSchemeLoginOptions));
  if (!has(kUser) && !has(kPassword) && !with_options) return;
  out.append(user());
  if (has(kPassword)) out.append(1, ':').append(password());
  if (with_options) out.append(1, ';').append(options());
  out.push_back('@');
}

UrlResult Url::append_origin(unsigned flags, std::string& out) const {
  if (equals_ignore_case(scheme(), "file")) {
    out.append("file://");
    return UrlResult();
  }
  if (!has_host()) return UrlResult(CURLUE_NO_HOST);
  if (!has_scheme() && (flags & CURLU_DEFAULT_SCHEME) == 0) return UrlResult(CURLUE_NO_SCHEME);
  const std::string_view scheme_name = has_scheme() ? scheme() : kDefaultScheme;
  if ((flags & CURLU_NO_GUESS_SCHEME) == 0 || !scheme_guessed_) out.append(scheme_name).append("://");
  append_login(scheme_name, out);
  if (const UrlResult result = append_host(flags, out); !result.ok()) return result;
  if (std::uint16_t number = 0; port_shown(scheme_name, flags, number)) {
    char digits[5];
    out.append(1, ':').append(port_text(number, digits));
  }
  return UrlResult();
}

UrlResult Url::to_string(unsigned flags, std::string& out) const {
  std::string whole;
  whole.reserve(text_.size() + 16);
  if (const UrlResult result = append_origin(flags, whole); !result.ok()) return result;
  const bool show_empty = (flags & CURLU_GET_EMPTY) != 0;
  whole.append(path());
  if (show_empty || !query().empty()) whole.append(part(kQuery));
  if (has_fragment() && (show_empty || !fragment().empty())) whole.append(1, '#').append(fragment());
  if (whole.size() > kMaxUrlLength) return UrlResult(CURLUE_TOO_LARGE);
  out = std::move(whole);
  return UrlResult();
}

UrlResult Url::get_port(unsigned flags, std::string& scratch, std::string_view& out) const {
  std::uint16_t number = 0;
  if (!port_shown(scheme(), flags, number)) return UrlResult(CURLUE_NO_PORT);
  char digits[5];
  scratch = port_text(number, digits);
  out = scratch;
  return UrlResult();
}

UrlResult Url::get_scheme(unsigned flags, std::string_view& out) const {
  out = scheme();
  // CURLU_DEFAULT_SCHEME has a say in the whole URL only (seen with 7.88).
  const bool hidden = !has_scheme() || (scheme_guessed_ && (flags & CURLU_NO_GUESS_SCHEME) != 0);
  return hidden ? UrlResult(CURLUE_NO_SCHEME) : UrlResult();
}

UrlResult Url::get(CURLUPart what, unsigned flags, std::string& scratch, std::string_view& out) const {
  const auto simple = [&](Part which, CURLUcode missing) {
    return has(which) ? convert(part(which), false, flags, scratch, out) : UrlResult(missing);
  };
  const bool show_empty = (flags & CURLU_GET_EMPTY) != 0;
  switch (what) {
    case CURLUPART_URL: {
      const UrlResult result = to_string(flags, scratch);
      out = scratch;
      return result;
    }
    case CURLUPART_SCHEME:
      return get_scheme(flags, out);
    case CURLUPART_USER:
      return simple(kUser, CURLUE_NO_USER);
    case CURLUPART_PASSWORD:
      return simple(kPassword, CURLUE_NO_PASSWORD);
    case CURLUPART_OPTIONS:
      return simple(kOptions, CURLUE_NO_OPTIONS);
    case CURLUPART_HOST: {
      if (!has_host()) return UrlResult(CURLUE_NO_HOST);
      std::string name;
      std::string_view shown;
      if (const UrlResult result = get_host(flags, name, shown); !result.ok()) return result;
      if (shown.data() == name.data()) {
        scratch = std::move(name);
        shown = scratch;
      }
      return convert(shown, false, flags, scratch, out);
    }
    case CURLUPART_ZONEID:
      return simple(kZone, CURLUE_NO_ZONEID);
    case CURLUPART_PORT:
      return get_port(flags, scratch, out);
    case CURLUPART_PATH:
      return convert(path(), false, flags, scratch, out);
    case CURLUPART_QUERY:
      if (query().empty() && !(has_query() && show_empty)) return UrlResult(CURLUE_NO_QUERY);
      return convert(query(), true, flags, scratch, out);
    case CURLUPART_FRAGMENT:
      if (fragment().empty() && !(has_fragment() && show_empty)) return UrlResult(CURLUE_NO_FRAGMENT);
      return convert(fragment(), false, flags, scratch, out);
    default:
      return UrlResult(CURLUE_UNKNOWN_PART);
  }
}

}  // namespace hiper
