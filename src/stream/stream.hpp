// A Stream is a non-blocking byte pipe to the peer. Streams stack: TLS, a SOCKS or CONNECT tunnel each own
// the stream below; the lowest one is a socket. Called by the exchanges (http/ …) and by the streams above.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "flow/reactor.hpp"

namespace hiper {

/// What one read or write did.
class [[nodiscard]] IoResult {
 public:
  enum class Kind : std::uint8_t {
    bytes,    ///< `count` > 0 bytes were moved
    blocked,  ///< nothing moved; wait for `wants` on the stream's watch, then try again
    closed,   ///< read: the peer has ended the stream properly (FIN, close_notify)
    failed,   ///< `code` says why, `os_error` is the errno or 0
  };
  static constexpr IoResult moved(std::size_t count) noexcept {
    return {Kind::bytes, Events::none, CURLE_OK, 0, count};
  }
  static constexpr IoResult blocked(Events wants) noexcept { return {Kind::blocked, wants, CURLE_OK, 0, 0}; }
  static constexpr IoResult closed() noexcept { return {Kind::closed, Events::none, CURLE_OK, 0, 0}; }
  static constexpr IoResult failed(CURLcode code, int os_error) noexcept {
    return {Kind::failed, Events::none, code, os_error, 0};
  }
  constexpr Kind kind() const noexcept { return kind_; }
  constexpr Events wants() const noexcept { return wants_; }
  constexpr CURLcode code() const noexcept { return code_; }
  constexpr int os_error() const noexcept { return os_error_; }
  constexpr std::size_t count() const noexcept { return count_; }

 private:
  constexpr IoResult(Kind kind, Events wants, CURLcode code, int os_error, std::size_t count) noexcept
      : kind_(kind), wants_(wants), code_(code), os_error_(os_error), count_(count) {}
  Kind kind_;
  Events wants_;
  CURLcode code_;
  int os_error_;
  std::size_t count_;
};

class TlsStream;

class Stream {
 public:
  virtual ~Stream() = default;
  Stream() noexcept = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Reads at least one byte. A short answer does not mean that nothing is left: only blocked() does.
  virtual IoResult read(std::span<char> into) noexcept = 0;
  /// Writes as much as goes now, at least one byte. After blocked(), try again with the same bytes.
  virtual IoResult write(std::span<const char> from) noexcept = 0;
  /// Bytes can be read although the socket may stay silent (decrypted or buffered above it).
  virtual bool has_buffered() const noexcept = 0;
  /// The connection goes to the pool: give back buffers.
  virtual void idle() noexcept = 0;
  /// Says goodbye to the peer (TLS close_notify) as far as that goes without waiting. Called before a proper
  /// close.
  virtual void farewell() noexcept = 0;
  /// More about the last failed() of this stream, in words; empty where code and os_error say it all.
  virtual std::string_view why() const noexcept { return {}; }
  /// This stream, if it is TLS.
  virtual TlsStream* tls() noexcept { return nullptr; }
  /// The socket at the bottom: where to wait.
  virtual Watch& watch() noexcept = 0;
};

}  // namespace hiper
