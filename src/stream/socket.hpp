// SocketStream: the lowest stream, a connected TCP or Unix socket. Made by the connect flow, which has set
// every socket option already; here are only recv and send.
#pragma once
#include "stream/stream.hpp"

namespace hiper {

class SocketStream final : public Stream {
 public:
  /// `watch` is a connected, non-blocking stream socket. It is retired with the stream.
  explicit SocketStream(OwnedWatch watch) noexcept : watch_(std::move(watch)) {}

  /// One recv. FIN is closed(); errors are CURLE_RECV_ERROR with the errno.
  IoResult read(std::span<char> into) noexcept override;
  /// One send, without SIGPIPE. Errors are CURLE_SEND_ERROR with the errno.
  IoResult write(std::span<const char> from) noexcept override;
  bool has_buffered() const noexcept override { return false; }
  void idle() noexcept override {}
  void farewell() noexcept override {}
  Watch& watch() noexcept override { return *watch_; }

  /// Hands the descriptor's watch back, for a stream that is taken apart (CURLOPT_CONNECT_ONLY, data
  /// connections). The stream must not be used afterwards.
  OwnedWatch take_watch() noexcept { return std::move(watch_); }

 private:
  OwnedWatch watch_;
};

}  // namespace hiper
