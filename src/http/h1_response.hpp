// One HTTP/1.x response as a machine that is fed bytes: the head (with interim responses before it), the
// body's framing, trailers. Does no I/O; what it finds goes to an H1Sink. Owned by the exchange, one per
// connection or transfer, and reused without allocation. Called by http/h1_exchange.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/report.hpp"
#include "body/decoder.hpp"
#include "parse/chunked.hpp"
#include "parse/h1_head.hpp"

namespace hiper {

class H1Response;

/// What the application's options say about reading a response.
struct ResponseRules {
  const curl_slist* aliases = nullptr;  ///< CURLOPT_HTTP200ALIASES; must live as long as the response is read
  curl_off_t size_max = 0;              ///< CURLOPT_MAXFILESIZE_LARGE, 0: none
  bool http09_allowed = false;          ///< CURLOPT_HTTP09_ALLOWED
  bool no_body = false;                 ///< the request was HEAD (CURLOPT_NOBODY)
  bool upgrade_offered =
      false;                    ///< the request had Upgrade: a 101 ends the message, the rest is the caller's
  bool ignore_length = false;   ///< CURLOPT_IGNORE_CONTENT_LENGTH
  bool decode_transfer = true;  ///< CURLOPT_HTTP_TRANSFER_DECODING
  bool from_proxy = false;      ///< not tunnelled: Proxy-Connection counts as Connection does
};

/// What to do with a response whose head is complete.
struct HeadVerdict {
  enum class Action : std::uint8_t {
    deliver,  ///< the body goes to H1Sink::body
    ignore,   ///< the body is read and dropped; the connection can be used again
    stop,     ///< the response ends here for us; the connection cannot be used again if a body was to come
    fail,     ///< end with `code`
  };
  Action action = Action::deliver;
  CURLcode code = CURLE_OK;
};

/// Implemented by the transfer. Any answer of `paused` makes H1Response::feed return paused.
class H1Sink {
 public:
  /// The lines that must come to header() one by one; those of other names may come to head_lines(). Status
  /// and blank lines count as HeaderName::other. Asked when a head begins.
  virtual HeaderNames lines_wanted() const noexcept { return kEveryHeaderName; }
  /// One line of the head or of the trailers, to be recorded (ResponseHeaders) and told to the application
  /// (HeaderWriter). The line is the sink's, also when it answers paused. Interim responses are marked in the
  /// line.
  virtual Outcome header(const HeadLine& line) = 0;
  /// Lines of a head that nobody looks at one by one, to be recorded. In order with those that come to
  /// header().
  virtual void head_lines(const HeadLines&) {}
  /// A head is complete; for an interim one (response.is_interim()) the verdict is ignored unless it is
  /// `fail`. This is where 100 is noticed. Not called between a pause and the feed() after it.
  virtual HeadVerdict head_complete(const H1Response& response) = 0;
  /// Body bytes without transfer framing; never empty.
  virtual Outcome body(std::span<const char> bytes) = 0;

 protected:
  ~H1Sink() = default;
};

enum class FedState : std::uint8_t {
  need_more,  ///< all bytes were consumed
  paused,    ///< the rest of the bytes stays with the caller; resume the writers, then feed it (even if it is
             ///< empty)
  complete,  ///< the message ended; the bytes behind it stay with the caller
  failed,    ///< see code
};

struct Fed {
  FedState state = FedState::need_more;
  CURLcode code = CURLE_OK;
  std::size_t consumed = 0;  ///< how many of the bytes given are done with
};

class H1Response {
 public:
  explicit H1Response(H1Sink& sink) noexcept : sink_(sink) {}
  /// As if begin() was called.
  H1Response(H1Sink& sink, const ResponseRules& rules) noexcept : sink_(sink), rules_(rules) {}
  H1Response(const H1Response&) = delete;
  H1Response& operator=(const H1Response&) = delete;

  /// A new exchange: expects a status line.
  void begin(const ResponseRules& rules) noexcept;

  /// Takes bytes from the peer. Throws std::bad_alloc. After complete or failed it answers the same again.
  Fed feed(std::span<const char> bytes);
  /// The peer has ended the stream: properly (`clean`: FIN, close_notify), or not. Everything received was
  /// fed. complete, or failed with CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE or CURLE_RECV_ERROR.
  Fed end_of_stream(bool clean) noexcept;
  /// Says why feed() or end_of_stream() failed, if the reason lies in the response itself.
  void report_failure(Report& report) const noexcept;

  /// The peer has sent something since begin(): then the request must not be sent again on another
  /// connection.
  bool any_bytes() const noexcept { return any_bytes_; }
  bool complete() const noexcept { return phase_ == Phase::done; }
  int status() const noexcept { return line_.status; }  ///< 0 until a status line has come, and for HTTP/0.9
  HttpVersion version() const noexcept { return line_.version; }
  bool is_interim() const noexcept { return line_.status / 100 == 1 && line_.status != 101; }
  bool never_a_body() const noexcept { return line_.status == 204 || line_.status == 304; }
  /// The connection switches protocols: the bytes behind the head are not HTTP/1.
  bool upgraded() const noexcept { return line_.status == 101 && rules_.upgrade_offered; }
  bool is_chunked() const noexcept { return chunked_; }
  /// What Content-Length said; -1 unknown, not counting, or overridden by Transfer-Encoding. 0 for 204 and
  /// 304.
  curl_off_t content_length() const noexcept { return content_length_; }
  /// The body ends when the connection does.
  bool until_close() const noexcept { return phase_ == Phase::body_until_close; }
  /// The connection can serve another request once the message is complete (RFC 9112 section 9.3).
  bool keep_alive() const noexcept;
  /// A header with that name came in the current head.
  bool has(HeaderName name) const noexcept { return (seen_ >> static_cast<unsigned>(name) & 1) != 0; }

  HeadSlice location() const noexcept { return location_; }          ///< of the first Location
  HeadSlice content_type() const noexcept { return content_type_; }  ///< of the last non-empty one
  HeadSlice etag() const noexcept { return etag_; }
  HeadSlice last_modified() const noexcept { return last_modified_; }
  HeadSlice retry_after() const noexcept { return retry_after_; }
  HeadSlice content_range() const noexcept { return content_range_; }
  /// Bytes of all header lines, interim responses included, trailers not: CURLINFO_HEADER_SIZE.
  std::uint32_t header_bytes() const noexcept { return earlier_bytes_ + head_bytes_; }

 private:
  enum class Phase : std::uint8_t {
    status_line,
    header,
    head_complete,
    replay,  ///< HTTP/0.9: what was taken for the beginning of a status line
    body_length,
    body_until_close,
    body_chunked,
    body_chunked_raw,
    trailer,
    done,
    failed,
  };
  enum class Step : std::uint8_t { go_on, need_more, paused };

  Step advance(std::span<const char>& bytes);
  Step read_status_line(std::span<const char>& bytes);
  Step judge_status_line(std::string_view line, StatusPrefix prefix);
  Step begin_http09(Phase body);
  Step read_headers(std::span<const char>& bytes);
  Step read_plain_headers(std::span<const char>& bytes, HeadLine& line);
  Step end_lines(HeadLine& line);
  Step take_blank(HeadLine& line);
  bool split_header(HeadLine& line) noexcept;
  Step take_header(HeadLine& line);
  Step read_trailers(std::span<const char>& bytes);
  bool count(const HeadLine& line) noexcept;
  Step fail_limit() noexcept;
  bool may_gather(const HeadLine& line) const noexcept;
  void gather(const HeadLine& line) noexcept;
  void hand_over_gathered();
  Step tell(const HeadLine& line);
  Step pass(const HeadLine& line);
  bool note(const HeadLine& line) noexcept;
  bool note_length(std::string_view value) noexcept;
  void note_transfer_encoding(std::string_view codings) noexcept;
  void note_connection(std::string_view options) noexcept;
  Step end_head();
  Step apply(const HeadVerdict& verdict) noexcept;
  void choose_length() noexcept;
  void choose_framing() noexcept;
  Step replay();
  Step read_counted_body(std::span<const char>& bytes);
  Step read_open_body(std::span<const char>& bytes);
  Step read_chunked_body(std::span<const char>& bytes);
  Step read_raw_chunked_body(std::span<const char>& bytes);
  Step chunk_failure(ChunkedParser::Event event) noexcept;
  Step give(std::span<const char>& bytes, std::size_t count, std::size_t& taken);
  Step line_failure(LineReader::Result result) noexcept;
  Step fail(CURLcode code, const char* why) noexcept;
  void reset_head() noexcept;

  H1Sink& sink_;
  ResponseRules rules_;
  LineReader lines_;
  ChunkedParser chunks_;
  ChunkedExtent chunk_extent_;
  HeadLines gathered_;                     ///< bytes of this feed(), not yet given to the sink
  HeaderNames wanted_ = kEveryHeaderName;  ///< by the sink, in this head
  const char* failure_ = nullptr;
  curl_off_t content_length_ = -1;
  curl_off_t body_left_ = 0;
  StatusLine line_;
  CURLcode code_ = CURLE_OK;
  std::uint32_t seen_ = 0;           ///< bit per HeaderName
  std::uint32_t earlier_bytes_ = 0;  ///< of the interim heads before the current one
  std::uint32_t head_bytes_ = 0;     ///< of the current head, up to the line being read
  std::int32_t bytes_left_ = static_cast<std::int32_t>(kHeadMax);  ///< of heads and trailers that may come
  std::int32_t lines_left_ = static_cast<std::int32_t>(kHeaderCountMax);
  HeadSlice location_, content_type_, etag_, last_modified_, retry_after_, content_range_;
  Phase phase_ = Phase::status_line;
  bool any_bytes_ = false;
  bool chunked_ = false;
  bool other_coding_ = false;     ///< Transfer-Encoding without chunked
  bool length_unusable_ = false;  ///< Content-Length is too large for a number
  bool said_close_ = false;
  bool said_keep_alive_ = false;
  bool drop_body_ = false;
  bool stopped_ = false;  ///< by HeadVerdict::stop before a body
  bool framed_by_close_ = false;
};

}  // namespace hiper
