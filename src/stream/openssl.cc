#include "stream/openssl.hpp"

#include <openssl/err.h>

namespace hiper {

OpensslReason::OpensslReason() noexcept : text_{} {
  unsigned long error = ERR_get_error();
  for (unsigned long next = ERR_get_error(); next != 0; next = ERR_get_error()) {
    if (ERR_GET_LIB(error) != ERR_LIB_SSL && ERR_GET_LIB(next) == ERR_LIB_SSL) error = next;
  }
  if (error != 0)
    ERR_error_string_n(error, text_.data(), text_.size());
  else
    std::string_view("no reason given").copy(text_.data(), text_.size() - 1);
}

void clear_openssl_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

OwnedCertificate peer_certificate(const SSL* ssl) noexcept {
  return OwnedCertificate(SSL_get_peer_certificate(ssl));
}

Sha256 sha256(std::span<const char> data) noexcept {
  Sha256 digest{};
  EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

OwnedBio memory_bio(std::string_view data) noexcept {
  return OwnedBio(BIO_new_mem_buf(data.data(), static_cast<int>(data.size())));
}

}  // namespace hiper
