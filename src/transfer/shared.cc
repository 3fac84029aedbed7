#include "transfer/shared.hpp"

#include <memory>
#include <mutex>
#include <new>

#include "cookies/engine.hpp"
#include "transfer/strict_transport.hpp"

namespace hiper {
namespace {

class SharedSessions final : public SharedData {
 public:
  SharedSessions() : sessions_(TlsSessions::create()) {}
  ~SharedSessions() override { sessions_->close(); }
  TlsSessions& sessions() const noexcept { return *sessions_; }

 private:
  Ref<TlsSessions> sessions_;  // locks by itself
};

class SharedIdle final : public SharedData {
 public:
  explicit SharedIdle(Share& share) : connections_(new SharedConnections(share)) {}
  ~SharedIdle() override { connections_->close(); }
  SharedConnections& connections() const noexcept { return *connections_; }

 private:
  Ref<SharedConnections> connections_;
};

/// Its own lock makes it safe without the application's; the application's are called because they are
/// promised.
class SharedNames final : public SharedData {
 public:
  explicit SharedNames(Share& share) noexcept : share_(share), cache_({lock, unlock, this}) {}
  DnsCache& cache() noexcept { return cache_; }

 private:
  static void lock(void* context, CURL* easy) {
    SharedNames& self = *static_cast<SharedNames*>(context);
    self.mutex_.lock();
    self.share_.lock(easy, CURL_LOCK_DATA_DNS, CURL_LOCK_ACCESS_SINGLE);
  }
  static void unlock(void* context, CURL* easy) {
    SharedNames& self = *static_cast<SharedNames*>(context);
    self.share_.unlock(easy, CURL_LOCK_DATA_DNS);
    self.mutex_.unlock();
  }
  Share& share_;
  std::mutex mutex_;
  DnsCache cache_;
};

template <class Data>
Data* data_of(const Easy& easy, curl_lock_data kind) noexcept {
  Share* const share = easy.share;
  return share != nullptr && share->shares(kind) ? static_cast<Data*>(share->data(kind)) : nullptr;
}

}  // namespace

CURLSHcode make_shared_data(Share& share, int kind) noexcept {
  const auto data_kind = static_cast<curl_lock_data>(kind);
  if (share.data(data_kind) != nullptr) return CURLSHE_OK;
  try {
    if (kind == CURL_LOCK_DATA_SSL_SESSION) share.set_data(data_kind, std::make_unique<SharedSessions>());
    if (kind == CURL_LOCK_DATA_DNS) share.set_data(data_kind, std::make_unique<SharedNames>(share));
    if (kind == CURL_LOCK_DATA_CONNECT) share.set_data(data_kind, std::make_unique<SharedIdle>(share));
    if (kind == CURL_LOCK_DATA_COOKIE) share.set_data(data_kind, make_shared_cookies(share));
    if (kind == CURL_LOCK_DATA_HSTS) share.set_data(data_kind, make_shared_hsts(share));
    return CURLSHE_OK;
  } catch (const std::bad_alloc&) {
    static_cast<void>(share.stop_sharing(kind));
    return CURLSHE_NOMEM;
  }
}

TlsSessions* shared_tls_sessions(const Easy& easy) noexcept {
  auto* const data = data_of<SharedSessions>(easy, CURL_LOCK_DATA_SSL_SESSION);
  return data != nullptr ? &data->sessions() : nullptr;
}

SharedConnections* shared_connections(const Easy& easy) noexcept {
  auto* const data = data_of<SharedIdle>(easy, CURL_LOCK_DATA_CONNECT);
  return data != nullptr ? &data->connections() : nullptr;
}

DnsCache* shared_dns_cache(const Easy& easy) noexcept {
  auto* const data = data_of<SharedNames>(easy, CURL_LOCK_DATA_DNS);
  return data != nullptr ? &data->cache() : nullptr;
}

}  // namespace hiper
