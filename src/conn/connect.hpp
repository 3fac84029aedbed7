// Opening a connection: resolve the name, race the addresses (RFC 8305), then TLS. Called by
// transfer/dialog.cc for a Lease that is not connected yet.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>

#include "base/report.hpp"
#include "base/status.hpp"
#include "conn/connection.hpp"
#include "conn/services.hpp"
#include "easy/options.hpp"
#include "flow/flow.hpp"
#include "stream/tls_config.hpp"

namespace hiper {

class DnsCache;

/// What TLS to the origin adds to a ConnectTarget.
struct TlsTarget {
  std::string name;       ///< of the origin: SNI and certificate check
  std::string key;        ///< TlsConfig::cache_key()
  std::string peer_key;   ///< what TLS sessions are kept by
  bool http_alpn = true;  ///< offer http/1.1 by ALPN
};

/// Where a connection leads; part of a transfer's plan.
struct ConnectTarget {
  std::string host;  ///< name or numeric address to connect to, without brackets (after CURLOPT_CONNECT_TO)
  std::uint16_t port = 0;
  std::string unix_path;  ///< CURLOPT_UNIX_SOCKET_PATH; wins over host and port
  bool unix_abstract = false;
  std::unique_ptr<TlsTarget> tls;  ///< nullptr: no TLS
};

/// When the phases of connecting ended, on the engine's clock; 0: not reached.
struct ConnectTimes {
  Nanos resolved = 0;
  Nanos connected = 0;
  Nanos secured = 0;
};

struct ConnectJob {
  Services& services;
  const Options& options;
  const ConnectTarget& target;
  const TlsConfig* tls_config;  ///< when target.tls
  CURL* easy;                   ///< named in callbacks
  Report& report;
  Connection& connection;  ///< gets its stream, remote address and times
  TlsSessions* sessions;   ///< where TLS sessions are kept: the engine's or a share's
  DnsCache* names;         ///< a share's names, or nullptr
  Nanos deadline;          ///< CURLOPT_CONNECTTIMEOUT_MS
  ConnectTimes times{};
  int os_error = 0;
  long verify_result = 0;  ///< CURLINFO_SSL_VERIFYRESULT
};

/// CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, or what TLS says.
Flow<Status> connect_flow(Task& task, ConnectJob& job);

}  // namespace hiper
