// The last steps towards the application: content decoding, limits, and its write and header callbacks. This
// is the one place that calls CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION. Used by every exchange; owned
// by the transfer.
#pragma once
#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/report.hpp"
#include "body/decoder.hpp"
#include "parse/h1_head.hpp"

namespace hiper {

/// The application's side, filled from the options. Function and data may change during a transfer: set them
/// again with configure().
struct WriteConfig {
  curl_write_callback write = nullptr;   ///< nullptr: fwrite() to the FILE* in write_data
  void* write_data = nullptr;            ///< CURLOPT_WRITEDATA; nullptr without a function stands for stdout
  curl_write_callback header = nullptr;  ///< CURLOPT_HEADERFUNCTION
  void* header_data = nullptr;           ///< CURLOPT_HEADERDATA
  bool headers_in_body = false;          ///< CURLOPT_HEADER
  bool decode_content = false;  ///< CURLOPT_ACCEPT_ENCODING is set and CURLOPT_HTTP_CONTENT_DECODING is on
  bool decode_transfer = true;  ///< CURLOPT_HTTP_TRANSFER_DECODING
  curl_off_t size_max = 0;      ///< CURLOPT_MAXFILESIZE_LARGE, 0: none
  std::size_t buffer_size = CURL_MAX_WRITE_SIZE;  ///< CURLOPT_BUFFERSIZE
};

/// Calls an application's callback in pieces. Shared by the two writers below.
class CallbackTarget {
 public:
  curl_write_callback function = nullptr;
  void* data = nullptr;
  /// One call; Outcome with all or nothing taken. Short counts and CURL_WRITEFUNC_ERROR are
  /// CURLE_WRITE_ERROR.
  Outcome call(std::span<const char> piece) const noexcept;
};

/// The body: decoders (in the order the codings were removed), then the limits, then the write callback.
class BodyWriter {
 public:
  BodyWriter() noexcept = default;
  /// As if begin() was called.
  explicit BodyWriter(const WriteConfig& config) noexcept : config_(config) {}
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

  /// A new response begins (also after an interim one, and for each request of a transfer): forgets codings,
  /// decoders and counters.
  void begin(const WriteConfig& config) noexcept;
  void configure(const WriteConfig& config) noexcept { config_ = config; }
  const WriteConfig& config() const noexcept { return config_; }

  /// The headers that header_seen() looks at.
  static constexpr HeaderNames kHeadersSeen =
      set_of(HeaderName::content_encoding) | set_of(HeaderName::transfer_encoding);
  /// To be called with every header line of these: notes Content-Encoding and Transfer-Encoding.
  /// CURLE_BAD_CONTENT_ENCODING when more than five codings are stacked. Unknown codings fail when the first
  /// byte of the body comes.
  /// Throws std::bad_alloc.
  CURLcode header_seen(const HeadLine& line, Report& report);

  /// Body bytes after transfer framing was removed. Throws std::bad_alloc.
  Outcome write(std::span<const char> bytes, Report& report);
  /// The pause is over: delivers what was kept. Then the caller offers the bytes that were not taken.
  Outcome resume(Report& report);
  /// The body is complete: delivers what decoders hold. After `paused`: resume(), then finish() again.
  /// Compressed data that ends early is no error, as with the original library: length and framing were
  /// checked already.
  Outcome finish(Report& report);

  /// curl_easy_pause() stops the receiving side, perhaps from inside the callback: nothing is delivered until
  /// resume().
  void pause() noexcept { paused_ = true; }
  bool paused() const noexcept { return paused_; }
  /// Bytes are kept for after the pause.
  bool has_pending() const noexcept;

  /// Bytes given to write() and taken: CURLINFO_SIZE_DOWNLOAD_T.
  curl_off_t downloaded() const noexcept { return downloaded_; }
  /// Bytes the application took, after decoding: CURLINFO_SIZE_DELIVERED_T.
  curl_off_t delivered() const noexcept { return delivered_; }

 private:
  static constexpr std::size_t kCodingsMax = 5;  ///< per header, as the original library
  static constexpr std::size_t kOutput = 16384;  ///< what one decoder may hold, in bytes
  struct Stage {
    std::unique_ptr<Decoder> decoder;
    std::uint32_t begin = 0;  ///< output[begin, end) is not passed on yet
    std::uint32_t end = 0;
    char output[kOutput];
  };
  /// Codings in the order they were applied.
  struct Codings {
    std::array<Coding, kCodingsMax> list{};
    std::uint8_t count = 0;
  };
  /// What only a coded body needs.
  struct Coded {
    Codings transfer;
    Codings content;
    std::array<std::unique_ptr<Stage>, 2 * kCodingsMax> stages;  ///< in the order bytes pass them
    std::uint8_t num_stages = 0;
    bool prepared = false;  ///< the stages stand
  };

  bool note(std::string_view list, Codings Coded::*which, bool skip_chunked);
  std::size_t num_stages() const noexcept { return coded_ == nullptr ? 0 : coded_->num_stages; }
  CURLcode prepare(Report& report);
  CURLcode add_stage(Coding coding, Report& report);
  Outcome push(std::size_t stage, std::span<const char> bytes, Report& report);
  Outcome drain(std::size_t stage, Report& report);
  Outcome deliver(std::span<const char> bytes, Report& report) noexcept;

  WriteConfig config_;
  curl_off_t downloaded_ = 0;
  curl_off_t delivered_ = 0;
  std::unique_ptr<Coded> coded_;
  bool paused_ = false;
};

/// Header lines: to the write callback as well with CURLOPT_HEADER, and to the header callback; without one,
/// to the write callback with CURLOPT_HEADERDATA if that is set.
class HeaderWriter {
 public:
  /// Nobody wants headers: write() need not be called.
  static bool idle(const WriteConfig& config) noexcept {
    return config.header == nullptr && config.header_data == nullptr && !config.headers_in_body;
  }
  /// Delivers one line; all of it is taken unless it fails. Trailers never go to the write callback. Throws
  /// std::bad_alloc.
  Outcome write(const WriteConfig& config, std::string_view line, LineKind kind, Report& report);
  /// After a pause: delivers what was kept.
  Outcome resume(const WriteConfig& config, Report& report);
  bool has_pending() const noexcept { return kept_ != nullptr; }
  void reset() noexcept { kept_.reset(); }

 private:
  struct Kept {
    std::string line;
    std::size_t body_sent = 0;  ///< bytes of `line` the write callback has taken
    bool to_body = false;
    bool to_header = true;
  };
  Outcome run(const WriteConfig& config, std::string_view line, Kept& progress, Report& report);
  std::unique_ptr<Kept> kept_;
};

}  // namespace hiper
