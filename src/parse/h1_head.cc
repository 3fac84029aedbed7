#include "parse/h1_head.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace hiper {

namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
constexpr bool is_line_end(char c) noexcept { return c == '\r' || c == '\n'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// A name in lower case as a template argument.
template <std::size_t N>
struct FixedName {
  constexpr FixedName(const char (&text)[N]) noexcept {
    std::copy_n(text, N, chars);
  }  // NOLINT: meant as literal
  static constexpr std::size_t size = N - 1;
  char chars[N];
};

/// The bytes at `offset` are those of `name`: letters in any case, the others exactly.
template <FixedName name, class Word, std::size_t offset>
bool word_matches(const char* p) noexcept {
  constexpr auto upper = [](bool mask) {
    std::array<unsigned char, sizeof(Word)> bytes{};
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      const char c = name.chars[offset + i];
      const bool letter = c >= 'a' && c <= 'z';
      bytes[i] = static_cast<unsigned char>(mask ? (letter ? 0xdf : 0xff) : (letter ? c - 32 : c));
    }
    return std::bit_cast<Word>(bytes);
  };
  constexpr Word key = upper(false);
  constexpr Word mask = upper(true);
  Word word;
  std::memcpy(&word, p + offset, sizeof word);
  return (word & mask) == key;
}

/// The `name.size` bytes at `p` are `name`. Compares word by word; the last word overlaps the one before.
template <FixedName name>
bool is(const char* p) noexcept {
  constexpr std::size_t n = name.size;
  if constexpr (n < 8) {
    return word_matches<name, std::uint32_t, 0>(p) && word_matches<name, std::uint32_t, n - 4>(p);
  } else if constexpr (n <= 16) {
    return word_matches<name, std::uint64_t, 0>(p) && word_matches<name, std::uint64_t, n - 8>(p);
  } else {
    static_assert(n <= 32);
    return word_matches<name, std::uint64_t, 0>(p) && word_matches<name, std::uint64_t, 8>(p) &&
               word_matches<name, std::uint64_t, n - 8>(p) && word_matches < name,
           std::uint64_t, n < 24 ? 0 : 16 > (p);
  }
}

}  // namespace

HeaderName header_name(std::string_view name) noexcept {
  const char* const p = name.data();
  using enum HeaderName;
  switch (name.size()) {
    case 4:
      return is<"etag">(p) ? etag : other;
    case 7:
      if (is<"alt-svc">(p)) return alt_svc;
      if (is<"upgrade">(p)) return upgrade;
      return is<"trailer">(p) ? trailer : other;
    case 8:
      return is<"location">(p) ? location : other;
    case 10:
      if (is<"connection">(p)) return connection;
      if (is<"set-cookie">(p)) return set_cookie;
      return is<"keep-alive">(p) ? keep_alive : other;
    case 11:
      return is<"retry-after">(p) ? retry_after : other;
    case 12:
      return is<"content-type">(p) ? content_type : other;
    case 13:
      if (is<"last-modified">(p)) return last_modified;
      return is<"content-range">(p) ? content_range : other;
    case 14:
      return is<"content-length">(p) ? content_length : other;
    case 16:
      if (is<"content-encoding">(p)) return content_encoding;
      if (is<"www-authenticate">(p)) return www_authenticate;
      return is<"proxy-connection">(p) ? proxy_connection : other;
    case 17:
      return is<"transfer-encoding">(p) ? transfer_encoding : other;
    case 18:
      return is<"proxy-authenticate">(p) ? proxy_authenticate : other;
    case 19:
      return is<"authentication-info">(p) ? authentication_info : other;
    case 25:
      return is<"strict-transport-security">(p) ? strict_transport_security : other;
    default:
      return other;
  }
}

std::string_view trim_blanks(std::string_view text) noexcept {
  const auto skipped = [](char c) { return is_blank(c) || is_line_end(c); };
  while (!text.empty() && skipped(text.back())) text.remove_suffix(1);
  while (!text.empty() && skipped(text.front())) text.remove_prefix(1);
  return text;
}

bool equals_lower(std::string_view text, std::string_view lower_text) noexcept {
  return text.size() == lower_text.size() && std::equal(text.begin(), text.end(), lower_text.begin(),
                                                        [](char a, char b) { return lower(a) == b; });
}

bool is_close_option(std::string_view option) noexcept {
  return option.size() == 5 && is<"close">(option.data());
}

bool next_list_member(std::string_view& list, std::string_view& member) noexcept {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    member = trim_blanks(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!member.empty()) return true;
  }
  return false;
}

namespace {

/// How `start` compares with the beginning `wanted`, both cut to the shorter one.
StatusPrefix match_beginning(std::string_view start, std::string_view wanted, StatusPrefix found) noexcept {
  const std::size_t n = std::min(start.size(), wanted.size());
  for (std::size_t i = 0; i < n; ++i) {
    if (lower(start[i]) != lower(wanted[i])) return StatusPrefix::foreign;
  }
  return n == wanted.size() ? found : StatusPrefix::undecided;
}

}  // namespace

StatusPrefix match_status_prefix(std::string_view start, const curl_slist* aliases) noexcept {
  bool undecided = false;
  for (; aliases != nullptr; aliases = aliases->next) {
    if (aliases->data == nullptr || *aliases->data == '\0') continue;
    const StatusPrefix match = match_beginning(start, aliases->data, StatusPrefix::alias);
    if (match == StatusPrefix::alias) return match;
    undecided |= match == StatusPrefix::undecided;
  }
  const StatusPrefix match = match_beginning(start, "HTTP/", StatusPrefix::http);
  return match == StatusPrefix::foreign && undecided ? StatusPrefix::undecided : match;
}

namespace {

/// Takes the version from the front of `rest`, behind "HTTP/".
bool take_version(std::string_view& rest, HttpVersion& version) noexcept {
  if (rest.starts_with("1.1 ")) {
    version = HttpVersion::v1_1;
  } else if (rest.starts_with("1.0 ")) {
    version = HttpVersion::v1_0;
  } else if (rest.starts_with("2 ") || rest.starts_with("2.0 ")) {
    version = HttpVersion::v2;
  } else {
    return false;
  }
  rest.remove_prefix(rest[1] == ' ' ? 2 : 4);
  return true;
}

}  // namespace

const char* parse_status_line(std::string_view line, StatusLine& out) noexcept {
  line.remove_prefix(5);
  if (!take_version(line, out.version)) return "The response has a version of HTTP that is not supported";
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  constexpr const char* kBadStatus = "The status line of the response has no valid status code";
  if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) return kBadStatus;
  if (line[0] == '0' || (line.size() > 3 && is_digit(line[3]))) return kBadStatus;
  out.status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  return nullptr;
}

LineReader::Result LineReader::next_slowly(std::span<const char>& bytes, bool may_fold) {
  if (state_ == State::delivered) {
    held_.clear();
    state_ = State::idle;
    if (!bytes.empty()) return next(bytes, may_fold);
  }
  while (!bytes.empty()) {
    if (state_ == State::complete && !is_blank(bytes.front())) return deliver_held();
    const bool goes_on = state_ == State::complete || state_ == State::continuation;
    const bool begins = !goes_on || begin_continuation(bytes);
    if (held_.size() + num_dropped_ >= kHeaderLineMax) return Result::too_long;
    if (!begins) break;
    const char* const start = bytes.data();
    const void* const end = std::memchr(start, '\n', bytes.size());
    const std::size_t size =
        end == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(end) - start) + 1;
    if (held_.size() + num_dropped_ + size >= kHeaderLineMax) return Result::too_long;
    held_.append(start, size);
    bytes = bytes.subspan(size);
    state_ = State::partial;
    if (end == nullptr) break;
    if (!may_fold || is_line_end(held_.front())) return deliver_held();
    state_ = State::complete;
  }
  return Result::need_more;
}

/// The held line goes on: its line end and the blanks around it become one space. False while nothing but
/// blanks has come.
bool LineReader::begin_continuation(std::span<const char>& bytes) {
  const std::size_t before = held_.size() + bytes.size();
  if (state_ == State::complete) {
    while (!held_.empty() && (is_line_end(held_.back()) || is_blank(held_.back()))) held_.pop_back();
    state_ = State::continuation;
  }
  while (!bytes.empty() && is_blank(bytes.front())) bytes = bytes.subspan(1);
  num_dropped_ += before - held_.size() - bytes.size();
  if (bytes.empty()) return false;
  if (!is_line_end(bytes.front())) held_.push_back(' ');
  state_ = State::partial;
  return true;
}

LineReader::Result LineReader::deliver_held() noexcept {
  state_ = State::delivered;
  line_ = held_;
  num_dropped_ = 0;
  return Result::line;
}

void LineReader::reset() noexcept {
  constexpr std::size_t kKeptCapacity = 1024;
  if (held_.capacity() > kKeptCapacity) {
    std::string().swap(held_);
  } else {
    held_.clear();
  }
  line_ = {};
  num_dropped_ = 0;
  state_ = State::idle;
}

}  // namespace hiper
