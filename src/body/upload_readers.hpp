// Where the bytes of a request body come from, before any framing: memory, the application's read callback, a
// MIME tree. Used by body/upload_sources; made by transfer/request_body.cc.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <span>

#include "base/status.hpp"
#include "body/mime.hpp"

namespace hiper {

/// The answer of UploadReader::read().
struct ReadAnswer {
  enum class Kind : std::uint8_t {
    bytes,  ///< `count` bytes (at least one) were written
    end,
    paused,  ///< CURL_READFUNC_PAUSE: read again after curl_easy_pause
    failed,  ///< `code`
  };
  Kind kind = Kind::end;
  std::size_t count = 0;
  CURLcode code = CURLE_OK;
};

class UploadReader {
 public:
  UploadReader() noexcept = default;
  UploadReader(const UploadReader&) = delete;
  UploadReader& operator=(const UploadReader&) = delete;
  virtual ~UploadReader() = default;

  /// Goes to the first byte that is to be sent; once, before the first read.
  virtual Status begin() noexcept { return Status(); }
  /// Fills `room` (not empty) as far as it can now. May call the application.
  virtual ReadAnswer read(std::span<char> room) noexcept = 0;
  /// Back to where begin() was. CURLE_SEND_FAIL_REWIND if something was read and cannot be had again.
  virtual Status rewind() noexcept = 0;
};

/// CURLOPT_POSTFIELDS where it cannot be sent as it lies in memory. The bytes stay the application's.
class MemoryReader final : public UploadReader {
 public:
  explicit MemoryReader(std::span<const char> bytes) noexcept : bytes_(bytes) {}
  ReadAnswer read(std::span<char> room) noexcept override;
  Status rewind() noexcept override;

 private:
  std::span<const char> bytes_;
  std::size_t at_ = 0;
};

/// Where a CallbackReader reads.
struct ReadConfig {
  curl_read_callback read = nullptr;  ///< nullptr: fread() from the FILE* in `data`
  void* data = nullptr;               ///< without `read`, nullptr is stdin
  curl_seek_callback seek = nullptr;
  void* seek_data = nullptr;
  curl_ioctl_callback ioctl = nullptr;
  void* ioctl_data = nullptr;
  CURL* easy = nullptr;  ///< for `ioctl`
  curl_off_t start = 0;  ///< bytes to skip (CURLOPT_RESUME_FROM_LARGE)
};

/// CURLOPT_READFUNCTION, with CURLOPT_SEEKFUNCTION and CURLOPT_IOCTLFUNCTION to go back.
class CallbackReader final : public UploadReader {
 public:
  explicit CallbackReader(const ReadConfig& config) noexcept : config_(config) {}
  /// CURLE_READ_ERROR if the application can neither seek nor read that far.
  Status begin() noexcept override;
  ReadAnswer read(std::span<char> room) noexcept override;
  Status rewind() noexcept override;

 private:
  std::size_t call(std::span<char> room) noexcept;
  bool seek_to_start() noexcept;
  Status skip(curl_off_t count) noexcept;

  ReadConfig config_;
  bool moved_ = false;  ///< the application's position is not at the start any more
};

/// CURLOPT_MIMEPOST and CURLOPT_HTTPPOST. The MimeReader must outlive it.
class MimeUploadReader final : public UploadReader {
 public:
  explicit MimeUploadReader(MimeReader& mime) noexcept : mime_(mime) {}
  ReadAnswer read(std::span<char> room) noexcept override;
  Status rewind() noexcept override { return Status(mime_.rewind()); }

 private:
  MimeReader& mime_;
};

}  // namespace hiper
