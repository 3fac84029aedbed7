/* A process for one transfer: what a command or a script does. */
#include <curl/curl.h>
#include <stdio.h>

static size_t on_body(char* data, size_t size, size_t count, void* bytes) {
  (void)data;
  *(size_t*)bytes += size * count;
  return size * count;
}

int main(int argc, char** argv) {
  size_t bytes = 0;
  CURLcode result = CURLE_FAILED_INIT;
  CURL* easy;
  if (argc != 2 || curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return 2;
  easy = curl_easy_init();
  if (easy) {
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &bytes);
    result = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
  }
  curl_global_cleanup();
  if (result == CURLE_OK && bytes == 100) return 0;
  fprintf(stderr, "first: %d, %lu bytes\n", result, (unsigned long)bytes);
  return 1;
}
