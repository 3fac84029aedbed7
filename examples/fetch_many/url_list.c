#include "url_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked_memory.h"

/* Everything in `file`, as a string. NULL if reading fails. */
static char* read_all(FILE* file) {
  size_t size = 0;
  size_t room = 65536;
  char* text = grow(NULL, room);
  size_t count;
  while ((count = fread(text + size, 1, room - size - 1, file)) > 0) {
    size += count;
    if (size + 1 == room) text = grow(text, room *= 2);
  }
  text[size] = '\0';
  if (!ferror(file)) return text;
  free(text);
  return NULL;
}

static char* read_file(const char* name) {
  const bool from_stdin = strcmp(name, "-") == 0;
  FILE* const file = from_stdin ? stdin : fopen(name, "r");
  char* const text = file ? read_all(file) : NULL;
  if (!text) fprintf(stderr, "fetch_many: %s cannot be read: %s\n", name, strerror(errno));
  if (file && !from_stdin) fclose(file);
  return text;
}

/* Keeps the URLs in list->text, which is cut into strings. */
static void split_lines(struct url_list* list) {
  size_t room = 0;
  char* rest = NULL;
  for (char* line = strtok_r(list->text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
    line += strspn(line, " \t");
    line[strcspn(line, " \t")] = '\0';
    if (*line == '\0' || *line == '#') continue;
    if (list->num_urls == room) {
      room = room ? 2 * room : 1024;
      list->urls = grow(list->urls, room * sizeof *list->urls);
    }
    list->urls[list->num_urls++] = line;
  }
}

bool url_list_open(struct url_list* list, const struct options* options) {
  *list = (struct url_list){.urls = options->urls, .num_urls = (size_t)options->num_urls};
  if (options->list) {
    list->urls = NULL;
    list->text = read_file(options->list);
    if (!list->text) return false;
    split_lines(list);
    if (list->num_urls == 0) {
      fprintf(stderr, "fetch_many: there is no URL in %s\n", options->list);
      return false;
    }
  }
  list->numbered = options->num_requests != 0;
  list->total = list->numbered ? options->num_requests : (long)list->num_urls;
  return true;
}

char* url_list_next(struct url_list* list) {
  if (list->next == list->total) return NULL;
  const long number = list->next++;
  const char* const url = list->urls[(size_t)number % list->num_urls];
  const char* const mark = list->numbered ? strstr(url, "{n}") : NULL;
  const size_t room = strlen(url) + 24;
  char* const text = grow(NULL, room);
  if (mark) {
    snprintf(text, room, "%.*s%ld%s", (int)(mark - url), url, number + 1, mark + 3);
  } else {
    snprintf(text, room, "%s", url);
  }
  return text;
}

void url_list_close(struct url_list* list) {
  if (!list->text) return;
  free(list->urls);
  free(list->text);
}
