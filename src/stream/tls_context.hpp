// TLS contexts: one SSL_CTX per distinct TlsConfig and one parsed CA store per bundle in the whole process,
// so that a new connection parses nothing. Asked by the connect code for each TLS connection; thread-safe.
#pragma once
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/report.hpp"
#include "base/status.hpp"
#include "stream/counted.hpp"
#include "stream/file_stamp.hpp"
#include "stream/openssl.hpp"
#include "stream/tls_config.hpp"
#include "stream/tls_trust.hpp"

namespace hiper {

/// A finished SSL_CTX with what belongs to it. Never changed once it is made.
class TlsContext final : public Counted {
 public:
  /// Builds one. Errors as those of tls_context(). Throws std::bad_alloc.
  static Status make(const TlsConfig& config, std::string_view key, const Ref<TlsTrust>& trust,
                     Report& report, Ref<TlsContext>& context);
  ~TlsContext() = default;

  SSL_CTX* native() const noexcept { return context_.get(); }
  const TlsConfig& config() const noexcept { return config_; }
  X509* issuer() const noexcept { return issuer_.get(); }  ///< CURLOPT_ISSUERCERT, or nullptr
  const Ref<TlsTrust>& trust() const noexcept { return trust_; }
  const FileStamps& files() const noexcept { return files_; }
  /// The configuration together with the state of its files: sessions are valid for equal ones only.
  const std::string& session_scope() const noexcept { return session_scope_; }

 private:
  explicit TlsContext(const TlsConfig& config) : config_(config) {}
  Status set_up(Report& report);
  Status set_store(Report& report) noexcept;

  TlsConfig config_;
  Ref<TlsTrust> trust_;
  OwnedSslContext context_;
  OwnedCertificate issuer_;
  FileStamps files_;
  std::string session_scope_;
};

/// How old what is kept may be.
struct TlsCacheAge {
  Nanos now;
  long max_seconds = 24L * 60 * 60;  ///< CURLOPT_CA_CACHE_TIMEOUT, -1: for ever
};

/// The context for `config`, whose cache_key() is `key`; shared with everybody who asks for an equal one.
/// Files are looked at again at most once a second; a changed one gives a new context, existing connections
/// keep theirs. `easy` is the handle named to CURLOPT_SSL_CTX_FUNCTION, which is called from here on a
/// context that nobody else uses (the caller marks the handle as being inside a callback); its code is
/// returned.
///
/// CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM,
/// CURLE_SSL_CIPHER, CURLE_SSL_CONNECT_ERROR (impossible versions), each with a report. Throws
/// std::bad_alloc.
Status tls_context(const TlsConfig& config, std::string_view key, CURL* easy, const TlsCacheAge& age,
                   Report& report, Ref<TlsContext>& context);

/// To be called by global init, before the first tls_context().
void tls_contexts_init() noexcept;

/// Drops what the process keeps; contexts in use live on with their connections.
void tls_contexts_free() noexcept;

/// For tests: how much is kept, and how much was made since the last tls_contexts_free().
struct TlsContextCounts {
  std::size_t num_contexts = 0;
  std::size_t num_trusts = 0;
  std::size_t num_contexts_made = 0;
  std::size_t num_trusts_made = 0;
};
TlsContextCounts tls_context_counts() noexcept;

}  // namespace hiper
