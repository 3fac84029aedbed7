/* The multi interface without an event loop of one's own: curl_multi_perform() works, curl_multi_poll()
 * waits. Fetches all URLs at once, drops the bodies and tells the size of each.
 *
 *   cc multi_poll.c -lcurl && ./a.out https://example.org/ https://example.org/robots.txt */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>

static size_t drop_body(char* data, size_t size, size_t count, void* user) {
  (void)data;
  (void)user;
  return size * count;
}

static bool add(CURLM* multi, const char* url) {
  CURL* const easy = curl_easy_init();
  if (!easy) return false;
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, (void*)url);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  if (curl_multi_add_handle(multi, easy) == CURLM_OK) return true;
  curl_easy_cleanup(easy);
  return false;
}

/* Returns how many transfers failed. */
static int report_finished(CURLM* multi) {
  const CURLMsg* message;
  int failed = 0;
  int left;
  while ((message = curl_multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const char* url = NULL;
    curl_off_t size = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char**)&url);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &size);
    printf("%s: %s, %" CURL_FORMAT_CURL_OFF_T " bytes\n", url, curl_easy_strerror(code), size);
    failed += code != CURLE_OK;
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
  return failed;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("usage: multi_poll URL...\n", stderr);
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = curl_multi_init();
  int failed = 0;
  for (int i = 1; i < argc; ++i) failed += !add(multi, argv[i]);

  int running = 0;
  CURLMcode code;
  do {
    code = curl_multi_perform(multi, &running);
    failed += report_finished(multi);
    if (code == CURLM_OK && running > 0) code = curl_multi_poll(multi, NULL, 0, 1000, NULL);
  } while (code == CURLM_OK && running > 0);
  if (code != CURLM_OK) fprintf(stderr, "%s\n", curl_multi_strerror(code));

  curl_multi_cleanup(multi);
  curl_global_cleanup();
  return failed == 0 && code == CURLM_OK ? 0 : 1;
}
