#include "transfer/shared.hpp"

#include <memory>
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

class SharedNames final : public GuardedData {
 public:
  explicit SharedNames(Share& share) noexcept
      : GuardedData(share, CURL_LOCK_DATA_DNS), cache_({lock_for, unlock_for, this}) {}
  DnsCache& cache() noexcept { return cache_; }

 private:
  static void lock_for(void* self, CURL* easy) { static_cast<SharedNames*>(self)->lock(easy); }
  static void unlock_for(void* self, CURL* easy) { static_cast<SharedNames*>(self)->unlock(easy); }
  DnsCache cache_;
};

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
  auto* const data = shared_data<SharedSessions>(easy, CURL_LOCK_DATA_SSL_SESSION);
  return data != nullptr ? &data->sessions() : nullptr;
}

SharedConnections* shared_connections(const Easy& easy) noexcept {
  auto* const data = shared_data<SharedIdle>(easy, CURL_LOCK_DATA_CONNECT);
  return data != nullptr ? &data->connections() : nullptr;
}

DnsCache* shared_dns_cache(const Easy& easy) noexcept {
  auto* const data = shared_data<SharedNames>(easy, CURL_LOCK_DATA_DNS);
  return data != nullptr ? &data->cache() : nullptr;
}

}  // namespace hiper
