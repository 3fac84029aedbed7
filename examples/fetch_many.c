/* Fetches many URLs at once with the multi-socket interface, with a bounded number of transfers in flight.
 *
 *   fetch_many https://example.org/ https://example.org/robots.txt   two files in ./downloads
 *   fetch_many -i urls.txt -c 500                                    as many as the file has, only counted
 *   fetch_many -n 10000 'http://127.0.0.1:8080/item/{n}'             10 000 requests to one server
 *
 * How it goes: there are as many easy handles as transfers may be in flight. Each is set up once, takes one
 * URL after the other, and is never made again; the multi handle keeps the connections for it. The loop in
 * fetch_many/event_loop.c waits, the library works, and after each turn we collect what has finished. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fetch_many/body_file.h"
#include "fetch_many/checked_memory.h"
#include "fetch_many/event_loop.h"
#include "fetch_many/options.h"
#include "fetch_many/statistics.h"
#include "fetch_many/url_list.h"

struct client;

/* A place for one transfer at a time. */
struct slot {
  struct client* client;
  CURL* easy;
  char* url;
  struct body_file file;
  const char* file_error;
  char error[CURL_ERROR_SIZE];
};

struct client {
  struct options options;
  struct url_list urls;
  struct statistics statistics;
  struct event_loop loop;
  CURLM* multi;
  int directory_fd; /* -1: bodies are only counted */
  long num_slots;
  struct slot* slots;
  long in_flight;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

/* One transfer. */

/* The file appears with the first byte of the body, so that failed transfers leave none behind. */
static bool keep_body(struct slot* slot, const char* data, size_t count) {
  const int directory = slot->client->directory_fd;
  if (slot->file.fd < 0 && !body_file_open(&slot->file, directory, slot->url))
    slot->file_error = "cannot make a file";
  else if (!body_file_write(&slot->file, data, count))
    slot->file_error = "cannot write to the file";
  return !slot->file_error;
}

static size_t on_body(char* data, size_t size, size_t count, void* user) {
  struct slot* const slot = user;
  const size_t bytes = size * count;
  slot->client->statistics.bytes += bytes;
  if (slot->client->directory_fd >= 0 && !keep_body(slot, data, bytes)) return CURL_WRITEFUNC_ERROR;
  return bytes;
}

/* What stays the same for all transfers. */
static bool prepare_slot(struct client* client, struct slot* slot) {
  const struct options* const options = &client->options;
  CURL* const easy = curl_easy_init();
  *slot = (struct slot){.client = client, .easy = easy, .file.fd = -1};
  if (!easy) return false;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, slot->error);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "fetch_many");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options->timeout_ms);
  if (options->ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
  if (options->insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  return true;
}

/* Takes the next URL, if there is one. False, with a message, when the library refuses the handle. */
static bool start_next(struct slot* slot) {
  struct client* const client = slot->client;
  slot->url = url_list_next(&client->urls);
  if (!slot->url) return true;
  slot->file_error = NULL;
  slot->error[0] = '\0';
  curl_easy_setopt(slot->easy, CURLOPT_URL, slot->url);
  const CURLMcode code = curl_multi_add_handle(client->multi, slot->easy);
  if (code != CURLM_OK) {
    fprintf(stderr, "curl_multi_add_handle: %s\n", curl_multi_strerror(code));
    return false;
  }
  ++client->in_flight;
  return true;
}

/* The body is complete, or given up. An empty one is a file, too. */
static CURLcode finish_file(struct slot* slot, CURLcode code) {
  const int directory = slot->client->directory_fd;
  if (code == CURLE_OK && slot->file.fd < 0 && directory >= 0) keep_body(slot, "", 0);
  if (slot->file.fd < 0) return slot->file_error ? CURLE_WRITE_ERROR : code;
  if (body_file_close(&slot->file, directory, code == CURLE_OK)) return code;
  slot->file_error = "cannot write to the file";
  return CURLE_WRITE_ERROR;
}

static void record(struct slot* slot, CURLcode code) {
  struct statistics* const statistics = &slot->client->statistics;
  struct result result = {.code = finish_file(slot, code)};
  curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &result.status);
  curl_easy_getinfo(slot->easy, CURLINFO_TOTAL_TIME_T, &result.time_us);
  curl_easy_getinfo(slot->easy, CURLINFO_NUM_CONNECTS, &result.connections);
  statistics_add(statistics, &result);
  if (result.code == CURLE_OK) return;
  const char* const said = slot->error[0] ? slot->error : curl_easy_strerror(result.code);
  statistics_complain(statistics, slot->url, slot->file_error ? slot->file_error : said);
}

static void release(struct slot* slot) {
  curl_multi_remove_handle(slot->client->multi, slot->easy);
  free(slot->url);
  slot->url = NULL;
  --slot->client->in_flight;
}

/* All transfers. */

/* Reads all messages: several transfers may have finished in one turn. */
static bool collect_finished(struct client* client) {
  const CURLMsg* message;
  int left;
  while ((message = curl_multi_info_read(client->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    struct slot* slot = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char**)&slot);
    record(slot, message->data.result);
    release(slot); /* the message is gone with it */
    if (!start_next(slot)) return false;
  }
  return true;
}

static bool fetch_all(struct client* client) {
  for (long i = 0; i < client->num_slots; ++i) {
    if (!start_next(&client->slots[i])) return false;
  }
  while (client->in_flight > 0 && !interrupted) {
    if (!event_loop_turn(&client->loop, statistics_wait_ms(&client->statistics))) return false;
    if (!collect_finished(client)) return false;
    statistics_show(&client->statistics, client->in_flight);
  }
  return true;
}

/* Sockets for many transfers, and a file for each, need more descriptors than programs get by default. */
static void raise_descriptor_limit(long num_transfers) {
  const rlim_t wanted = (rlim_t)num_transfers * 6 + 64; /* idle connections are kept, four per transfer */
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static bool client_open(struct client* client) {
  const struct options* const options = &client->options;
  if (!url_list_open(&client->urls, options)) return false;
  if (options->directory && (client->directory_fd = body_directory_open(options->directory)) < 0)
    return false;
  const long total = client->urls.total;
  const long num_slots = options->concurrency < total ? options->concurrency : total;
  raise_descriptor_limit(num_slots);
  client->multi = curl_multi_init();
  if (!client->multi || !event_loop_open(&client->loop, client->multi)) return false;
  client->slots = grow(NULL, (size_t)num_slots * sizeof *client->slots);
  for (; client->num_slots < num_slots; ++client->num_slots) {
    if (!prepare_slot(client, &client->slots[client->num_slots])) return false;
  }
  statistics_begin(&client->statistics, total);
  return true;
}

static void client_close(struct client* client) {
  for (long i = 0; i < client->num_slots; ++i) {
    struct slot* const slot = &client->slots[i];
    if (slot->url) release(slot);
    if (slot->file.fd >= 0) body_file_close(&slot->file, client->directory_fd, false);
    curl_easy_cleanup(slot->easy);
  }
  free(client->slots);
  curl_multi_cleanup(client->multi); /* closes the idle connections */
  event_loop_close(&client->loop);
  if (client->directory_fd >= 0) close(client->directory_fd);
  statistics_end(&client->statistics);
  url_list_close(&client->urls);
}

static void handle_signals(void) {
  signal(SIGPIPE, SIG_IGN);
  /* Not signal(): the call that waits shall be interrupted. */
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char** argv) {
  struct client client = {.directory_fd = -1, .loop = {.epoll_fd = -1, .timer_fd = -1}};
  options_read(&client.options, argc, argv);
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;
  handle_signals();
  bool good = client_open(&client);
  if (good) {
    good = fetch_all(&client);
    statistics_summary(&client.statistics);
    if (client.options.directory) printf("files        in %s\n", client.options.directory);
  }
  good = good && client.statistics.failed == 0 && client.statistics.done == client.statistics.total;
  client_close(&client);
  curl_global_cleanup();
  return good ? 0 : 1;
}
