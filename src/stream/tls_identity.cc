#include "stream/tls_identity.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <strings.h>

#include <algorithm>
#include <cstring>

namespace hiper {
namespace {

enum class Encoding { pem, der, pkcs12, unknown };

Encoding encoding_of(const std::string& name) noexcept {
  if (name.empty() || strcasecmp(name.c_str(), "PEM") == 0) return Encoding::pem;
  if (strcasecmp(name.c_str(), "DER") == 0) return Encoding::der;
  if (strcasecmp(name.c_str(), "P12") == 0) return Encoding::pkcs12;
  return Encoding::unknown;
}

OwnedBio open_source(const std::string& file, const std::optional<std::string>& blob) noexcept {
  return blob.has_value() ? memory_bio(*blob) : OwnedBio(BIO_new_file(file.c_str(), "rb"));
}

const char* name_of(const std::string& file, const std::optional<std::string>& blob) noexcept {
  return blob.has_value() ? "the given blob" : file.c_str();
}

/// Without this function OpenSSL would ask at the terminal.
int give_password(char* into, int size, int /*writing*/, void* password) noexcept {
  const std::string& text = *static_cast<const std::string*>(password);
  if (text.size() >= static_cast<std::size_t>(size)) return -1;
  std::memcpy(into, text.data(), text.size());
  return static_cast<int>(text.size());
}

void* password_of(const TlsConfig& config) noexcept { return const_cast<std::string*>(&config.key_password); }

Status bad_identity(Report& report, const char* what, const char* source) noexcept {
  report.failuref("TLS: %s from %s: %s", what, source, OpensslReason().c_str());
  return Status(CURLE_SSL_CERTPROBLEM);
}

/// The rest of a PEM file after the own certificate is the chain to send. True unless it is broken.
bool use_pem_chain(SSL_CTX* context, BIO* source, void* password) noexcept {
  SSL_CTX_clear_chain_certs(context);
  for (;;) {
    OwnedCertificate next(PEM_read_bio_X509(source, nullptr, give_password, password));
    if (next == nullptr) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return false;
    (void)next.release();
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return at_end;
}

bool use_certificate(SSL_CTX* context, const TlsConfig& config, Encoding encoding) noexcept {
  const OwnedBio source = open_source(config.cert_file, config.cert_blob);
  if (source == nullptr) return false;
  if (encoding == Encoding::der) {
    const OwnedCertificate certificate(d2i_X509_bio(source.get(), nullptr));
    return certificate != nullptr && SSL_CTX_use_certificate(context, certificate.get()) == 1;
  }
  const OwnedCertificate certificate(
      PEM_read_bio_X509_AUX(source.get(), nullptr, give_password, password_of(config)));
  return certificate != nullptr && SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
         use_pem_chain(context, source.get(), password_of(config));
}

OwnedKey read_key(const TlsConfig& config, BIO* source, Encoding encoding) noexcept {
  if (encoding == Encoding::der) return OwnedKey(d2i_PrivateKey_bio(source, nullptr));
  return OwnedKey(PEM_read_bio_PrivateKey(source, nullptr, give_password, password_of(config)));
}

/// The key is in a source of its own, or else beside the certificate and of the same kind.
Status use_key(SSL_CTX* context, const TlsConfig& config, Report& report) noexcept {
  const bool own = config.key_blob.has_value() || !config.key_file.empty();
  const std::string& file = own ? config.key_file : config.cert_file;
  const std::optional<std::string>& blob = own ? config.key_blob : config.cert_blob;
  const Encoding encoding = encoding_of(config.key_type.empty() && !own ? config.cert_type : config.key_type);
  if (encoding != Encoding::pem && encoding != Encoding::der) {
    report.failuref("TLS: private keys of type '%s' are not supported", config.key_type.c_str());
    return Status(CURLE_SSL_CERTPROBLEM);
  }
  const OwnedBio source = open_source(file, blob);
  const OwnedKey key = source == nullptr ? nullptr : read_key(config, source.get(), encoding);
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return bad_identity(report, "cannot use the private key", name_of(file, blob));
  return Status();
}

Status use_pkcs12(SSL_CTX* context, const TlsConfig& config, Report& report) noexcept {
  const char* const name = name_of(config.cert_file, config.cert_blob);
  const OwnedBio source = open_source(config.cert_file, config.cert_blob);
  const OwnedPkcs12 bundle(source == nullptr ? nullptr : d2i_PKCS12_bio(source.get(), nullptr));
  if (bundle == nullptr) return bad_identity(report, "cannot read PKCS#12", name);
  EVP_PKEY* raw_key = nullptr;
  X509* raw_certificate = nullptr;
  STACK_OF(X509)* raw_chain = nullptr;
  const int parsed =
      PKCS12_parse(bundle.get(), config.key_password.c_str(), &raw_key, &raw_certificate, &raw_chain);
  const OwnedKey key(raw_key);
  const OwnedCertificate certificate(raw_certificate);
  const OwnedCertificates chain(raw_chain);
  if (parsed != 1 || key == nullptr || certificate == nullptr)
    return bad_identity(report, "cannot open PKCS#12", name);
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return bad_identity(report, "cannot use PKCS#12", name);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain.get()); ++i) {
    if (SSL_CTX_add1_chain_cert(context, sk_X509_value(chain.get(), i)) != 1)
      return bad_identity(report, "cannot use the certificate chain", name);
  }
  return Status();
}

}  // namespace

Status load_identity(SSL_CTX* context, const TlsConfig& config, Report& report) noexcept {
  if (!config.cert_blob.has_value() && config.cert_file.empty()) return Status();
  const Encoding encoding = encoding_of(config.cert_type);
  if (encoding == Encoding::unknown) {
    report.failuref("TLS: client certificates of type '%s' are not supported", config.cert_type.c_str());
    return Status(CURLE_SSL_CERTPROBLEM);
  }
  if (encoding == Encoding::pkcs12) return use_pkcs12(context, config, report);
  if (!use_certificate(context, config, encoding))
    return bad_identity(report, "cannot use the client certificate",
                        name_of(config.cert_file, config.cert_blob));
  if (const Status used = use_key(context, config, report); !used.ok()) return used;
  if (SSL_CTX_check_private_key(context) == 1) return Status();
  return bad_identity(report, "the private key does not belong to the client certificate",
                      name_of(config.cert_file, config.cert_blob));
}

OwnedCertificate read_certificate(const std::string& file, const std::optional<std::string>& blob) noexcept {
  std::string no_password;
  const OwnedBio source = open_source(file, blob);
  if (source == nullptr) return nullptr;
  return OwnedCertificate(PEM_read_bio_X509_AUX(source.get(), nullptr, give_password, &no_password));
}

}  // namespace hiper
