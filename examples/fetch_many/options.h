/* The command line of fetch_many. */
#ifndef OPTIONS_H
#define OPTIONS_H
#include <stdbool.h>

struct options {
  char** urls; /* those given as arguments */
  int num_urls;
  const char* list;      /* -i: file with one URL per line, "-" for stdin; or NULL */
  long num_requests;     /* -n: repeat the URLs until so many requests are made; 0: each URL once */
  long concurrency;      /* -c */
  const char* directory; /* where bodies are written; NULL: they are only counted */
  const char* ca_file;   /* --cacert, or NULL */
  bool insecure;
  long timeout_ms; /* for one transfer */
};

/* Fills `options`, or ends the program: after -h with status 0, after a message about bad arguments with
 * status 2. */
void options_read(struct options* options, int argc, char** argv);

#endif
