// gzip (RFC 1952) and deflate (RFC 1950, or bare RFC 1951 as many servers send it) through zlib.
#pragma once
#include <zlib.h>

#include "body/decoder.hpp"

namespace hiper {

class Inflate final : public Decoder {
 public:
  enum class Format : std::uint8_t { gzip, deflate };

  /// Throws std::bad_alloc.
  explicit Inflate(Format format);
  ~Inflate() override;

  Step decode(std::span<const char> in, std::span<char> out) noexcept override;
  std::string_view failure() const noexcept override;

 private:
  enum class State : std::uint8_t {
    sniff,  ///< deflate: the first two bytes tell whether there is a zlib header
    inflating,
    trailing,  ///< the coded data has ended
    failed,
  };
  std::size_t sniff(std::span<const char> in) noexcept;
  std::size_t inflate_some(std::span<const char> in) noexcept;
  std::size_t take_trailing(std::span<const char> in) noexcept;
  void fail(CURLcode code, const char* why) noexcept;

  z_stream stream_{};
  const char* failure_ = "";
  CURLcode code_ = CURLE_OK;  ///< why it failed
  Format format_;
  State state_;
  bool raw_ = false;
  std::uint8_t sniffed_ = 0;  ///< how many of `start_` are set
  std::uint8_t fed_ = 0;      ///< how many of them were inflated
  unsigned char start_[2] = {};
  std::uint8_t ignored_ = 0;  ///< bytes behind bare deflate data that were skipped
};

}  // namespace hiper
