/* What the C programs of this folder share: the site they fetch from, and transfers that compare what they
 * get with the files the server has. A program is run as: <program> <case> <http URL> <https URL> <CA file>
 * <document root> */
#ifndef HIPER_TESTS_LIVE_CLIENT_H
#define HIPER_TESTS_LIVE_CLIENT_H
#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition, ...)                                       \
  do {                                                              \
    if (condition) break;                                           \
    fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
    fprintf(stderr, __VA_ARGS__);                                   \
    fputc('\n', stderr);                                            \
    exit(1);                                                        \
  } while (0)
#define EQUAL(actual, wanted)                                                           \
  do {                                                                                  \
    const long long actual_ = (long long)(actual), wanted_ = (long long)(wanted);       \
    CHECK(actual_ == wanted_, "%s is %lld instead of %lld", #actual, actual_, wanted_); \
  } while (0)

struct site {
  const char *http, *https, *ca, *root;
};
extern struct site site;

struct file {
  char* bytes;
  size_t size;
};
/* The file of the server; read once, kept until the program ends. */
const struct file* file_of_site(const char* name);

/* One download. `pause_every` > 0: the write callback pauses before each that many bytes; who resumes calls
 * curl_easy_pause(easy, CURLPAUSE_CONT). */
struct transfer {
  CURL* easy;
  const struct file* expected;
  size_t num_received;
  size_t pause_every, pause_at;
  bool paused, wrong, done;
  CURLcode code;
  char error[CURL_ERROR_SIZE];
  char url[256];
};

/* Prepares a GET of `file` below http (`tls` false) or https. `location` is put between: "" or "gz/". */
void begin(struct transfer* transfer, bool tls, const char* location, const char* file);
/* Looks at the result, at the bytes, and at the numbers getinfo gives. */
void check_done(struct transfer* transfer, CURLcode code);
void end(struct transfer* transfer);
/* Marks what the messages of `multi` tell, removes these handles and checks them; returns how many. */
int collect(CURLM* multi);
long new_connections(CURL* easy);
double seconds(void);

struct test_case {
  const char* name;
  void (*run)(void);
};
int run_case(int argc, char** argv, const struct test_case* cases);

#endif
