#include "parse/chunked.hpp"

#include <limits>

namespace hiper {

namespace {

constexpr std::uint8_t kDigitsMax = 16;
constexpr std::uint32_t kLineMax = 100 * 1024;  ///< chunk extensions are skipped, but not for ever

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = static_cast<char>(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace

ChunkedParser::Event ChunkedParser::next(std::span<const char>& bytes) noexcept {
  while (!bytes.empty()) {
    if (state_ == State::data) {
      if (left_ != 0) return Event::data;
      state_ = State::data_end;
    }
    const Event event = step(bytes.front());
    if (event == Event::bad_size || event == Event::bad_end) return event;
    bytes = bytes.subspan(1);
    if (event == Event::last) return event;
  }
  return Event::need_more;
}

/// One byte of framing. need_more stands for "go on".
ChunkedParser::Event ChunkedParser::step(char c) noexcept {
  switch (state_) {
    case State::size_start:
    case State::size:
      return take_size_byte(c);
    case State::extension:
      if (c == '\n') return end_size_line();
      if (c == '\r') state_ = State::size_end;
      return ++line_length_ > kLineMax ? Event::bad_end : Event::need_more;
    case State::size_end:
      return c == '\n' ? end_size_line() : Event::bad_size;
    case State::data:
      break;
    case State::data_end:
      if (c == '\r') {
        state_ = State::data_end_lf;
        return Event::need_more;
      }
      [[fallthrough]];
    case State::data_end_lf:
      if (c != '\n') return Event::bad_end;
      state_ = State::size_start;
      return Event::need_more;
  }
  return Event::need_more;
}

ChunkedParser::Event ChunkedParser::take_size_byte(char c) noexcept {
  const int value = hex_value(c);
  if (value >= 0) {
    if (state_ == State::size_start) {
      left_ = 0;
      digits_ = 0;
      line_length_ = 0;
      state_ = State::size;
    }
    if (++digits_ > kDigitsMax) return Event::bad_size;
    left_ = left_ << 4 | static_cast<std::uint64_t>(value);
    return Event::need_more;
  }
  if (state_ == State::size_start) return Event::bad_size;
  if (left_ > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return Event::bad_size;
  if (c == '\n') return end_size_line();
  if (c != '\r' && c != ';' && c != ' ' && c != '\t') return Event::bad_size;
  state_ = c == '\r' ? State::size_end : State::extension;
  return Event::need_more;
}

ChunkedParser::Event ChunkedParser::end_size_line() noexcept {
  if (left_ == 0) return Event::last;
  state_ = State::data;
  return Event::need_more;
}

std::size_t ChunkedExtent::take(std::span<const char> bytes) noexcept {
  const std::size_t all = bytes.size();
  while (state_ == State::chunks && !bytes.empty()) {
    const ChunkedParser::Event event = chunks_.next(bytes);
    if (event == ChunkedParser::Event::data) {
      const std::size_t count = chunks_.available(bytes.size());
      chunks_.taken(count);
      bytes = bytes.subspan(count);
    } else if (event == ChunkedParser::Event::last) {
      state_ = State::trailer_start;
    } else if (event != ChunkedParser::Event::need_more) {
      error_ = event;
      break;
    }
  }
  while (!bytes.empty() && (state_ == State::trailer_start || state_ == State::trailer)) {
    take_trailer_byte(bytes.front());
    bytes = bytes.subspan(1);
  }
  return all - bytes.size();
}

void ChunkedExtent::take_trailer_byte(char c) noexcept {
  if (c == '\n') {
    state_ = state_ == State::trailer_start ? State::ended : State::trailer_start;
  } else if (c != '\r') {
    state_ = State::trailer;
  }
}

}  // namespace hiper
