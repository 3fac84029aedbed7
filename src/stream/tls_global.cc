#include "stream/tls_global.hpp"

#include "stream/openssl.hpp"
#include "stream/tls_context.hpp"

namespace hiper {

CURLcode tls_global_init() noexcept {
  tls_contexts_init();
  const int started =
      OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
  clear_openssl_errors();
  return started == 1 ? CURLE_OK : CURLE_FAILED_INIT;
}

void tls_global_cleanup() noexcept { tls_contexts_free(); }

}  // namespace hiper
