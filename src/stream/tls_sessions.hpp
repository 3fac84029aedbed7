// TlsSessions: what servers gave us to resume TLS sessions with (RFC 8446 section 4.6.1, RFC 5077). One per
// multi handle, or per share handle that shares CURL_LOCK_DATA_SSL_SESSION. A peer is named by a text that
// holds host, port, transport and the whole TLS configuration, so a session never reaches another origin or
// another set of credentials.
#pragma once
#include <cstddef>
#include <ctime>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/list.hpp"
#include "stream/counted.hpp"
#include "stream/openssl.hpp"

namespace hiper {

class TlsSessions final : public Counted {
 public:
  /// One peer's sessions. Only TlsSessions looks inside.
  class Peer : public ListNode<void> {
   private:
    friend class TlsSessions;
    struct Kept {
      OwnedSession session;
      std::size_t num_bytes;
    };
    std::deque<Kept> sessions_;  ///< oldest first
    std::string_view key_;       ///< the map's
    std::size_t num_users_ = 0;
    std::size_t peak_users_ = 0;
  };

  /// Throws std::bad_alloc. The store lives as long as somebody refers to it, be it its owner or a stream.
  static Ref<TlsSessions> create() { return Ref<TlsSessions>(new TlsSessions); }
  ~TlsSessions() = default;

  /// Connections to one peer announce themselves: the more there are at once, the more tickets are kept.
  /// Throws std::bad_alloc. The answer stays valid until leave().
  Peer& enter(std::string_view peer_key);
  void leave(Peer& peer) noexcept;

  /// The newest usable session, or nullptr. A TLS 1.3 ticket is handed out once (RFC 8446 appendix C.4).
  OwnedSession take(Peer& peer) noexcept;
  /// Keeps `session`; drops the oldest ones when there are too many. Drops it when memory is out.
  void put(Peer& peer, OwnedSession session) noexcept;

  /// For the owner when it goes: forgets all sessions and keeps no new ones. Streams may still hold on.
  void close() noexcept;

  std::size_t num_sessions() const noexcept;
  std::size_t num_peers() const noexcept;

  static constexpr std::size_t kMaxPerPeer = 512;
  static constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;  ///< estimated

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  TlsSessions() = default;
  void drop_oldest(Peer& peer) noexcept;
  void drop_expired(Peer& peer, std::time_t now) noexcept;
  void make_room() noexcept;
  void forget_if_unused(Peer& peer) noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Peer, Hash, std::equal_to<>> peers_;
  List<Peer> with_sessions_;  ///< peers that have sessions, the least recently used first
  std::size_t num_sessions_ = 0;
  std::size_t num_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace hiper
