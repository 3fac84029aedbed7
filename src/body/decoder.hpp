// Content decoders, one per coding, and the answer that every part of the body's way to the application
// gives. Called by body/body_writer only; Outcome is used by all exchanges.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace hiper {

/// What became of bytes on their way to the application.
///
/// Who keeps what: `taken` bytes at the front are the receiver's for ever, delivered or kept. The rest is
/// still the caller's, who offers it again from there when the pause ends. After `paused` the receiver may
/// keep bytes that it has taken, so its resume() is called first.
class [[nodiscard]] Outcome {
 public:
  enum class Kind : std::uint8_t {
    ok,      ///< all bytes were taken
    paused,  ///< the application asked for a pause; `taken` bytes, possibly all, were taken
    failed,  ///< the transfer ends with `code`
  };
  static constexpr Outcome ok(std::size_t taken) noexcept { return {Kind::ok, CURLE_OK, taken}; }
  static constexpr Outcome paused(std::size_t taken) noexcept { return {Kind::paused, CURLE_OK, taken}; }
  static constexpr Outcome failed(CURLcode code) noexcept { return {Kind::failed, code, 0}; }

  constexpr bool is_ok() const& noexcept { return kind_ == Kind::ok; }
  constexpr Kind kind() const& noexcept { return kind_; }
  constexpr CURLcode code() const& noexcept { return code_; }
  constexpr std::size_t taken() const& noexcept { return taken_; }
  bool is_ok() const&& = delete;
  Kind kind() const&& = delete;
  CURLcode code() const&& = delete;
  std::size_t taken() const&& = delete;

 private:
  constexpr Outcome(Kind kind, CURLcode code, std::size_t taken) noexcept
      : taken_(taken), code_(code), kind_(kind) {}
  std::size_t taken_;
  CURLcode code_;
  Kind kind_;
};

/// Turns coded bytes into plain ones, in pieces of the caller's choosing.
class Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;  ///< bytes of `in` that are not needed any more
    std::size_t produced = 0;  ///< bytes written to `out`
    CURLcode code = CURLE_OK;
  };

  virtual ~Decoder() = default;
  Decoder() noexcept = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Decodes until `in` is used up or `out` is full. Call it again while it moves something: it may hold
  /// output for which there was no room. `out` is not empty.
  virtual Step decode(std::span<const char> in, std::span<char> out) noexcept = 0;
  /// What went wrong, for the error buffer.
  virtual std::string_view failure() const noexcept = 0;
};

enum class Coding : std::uint8_t { identity, gzip, deflate, chunked, unknown };

/// The coding with that name (RFC 9110 8.4.1, RFC 9112 7); letter case does not matter.
Coding coding_of(std::string_view name) noexcept;
/// The codings that can be decoded, as CURLOPT_ACCEPT_ENCODING "" asks for them.
std::string_view supported_codings() noexcept;
/// A decoder for gzip or deflate; nullptr for the others. Throws std::bad_alloc.
std::unique_ptr<Decoder> make_decoder(Coding coding);

}  // namespace hiper
