#include "parse/url.hpp"

#include <algorithm>

#include "parse/ascii.hpp"
#include "parse/idn.hpp"
#include "parse/percent.hpp"
#include "parse/scheme.hpp"

namespace hiper {

CURLcode UrlResult::curl_code() const noexcept {
  switch (code_) {
    case CURLUE_OK:
      return CURLE_OK;
    case CURLUE_UNSUPPORTED_SCHEME:
      return CURLE_UNSUPPORTED_PROTOCOL;
    case CURLUE_OUT_OF_MEMORY:
      return CURLE_OUT_OF_MEMORY;
    case CURLUE_USER_NOT_ALLOWED:
      return CURLE_LOGIN_DENIED;
    default:
      return CURLE_URL_MALFORMAT;
  }
}

std::string_view Url::query() const noexcept {
  const std::string_view with_mark = part(kQuery);
  return with_mark.empty() ? with_mark : with_mark.substr(1);
}

std::string_view Url::path_and_query() const noexcept {
  return std::string_view(text_).substr(begin(kPath), ends_[kQuery] - begin(kPath));
}

std::uint16_t Url::port() const noexcept {
  if (port_given_) return port_;
  const Scheme* known = find_scheme(scheme());
  return known == nullptr ? std::uint16_t{0} : known->default_port;
}

UrlResult Url::ascii_host(std::string& scratch, std::string_view& out) const {
  out = host();
  if (!has_non_ascii(out)) return UrlResult();
  if (!idn_to_ascii(host(), scratch)) return UrlResult(CURLUE_BAD_HOSTNAME);
  out = scratch;
  return UrlResult();
}

void Url::append_request_target(std::string& out) const {
  if (has_non_ascii(path()) || path().find(' ') != std::string_view::npos) {
    append_made_ascii(out, path(), "%20");
    out.append(part(kQuery));
  } else {
    out.append(path_and_query());
  }
}

void Url::mark(Part which, bool present) noexcept {
  const unsigned bit = 1u << which;
  present_ = static_cast<std::uint16_t>(present ? present_ | bit : present_ & ~bit);
}

void Url::put(Part which, std::string_view text) {
  const std::size_t old_size = ends_[which] - begin(which);
  text_.replace(begin(which), old_size, text);
  for (unsigned i = which; i < kParts; ++i) {
    ends_[i] = static_cast<std::uint32_t>(ends_[i] - old_size + text.size());
  }
  mark(which, true);
}

void Url::drop(Part which) {
  put(which, {});
  mark(which, false);
}

void Url::set_port(std::uint16_t port) noexcept {
  port_ = port;
  port_given_ = true;
}

void Url::drop_port() noexcept {
  port_ = 0;
  port_given_ = false;
}

namespace {

/// How many dots a segment stands for: 1, 2, or 0 for an ordinary one.
unsigned count_dots(std::string_view segment) noexcept {
  unsigned dots = 0;
  while (!segment.empty()) {
    if (segment[0] == '.') {
      segment.remove_prefix(1);
    } else if (starts_with_ignore_case(segment, "%2e")) {
      segment.remove_prefix(3);
    } else {
      return 0;
    }
    if (++dots > 2) return 0;
  }
  return dots;
}

constexpr std::ptrdiff_t offset(std::size_t index) noexcept { return static_cast<std::ptrdiff_t>(index); }

}  // namespace

void remove_dot_segments(std::string& text, std::size_t from) {
  std::size_t write = from;
  std::size_t read = from;
  while (read < text.size()) {
    // A segment with the slash before it; only the first one may lack it, and is then dropped if it is dots.
    const bool slash = text[read] == '/';
    const std::size_t name = read + (slash ? 1 : 0);
    const std::size_t end = std::min(text.find('/', name), text.size());
    const unsigned dots = count_dots(std::string_view(text).substr(name, end - name));
    if (dots == 0) {
      if (write != read)
        std::copy(text.begin() + offset(read), text.begin() + offset(end), text.begin() + offset(write));
      write += end - read;
    } else if (slash) {
      if (dots == 2) {
        while (write > from && text[--write] != '/') continue;
      }
      if (end == text.size()) text[write++] = '/';
    }
    read = !slash && dots != 0 ? std::min(end + 1, text.size()) : end;
  }
  text.resize(write);
}

}  // namespace hiper
