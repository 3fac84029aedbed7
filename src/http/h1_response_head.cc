// H1Response: status line, header lines and what they mean, trailers.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "http/h1_response.hpp"
#include "parse/byte_marks.hpp"

namespace hiper {

namespace {

constexpr bool is_line_end(char c) noexcept { return c == '\r' || c == '\n'; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr const char* kNoHttp = "The server did not answer in HTTP/1";
constexpr const char* kTooLargeFile = "The file is larger than CURLOPT_MAXFILESIZE allows";

/// What is between the colon and the line end, without blanks around it.
std::string_view header_value(const char* start, const char* end) noexcept {
  --end;  // LF
  if (end != start && end[-1] == '\r') --end;
  if (start != end && *start == ' ') ++start;
  while (end != start && (end[-1] == '\r' || is_blank(end[-1]))) --end;
  while (start != end && is_blank(*start)) ++start;
  return {start, static_cast<std::size_t>(end - start)};
}

/// What nearly every response begins with, cheaply.
bool begins_http1(std::span<const char> bytes) noexcept {
  return bytes.size() > 8 && std::memcmp(bytes.data(), "HTTP/1.1", 8) == 0;
}

/// Sets what follows from the place of the colon.
inline void set_name(HeadLine& line, const char* colon) noexcept {
  const char* const start = line.raw.data();
  line.name = header_name({start, static_cast<std::size_t>(colon - start)});
  line.value = {};
  if (line.name != HeaderName::other) line.value = header_value(colon + 1, start + line.raw.size());
}

bool has_nul(std::string_view line) noexcept { return line.find('\0') != std::string_view::npos; }

/// Digits and nothing else. False when there are others, or none; `value` is -1 when it is too large.
bool parse_length(std::string_view text, curl_off_t& value) noexcept {
  constexpr curl_off_t kMax = std::numeric_limits<curl_off_t>::max();
  curl_off_t sum = 0;
  bool fits = true;
  for (const char c : text) {
    const int digit = c - '0';
    if (digit < 0 || digit > 9) return false;
    fits = fits && (sum < kMax / 10 || (sum == kMax / 10 && digit <= kMax % 10));
    if (fits) sum = sum * 10 + digit;
  }
  value = fits ? sum : -1;
  return !text.empty();
}

}  // namespace

H1Response::Step H1Response::line_failure(LineReader::Result result) noexcept {
  if (result != LineReader::Result::too_long) return Step::need_more;
  return fail(CURLE_TOO_LARGE, "A header line of the response is too long");
}

/// False when that is too much.
inline bool H1Response::count(const HeadLine& line) noexcept {
  bytes_left_ -= static_cast<std::int32_t>(line.raw.size());
  --lines_left_;
  return (bytes_left_ | lines_left_) >= 0;
}

H1Response::Step H1Response::fail_limit() noexcept {
  if (bytes_left_ < 0) return fail(CURLE_RECV_ERROR, "The headers of the response are too large");
  return fail(CURLE_TOO_LARGE, "The response has too many headers");
}

/// The sink need not see the line by itself, and it lies in the bytes of this feed().
inline bool H1Response::may_gather(const HeadLine& line) const noexcept {
  return (wanted_ & set_of(line.name)) == 0 && !lines_.line_was_copied();
}

inline void H1Response::gather(const HeadLine& line) noexcept {
  if (gathered_.raw.empty()) {
    gathered_ = {line.raw, line.kind == LineKind::status, line.interim};
  } else {
    gathered_.raw = {gathered_.raw.data(), gathered_.raw.size() + line.raw.size()};  // they are neighbours
  }
}

void H1Response::hand_over_gathered() { sink_.head_lines(std::exchange(gathered_, {})); }

/// Gives the sink a line by itself.
H1Response::Step H1Response::tell(const HeadLine& line) {
  if (!gathered_.raw.empty()) hand_over_gathered();
  const Outcome outcome = sink_.header(line);
  if (outcome.kind() == Outcome::Kind::failed) return fail(outcome.code(), nullptr);
  if (!count(line)) return fail_limit();
  return outcome.kind() == Outcome::Kind::paused ? Step::paused : Step::go_on;
}

inline H1Response::Step H1Response::pass(const HeadLine& line) {
  head_bytes_ += static_cast<std::uint32_t>(line.raw.size());
  if (!may_gather(line)) return tell(line);
  gather(line);
  return count(line) ? Step::go_on : fail_limit();
}

// --- Status line

H1Response::Step H1Response::read_status_line(std::span<const char>& bytes) {
  if (bytes.empty()) return Step::need_more;
  const bool fresh = lines_.partial().empty() || lines_.line_was_copied();
  StatusPrefix prefix = StatusPrefix::undecided;
  if (fresh) {
    prefix = begins_http1(bytes) && rules_.aliases == nullptr
                 ? StatusPrefix::http
                 : match_status_prefix({bytes.data(), bytes.size()}, rules_.aliases);
    if (prefix == StatusPrefix::foreign) return begin_http09(Phase::body_until_close);
  }
  const LineReader::Result result = lines_.next(bytes, false);
  const bool whole = result == LineReader::Result::line;
  const std::string_view start = whole ? lines_.line() : lines_.partial();
  if (!fresh) {
    prefix = match_status_prefix(start, rules_.aliases);
    if (prefix == StatusPrefix::foreign) return begin_http09(Phase::replay);
  }
  if (!whole) return line_failure(result);
  return judge_status_line(start, prefix);
}

H1Response::Step H1Response::judge_status_line(std::string_view line, StatusPrefix prefix) {
  if (has_nul(line)) return fail(CURLE_WEIRD_SERVER_REPLY, "The status line has a NUL byte");
  StatusLine parsed{200, HttpVersion::v1_0};  // what an alias stands for
  if (prefix != StatusPrefix::alias) {
    const char* const why = prefix == StatusPrefix::http ? parse_status_line(line, parsed) : kNoHttp;
    if (why != nullptr) return fail(CURLE_UNSUPPORTED_PROTOCOL, why);
  }
  line_ = parsed;
  phase_ = Phase::header;
  wanted_ = sink_.lines_wanted();
  return pass({line, {}, LineKind::status, HeaderName::other, is_interim()});
}

/// No status line: all that comes is the body, if the application allows that.
H1Response::Step H1Response::begin_http09(Phase body) {
  if (!rules_.http09_allowed) return fail(CURLE_UNSUPPORTED_PROTOCOL, kNoHttp);
  line_ = {};
  framed_by_close_ = true;
  phase_ = rules_.no_body ? Phase::done : body;
  return apply(sink_.head_complete(*this));
}

// --- Header lines

inline H1Response::Step H1Response::take_header(HeadLine& line) {
  if (line.name != HeaderName::other && !line.interim && !note(line)) return Step::need_more;
  return pass(line);
}

H1Response::Step H1Response::read_headers(std::span<const char>& bytes) {
  HeadLine line{{}, {}, LineKind::header, HeaderName::other, is_interim()};
  for (;;) {
    Step step = read_plain_headers(bytes, line);
    if (step != Step::go_on || phase_ != Phase::header) return step;
    const LineReader::Result result = lines_.next(bytes, true);
    if (result != LineReader::Result::line) return line_failure(result);
    line.raw = lines_.line();
    if (has_nul(line.raw)) return fail(CURLE_WEIRD_SERVER_REPLY, "A header has a NUL byte");
    if (is_line_end(line.raw.front())) return end_lines(line);
    step = split_header(line) ? take_header(line) : Step::need_more;
    if (step != Step::go_on) return step;
  }
}

/// The usual case, at half the cost: takes lines that are whole, not folded and free of NUL, and the blank
/// line behind them, up to the first one that needs a closer look.
H1Response::Step H1Response::read_plain_headers(std::span<const char>& bytes, HeadLine& line) {
  if (!lines_.is_empty() || bytes.empty()) return Step::go_on;
  const char* start = bytes.data();
  const char* const end = start + bytes.size();
  HeadMarks marks(start, end);
  const char* colon = nullptr;
  Step step = Step::go_on;
  while (step == Step::go_on && *start > ' ') {
    const char* const mark = marks.next();
    if (end - mark < 2) break;
    if (*mark == ':') {
      if (colon == nullptr) colon = mark;
      continue;
    }
    const char* const next = mark + 1;
    if (*mark != '\n' || colon == nullptr || is_blank(*next)) break;
    if (next - start >= static_cast<std::ptrdiff_t>(kHeaderLineMax)) break;
    line.raw = {start, static_cast<std::size_t>(next - start)};
    set_name(line, std::exchange(colon, nullptr));
    step = take_header(line);
    start = next;
  }
  const bool ends = step == Step::go_on && end - start >= 2 && start[0] == '\r' && start[1] == '\n';
  if (ends) {
    line.raw = {start, 2};
    start += 2;
    step = take_blank(line);
  }
  bytes = bytes.subspan(static_cast<std::size_t>(start - bytes.data()));
  return step;
}

/// A line that begins with CR or LF: blank, or nonsense.
H1Response::Step H1Response::end_lines(HeadLine& line) {
  if (line.raw != "\r\n" && line.raw.find_first_not_of("\r\n") != std::string_view::npos) {
    return fail(CURLE_WEIRD_SERVER_REPLY, "A header begins with a carriage return");
  }
  return take_blank(line);
}

H1Response::Step H1Response::take_blank(HeadLine& line) {
  line.kind = LineKind::blank;
  line.name = HeaderName::other;
  line.value = {};
  phase_ = Phase::head_complete;
  if (!is_interim()) choose_length();
  const Step step = pass(line);
  if (!gathered_.raw.empty()) hand_over_gathered();
  return step;
}

bool H1Response::split_header(HeadLine& line) noexcept {
  const char* const start = line.raw.data();
  const void* const found = std::memchr(start, ':', line.raw.size());
  if (found == nullptr || is_blank(*start)) [[unlikely]] {
    fail(CURLE_WEIRD_SERVER_REPLY,
         found == nullptr ? "A header has no colon" : "The first header continues a line that is not there");
    return false;
  }
  set_name(line, static_cast<const char*>(found));
  return true;
}

H1Response::Step H1Response::read_trailers(std::span<const char>& bytes) {
  HeadLine line{{}, {}, LineKind::trailer, HeaderName::other, false};
  for (;;) {
    const LineReader::Result result = lines_.next(bytes, true);
    if (result != LineReader::Result::line) return line_failure(result);
    line.raw = lines_.line();
    if (is_line_end(line.raw.front())) {
      phase_ = Phase::done;
      return Step::need_more;
    }
    if (has_nul(line.raw)) return fail(CURLE_WEIRD_SERVER_REPLY, "A trailer has a NUL byte");
    if (!split_header(line)) return Step::need_more;
    const Step step = tell(line);
    if (step != Step::go_on) return step;
  }
}

// --- What headers mean

/// False: fail() was called.
bool H1Response::note(const HeadLine& line) noexcept {
  const bool first = !has(line.name);
  seen_ |= 1u << static_cast<unsigned>(line.name);
  const HeadSlice slice{head_bytes_ + static_cast<std::uint32_t>(line.value.data() - line.raw.data()),
                        static_cast<std::uint32_t>(line.value.size())};
  switch (line.name) {
    case HeaderName::content_length:
      return note_length(line.value);
    case HeaderName::transfer_encoding:
      note_transfer_encoding(line.value);
      break;
    case HeaderName::connection:
      note_connection(line.value);
      break;
    case HeaderName::proxy_connection:
      if (rules_.from_proxy) note_connection(line.value);
      break;
    case HeaderName::content_type:
      if (!line.value.empty()) content_type_ = slice;
      break;
    case HeaderName::location:
      if (first || location_.empty()) location_ = slice;
      break;
    case HeaderName::etag:
      etag_ = slice;
      break;
    case HeaderName::last_modified:
      last_modified_ = slice;
      break;
    case HeaderName::retry_after:
      retry_after_ = slice;
      break;
    case HeaderName::content_range:
      content_range_ = slice;
      break;
    default:
      break;
  }
  return true;
}

/// RFC 9110 section 8.6: the same number several times, as a list or in several headers, counts once;
/// different ones are an error. A number that is too large is taken as unknown, as the original library does.
bool H1Response::note_length(std::string_view value) noexcept {
  if (rules_.ignore_length) return true;
  const bool first = content_length_ < 0 && !length_unusable_;
  if (first && parse_length(value, content_length_) && content_length_ >= 0) [[likely]]
    return true;
  if (first) content_length_ = -1;
  bool any = false;
  std::string_view list = value;
  std::string_view member;
  for (; next_list_member(list, member); any = true) {
    curl_off_t length = -1;
    if (!parse_length(member, length)) break;
    if (length < 0 && rules_.size_max > 0) {
      fail(CURLE_FILESIZE_EXCEEDED, kTooLargeFile);
      return false;
    }
    const bool known = content_length_ >= 0 || length_unusable_;
    if (known && length != content_length_) break;
    length_unusable_ = length < 0;
    content_length_ = length;
    if (list.empty()) return true;
  }
  fail(CURLE_WEIRD_SERVER_REPLY, any ? "The response has contradictory values of Content-Length"
                                     : "The response has an invalid Content-Length");
  return false;
}

/// RFC 9112 section 6.1. The codings themselves are BodyWriter's; unlike there, the place of "chunked" does
/// not matter.
void H1Response::note_transfer_encoding(std::string_view codings) noexcept {
  std::string_view coding;
  while (next_list_member(codings, coding)) {
    if (equals_lower(coding, "chunked")) {
      chunked_ = true;
    } else {
      other_coding_ = true;
    }
  }
}

/// RFC 9112 section 9.3.
void H1Response::note_connection(std::string_view options) noexcept {
  if (header_name(options) == HeaderName::keep_alive) {  // the option has the name of a header
    said_keep_alive_ = true;
    return;
  }
  std::string_view option;
  while (next_list_member(options, option)) {
    if (is_close_option(option)) said_close_ = true;
    if (header_name(option) == HeaderName::keep_alive) said_keep_alive_ = true;
  }
}

bool H1Response::keep_alive() const noexcept {
  if (!complete() || framed_by_close_ || stopped_ || said_close_ || upgraded()) return false;
  return said_keep_alive_ || line_.version >= HttpVersion::v1_1;
}

}  // namespace hiper
