/* curl_global_sslset answers to the name of the TLS library which the version of the symbol promises. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>

typedef CURLsslset (*sslset_function)(curl_sslbackend, const char*, const curl_ssl_backend***);

static CURLsslset choose(void* library, const char* node, const char* name) {
  sslset_function function;
  const curl_ssl_backend** available = NULL;
  *(void**)&function = dlvsym(library, "curl_global_sslset", node);
  if (function == NULL) return CURLSSLSET_NO_BACKENDS;
  return function((curl_sslbackend)-1, name, &available);
}

int main(void) {
  void* const library = dlopen("libcurl.so.4", RTLD_NOW);
  int wrong = 0;
  if (library == NULL) return 1;
  wrong |= choose(library, "CURL_OPENSSL_4", "openssl") != CURLSSLSET_OK;
  wrong |= choose(library, "CURL_OPENSSL_4", "gnutls") != CURLSSLSET_UNKNOWN_BACKEND;
  wrong |= choose(library, "CURL_GNUTLS_3", "gnutls") != CURLSSLSET_OK;
  wrong |= choose(library, "CURL_GNUTLS_4", "gnutls") != CURLSSLSET_OK;
  wrong |= choose(library, "CURL_OPENSSL_3", "openssl") != CURLSSLSET_OK;
  return wrong;
}
