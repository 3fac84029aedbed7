#include "statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checked_memory.h"

enum { COMPLAINTS_MAX = 10 };
static const double interval = 0.1; /* seconds between two progress lines */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void statistics_begin(struct statistics* statistics, long total) {
  *statistics = (struct statistics){.total = total, .started_at = now(), .live = isatty(STDERR_FILENO)};
  statistics->times_us = grow(NULL, (size_t)total * sizeof *statistics->times_us);
  statistics->samples[0].at = statistics->started_at;
  statistics->num_samples = 1;
}

void statistics_add(struct statistics* statistics, const struct result* result) {
  ++statistics->done;
  statistics->connections += result->connections;
  if (result->code == CURLE_OK) {
    const curl_off_t time = result->time_us < UINT32_MAX ? result->time_us : UINT32_MAX;
    statistics->times_us[statistics->done - statistics->failed - 1] = (uint32_t)time;
    return;
  }
  ++statistics->failed;
  if (result->code < CURL_LAST) ++statistics->by_code[result->code];
  const bool is_status = result->code == CURLE_HTTP_RETURNED_ERROR && result->status <= STATUS_MAX;
  if (is_status && result->status > 0) ++statistics->by_status[result->status];
}

static void clear_line(const struct statistics* statistics) {
  if (statistics->live) fputs("\r\033[K", stderr);
}

void statistics_complain(struct statistics* statistics, const char* url, const char* why) {
  if (statistics->failed > COMPLAINTS_MAX) return;
  clear_line(statistics);
  fprintf(stderr, "%s: %s\n", url, why);
  if (statistics->failed == COMPLAINTS_MAX) fputs("(more failures are only counted)\n", stderr);
}

/* Progress. */

static const struct sample* last_sample(const struct statistics* statistics) {
  return &statistics->samples[statistics->num_samples - 1];
}

int statistics_wait_ms(const struct statistics* statistics) {
  if (!statistics->live) return -1;
  const double wait = last_sample(statistics)->at + interval - now();
  return wait > 0 ? (int)(wait * 1000) + 1 : 0;
}

static void add_sample(struct statistics* statistics, double at) {
  if (statistics->num_samples == SAMPLES) {
    memmove(&statistics->samples[0], &statistics->samples[1], (SAMPLES - 1) * sizeof statistics->samples[0]);
    --statistics->num_samples;
  }
  statistics->samples[statistics->num_samples++] = (struct sample){at, statistics->done, statistics->bytes};
}

void statistics_show(struct statistics* statistics, long in_flight) {
  if (!statistics->live) return;
  const double at = now();
  if (at < last_sample(statistics)->at + interval) return;
  add_sample(statistics, at);
  const struct sample* const first = &statistics->samples[0];
  const double seconds = at - first->at;
  const double requests = (double)(statistics->done - first->done) / seconds;
  const double megabytes = (double)(statistics->bytes - first->bytes) / 1e6 / seconds;
  fprintf(stderr, "\r%ld/%ld done, %ld in flight, %.0f req/s, %.1f MB/s, %ld errors\033[K", statistics->done,
          statistics->total, in_flight, requests, megabytes, statistics->failed);
}

/* Summary. */

static int compare_times(const void* a, const void* b) {
  const uint32_t x = *(const uint32_t*)a;
  const uint32_t y = *(const uint32_t*)b;
  return (x > y) - (x < y);
}

static double percentile_ms(const struct statistics* statistics, long percent) {
  const long count = statistics->done - statistics->failed;
  return (double)statistics->times_us[(count - 1) * percent / 100] / 1000;
}

static void show_errors(const struct statistics* statistics) {
  for (int code = 1; code < CURL_LAST; ++code) {
    if (statistics->by_code[code] == 0) continue;
    printf("%8ld x error %d: %s\n", statistics->by_code[code], code, curl_easy_strerror((CURLcode)code));
  }
  for (int status = 0; status <= STATUS_MAX; ++status) {
    if (statistics->by_status[status] != 0)
      printf("%8ld x HTTP status %d\n", statistics->by_status[status], status);
  }
}

void statistics_summary(struct statistics* statistics) {
  const double seconds = now() - statistics->started_at;
  const long good = statistics->done - statistics->failed;
  clear_line(statistics);
  printf("library      %s\n", curl_version());
  printf("requests     %ld, %ld failed", statistics->done, statistics->failed);
  if (statistics->done < statistics->total)
    printf(", %ld not finished", statistics->total - statistics->done);
  printf("\nbytes        %llu\n", (unsigned long long)statistics->bytes);
  printf("seconds      %.3f\n", seconds);
  printf("rate         %.0f req/s, %.1f MB/s\n", (double)statistics->done / seconds,
         (double)statistics->bytes / 1e6 / seconds);
  printf("connections  %ld new\n", statistics->connections);
  if (good > 0) {
    qsort(statistics->times_us, (size_t)good, sizeof *statistics->times_us, compare_times);
    printf("latency      p50 %.1f ms, p99 %.1f ms\n", percentile_ms(statistics, 50),
           percentile_ms(statistics, 99));
  }
  if (statistics->failed > 0) show_errors(statistics);
  fflush(stdout);
}

void statistics_end(struct statistics* statistics) { free(statistics->times_us); }
