// What the process sets up for TLS, and gives back. Called by global init and cleanup only.
#pragma once
#include <curl/curl.h>

namespace hiper {

/// Loads OpenSSL's tables and configuration now instead of in the first connection. CURLE_FAILED_INIT if the
/// library does not start.
CURLcode tls_global_init() noexcept;
/// Frees the caches. OpenSSL's own memory is freed when the process ends.
void tls_global_cleanup() noexcept;

}  // namespace hiper
