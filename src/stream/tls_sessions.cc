#include "stream/tls_sessions.hpp"

#include <algorithm>
#include <new>

namespace hiper {
namespace {

/// Two tickets per connection is what servers send; some room for one that has just begun.
constexpr std::size_t kMinPerPeer = 8;
/// Most of a session is the server's certificate chain, whose size OpenSSL does not tell.
constexpr std::size_t kSessionBytes = 8 * 1024;

bool single_use(const SSL_SESSION* session) noexcept {
  return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

bool expired(const SSL_SESSION* session, std::time_t now) noexcept {
  const long born = static_cast<long>(SSL_SESSION_get_time(session));
  return now < born || now - born >= SSL_SESSION_get_timeout(session);
}

std::size_t size_of(const SSL_SESSION* session) noexcept {
  const unsigned char* ticket = nullptr;
  std::size_t length = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &length);
  return kSessionBytes + length;
}

}  // namespace

TlsSessions::Peer& TlsSessions::enter(std::string_view peer_key) {
  const std::lock_guard lock(mutex_);
  auto found = peers_.find(peer_key);
  if (found == peers_.end()) {
    found = peers_.try_emplace(std::string(peer_key)).first;
    found->second.key_ = found->first;
  }
  Peer& peer = found->second;
  peer.peak_users_ = std::max(peer.peak_users_, ++peer.num_users_);
  return peer;
}

void TlsSessions::leave(Peer& peer) noexcept {
  const std::lock_guard lock(mutex_);
  if (--peer.num_users_ == 0) peer.peak_users_ = 0;
  forget_if_unused(peer);
}

OwnedSession TlsSessions::take(Peer& peer) noexcept {
  const std::lock_guard lock(mutex_);
  drop_expired(peer, std::time(nullptr));
  if (peer.sessions_.empty()) return nullptr;
  Peer::Kept& newest = peer.sessions_.back();
  peer.unlink();
  with_sessions_.push_back(peer);
  if (!single_use(newest.session.get())) {
    SSL_SESSION_up_ref(newest.session.get());
    return OwnedSession(newest.session.get());
  }
  OwnedSession session = std::move(newest.session);
  num_bytes_ -= newest.num_bytes;
  --num_sessions_;
  peer.sessions_.pop_back();
  if (peer.sessions_.empty()) peer.unlink();
  return session;
}

void TlsSessions::put(Peer& peer, OwnedSession session) noexcept {
  const std::lock_guard lock(mutex_);
  if (closed_ || SSL_SESSION_is_resumable(session.get()) == 0) return;
  const std::size_t bytes = size_of(session.get());
  // A session that may be used again replaces the one before; there is no point in collecting them.
  const bool replaces = !single_use(session.get());
  try {
    peer.sessions_.push_back({std::move(session), bytes});
  } catch (const std::bad_alloc&) {
    return;
  }
  ++num_sessions_;
  num_bytes_ += bytes;
  peer.unlink();
  with_sessions_.push_back(peer);
  const std::size_t most = replaces ? 1 : std::min(kMaxPerPeer, kMinPerPeer + 2 * peer.peak_users_);
  while (peer.sessions_.size() > most) drop_oldest(peer);
  make_room();
}

void TlsSessions::close() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  while (!with_sessions_.empty()) {
    Peer& peer = with_sessions_.front();
    while (!peer.sessions_.empty()) drop_oldest(peer);
    forget_if_unused(peer);
  }
}

std::size_t TlsSessions::num_sessions() const noexcept {
  const std::lock_guard lock(mutex_);
  return num_sessions_;
}

std::size_t TlsSessions::num_peers() const noexcept {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

void TlsSessions::drop_oldest(Peer& peer) noexcept {
  num_bytes_ -= peer.sessions_.front().num_bytes;
  --num_sessions_;
  peer.sessions_.pop_front();
  if (peer.sessions_.empty()) peer.unlink();
}

void TlsSessions::drop_expired(Peer& peer, std::time_t now) noexcept {
  // Almost always the oldest go first; one that expires out of order is found when it is the newest.
  while (!peer.sessions_.empty() && expired(peer.sessions_.front().session.get(), now)) drop_oldest(peer);
  while (!peer.sessions_.empty() && (expired(peer.sessions_.back().session.get(), now) ||
                                     SSL_SESSION_is_resumable(peer.sessions_.back().session.get()) == 0)) {
    num_bytes_ -= peer.sessions_.back().num_bytes;
    --num_sessions_;
    peer.sessions_.pop_back();
  }
  if (peer.sessions_.empty()) peer.unlink();
}

void TlsSessions::make_room() noexcept {
  while (num_bytes_ > kMaxBytes) {
    Peer& peer = with_sessions_.front();
    drop_oldest(peer);
    forget_if_unused(peer);
  }
}

void TlsSessions::forget_if_unused(Peer& peer) noexcept {
  if (peer.num_users_ != 0 || !peer.sessions_.empty()) return;
  peers_.erase(peers_.find(peer.key_));
}

}  // namespace hiper
