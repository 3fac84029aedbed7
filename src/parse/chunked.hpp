// The chunked transfer coding (RFC 9112 section 7.1), without its trailer section: framing in, data spans
// out. Sans-I/O. Called by http/h1_response, which reads the trailers as header lines.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace hiper {

class ChunkedParser {
 public:
  enum class Event : std::uint8_t {
    need_more,  ///< all bytes were taken
    data,       ///< the front of the bytes is chunk data: see available()
    last,       ///< the last chunk's line was taken; trailers follow
    bad_size,   ///< no size, or one that is too large
    bad_end,    ///< chunk data is not followed by a line end, or a chunk line is too long
  };

  /// Takes framing from the front of `bytes`. After `data`, take some with taken() before the next call.
  Event next(std::span<const char>& bytes) noexcept;
  /// How many of the `size` bytes at the front are data of the current chunk.
  std::size_t available(std::size_t size) const noexcept { return size < left_ ? size : left_; }
  /// `count` bytes of data were used.
  void taken(std::size_t count) noexcept { left_ -= count; }
  void reset() noexcept { *this = ChunkedParser(); }

 private:
  enum class State : std::uint8_t { size_start, size, extension, size_end, data, data_end, data_end_lf };
  Event take_size_byte(char c) noexcept;
  Event end_size_line() noexcept;
  Event step(char c) noexcept;

  std::uint64_t left_ = 0;         ///< size of the current chunk, then what is left of it, in bytes
  std::uint32_t line_length_ = 0;  ///< of the current chunk line
  std::uint8_t digits_ = 0;
  State state_ = State::size_start;
};

/// Finds where a chunked body ends, trailers included, without decoding it: for applications that turned
/// CURLOPT_HTTP_TRANSFER_DECODING off. A small value: copy it to look ahead.
class ChunkedExtent {
 public:
  /// How many of `bytes` belong to the body.
  std::size_t take(std::span<const char> bytes) noexcept;
  bool ended() const noexcept { return state_ == State::ended; }
  /// need_more, bad_size or bad_end.
  ChunkedParser::Event error() const noexcept { return error_; }

 private:
  enum class State : std::uint8_t { chunks, trailer_start, trailer, ended };
  void take_trailer_byte(char c) noexcept;

  ChunkedParser chunks_;
  State state_ = State::chunks;
  ChunkedParser::Event error_ = ChunkedParser::Event::need_more;
};

}  // namespace hiper
