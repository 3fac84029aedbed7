// The data that easy handles share through a CURLSH: made when the kind is shared, found by transfers. Called
// by api/share.cc and transfer/dialog.cc.
#pragma once
#include <curl/curl.h>

#include "conn/shared_connections.hpp"
#include "dns/cache.hpp"
#include "easy/easy.hpp"
#include "easy/share.hpp"
#include "stream/tls_sessions.hpp"

namespace hiper {

/// Hangs in what `kind` needs, after start_sharing(). CURLSHE_NOMEM when memory is out; then nothing is
/// shared.
CURLSHcode make_shared_data(Share& share, int kind) noexcept;

/// The share's sessions (names, connections) if the handle shares that kind, else nullptr. Safe to use from
/// several threads, with or without the application's lock functions.
TlsSessions* shared_tls_sessions(const Easy& easy) noexcept;
DnsCache* shared_dns_cache(const Easy& easy) noexcept;
SharedConnections* shared_connections(const Easy& easy) noexcept;

}  // namespace hiper
