#include "body/inflate.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "base/memory.hpp"

namespace hiper {

namespace {

constexpr int kAnyHeader = MAX_WBITS + 32;  ///< gzip, and zlib as some servers label it
constexpr std::uint8_t kChecksumSize = 4;

voidpf zlib_allocate(voidpf, uInt items, uInt size) noexcept {
  return allocate(static_cast<std::size_t>(items) * size);
}
void zlib_release(voidpf, voidpf memory) noexcept { release(memory); }

/// RFC 1950 section 2.2: CMF and FLG.
bool is_zlib_header(const unsigned char (&start)[2]) noexcept {
  return (start[0] & 0x0f) == Z_DEFLATED && (start[0] >> 4) <= 7 && (start[0] * 256 + start[1]) % 31 == 0;
}

uInt clamp(std::size_t size) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

Inflate::Inflate(Format format)
    : format_(format), state_(format == Format::gzip ? State::inflating : State::sniff) {
  stream_.zalloc = zlib_allocate;
  stream_.zfree = zlib_release;
  if (inflateInit2(&stream_, kAnyHeader) != Z_OK) throw std::bad_alloc();
}

Inflate::~Inflate() { inflateEnd(&stream_); }

std::string_view Inflate::failure() const noexcept { return failure_; }

void Inflate::fail(CURLcode code, const char* why) noexcept {
  state_ = State::failed;
  failure_ = why;
  code_ = code;
}

Decoder::Step Inflate::decode(std::span<const char> in, std::span<char> out) noexcept {
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = clamp(out.size());
  const uInt room = stream_.avail_out;
  Step step;
  step.consumed = sniff(in);
  bool another_member = true;
  while (another_member) {
    if (fed_ < sniffed_ && state_ == State::inflating) {
      const char* const start = reinterpret_cast<const char*>(start_);
      fed_ = static_cast<std::uint8_t>(fed_ + inflate_some({start + fed_, start + sniffed_}));
    }
    if (fed_ == sniffed_) step.consumed += inflate_some(in.subspan(step.consumed));
    const bool ended = state_ == State::trailing;
    step.consumed += take_trailing(in.subspan(step.consumed));
    another_member = ended && state_ == State::inflating;
  }
  step.produced = room - stream_.avail_out;
  step.code = code_;
  return step;
}

/// Deflate only: collects the first two bytes and tells zlib what they are. Answers how many of them were in
/// `in`.
std::size_t Inflate::sniff(std::span<const char> in) noexcept {
  if (state_ != State::sniff) return 0;
  std::size_t used = 0;
  while (sniffed_ < 2 && used < in.size()) start_[sniffed_++] = static_cast<unsigned char>(in[used++]);
  if (sniffed_ < 2) return used;
  raw_ = !is_zlib_header(start_);
  inflateReset2(&stream_, raw_ ? -MAX_WBITS : MAX_WBITS);
  state_ = State::inflating;
  return used;
}

/// Answers how many bytes zlib took. It may have output left even when there is no input.
std::size_t Inflate::inflate_some(std::span<const char> in) noexcept {
  if (state_ != State::inflating) return 0;
  stream_.next_in = reinterpret_cast<z_const Bytef*>(const_cast<char*>(in.data()));
  stream_.avail_in = clamp(in.size());
  const uInt offered = stream_.avail_in;
  const int result = inflate(&stream_, Z_SYNC_FLUSH);
  if (result == Z_STREAM_END) {
    state_ = State::trailing;
  } else if (result == Z_MEM_ERROR) {
    fail(CURLE_OUT_OF_MEMORY, "out of memory");
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    fail(CURLE_BAD_CONTENT_ENCODING, stream_.msg != nullptr ? stream_.msg : "bad compressed data");
  }
  return offered - stream_.avail_in;
}

/// What follows the coded data: another gzip member (RFC 1952 2.2) starts over; up to four bytes behind bare
/// deflate data pass for its checksum; anything else is an error, with the code the original library gives.
std::size_t Inflate::take_trailing(std::span<const char> in) noexcept {
  if (state_ != State::trailing || in.empty()) return 0;
  if (format_ == Format::gzip && in.front() == '\x1f') {
    inflateReset(&stream_);
    state_ = State::inflating;
    return 0;
  }
  std::size_t skipped = 0;
  if (raw_) {
    skipped = std::min<std::size_t>(in.size(), kChecksumSize - ignored_);
    ignored_ = static_cast<std::uint8_t>(ignored_ + skipped);
  }
  if (skipped < in.size()) fail(CURLE_WRITE_ERROR, "data behind the end of the compressed stream");
  return skipped;
}

}  // namespace hiper
