// From text to Url. The parts are found first, as views, and checked in libcurl's order, so that a URL with
// several faults gets the same code; then they are copied into the one string of the Url.
#include <algorithm>
#include <charconv>

#include "parse/ascii.hpp"
#include "parse/host.hpp"
#include "parse/percent.hpp"
#include "parse/scheme.hpp"
#include "parse/url.hpp"
#include "parse/url_scan.hpp"

namespace hiper {

std::size_t scheme_length(std::string_view text, unsigned flags) noexcept {
  const std::size_t colon = text.substr(0, kMaxSchemeLength + 1).find(':');
  if (colon == std::string_view::npos || !is_scheme_name(text.substr(0, colon))) return 0;
  const bool optional = (flags & (CURLU_GUESS_SCHEME | CURLU_DEFAULT_SCHEME)) != 0;
  if (optional && !text.substr(colon + 1).starts_with('/')) return 0;
  return colon;
}

bool is_scheme_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxSchemeLength || !is_alpha(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

bool has_junk(std::string_view text, unsigned flags) noexcept {
  const bool space_is_junk = (flags & CURLU_ALLOW_SPACE) == 0;
  return std::any_of(text.begin(), text.end(),
                     [=](char c) { return is_control(c) || (c == ' ' && space_is_junk); });
}

bool split_after(std::string_view& text, char mark, std::string_view& after) noexcept {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return false;
  after = text.substr(at + 1);
  text = text.substr(0, at);
  return true;
}

class UrlParser {
 public:
  UrlParser(std::string_view text, unsigned flags) noexcept : rest_(text), flags_(flags) {}
  UrlResult run(Url& out);

 private:
  UrlResult take_scheme();
  UrlResult take_slashes();
  UrlResult take_tail();
  UrlResult encode(std::string_view& part, std::string& store, std::string_view space, CURLUcode refusal);
  UrlResult take_file_path();
  UrlResult take_authority(std::string_view authority);
  UrlResult take_login(std::string_view login);
  UrlResult take_port(std::string_view after_host);
  UrlResult take_host(std::string_view text);
  void split_login(std::string_view login) noexcept;
  void guess_scheme() noexcept;
  bool is_set(unsigned flag) const noexcept { return (flags_ & flag) != 0; }
  void assemble(Url& out) const;

  std::string_view rest_;
  const unsigned flags_;
  const Scheme* known_ = nullptr;
  bool scheme_written_ = false;
  bool guessed_ = false;
  bool port_given_ = false;
  std::uint16_t port_ = 0;
  std::uint16_t present_ = 0;
  std::string_view part_[Url::kParts];  // the query here without its `?`
  std::string path_store_, query_store_, fragment_store_, host_store_;

  void give(Url::Part which, std::string_view text) noexcept {
    part_[which] = text;
    present_ = static_cast<std::uint16_t>(present_ | (1u << which));
  }
  bool given(Url::Part which) const noexcept { return ((present_ >> which) & 1u) != 0; }
};

UrlResult UrlParser::run(Url& out) {
  if (rest_.empty() || rest_.size() > kMaxUrlLength) return UrlResult(CURLUE_MALFORMED_INPUT);
  if (const UrlResult result = take_scheme(); !result.ok()) return result;
  const bool is_file = part_[Url::kScheme] == "file";
  std::string_view authority;
  if (!is_file) {
    if (const UrlResult result = take_slashes(); !result.ok()) return result;
    const auto end =
        std::find_if(rest_.begin(), rest_.end(), [](char c) { return c == '/' || c == '?' || c == '#'; });
    authority = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(authority.size());
    if (authority.empty() && !is_set(CURLU_NO_AUTHORITY)) return UrlResult(CURLUE_NO_HOST);
  } else if (const UrlResult result = take_file_path(); !result.ok()) {
    return result;
  }
  if (const UrlResult result = take_tail(); !result.ok()) return result;
  if (!is_file) {
    if (const UrlResult result = take_authority(authority); !result.ok()) return result;
  }
  assemble(out);
  return UrlResult();
}

UrlResult UrlParser::take_scheme() {
  const std::size_t length = scheme_length(rest_, flags_);
  if (length == 0) {
    if (is_set(CURLU_DEFAULT_SCHEME)) {
      give(Url::kScheme, "https");
    } else if (!is_set(CURLU_GUESS_SCHEME)) {
      return UrlResult(CURLUE_BAD_SCHEME);
    }
    return UrlResult();
  }
  scheme_written_ = true;
  const std::string_view name = rest_.substr(0, length);
  known_ = find_scheme(name);
  const bool supported = known_ != nullptr && is_supported(*known_);
  const bool is_file = known_ != nullptr && known_->name == "file";
  if (!supported && !is_set(CURLU_NON_SUPPORT_SCHEME)) return UrlResult(CURLUE_UNSUPPORTED_SCHEME);
  give(Url::kScheme, is_file ? known_->name : name);
  rest_.remove_prefix(length + 1);
  return UrlResult();
}

/// One to three slashes are taken for the two that the syntax wants.
UrlResult UrlParser::take_slashes() {
  if (!scheme_written_) return UrlResult();
  const std::size_t slashes = std::min(rest_.find_first_not_of('/'), rest_.size());
  if (slashes == 0 && rest_.starts_with('\\')) return UrlResult(CURLUE_BACKSLASH);
  if (slashes == 0 || slashes > 3) return UrlResult(CURLUE_BAD_SLASHES);
  rest_.remove_prefix(slashes);
  return UrlResult();
}

/// `file:` is followed by a path, or by `//`, this machine's name or nothing, and a path (RFC 8089).
UrlResult UrlParser::take_file_path() {
  const UrlResult bad(CURLUE_BAD_FILE_URL);
  if (rest_.size() <= 1) return bad;
  if (rest_.starts_with('\\')) return UrlResult(CURLUE_BACKSLASH);
  if (rest_.starts_with("//")) {
    rest_.remove_prefix(2);
    const std::string_view host = rest_.substr(0, rest_.find('/'));
    if (host.size() == rest_.size()) return bad;
    if (!host.empty() && !equals_ignore_case(host, "localhost") && host != "127.0.0.1") return bad;
    rest_.remove_prefix(host.size());
  }
  const std::string_view drive = rest_.substr(rest_.starts_with('/') ? 1 : 0, 3);
  if (drive.size() >= 2 && is_alpha(drive[0]) && (drive[1] == ':' || drive[1] == '|') &&
      (drive.size() == 2 || drive[2] == '/' || drive[2] == '\\')) {
    return bad;  // a DOS drive letter means nothing here
  }
  if (is_set(CURLU_NO_AUTHORITY)) give(Url::kHost, {});
  return UrlResult();
}

UrlResult UrlParser::encode(std::string_view& part, std::string& store, std::string_view space,
                            CURLUcode refusal) {
  if (is_set(CURLU_URLENCODE)) {
    append_made_ascii(store, part, space);
    if (store.size() > kMaxUrlLength) return UrlResult(CURLUE_TOO_LARGE);
    part = store;
  }
  return has_junk(part, flags_) ? UrlResult(refusal) : UrlResult();
}

/// Path, query and fragment; they are looked at from the end, as libcurl does.
UrlResult UrlParser::take_tail() {
  std::string_view path = rest_;
  std::string_view query;
  std::string_view fragment;
  const bool has_fragment = split_after(path, '#', fragment);
  const bool has_query = split_after(path, '?', query);
  if (const UrlResult r = encode(fragment, fragment_store_, "%20", CURLUE_BAD_FRAGMENT); !r.ok()) return r;
  if (const UrlResult r = encode(query, query_store_, "+", CURLUE_BAD_QUERY); !r.ok()) return r;
  if (const UrlResult r = encode(path, path_store_, "%20", CURLUE_BAD_PATH); !r.ok()) return r;
  if (has_fragment) give(Url::kFragment, fragment);
  if (has_query) give(Url::kQuery, query);
  give(Url::kPath, path.empty() ? std::string_view("/") : path);
  return UrlResult();
}

UrlResult UrlParser::take_authority(std::string_view authority) {
  if (authority.empty()) {
    give(Url::kHost, {});
    return UrlResult();
  }
  std::string_view host = authority;
  if (std::string_view after; split_after(host, '@', after)) {
    if (const UrlResult result = take_login(host); !result.ok()) return result;
    host = after;
  }
  std::size_t end = host.find(':');
  if (host.starts_with('[')) {
    end = host.find(']');
    if (end == std::string_view::npos) return UrlResult(CURLUE_BAD_IPV6);
    ++end;
  }
  end = std::min(end, host.size());
  if (const UrlResult result = take_port(host.substr(end)); !result.ok()) return result;
  if (end == 0) return UrlResult(CURLUE_NO_HOST);
  if (const UrlResult result = take_host(host.substr(0, end)); !result.ok()) return result;
  if (!scheme_written_ && !given(Url::kScheme)) guess_scheme();
  return UrlResult();
}

UrlResult UrlParser::take_login(std::string_view login) {
  if (is_set(CURLU_DISALLOW_USER)) return UrlResult(CURLUE_USER_NOT_ALLOWED);
  split_login(login);
  if (has_junk(part_[Url::kUser], flags_)) return UrlResult(CURLUE_BAD_USER);
  if (has_junk(part_[Url::kPassword], flags_)) return UrlResult(CURLUE_BAD_PASSWORD);
  if (has_junk(part_[Url::kOptions], flags_)) return UrlResult(CURLUE_BAD_LOGIN);
  return UrlResult();
}

/// `user:password;options` or `user;options:password`; the options only for schemes that have them.
void UrlParser::split_login(std::string_view login) noexcept {
  std::string_view password;
  std::string_view options;
  const bool with_options = known_ != nullptr && known_->has(kSchemeLoginOptions);
  const bool has_password = split_after(login, ':', password);
  if (with_options && !split_after(login, ';', options) && has_password) split_after(password, ';', options);
  give(Url::kUser, login);
  if (has_password) give(Url::kPassword, password);
  if (!options.empty()) give(Url::kOptions, options);
}

/// `after_host` is empty or starts with the colon, if all is well. An empty port is fine when the scheme was
/// written.
UrlResult UrlParser::take_port(std::string_view after_host) {
  if (after_host.empty()) return UrlResult();
  const UrlResult bad(after_host.find('\\') < 7 ? CURLUE_BACKSLASH : CURLUE_BAD_PORT_NUMBER);
  if (after_host[0] != ':') return bad;
  const std::string_view digits = after_host.substr(1);
  if (digits.empty()) return scheme_written_ ? UrlResult() : bad;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port_);
  if (error != std::errc() || stop != end) return bad;
  port_given_ = true;
  return UrlResult();
}

UrlResult UrlParser::take_host(std::string_view text) {
  const UrlResult bad(text.find('\\') != std::string_view::npos ? CURLUE_BACKSLASH : CURLUE_BAD_HOSTNAME);
  if (has_junk(text, flags_)) return UrlResult(CURLUE_BAD_HOSTNAME);
  if (text.starts_with('[')) {
    Ipv6Host ipv6;
    if (!parse_ipv6_host(text, ipv6)) return UrlResult(CURLUE_BAD_IPV6);
    host_store_ = std::move(ipv6.bracketed);
    if (!ipv6.zone.empty()) give(Url::kZone, ipv6.zone);
    give(Url::kHost, host_store_);
    return UrlResult();
  }
  if (normalize_ipv4(text, host_store_)) {
    give(Url::kHost, host_store_);
    return UrlResult();
  }
  if (text.find('%') != std::string_view::npos) {
    if (!append_percent_decoded(host_store_, text, Decoded::no_control)) return bad;
    text = host_store_;
  }
  if (!is_acceptable_host_name(text)) return bad;
  give(Url::kHost, text);
  return UrlResult();
}

void UrlParser::guess_scheme() noexcept {
  static constexpr std::string_view kByPrefix[] = {"ftp", "dict", "ldap", "imap", "smtp", "pop3"};
  guessed_ = true;
  for (const std::string_view scheme : kByPrefix) {
    const std::string_view host = part_[Url::kHost];
    if (host.size() > scheme.size() && host[scheme.size()] == '.' && starts_with_ignore_case(host, scheme)) {
      give(Url::kScheme, scheme);
      return;
    }
  }
  give(Url::kScheme, "http");
}

void UrlParser::assemble(Url& out) const {
  Url fresh;
  std::size_t total = 1;
  for (const std::string_view part : part_) total += part.size();
  fresh.text_.clear();
  fresh.text_.reserve(total);
  for (unsigned i = 0; i < Url::kParts; ++i) {
    const std::size_t begin = fresh.text_.size();
    if (i == Url::kQuery && given(Url::kQuery)) fresh.text_.push_back('?');
    fresh.text_.append(part_[i]);
    if (i == Url::kScheme) {
      for (char& c : fresh.text_) c = to_lower(c);
    } else if (i == Url::kPath && !is_set(CURLU_PATH_AS_IS)) {
      remove_dot_segments(fresh.text_, begin);
    }
    fresh.ends_[i] = static_cast<std::uint32_t>(fresh.text_.size());
  }
  fresh.present_ = present_;
  fresh.port_ = port_;
  fresh.port_given_ = port_given_;
  fresh.scheme_guessed_ = guessed_;
  out = std::move(fresh);
}

UrlResult Url::parse(std::string_view text, unsigned flags, Url& out) {
  return UrlParser(text, flags).run(out);
}

}  // namespace hiper
