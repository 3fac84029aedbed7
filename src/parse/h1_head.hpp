// The head of an HTTP/1.x message, line by line: assembling lines from received bytes, the status line, and
// the header names the library itself acts on. Sans-I/O. Used by http/h1_response for responses and trailers,
// and by the tunnel for the answer to CONNECT.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace hiper {

/// One header line, its line end included, must be shorter than this (CURLOPT_HEADERFUNCTION(3)).
inline constexpr std::size_t kHeaderLineMax = CURL_MAX_HTTP_HEADER;
/// All header lines of one exchange together, interim responses and trailers included, in bytes.
inline constexpr std::size_t kHeadMax = 300 * 1024;
/// And their number.
inline constexpr std::uint32_t kHeaderCountMax = 5000;

/// The headers the library acts on.
enum class HeaderName : std::uint8_t {
  other,
  etag,
  alt_svc,
  trailer,
  upgrade,
  location,
  connection,
  set_cookie,
  keep_alive,
  retry_after,
  content_type,
  last_modified,
  content_range,
  content_length,
  authentication_info,
  content_encoding,
  www_authenticate,
  proxy_connection,
  transfer_encoding,
  proxy_authenticate,
  strict_transport_security,
};

/// A set of names.
using HeaderNames = std::uint32_t;
inline constexpr HeaderNames kEveryHeaderName = ~HeaderNames{0};
constexpr HeaderNames set_of(HeaderName name) noexcept {
  return HeaderNames{1} << static_cast<unsigned>(name);
}

/// Which known header `name` (without colon) is; letter case does not matter.
HeaderName header_name(std::string_view name) noexcept;

enum class LineKind : std::uint8_t { status, header, blank, trailer };

/// One logical line of a head, as it goes to the application. Views are valid for the call they are passed
/// to.
struct HeadLine {
  std::string_view raw;    ///< with its line end, as received; a folded header arrives unfolded, as one line
  std::string_view value;  ///< trimmed; only set for headers with a known `name`
  LineKind kind;
  HeaderName name = HeaderName::other;
  bool interim = false;  ///< part of a 1xx response
};

/// Several lines of one head in a row, as received: none is folded, none is without line end.
struct HeadLines {
  std::string_view raw;
  bool begins_head = false;  ///< the first one is the status line
  bool interim = false;
};

/// A part of the head's text: the bytes [offset, offset + length) of all raw lines of the current head given
/// to the sink, one after the other. ResponseHeaders::view() finds it.
struct HeadSlice {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  bool empty() const noexcept { return length == 0; }
};

/// `text` without blanks, CR and LF at both ends.
std::string_view trim_blanks(std::string_view text) noexcept;
/// Equal but for the case of ASCII letters. `lower` is in lower case already.
bool equals_lower(std::string_view text, std::string_view lower) noexcept;
/// Whether `option` is "close" (RFC 9110 7.6.1), in any letter case.
bool is_close_option(std::string_view option) noexcept;
/// Takes the first member from a comma-separated list (RFC 9110 5.6.1): trimmed, without empty members; false
/// when nothing is left.
bool next_list_member(std::string_view& list, std::string_view& member) noexcept;

/// The values are those of CURLINFO_HTTP_VERSION (CURL_HTTP_VERSION_*).
enum class HttpVersion : std::uint8_t { none = 0, v1_0 = 1, v1_1 = 2, v2 = 3 };

struct StatusLine {
  int status = 0;
  HttpVersion version = HttpVersion::none;
};

/// How the beginning of a response looks.
enum class StatusPrefix : std::uint8_t { http, alias, undecided, foreign };

/// Whether `start`, which may be cut anywhere, begins a status line: "HTTP/", or one of `aliases`
/// (CURLOPT_HTTP200ALIASES, may be nullptr). Letter case does not matter.
StatusPrefix match_status_prefix(std::string_view start, const curl_slist* aliases) noexcept;

/// Parses a line that match_status_prefix() called `http`. nullptr, or a text that says what is wrong: then
/// the code is CURLE_UNSUPPORTED_PROTOCOL. RFC 9112 section 4; a missing reason phrase and "HTTP/2" are
/// accepted.
const char* parse_status_line(std::string_view line, StatusLine& out) noexcept;

/// Cuts received bytes into lines that end with LF. A line that is whole in the bytes is not copied; the
/// beginning of one that is not is kept here.
class LineReader {
 public:
  enum class Result : std::uint8_t {
    line,       ///< line() is the next one
    need_more,  ///< all bytes were taken
    too_long,   ///< kHeaderLineMax was reached
  };

  /// Takes one line from the front of `bytes`. With `may_fold`, continuation lines (obsolete folding, RFC
  /// 9112 5.2) are joined to it by one space: the line comes when the byte after it is known. A line that
  /// starts with CR or LF ends a head and never waits.
  Result next(std::span<const char>& bytes, bool may_fold) {
    const char* const start = bytes.data();
    const std::size_t available = bytes.size();
    const void* const end =
        state_ == State::idle && available != 0 ? std::memchr(start, '\n', available) : nullptr;
    if (end != nullptr) [[likely]] {
      const std::size_t size = static_cast<std::size_t>(static_cast<const char*>(end) - start) + 1;
      if (size < kHeaderLineMax && (!may_fold || stands_alone(start, size, available))) [[likely]] {
        line_ = std::string_view(start, size);
        bytes = {start + size, available - size};
        return Result::line;
      }
    }
    return next_slowly(bytes, may_fold);
  }
  /// Valid until the next call of a member and while the bytes given to next() are.
  std::string_view line() const noexcept { return line_; }
  /// line() is in memory of this reader, not in the bytes given to next().
  bool line_was_copied() const noexcept { return state_ == State::delivered; }
  /// No line is held or was begun.
  bool is_empty() const noexcept { return state_ == State::idle; }
  /// What of an unfinished line has come.
  std::string_view partial() const noexcept { return held_; }
  /// Drops the first `count` bytes of partial().
  void drop_partial(std::size_t count) { held_.erase(0, count); }
  /// For a new message; keeps a small buffer.
  void reset() noexcept;

 private:
  enum class State : std::uint8_t {
    idle,          ///< nothing is held
    partial,       ///< the beginning of a line is held
    complete,      ///< a whole line is held; the next byte decides whether it goes on
    continuation,  ///< it does; blanks are skipped
    delivered,     ///< the held line was told
  };
  static bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
  static bool is_line_end(char c) noexcept { return c == '\r' || c == '\n'; }
  /// The line is known not to be continued.
  static bool stands_alone(const char* start, std::size_t size, std::size_t available) noexcept {
    return size < available ? !is_blank(start[size]) || is_line_end(*start) : is_line_end(*start);
  }
  Result next_slowly(std::span<const char>& bytes, bool may_fold);
  bool begin_continuation(std::span<const char>& bytes);
  Result deliver_held() noexcept;

  std::string_view line_;
  std::string held_;             ///< the beginning of a line, or a whole one whose successor is not known yet
  std::size_t num_dropped_ = 0;  ///< bytes of the held line that count although folding drops them
  State state_ = State::idle;
};

}  // namespace hiper
