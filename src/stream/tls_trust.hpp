// Whom we trust: CA bundles parsed once per process and shared by every context that names the same ones.
// Called by tls_context with its lock held.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/report.hpp"
#include "base/status.hpp"
#include "stream/counted.hpp"
#include "stream/file_stamp.hpp"
#include "stream/openssl.hpp"
#include "stream/tls_config.hpp"

namespace hiper {

/// One parsed bundle; not changed after it was made, except that OpenSSL adds what it finds in the CA
/// directory.
class TlsTrust final : public Counted {
 public:
  TlsTrust(OwnedStore store, std::string key, FileStamps files, Nanos made_at) noexcept
      : store_(std::move(store)), key_(std::move(key)), files_(std::move(files)), made_at_(made_at) {}
  ~TlsTrust() = default;

  X509_STORE* native() const noexcept { return store_.get(); }
  const std::string& key() const noexcept { return key_; }
  const FileStamps& files() const noexcept { return files_; }
  /// Made more than `seconds` ago (CURLOPT_CA_CACHE_TIMEOUT; -1: never too old).
  bool older_than(long seconds, Nanos now) const noexcept {
    return seconds >= 0 && now - made_at_ >= seconds * kSecond;
  }
  /// The same certificates and CRLs in a store that the application may add to; nullptr when memory is out.
  OwnedStore copy(const TlsConfig& config) const noexcept;

 private:
  OwnedStore store_;
  std::string key_;
  FileStamps files_;
  Nanos made_at_;
};

/// Parses what `config` names. CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE or CURLE_OUT_OF_MEMORY with a
/// report. Throws std::bad_alloc.
Status load_trust(const TlsConfig& config, Nanos now, Report& report, Ref<TlsTrust>& trust);

/// Names what load_trust would parse.
std::string trust_key(const TlsConfig& config);

}  // namespace hiper
