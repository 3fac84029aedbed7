// TLS on a fresh connection: context, stream, handshake. Called by conn/connect.cc.
#pragma once
#include "conn/connect.hpp"

namespace hiper {

/// Puts TLS on `job.connection.stream` and shakes hands. Errors are those of tls_context() and
/// tls_handshake().
Flow<Status> tls_layer_flow(Task& task, ConnectJob& job);

/// What the options ask of TLS towards the origin. Throws std::bad_alloc.
TlsConfig tls_config_of(const Options& options);

}  // namespace hiper
