// The request bodies that applications give: bytes in memory, or a read callback with a known or unknown size. MIME
// bodies come through the callback source too. Made by transfer/request_body.cc.
#pragma once
#include <curl/curl.h>

#include <memory>

#include "body/upload.hpp"

namespace hiper {

/// CURLOPT_POSTFIELDS and CURLOPT_COPYPOSTFIELDS: sent from where they are.
class MemoryUpload final : public UploadSource {
 public:
  explicit MemoryUpload(std::span<const char> bytes) noexcept : bytes_(bytes) {}
  Pulled pull() noexcept override;
  void consumed(std::size_t count) noexcept override { sent_ += count; }
  curl_off_t num_sent() const noexcept override { return static_cast<curl_off_t>(sent_); }
  Status rewind() noexcept override;

 private:
  std::span<const char> bytes_;
  std::size_t sent_ = 0;
};

/// Where a CallbackUpload reads.
struct ReadConfig {
  curl_read_callback read = nullptr;  ///< nullptr: fread() from the FILE* in `data`
  void* data = nullptr;
  curl_seek_callback seek = nullptr;
  void* seek_data = nullptr;
  curl_ioctl_callback ioctl = nullptr;
  void* ioctl_data = nullptr;
  curl_trailer_callback trailer = nullptr;
  void* trailer_data = nullptr;
  CURL* easy = nullptr;
  curl_off_t size = -1;         ///< bytes of the body, -1: until the callback answers 0
  curl_off_t start = 0;         ///< bytes to skip first (CURLOPT_RESUME_FROM_LARGE)
  std::size_t buffer = 65536;   ///< CURLOPT_UPLOAD_BUFFERSIZE
  bool chunked = false;         ///< frame as chunks (RFC 9112, section 7.1)
};

class CallbackUpload final : public UploadSource {
 public:
  /// Throws std::bad_alloc.
  explicit CallbackUpload(const ReadConfig& config);
  Pulled pull() noexcept override;
  void consumed(std::size_t count) noexcept override { begin_ += count; }
  curl_off_t num_sent() const noexcept override { return read_; }
  Status rewind() noexcept override;

 private:
  Pulled fill() noexcept;
  Pulled last_chunk() noexcept;
  Pulled skip_start() noexcept;
  Pulled ready(std::size_t begin, std::size_t end) noexcept;
  std::size_t call(char* into, std::size_t room) noexcept;

  ReadConfig config_;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<char[]> trailers_;
  std::span<const char> pending_{};  ///< the bytes being sent; those before begin_ are gone
  std::size_t begin_ = 0;
  curl_off_t read_ = 0;              ///< body bytes taken from the callback
  bool used_ = false;                ///< the callback was called
  bool skipped_ = false;
  bool ended_ = false;
};

}  // namespace hiper
