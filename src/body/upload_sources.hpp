// The request bodies that the exchanges pull: bytes sent from where they lie in memory, or what an
// UploadReader reads, measured and framed. Made by transfer/request_body.cc.
#pragma once
#include <curl/curl.h>

#include <memory>

#include "body/upload.hpp"
#include "body/upload_readers.hpp"

namespace hiper {

/// CURLOPT_POSTFIELDS and CURLOPT_COPYPOSTFIELDS.
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

/// How the bytes of a reader go to the wire.
struct UploadFraming {
  curl_off_t size = -1;        ///< bytes of the body, -1: until the reader ends
  bool chunked = false;        ///< RFC 9112, section 7.1
  bool crlf = false;           ///< CURLOPT_CRLF: line feeds become CRLF; `size` is then -1
  std::size_t buffer = 65536;  ///< what the reader is offered (CURLOPT_UPLOAD_BUFFERSIZE)
  curl_trailer_callback trailer = nullptr;
  void* trailer_data = nullptr;
};

/// A body read piece by piece. A known size is kept to: what the reader has too much is not sent, what it has
/// too little is CURLE_READ_ERROR.
class FramedUpload final : public UploadSource {
 public:
  /// Throws std::bad_alloc.
  FramedUpload(std::unique_ptr<UploadReader> reader, const UploadFraming& framing);
  Pulled pull() noexcept override;
  void consumed(std::size_t count) noexcept override { begin_ += count; }
  curl_off_t num_sent() const noexcept override { return taken_; }
  Status rewind() noexcept override;

  /// UploadReader::begin().
  Status begin() noexcept { return reader_->begin(); }
  /// For another round, which may frame differently.
  void set_chunked(bool chunked) noexcept { framing_.chunked = chunked; }

 private:
  Pulled fill() noexcept;
  Pulled frame(std::size_t count) noexcept;
  Pulled end() noexcept;
  Pulled ready(std::span<const char> bytes) noexcept;
  std::span<char> room() noexcept;
  std::size_t convert(std::size_t count) noexcept;
  bool add_trailers();

  std::unique_ptr<UploadReader> reader_;
  UploadFraming framing_;
  std::unique_ptr<char[]> buffer_;  ///< room for a chunk's head, the body, a chunk's tail
  std::string last_chunk_;
  std::span<const char> pending_{};  ///< the bytes being sent; those before begin_ are gone
  std::size_t begin_ = 0;
  curl_off_t taken_ = 0;   ///< body bytes taken from the reader
  bool after_cr_ = false;  ///< the last byte converted was a carriage return
  bool ended_ = false;
};

}  // namespace hiper
