/* The URLs to fetch, one after the other. */
#ifndef URL_LIST_H
#define URL_LIST_H
#include <stdbool.h>
#include <stddef.h>

#include "options.h"

struct url_list {
  char** urls;
  size_t num_urls;
  char* text;    /* the file the URLs are in; NULL if they are arguments */
  long total;    /* requests to make */
  long next;     /* number of the next request, from 0 */
  bool numbered; /* {n} becomes the number of the request */
};

/* False, with a message on stderr, if the list cannot be read or is empty. Close the list in any case. */
bool url_list_open(struct url_list* list, const struct options* options);

/* The next URL, to be freed by the caller. NULL at the end of the list. */
char* url_list_next(struct url_list* list);

void url_list_close(struct url_list* list);

#endif
