// What a connection is, whichever pool it belongs to: its byte stream and what is known about it. Part of
// conn/connection; moves between engines by way of conn/shared_connections.
#pragma once
#include <curl/curl.h>

#include <memory>

#include "base/clock.hpp"
#include "base/process.hpp"
#include "dns/address.hpp"
#include "stream/stream.hpp"

namespace hiper {

struct ConnectionState {
  bool connected() const noexcept { return stream != nullptr; }
  /// It was opened by this process, not inherited: what is sent on it does not reach a parent's peer.
  bool ours() const noexcept { return generation == process_generation(); }
  /// Says goodbye and closes, if it is connected. In a child that inherited it, only the child's descriptor
  /// is closed.
  void close() noexcept {
    if (stream && ours()) stream->farewell();
    stream.reset();
  }

  /// CURLINFO_CONN_ID: unique within a pool, or a share, counted from 0.
  curl_off_t id() const noexcept { return number; }

  /// The TLS layer towards the origin; nullptr if there is none.
  TlsStream* tls() const noexcept { return stream ? stream->tls() : nullptr; }

  std::unique_ptr<Stream> stream;  ///< nullptr until it is connected
  curl_off_t number = 0;
  Nanos connected_at = 0;
  Nanos idle_since = 0;
  Address remote;
  Address local;  ///< AF_UNSPEC for Unix sockets
  ProcessGeneration generation = process_generation();
  unsigned num_uses = 0;  ///< transfers that have used it, this one included
};

}  // namespace hiper
