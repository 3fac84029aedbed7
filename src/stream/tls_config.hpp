// TlsConfig: everything the application asked for that shapes a TLS connection, as one value. Filled by the
// connect code from the easy options (the server's or the proxy's set), kept per handle; its key decides
// which SSL_CTX and which sessions may be shared.
#pragma once
#include <curl/curl.h>

#include <optional>
#include <string>

namespace hiper {

/// Empty texts and absent blobs are "not set". A blob wins over the file of the same kind.
struct TlsConfig {
  bool verify_peer = true;     ///< CURLOPT_SSL_VERIFYPEER
  bool verify_host = true;     ///< CURLOPT_SSL_VERIFYHOST, 1 or 2
  bool verify_status = false;  ///< CURLOPT_SSL_VERIFYSTATUS

  std::string ca_file;
  std::string ca_path;
  std::optional<std::string> ca_blob;
  std::string crl_file;
  std::string issuer_file;
  std::optional<std::string> issuer_blob;

  std::string cert_file;
  std::optional<std::string> cert_blob;
  std::string cert_type;  ///< PEM (also if empty), DER, P12
  std::string key_file;
  std::optional<std::string> key_blob;
  std::string key_type;  ///< PEM (also if empty), DER
  std::string key_password;

  long version = CURL_SSLVERSION_DEFAULT;  ///< CURL_SSLVERSION_x, perhaps with CURL_SSLVERSION_MAX_x
  std::string ciphers;                     ///< up to TLS 1.2
  std::string tls13_ciphers;
  std::string curves;
  std::string signature_algorithms;
  long options = 0;        ///< CURLSSLOPT_ bits; the native-CA bit has no meaning here
  std::string pinned_key;  ///< file name, or sha256//… list

  bool alpn = true;           ///< CURLOPT_SSL_ENABLE_ALPN
  bool session_cache = true;  ///< CURLOPT_SSL_SESSIONID_CACHE

  /// Called for each connection, on a context of its own.
  curl_ssl_ctx_callback context_function = nullptr;
  void* context_data = nullptr;

  /// Equal exactly if all fields above are equal. Blobs and the password go in as digests.
  /// Throws std::bad_alloc. Costs a few microseconds: keep the result.
  std::string cache_key() const;
};

}  // namespace hiper
