// Owners for OpenSSL's objects, and its error queue as text. Only the tls_* files of this room include it.
#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hiper {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
inline void free_certificates(STACK_OF(X509) * chain) noexcept { sk_X509_pop_free(chain, X509_free); }

using OwnedBio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using OwnedCertificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using OwnedCertificates = std::unique_ptr<STACK_OF(X509), FreeWith<free_certificates>>;
using OwnedKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using OwnedPkcs12 = std::unique_ptr<PKCS12, FreeWith<PKCS12_free>>;
using OwnedSession = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;
using OwnedSsl = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using OwnedSslContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using OwnedStore = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;

/// The oldest error of this thread's queue in OpenSSL's words, one of its TLS part if there is one. Cut to a
/// fixed length; empties the queue.
class OpensslReason {
 public:
  OpensslReason() noexcept;
  const char* c_str() const noexcept { return text_.data(); }

 private:
  std::array<char, 256> text_;
};

/// Forgets errors that somebody else left in this thread's queue; they would be taken for ours.
void clear_openssl_errors() noexcept;

/// The certificate of the peer with a share of its own; nullptr if there is none.
OwnedCertificate peer_certificate(const SSL* ssl) noexcept;

using Sha256 = std::array<unsigned char, 32>;
Sha256 sha256(std::span<const char> data) noexcept;

/// Read access to `data` without a copy; nullptr when memory is out.
OwnedBio memory_bio(std::string_view data) noexcept;

}  // namespace hiper
