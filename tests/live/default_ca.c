/* Makes the certificate bundle named by HIPER_TEST_CA the default of programs that set none. For machines
 * where the tests may not mount it over the system's bundle. */
#define _GNU_SOURCE
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>

CURL* curl_easy_init(void) {
  CURL* (*init)(void) = (CURL * (*)(void)) dlsym(RTLD_NEXT, "curl_easy_init");
  CURL* easy = init();
  const char* bundle = getenv("HIPER_TEST_CA");
  if (easy != NULL && bundle != NULL) curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
  return easy;
}
