#include "stream/tls_verify.hpp"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace hiper {
namespace {

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

struct Address {
  unsigned char bytes[16];
  std::size_t size;  ///< 0: not an address
};

Address parse_address(const std::string& host) noexcept {
  Address address{};
  if (inet_pton(AF_INET, host.c_str(), address.bytes) == 1) {
    address.size = 4;
  } else {
    char text[INET6_ADDRSTRLEN] = "";
    const std::size_t size = host.find('%');  // a zone is ours alone
    const std::size_t length = size == std::string::npos ? host.size() : size;
    if (length >= sizeof(text)) return address;
    host.copy(text, length);
    if (inet_pton(AF_INET6, text, address.bytes) == 1) address.size = 16;
  }
  return address;
}

bool has_alternative_names(X509* certificate) noexcept {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const int type = sk_GENERAL_NAME_value(names.get(), i)->type;
    if (type == GEN_DNS || type == GEN_IPADD) return true;
  }
  return false;
}

/// libcurl accepts an address as common name if there are no alternative names.
bool common_name_is(X509* certificate, const std::string& text) noexcept {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return false;
  const ASN1_STRING* const name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  return ASN1_STRING_length(name) >= 0 && static_cast<std::size_t>(ASN1_STRING_length(name)) == text.size() &&
         std::memcmp(ASN1_STRING_get0_data(name), text.data(), text.size()) == 0;
}

/// The SubjectPublicKeyInfo, as DER; empty on failure.
class PublicKey {
 public:
  explicit PublicKey(X509* certificate) noexcept
      : size_(i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes_)) {}
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  ~PublicKey() { OPENSSL_free(bytes_); }
  std::span<const char> bytes() const noexcept {
    if (size_ <= 0) return {};
    return {reinterpret_cast<const char*>(bytes_), static_cast<std::size_t>(size_)};
  }

 private:
  unsigned char* bytes_ = nullptr;
  int size_;
};

bool same_bytes(std::span<const char> a, std::span<const char> b) noexcept {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_among_digests(std::span<const char> key, std::string_view pinned) noexcept {
  const Sha256 digest = sha256(key);
  char text[48] = "";
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text), digest.data(), static_cast<int>(digest.size()));
  constexpr std::string_view kMark = "sha256//";
  while (pinned.starts_with(kMark)) {
    pinned.remove_prefix(kMark.size());
    const std::string_view one = pinned.substr(0, pinned.find(';'));
    if (one == std::string_view(text, static_cast<std::size_t>(size))) return true;
    pinned.remove_prefix(one.size());
    if (!pinned.empty()) pinned.remove_prefix(1);
  }
  return false;
}

bool is_in_pem(std::span<const char> key, BIO* file) noexcept {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(file, &name, &header, &data, &size) != 1) return false;
  const bool same = std::strcmp(name, "PUBLIC KEY") == 0 &&
                    same_bytes(key, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return same;
}

bool is_in_file(std::span<const char> key, const std::string& path) noexcept {
  const OwnedBio file(BIO_new_file(path.c_str(), "rb"));
  if (file == nullptr) return false;
  if (is_in_pem(key, file.get())) return true;
  if (BIO_reset(file.get()) != 0) return false;
  char content[16 * 1024 + 1];  // no public key is larger
  const int size = BIO_read(file.get(), content, sizeof(content));
  return size > 0 && same_bytes(key, {content, static_cast<std::size_t>(size)});
}

Status check_name(X509* certificate, const std::string& host, Report& report) noexcept {
  if (certificate_is_for(certificate, host)) return Status();
  report.failuref("TLS: the certificate of the server is not for '%s'", host.c_str());
  return Status(CURLE_PEER_FAILED_VERIFICATION);
}

Status check_issuer(X509* certificate, X509* issuer, Report& report) noexcept {
  if (X509_check_issued(issuer, certificate) == X509_V_OK) return Status();
  report.failure("TLS: the certificate of the server is not from the issuer asked for");
  return Status(CURLE_SSL_ISSUER_ERROR);
}

Status check_pin(X509* certificate, const std::string& pinned, Report& report) noexcept {
  if (key_is_pinned(certificate, pinned)) return Status();
  report.failure("TLS: the key of the server is not the pinned one");
  return Status(CURLE_SSL_PINNEDPUBKEYNOTMATCH);
}

}  // namespace

bool is_address(const std::string& host) noexcept { return parse_address(host).size != 0; }

bool certificate_is_for(X509* certificate, const std::string& host) noexcept {
  const bool alternatives = has_alternative_names(certificate);
  if (const Address address = parse_address(host); address.size != 0) {
    if (alternatives) return X509_check_ip(certificate, address.bytes, address.size, 0) == 1;
    return common_name_is(certificate, host);
  }
  std::size_t size = host.size();
  if (size > 0 && host[size - 1] == '.') --size;
  if (size == 0 || host[0] == '.') return false;  // OpenSSL takes a leading dot for "any host below"
  unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  if (alternatives) flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(certificate, host.data(), size, flags, nullptr) == 1;
}

bool key_is_pinned(X509* certificate, const std::string& pinned) noexcept {
  const PublicKey key(certificate);
  if (key.bytes().empty()) return false;
  if (pinned.starts_with("sha256//")) return is_among_digests(key.bytes(), pinned);
  const bool same = is_in_file(key.bytes(), pinned);
  clear_openssl_errors();
  return same;
}

Status check_peer(SSL* ssl, const TlsContext& context, const std::string& host, long& verify_result,
                  Report& report) noexcept {
  const TlsConfig& config = context.config();
  const OwnedCertificate certificate = peer_certificate(ssl);
  if (certificate == nullptr) {
    if (!config.verify_peer && !config.verify_host && config.pinned_key.empty()) return Status();
    report.failure("TLS: the server has shown no certificate");
    return Status(CURLE_PEER_FAILED_VERIFICATION);
  }
  if (config.verify_host) {
    if (const Status done = check_name(certificate.get(), host, report); !done.ok()) return done;
  }
  if (context.issuer() != nullptr) {
    if (const Status done = check_issuer(certificate.get(), context.issuer(), report); !done.ok())
      return done;
  }
  verify_result = SSL_get_verify_result(ssl);
  if (config.verify_status && SSL_session_reused(ssl) == 0) {
    if (const Status done = check_stapled_status(ssl, report); !done.ok()) return done;
  }
  if (!config.pinned_key.empty()) return check_pin(certificate.get(), config.pinned_key, report);
  return Status();
}

}  // namespace hiper
