#include "body/upload_readers.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace hiper {
namespace {

ReadAnswer failed(CURLcode code) noexcept { return {ReadAnswer::Kind::failed, 0, code}; }

}  // namespace

ReadAnswer MemoryReader::read(std::span<char> room) noexcept {
  const std::size_t count = std::min(room.size(), bytes_.size() - at_);
  if (count == 0) return {};
  std::memcpy(room.data(), bytes_.data() + at_, count);
  at_ += count;
  return {ReadAnswer::Kind::bytes, count, CURLE_OK};
}

Status MemoryReader::rewind() noexcept {
  at_ = 0;
  return Status();
}

std::size_t CallbackReader::call(std::span<char> room) noexcept {
  moved_ = true;
  if (config_.read != nullptr) return config_.read(room.data(), 1, room.size(), config_.data);
  std::FILE* const file = config_.data != nullptr ? static_cast<std::FILE*>(config_.data) : stdin;
  return std::fread(room.data(), 1, room.size(), file);
}

ReadAnswer CallbackReader::read(std::span<char> room) noexcept {
  const std::size_t count = call(room);
  if (count == CURL_READFUNC_ABORT) return failed(CURLE_ABORTED_BY_CALLBACK);
  if (count == CURL_READFUNC_PAUSE) return {ReadAnswer::Kind::paused, 0, CURLE_OK};
  if (count > room.size()) return failed(CURLE_READ_ERROR);
  if (count == 0) return {};
  return {ReadAnswer::Kind::bytes, count, CURLE_OK};
}

// Seeks if that is possible, else reads and drops.
Status CallbackReader::begin() noexcept {
  if (config_.start <= 0) return Status();
  if (config_.seek != nullptr) {
    const int answer = config_.seek(config_.seek_data, config_.start, SEEK_SET);
    if (answer == CURL_SEEKFUNC_OK) return Status();
    if (answer != CURL_SEEKFUNC_CANTSEEK) return Status(CURLE_READ_ERROR);
  }
  return skip(config_.start);
}

Status CallbackReader::skip(curl_off_t count) noexcept {
  std::array<char, 4096> dropped;
  while (count > 0) {
    const auto room = static_cast<std::size_t>(std::min<curl_off_t>(count, dropped.size()));
    const std::size_t got = call(std::span(dropped).first(room));
    if (got == CURL_READFUNC_ABORT) return Status(CURLE_ABORTED_BY_CALLBACK);
    if (got == 0 || got > room) return Status(CURLE_READ_ERROR);
    count -= static_cast<curl_off_t>(got);
  }
  return Status();
}

bool CallbackReader::seek_to_start() noexcept {
  const curl_off_t start = std::max<curl_off_t>(config_.start, 0);
  if (config_.seek != nullptr) return config_.seek(config_.seek_data, start, SEEK_SET) == CURL_SEEKFUNC_OK;
  if (config_.ioctl != nullptr) {
    if (config_.ioctl(config_.easy, CURLIOCMD_RESTARTREAD, config_.ioctl_data) != CURLIOE_OK) return false;
    const Status skipped = skip(start);
    return skipped.ok();
  }
  if (config_.read != nullptr || config_.data == nullptr) return false;
  return fseeko(static_cast<std::FILE*>(config_.data), start, SEEK_SET) == 0;
}

Status CallbackReader::rewind() noexcept {
  if (!moved_) return Status();
  if (!seek_to_start()) return Status(CURLE_SEND_FAIL_REWIND);
  moved_ = false;
  return Status();
}

ReadAnswer MimeUploadReader::read(std::span<char> room) noexcept {
  const MimeRead answer = mime_.read(room);
  switch (answer.kind) {
    case MimeRead::Kind::bytes:
      return {ReadAnswer::Kind::bytes, answer.count, CURLE_OK};
    case MimeRead::Kind::end:
      return {};
    case MimeRead::Kind::pause:
      return {ReadAnswer::Kind::paused, 0, CURLE_OK};
    case MimeRead::Kind::abort:
      return failed(CURLE_ABORTED_BY_CALLBACK);
    case MimeRead::Kind::error:
      return failed(answer.code);
  }
  return failed(CURLE_READ_ERROR);
}

}  // namespace hiper
