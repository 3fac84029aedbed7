// Where a connection leads: what the connect flow is told. Made by transfer/plan.cc; lives with the
// ConnectionKey, which every handle that leads to the same place shares.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "stream/tls_config.hpp"

namespace hiper {

/// What TLS to the origin adds to a ConnectTarget.
struct TlsTarget {
  std::string name;       ///< of the origin: SNI and certificate check
  std::string key;        ///< TlsConfig::cache_key()
  std::string peer_key;   ///< what TLS sessions are kept by
  bool http_alpn = true;  ///< offer http/1.1 by ALPN
  TlsConfig config;
};

struct ConnectTarget {
  std::string host;  ///< name or numeric address to connect to, without brackets (after CURLOPT_CONNECT_TO)
  std::uint16_t port = 0;
  std::string unix_path;  ///< CURLOPT_UNIX_SOCKET_PATH; wins over host and port
  bool unix_abstract = false;
  std::unique_ptr<TlsTarget> tls;  ///< nullptr: no TLS
};

}  // namespace hiper
