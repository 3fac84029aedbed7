// Peers that speak TLS, and handles that trust them.
#pragma once
#include "wire/support/handle.hpp"
#include "wire/support/peer.hpp"

namespace hiper::wire {

/// For Peer: a server for 127.0.0.1 and server.test, made once per program.
SSL_CTX* tls_server();
/// The same, but TLS 1.2 at most.
SSL_CTX* tls12_server();
/// The handle trusts those servers and nobody else.
void trust(Handle& handle);

}  // namespace hiper::wire
