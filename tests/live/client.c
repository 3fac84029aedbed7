/* See client.h. */
#include "client.h"

#include <string.h>
#include <time.h>

struct site site;

enum { kFilesMax = 32 };
static struct {
  char name[64];
  struct file file;
} files[kFilesMax];

const struct file* file_of_site(const char* name) {
  int index = 0;
  for (; index < kFilesMax && files[index].name[0] != '\0'; ++index) {
    if (strcmp(files[index].name, name) == 0) return &files[index].file;
  }
  CHECK(index < kFilesMax, "too many files");
  char path[512];
  snprintf(path, sizeof(path), "%s/%s", site.root, name);
  FILE* stream = fopen(path, "rb");
  CHECK(stream != NULL && fseek(stream, 0, SEEK_END) == 0, "%s", path);
  struct file* file = &files[index].file;
  file->size = (size_t)ftell(stream);
  file->bytes = malloc(file->size + 1);
  rewind(stream);
  CHECK(fread(file->bytes, 1, file->size, stream) == file->size, "%s", path);
  fclose(stream);
  snprintf(files[index].name, sizeof(files[index].name), "%s", name);
  return file;
}

static size_t on_body(char* bytes, size_t size, size_t count, void* data) {
  struct transfer* transfer = data;
  const size_t length = size * count;
  const struct file* expected = transfer->expected;
  if (transfer->pause_every != 0 && transfer->num_received >= transfer->pause_at) {
    transfer->pause_at = transfer->num_received + transfer->pause_every;
    transfer->paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (transfer->num_received + length > expected->size ||
      memcmp(expected->bytes + transfer->num_received, bytes, length) != 0) {
    transfer->wrong = true;
    return 0;
  }
  transfer->num_received += length;
  return length;
}

void begin(struct transfer* transfer, bool tls, const char* location, const char* file) {
  memset(transfer, 0, sizeof(*transfer));
  transfer->expected = file_of_site(file);
  CURL* easy = transfer->easy = curl_easy_init();
  CHECK(easy != NULL, "no handle");
  snprintf(transfer->url, sizeof(transfer->url), "%s/%s%s", tls ? site.https : site.http, location, file);
  curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
  curl_easy_setopt(easy, CURLOPT_CAINFO, site.ca);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
}

void check_done(struct transfer* transfer, CURLcode code) {
  long status = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  CHECK(!transfer->wrong, "%s: other bytes near %zu", transfer->url, transfer->num_received);
  CHECK(code == CURLE_OK, "%s: %d: %s", transfer->url, code, transfer->error);
  EQUAL(status, 200);
  EQUAL(transfer->num_received, transfer->expected->size);
  transfer->done = true;
  transfer->code = code;
}

void end(struct transfer* transfer) {
  curl_easy_cleanup(transfer->easy);
  transfer->easy = NULL;
}

int collect(CURLM* multi) {
  int count = 0, left;
  for (CURLMsg* message; (message = curl_multi_info_read(multi, &left)) != NULL; ++count) {
    EQUAL(message->msg, CURLMSG_DONE);
    struct transfer* transfer;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    CHECK(transfer->easy == easy, "the message is for another handle");
    EQUAL(curl_multi_remove_handle(multi, easy), CURLM_OK);
    check_done(transfer, code);
  }
  return count;
}

long new_connections(CURL* easy) {
  long count = -1;
  EQUAL(curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &count), CURLE_OK);
  return count;
}

double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int run_case(int argc, char** argv, const struct test_case* cases) {
  CHECK(argc == 6, "usage: %s <case> <http URL> <https URL> <CA file> <document root>", argv[0]);
  site = (struct site){argv[2], argv[3], argv[4], argv[5]};
  for (; cases->name != NULL; ++cases) {
    if (strcmp(cases->name, argv[1]) != 0) continue;
    EQUAL(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
    cases->run();
    curl_global_cleanup();
    for (int index = 0; index < kFilesMax; ++index) free(files[index].file.bytes);
    return 0;
  }
  CHECK(false, "no case %s", argv[1]);
}
