#include "body/upload_sources.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

namespace hiper {
namespace {

constexpr std::size_t kChunkHead = 18;  ///< 16 hex digits, CR, LF
constexpr std::size_t kChunkTail = 2;

Pulled failed(CURLcode code) noexcept { return {Pulled::Kind::failed, {}, code}; }

}  // namespace

Pulled MemoryUpload::pull() noexcept {
  if (sent_ == bytes_.size()) return {};
  return {Pulled::Kind::bytes, bytes_.subspan(sent_), CURLE_OK};
}

Status MemoryUpload::rewind() noexcept {
  sent_ = 0;
  return Status();
}

CallbackUpload::CallbackUpload(const ReadConfig& config)
    : config_(config),
      buffer_(std::make_unique_for_overwrite<char[]>(kChunkHead + config.buffer + kChunkTail)),
      skipped_(config.start == 0) {}

Pulled CallbackUpload::pull() noexcept {
  if (begin_ < pending_.size()) return {Pulled::Kind::bytes, pending_.subspan(begin_), CURLE_OK};
  if (ended_) return {};
  if (!skipped_) {
    const Pulled skipped = skip_start();
    if (skipped.kind != Pulled::Kind::end) return skipped;
  }
  return fill();
}

std::size_t CallbackUpload::call(char* into, std::size_t room) noexcept {
  used_ = true;
  if (config_.read != nullptr) return config_.read(into, 1, room, config_.data);
  std::FILE* const file = config_.data != nullptr ? static_cast<std::FILE*>(config_.data) : stdin;
  return std::fread(into, 1, room, file);
}

// The callback is always offered the whole buffer: programs were written for that.
Pulled CallbackUpload::fill() noexcept {
  const curl_off_t left = config_.size < 0 ? -1 : config_.size - read_;
  if (left == 0 && !config_.chunked) {
    ended_ = true;
    return {};
  }
  char* const body = buffer_.get() + kChunkHead;
  std::size_t count = left == 0 ? 0 : call(body, config_.buffer);
  if (count == CURL_READFUNC_ABORT) return failed(CURLE_ABORTED_BY_CALLBACK);
  if (count == CURL_READFUNC_PAUSE) return {Pulled::Kind::paused, {}, CURLE_OK};
  if (count > config_.buffer) return failed(CURLE_READ_ERROR);
  if (count == 0 && left > 0) return failed(CURLE_READ_ERROR);
  if (left >= 0) count = std::min(count, static_cast<std::size_t>(left));
  read_ += static_cast<curl_off_t>(count);
  if (!config_.chunked) {
    ended_ = count == 0;
    return ready(kChunkHead, kChunkHead + count);
  }
  if (count == 0) return last_chunk();
  char head[kChunkHead + 1];
  const int length = std::snprintf(head, sizeof head, "%zx\r\n", count);
  char* const start = body - length;
  std::memcpy(start, head, static_cast<std::size_t>(length));
  std::memcpy(body + count, "\r\n", kChunkTail);
  return ready(static_cast<std::size_t>(start - buffer_.get()), kChunkHead + count + kChunkTail);
}

Pulled CallbackUpload::ready(std::size_t begin, std::size_t end) noexcept {
  if (begin == end) return {};
  pending_ = {buffer_.get() + begin, end - begin};
  begin_ = 0;
  return {Pulled::Kind::bytes, pending_, CURLE_OK};
}

Pulled CallbackUpload::last_chunk() noexcept {
  ended_ = true;
  try {
    std::string text = "0\r\n";
    curl_slist* trailers = nullptr;
    if (config_.trailer != nullptr) {
      const int answer = config_.trailer(&trailers, config_.trailer_data);
      for (const curl_slist* item = trailers; item != nullptr && answer == CURL_TRAILERFUNC_OK; item = item->next) {
        // A trailer needs a colon followed by a space (CURLOPT_TRAILERFUNCTION(3)).
        const char* const colon = std::strchr(item->data, ':');
        if (colon != nullptr && colon[1] == ' ') text.append(item->data).append("\r\n");
      }
      curl_slist_free_all(trailers);
      if (answer != CURL_TRAILERFUNC_OK) return failed(CURLE_ABORTED_BY_CALLBACK);
    }
    text += "\r\n";
    trailers_ = std::make_unique_for_overwrite<char[]>(text.size());
    std::memcpy(trailers_.get(), text.data(), text.size());
    pending_ = {trailers_.get(), text.size()};
    begin_ = 0;
    return {Pulled::Kind::bytes, pending_, CURLE_OK};
  } catch (const std::bad_alloc&) {
    return failed(CURLE_OUT_OF_MEMORY);
  }
}

// CURLOPT_RESUME_FROM_LARGE for an upload: seek if that is possible, else read and drop.
Pulled CallbackUpload::skip_start() noexcept {
  skipped_ = true;
  if (config_.seek != nullptr) {
    const int answer = config_.seek(config_.seek_data, config_.start, SEEK_SET);
    if (answer == CURL_SEEKFUNC_OK) return {};
    if (answer != CURL_SEEKFUNC_CANTSEEK) return failed(CURLE_READ_ERROR);
  }
  for (curl_off_t left = config_.start; left > 0;) {
    const auto room = static_cast<std::size_t>(std::min<curl_off_t>(left, static_cast<curl_off_t>(config_.buffer)));
    const std::size_t count = call(buffer_.get(), room);
    if (count == 0 || count > room) return failed(CURLE_READ_ERROR);
    left -= static_cast<curl_off_t>(count);
  }
  return {};
}

Status CallbackUpload::rewind() noexcept {
  if (used_) {
    bool rewound = false;
    if (config_.seek != nullptr) {
      rewound = config_.seek(config_.seek_data, config_.start, SEEK_SET) == CURL_SEEKFUNC_OK;
    } else if (config_.ioctl != nullptr) {
      rewound = config_.ioctl(config_.easy, CURLIOCMD_RESTARTREAD, config_.ioctl_data) == CURLIOE_OK;
    } else if (config_.read == nullptr && config_.data != nullptr) {
      rewound = std::fseek(static_cast<std::FILE*>(config_.data), static_cast<long>(config_.start), SEEK_SET) == 0;
    }
    if (!rewound) return Status(CURLE_SEND_FAIL_REWIND);
  }
  read_ = 0;
  pending_ = {};
  begin_ = 0;
  ended_ = false;
  return Status();
}

}  // namespace hiper
