#include "body/upload_sources.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <string_view>

#include "base/slist.hpp"

namespace hiper {
namespace {

constexpr std::size_t kChunkHead = 18;  ///< 16 hex digits, CR, LF
constexpr std::size_t kChunkTail = 2;

Pulled failed(CURLcode code) noexcept { return {Pulled::Kind::failed, {}, code}; }

/// A trailer needs a name and a colon with a space behind it (CURLOPT_TRAILERFUNCTION(3)); others are left
/// out.
std::string_view usable_trailer(const char* given) noexcept {
  if (given == nullptr) return {};
  std::string_view line(given);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t colon = line.find(':');
  const bool good = colon != std::string_view::npos && colon > 0 && line.substr(colon).starts_with(": ");
  return good && line.find_first_of("\r\n") == std::string_view::npos ? line : std::string_view();
}

}  // namespace

Pulled MemoryUpload::pull() noexcept {
  if (sent_ == bytes_.size()) return {};
  return {Pulled::Kind::bytes, bytes_.subspan(sent_), CURLE_OK};
}

Status MemoryUpload::rewind() noexcept {
  sent_ = 0;
  return Status();
}

// With CURLOPT_CRLF a body may double.
FramedUpload::FramedUpload(std::unique_ptr<UploadReader> reader, const UploadFraming& framing)
    : reader_(std::move(reader)),
      framing_(framing),
      buffer_(std::make_unique_for_overwrite<char[]>(kChunkHead + framing.buffer * (framing.crlf ? 2 : 1) +
                                                     kChunkTail)) {}

Pulled FramedUpload::pull() noexcept {
  if (begin_ < pending_.size()) return {Pulled::Kind::bytes, pending_.subspan(begin_), CURLE_OK};
  return ended_ ? Pulled() : fill();
}

/// Where the reader writes: always the whole buffer, programs were written for that. What will be converted
/// is read to the end of the room, so that it can grow towards it.
std::span<char> FramedUpload::room() noexcept {
  return {buffer_.get() + kChunkHead + (framing_.crlf ? framing_.buffer : 0), framing_.buffer};
}

Pulled FramedUpload::fill() noexcept {
  const curl_off_t left = framing_.size < 0 ? -1 : framing_.size - taken_;
  if (left == 0) return end();
  const ReadAnswer answer = reader_->read(room());
  switch (answer.kind) {
    case ReadAnswer::Kind::bytes:
      break;
    case ReadAnswer::Kind::end:
      return left > 0 ? failed(CURLE_READ_ERROR) : end();
    case ReadAnswer::Kind::paused:
      return {Pulled::Kind::paused, {}, CURLE_OK};
    case ReadAnswer::Kind::failed:
      return failed(answer.code);
  }
  std::size_t count = answer.count;
  if (left > 0) count = static_cast<std::size_t>(std::min(left, static_cast<curl_off_t>(count)));
  taken_ += static_cast<curl_off_t>(count);
  return frame(framing_.crlf ? convert(count) : count);
}

/// Unix line ends to CRLF; those that are CRLF already stay. Returns the new size.
std::size_t FramedUpload::convert(std::size_t count) noexcept {
  const char* const from = room().data();
  char* const start = buffer_.get() + kChunkHead;
  char* to = start;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = from[i];
    if (c == '\n' && !after_cr_) *to++ = '\r';
    *to++ = c;
    after_cr_ = c == '\r';
  }
  return static_cast<std::size_t>(to - start);
}

Pulled FramedUpload::frame(std::size_t count) noexcept {
  char* const body = buffer_.get() + kChunkHead;
  if (!framing_.chunked) return ready({body, count});
  char head[kChunkHead];
  const std::to_chars_result digits = std::to_chars(head, head + sizeof head, count, 16);
  digits.ptr[0] = '\r';
  digits.ptr[1] = '\n';
  const auto length = static_cast<std::size_t>(digits.ptr + 2 - head);
  std::memcpy(body - length, head, length);
  std::memcpy(body + count, "\r\n", kChunkTail);
  return ready({body - length, length + count + kChunkTail});
}

Pulled FramedUpload::ready(std::span<const char> bytes) noexcept {
  pending_ = bytes;
  begin_ = 0;
  return {Pulled::Kind::bytes, pending_, CURLE_OK};
}

Pulled FramedUpload::end() noexcept try {
  ended_ = true;
  if (!framing_.chunked) return {};
  last_chunk_ = "0\r\n";
  if (!add_trailers()) return failed(CURLE_ABORTED_BY_CALLBACK);
  last_chunk_ += "\r\n";
  return ready(last_chunk_);
} catch (const std::bad_alloc&) {
  return failed(CURLE_OUT_OF_MEMORY);
}

bool FramedUpload::add_trailers() {
  if (framing_.trailer == nullptr) return true;
  curl_slist* list = nullptr;
  const int answer = framing_.trailer(&list, framing_.trailer_data);
  const OwnedSlist owned(list);
  if (answer != CURL_TRAILERFUNC_OK) return false;
  for (const curl_slist* item = list; item != nullptr; item = item->next) {
    const std::string_view line = usable_trailer(item->data);
    if (!line.empty()) last_chunk_.append(line).append("\r\n");
  }
  return true;
}

Status FramedUpload::rewind() noexcept {
  const Status rewound = reader_->rewind();
  if (!rewound.ok()) return rewound;
  taken_ = 0;
  pending_ = {};
  begin_ = 0;
  after_cr_ = false;
  ended_ = false;
  return rewound;
}

}  // namespace hiper
