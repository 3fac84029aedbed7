// Content transfer encodings (RFC 2045 section 6): bytes in, text out, in pieces of any size. Used by
// body/mime_source.cc.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hiper {

/// 7bit: nothing changes, but bytes above 127 are refused.
class SevenBitEncoder {
 public:
  /// Appends what becomes of `in` to `out`. With `last`, nothing follows. Returns how many bytes were used:
  /// fewer than all of them if the rest has to wait for what follows, or (check failed()) if it cannot be
  /// encoded.
  std::size_t encode(std::string_view in, bool last, std::string& out);
  bool failed() const noexcept { return failed_; }
  void reset() noexcept { failed_ = false; }
  /// Size of the result for `size` bytes (or -1); -1 if it cannot be told.
  static curl_off_t encoded_size(curl_off_t size) noexcept { return size; }

 private:
  bool failed_ = false;
};

/// Base64 in lines of 76 characters; no line end behind the last one.
class Base64Encoder {
 public:
  std::size_t encode(std::string_view in, bool last, std::string& out);
  bool failed() const noexcept { return false; }
  void reset() noexcept { column_ = 0; }
  static curl_off_t encoded_size(curl_off_t size) noexcept;

 private:
  std::size_t column_ = 0;
};

/// Quoted-printable in lines of at most 76 characters.
class QuotedPrintableEncoder {
 public:
  std::size_t encode(std::string_view in, bool last, std::string& out);
  bool failed() const noexcept { return false; }
  void reset() noexcept { column_ = 0; }
  static curl_off_t encoded_size(curl_off_t size) noexcept { return size == 0 ? 0 : -1; }

 private:
  std::size_t column_ = 0;
};

}  // namespace hiper
