#include "wire/support/tls.hpp"

#include "unit/stream/tls_fixture.hpp"

namespace hiper::wire {
namespace {

OwnedSslContext make_server() {
  OwnedSslContext made(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(made.get(), good_server().certificate.get());
  SSL_CTX_use_PrivateKey(made.get(), good_server().key.get());
  return made;
}

}  // namespace

SSL_CTX* tls_server() {
  static const OwnedSslContext context = make_server();
  return context.get();
}

SSL_CTX* tls12_server() {
  static const OwnedSslContext context = [] {
    OwnedSslContext made = make_server();
    SSL_CTX_set_max_proto_version(made.get(), TLS1_2_VERSION);
    return made;
  }();
  return context.get();
}

void trust(Handle& handle) {
  static const std::string trusted = pem_of(authority().certificate.get());
  curl_blob blob = {const_cast<char*>(trusted.data()), trusted.size(), CURL_BLOB_COPY};
  handle.set(CURLOPT_CAINFO_BLOB, &blob);
}

}  // namespace hiper::wire
