/* What has happened so far: counted for every transfer, shown while it goes on and at the end. */
#ifndef STATISTICS_H
#define STATISTICS_H
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

enum { STATUS_MAX = 999, SAMPLES = 10 };

/* One finished transfer. */
struct result {
  CURLcode code;
  long status;        /* of HTTP, 0: none */
  curl_off_t time_us; /* from start to end */
  long connections;   /* new ones that it made */
};

struct sample {
  double at;
  long done;
  uint64_t bytes;
};

struct statistics {
  long total;
  long done;
  long failed;
  long connections;
  uint64_t bytes;     /* of bodies, counted as they come */
  uint32_t* times_us; /* of the transfers that succeeded */
  long by_code[CURL_LAST];
  long by_status[STATUS_MAX + 1]; /* of HTTP errors */
  double started_at;
  bool live;                      /* stderr is a terminal */
  struct sample samples[SAMPLES]; /* of the last second, oldest first */
  int num_samples;
};

void statistics_begin(struct statistics* statistics, long total);
void statistics_add(struct statistics* statistics, const struct result* result);

/* Tells of a failed transfer on stderr, but not of all if there are many. */
void statistics_complain(struct statistics* statistics, const char* url, const char* why);

/* Milliseconds until the progress line is due, -1 if there is none. */
int statistics_wait_ms(const struct statistics* statistics);
/* Writes the progress line if it is due. */
void statistics_show(struct statistics* statistics, long in_flight);

/* Writes the summary to stdout. */
void statistics_summary(struct statistics* statistics);
void statistics_end(struct statistics* statistics);

#endif
