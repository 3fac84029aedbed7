// Opening a connection: resolve the name, race the addresses (RFC 8305), then TLS. Called by
// transfer/dialog.cc for a Lease that is not connected yet.
#pragma once
#include <curl/curl.h>

#include "base/report.hpp"
#include "base/status.hpp"
#include "conn/connect_target.hpp"
#include "conn/connection.hpp"
#include "conn/services.hpp"
#include "easy/options.hpp"
#include "flow/flow.hpp"

namespace hiper {

class DnsCache;

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
  CURL* easy;  ///< named in callbacks
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
