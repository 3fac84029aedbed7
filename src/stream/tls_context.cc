#include "stream/tls_context.hpp"

#include "stream/tls.hpp"
#include "stream/tls_identity.hpp"

namespace hiper {
namespace {

/// Room for two full records: one recv fetches what a peer sends in a burst. OpenSSL takes and frees it for
/// each read that leaves nothing behind.
constexpr std::size_t kReadAheadBytes = 33 * 1024;

#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
constexpr auto kIgnoreBareFin = SSL_OP_IGNORE_UNEXPECTED_EOF;
#else
constexpr auto kIgnoreBareFin = 0;
#endif

struct Versions {
  int lowest;
  int highest;  ///< 0: whatever the library has
};

Versions versions_of(long version) noexcept {
  Versions versions{TLS1_2_VERSION, 0};
  switch (version & ~0xffffL) {
    case CURL_SSLVERSION_MAX_TLSv1_0:
      versions = {TLS1_VERSION, TLS1_VERSION};
      break;
    case CURL_SSLVERSION_MAX_TLSv1_1:
      versions = {TLS1_VERSION, TLS1_1_VERSION};
      break;
    case CURL_SSLVERSION_MAX_TLSv1_2:
      versions.highest = TLS1_2_VERSION;
      break;
    case CURL_SSLVERSION_MAX_TLSv1_3:
      versions.highest = TLS1_3_VERSION;
      break;
    default:
      break;
  }
  switch (version & 0xffffL) {
    case CURL_SSLVERSION_TLSv1:
    case CURL_SSLVERSION_TLSv1_0:
      versions.lowest = TLS1_VERSION;
      break;
    case CURL_SSLVERSION_TLSv1_1:
      versions.lowest = TLS1_1_VERSION;
      break;
    case CURL_SSLVERSION_TLSv1_2:
      versions.lowest = TLS1_2_VERSION;
      break;
    case CURL_SSLVERSION_TLSv1_3:
      versions.lowest = TLS1_3_VERSION;
      break;
    default:
      break;
  }
  return versions;
}

Status set_versions(SSL_CTX* context, const TlsConfig& config, Report& report) noexcept {
  const Versions versions = versions_of(config.version);
  const bool possible = versions.highest == 0 || versions.lowest <= versions.highest;
  if (possible && SSL_CTX_set_min_proto_version(context, versions.lowest) == 1 &&
      SSL_CTX_set_max_proto_version(context, versions.highest) == 1)
    return Status();
  report.failure("TLS: no version is between the lowest and the highest one asked for");
  return Status(CURLE_SSL_CONNECT_ERROR);
}

void set_behaviour(SSL_CTX* context, const TlsConfig& config) noexcept {
  SSL_CTX_set_options(context, SSL_OP_ALL | SSL_OP_NO_COMPRESSION | kIgnoreBareFin);
  if ((config.options & CURLSSLOPT_ALLOW_BEAST) == 0)
    SSL_CTX_clear_options(context, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadAheadBytes);
  SSL_CTX_set_verify(context, config.verify_peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  unsigned long flags = X509_V_FLAG_TRUSTED_FIRST;
  if ((config.options & CURLSSLOPT_NO_PARTIALCHAIN) == 0) flags |= X509_V_FLAG_PARTIAL_CHAIN;
  if (!config.crl_file.empty()) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), flags);
  if (!config.session_cache) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return;
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, TlsStream::new_session);
}

Status bad_list(Report& report, const char* what, const std::string& list) noexcept {
  clear_openssl_errors();
  report.failuref("TLS: %s '%s' cannot be used", what, list.c_str());
  return Status(CURLE_SSL_CIPHER);
}

Status set_algorithms(SSL_CTX* context, const TlsConfig& config, Report& report) noexcept {
  if (!config.ciphers.empty() && SSL_CTX_set_cipher_list(context, config.ciphers.c_str()) != 1)
    return bad_list(report, "the cipher list", config.ciphers);
  if (!config.tls13_ciphers.empty() && SSL_CTX_set_ciphersuites(context, config.tls13_ciphers.c_str()) != 1)
    return bad_list(report, "the list of TLS 1.3 ciphers", config.tls13_ciphers);
  if (!config.curves.empty() && SSL_CTX_set1_curves_list(context, config.curves.c_str()) != 1)
    return bad_list(report, "the list of curves", config.curves);
  if (!config.signature_algorithms.empty() &&
      SSL_CTX_set1_sigalgs_list(context, config.signature_algorithms.c_str()) != 1)
    return bad_list(report, "the list of signature algorithms", config.signature_algorithms);
  return Status();
}

}  // namespace

Status TlsContext::make(const TlsConfig& config, std::string_view key, const Ref<TlsTrust>& trust,
                        Report& report, Ref<TlsContext>& context) {
  Ref<TlsContext> made(new TlsContext(config));
  made->trust_ = trust;
  if (const Status done = made->set_up(report); !done.ok()) return done;
  made->session_scope_ = key;
  made->trust_->files().describe(made->session_scope_);
  made->files_.describe(made->session_scope_);
  context = std::move(made);
  return Status();
}

Status TlsContext::set_up(Report& report) {
  clear_openssl_errors();
  if (!config_.issuer_blob.has_value()) files_.add(config_.issuer_file);
  if (!config_.cert_blob.has_value()) files_.add(config_.cert_file);
  if (!config_.key_blob.has_value()) files_.add(config_.key_file);
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (context_ == nullptr) return Status::out_of_memory();
  if (const Status done = set_versions(native(), config_, report); !done.ok()) return done;
  set_behaviour(native(), config_);
  if (const Status done = set_algorithms(native(), config_, report); !done.ok()) return done;
  if (const Status done = load_identity(native(), config_, report); !done.ok()) return done;
  if (const Status done = set_store(report); !done.ok()) return done;
  clear_openssl_errors();
  return Status();
}

Status TlsContext::set_store(Report& report) noexcept {
  if (config_.issuer_blob.has_value() || !config_.issuer_file.empty()) {
    issuer_ = read_certificate(config_.issuer_file, config_.issuer_blob);
    if (issuer_ == nullptr) {
      report.failuref("TLS: cannot read the issuer's certificate: %s", OpensslReason().c_str());
      return Status(CURLE_SSL_ISSUER_ERROR);
    }
  }
  if (config_.context_function == nullptr) {
    SSL_CTX_set1_cert_store(native(), trust_->native());
    return Status();
  }
  // The application may add certificates to the store of its context: nobody else may see them.
  OwnedStore own = trust_->copy(config_);
  if (own == nullptr) return Status::out_of_memory();
  SSL_CTX_set_cert_store(native(), own.release());
  return Status();
}

}  // namespace hiper
