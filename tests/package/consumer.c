/* A program as others write them: compiled as C, run with the library of the test. Says what it talks to. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char* what) {
  fprintf(stderr, "failed: %s\n", what);
  return 1;
}

int main(void) {
  CURL* easy;
  CURLM* multi;
  char* text;
  const curl_version_info_data* info;
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return failed("curl_global_init");
  if (strstr(curl_version(), "hiper/") == NULL) return failed("curl_version: another library was loaded");
  info = curl_version_info(CURLVERSION_NOW);
  if (strcmp(info->version, LIBCURL_VERSION) != 0 && getenv("ANY_HEADER") == NULL) return failed("version");
  text = curl_easy_escape(NULL, "a b", 0);
  if (text == NULL || strcmp(text, "a%20b") != 0) return failed("curl_easy_escape");
  curl_free(text);
  easy = curl_easy_init();
  if (easy == NULL) return failed("curl_easy_init");
  if (curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/") != CURLE_OK) return failed("curl_easy_setopt");
  multi = curl_multi_init();
  if (multi == NULL) return failed("curl_multi_init");
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return failed("curl_multi_add_handle");
  if (curl_multi_remove_handle(multi, easy) != CURLM_OK) return failed("curl_multi_remove_handle");
  curl_easy_cleanup(easy);
  if (curl_multi_cleanup(multi) != CURLM_OK) return failed("curl_multi_cleanup");
  curl_global_cleanup();
  puts(info->version);
  return 0;
}
