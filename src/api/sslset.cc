// Which TLS library is in use: there is one, so choosing it always succeeds, before and after global init.
// Programs built for the GnuTLS flavour of libcurl call the second function (see exports.list): some refuse
// to start unless "gnutls" can be chosen. Source: curl_global_sslset(3); what it leaves open was observed on
// the original.
#include <curl/curl.h>
#include <strings.h>

namespace hiper {
namespace {

struct Backends {
  curl_ssl_backend only;
  const curl_ssl_backend* list[2];
};
constinit Backends openssl_backends{{CURLSSLBACKEND_OPENSSL, "openssl"}, {&openssl_backends.only, nullptr}};
constinit Backends gnutls_backends{{CURLSSLBACKEND_GNUTLS, "gnutls"}, {&gnutls_backends.only, nullptr}};

CURLsslset choose(Backends& backends, curl_sslbackend id, const char* name,
                  const curl_ssl_backend*** available) noexcept {
  if (available != nullptr) *available = backends.list;
  if (id == backends.only.id) return CURLSSLSET_OK;
  if (name != nullptr && strcasecmp(name, backends.only.name) == 0) return CURLSSLSET_OK;
  return CURLSSLSET_UNKNOWN_BACKEND;
}

}  // namespace
}  // namespace hiper

extern "C" {

CURLsslset curl_global_sslset(curl_sslbackend id, const char* name, const curl_ssl_backend*** available) {
  return hiper::choose(hiper::openssl_backends, id, name, available);
}

CURLsslset curl_global_sslset_gnutls(curl_sslbackend id, const char* name,
                                     const curl_ssl_backend*** available);
CURLsslset curl_global_sslset_gnutls(curl_sslbackend id, const char* name,
                                     const curl_ssl_backend*** available) {
  return hiper::choose(hiper::gnutls_backends, id, name, available);
}

}  // extern "C"
