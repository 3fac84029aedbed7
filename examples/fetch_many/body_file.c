#include "body_file.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAME_NAMES_MAX = 10000 };

int body_directory_open(const char* directory) {
  int fd = -1;
  if (mkdir(directory, 0777) == 0 || errno == EEXIST)
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fprintf(stderr, "fetch_many: no files can be written to %s: %s\n", directory, strerror(errno));
  return fd;
}

static bool is_harmless(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c && strchr("-._=,+@", c));
}

/* Appends `text` as far as there is room. Returns the new length of `name`. */
static size_t append(char* name, size_t length, const char* text) {
  for (; *text != '\0' && length < BODY_FILE_NAME_MAX; ++text)
    name[length++] = is_harmless(*text) ? *text : '_';
  name[length] = '\0';
  return length;
}

static size_t append_part(char* name, size_t length, CURLU* url, CURLUPart part, const char* before) {
  char* text = NULL;
  if (curl_url_get(url, part, &text, 0) == CURLUE_OK)
    length = append(name, append(name, length, before), text);
  curl_free(text);
  return length;
}

void body_file_name(const char* url, char name[BODY_FILE_NAME_MAX + 1]) {
  size_t length = 0;
  CURLU* const parts = curl_url();
  if (parts && curl_url_set(parts, CURLUPART_URL, url, CURLU_GUESS_SCHEME) == CURLUE_OK) {
    length = append_part(name, length, parts, CURLUPART_HOST, "");
    length = append_part(name, length, parts, CURLUPART_PATH, "");
    if (length > 0 && name[length - 1] == '_') length = append(name, length, "index.html");
    length = append_part(name, length, parts, CURLUPART_QUERY, "_");
  }
  curl_url_cleanup(parts);
  if (length == 0) append(name, 0, "body");
  if (name[0] == '.') name[0] = '_';
}

bool body_file_open(struct body_file* file, int directory_fd, const char* url) {
  char name[BODY_FILE_NAME_MAX + 1];
  body_file_name(url, name);
  snprintf(file->name, sizeof file->name, "%s", name);
  for (int number = 1; number <= SAME_NAMES_MAX; ++number) {
    file->fd = openat(directory_fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file->fd >= 0) return true;
    if (errno != EEXIST) return false;
    snprintf(file->name, sizeof file->name, "%s.%d", name, number);
  }
  return false;
}

bool body_file_write(struct body_file* file, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(file->fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

bool body_file_close(struct body_file* file, int directory_fd, bool keep) {
  const bool closed = close(file->fd) == 0;
  file->fd = -1;
  if (!keep || !closed) unlinkat(directory_fd, file->name, 0);
  return closed;
}
