/* Which connections are used: reuse and its limits, connections the server has closed in the meantime, and
 * those which are lent to the application (CURLOPT_CONNECT_ONLY). The test restarts the server's workers when
 * the program says so. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

static struct transfer transfers[20];

/* Fetches with all of transfers[0, count) at the same time; returns the number of new connections. */
static long fetch_together(CURLM* multi, int count) {
  int running = 1, finished = 0;
  for (int number = 0; number < count; ++number) {
    transfers[number].num_received = 0;
    EQUAL(curl_multi_add_handle(multi, transfers[number].easy), CURLM_OK);
  }
  const double deadline = seconds() + 30;
  while (finished < count) {
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    finished += collect(multi);
    CHECK(seconds() < deadline, "%d of %d done", finished, count);
    if (finished < count) EQUAL(curl_multi_poll(multi, NULL, 0, 10000, NULL), CURLM_OK);
  }
  long connects = 0;
  for (int number = 0; number < count; ++number) connects += new_connections(transfers[number].easy);
  return connects;
}

static void begin_all(int count, bool tls) {
  for (int number = 0; number < count; ++number) begin(&transfers[number], tls, "", "f16384");
}

static void end_all(int count) {
  for (int number = 0; number < count; ++number) end(&transfers[number]);
}

static void reuse_in(bool tls) {
  CURLM* multi = curl_multi_init();
  begin_all(10, tls);
  EQUAL(fetch_together(multi, 10), 10);
  EQUAL(fetch_together(multi, 10), 0);
  EQUAL(fetch_together(multi, 3), 0);
  for (int number = 0; number < 5; ++number)
    curl_easy_setopt(transfers[number].easy, CURLOPT_FRESH_CONNECT, 1L);
  EQUAL(fetch_together(multi, 10), 5);
  for (int number = 0; number < 5; ++number)
    curl_easy_setopt(transfers[number].easy, CURLOPT_FRESH_CONNECT, 0L);
  end_all(10);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);

  multi = curl_multi_init();
  begin_all(10, tls);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4L);
  EQUAL(fetch_together(multi, 10), 10);
  EQUAL(fetch_together(multi, 10), 6);
  for (int number = 0; number < 10; ++number)
    curl_easy_setopt(transfers[number].easy, CURLOPT_FORBID_REUSE, 1L);
  EQUAL(fetch_together(multi, 10), 6);
  EQUAL(fetch_together(multi, 10), 10);
  end_all(10);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);

  multi = curl_multi_init();
  begin_all(10, tls);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 3L);
  EQUAL(fetch_together(multi, 10), 3);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 3L);
  EQUAL(fetch_together(multi, 10), 0);
  end_all(10);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);
}

static void reuse(void) {
  reuse_in(false);
  reuse_in(true);
}

/* A handle that is used for one thing after the other keeps its connection, and no option stays behind. */
static void one_handle(void) {
  struct transfer* transfer = &transfers[0];
  for (int tls = 0; tls < 2; ++tls) {
    begin(transfer, tls, "", "f100");
    CURL* easy = transfer->easy;
    check_done(transfer, curl_easy_perform(easy));
    EQUAL(new_connections(easy), 1);

    CURL* copy = curl_easy_duphandle(easy);
    CHECK(copy != NULL, "no copy");
    transfer->num_received = 0;
    transfer->easy = copy;
    check_done(transfer, curl_easy_perform(copy));
    EQUAL(new_connections(copy), 1);
    curl_easy_cleanup(copy);

    transfer->easy = easy;
    transfer->num_received = 0;
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    EQUAL(curl_easy_perform(easy), CURLE_OK);
    EQUAL(new_connections(easy), 0);
    EQUAL(transfer->num_received, 0);
    curl_off_t length = 0;
    EQUAL(curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length), CURLE_OK);
    EQUAL(length, 100);

    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    check_done(transfer, curl_easy_perform(easy));
    EQUAL(new_connections(easy), 0);
    curl_easy_reset(easy);
    EQUAL(curl_easy_perform(easy), CURLE_URL_MALFORMAT);
    end(transfer);
  }
}

/* Says that the server is to close its connections, and waits until it has. */
static void let_server_close(void) {
  puts("close");
  fflush(stdout);
  char answer[16];
  CHECK(fgets(answer, sizeof(answer), stdin) != NULL, "the test has gone");
}

static void post(CURL* easy, bool on) {
  static const char kText[] = "name=value";
  if (on) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, kText);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
}

/* The next request on a connection that the server has closed goes out on a new one, whatever it is. */
static void stale(void) {
  CURLM* multi = curl_multi_init();
  for (int number = 0; number < 8; ++number) begin(&transfers[number], number % 2 == 1, "any/", "f16384");
  EQUAL(fetch_together(multi, 8), 8);
  EQUAL(fetch_together(multi, 8), 0);
  for (int round = 0; round < 3; ++round) {
    let_server_close();
    for (int number = 0; number < 8; ++number) post(transfers[number].easy, round == 1);
    EQUAL(fetch_together(multi, 8), 8);
    EQUAL(fetch_together(multi, 8), 0);
  }
  /* A connection per handle, as curl_easy_perform keeps them. */
  for (int round = 0; round < 3; ++round) {
    for (int number = 0; number < 2; ++number) {
      transfers[number].num_received = 0;
      post(transfers[number].easy, round == 1);
      check_done(&transfers[number], curl_easy_perform(transfers[number].easy));
      EQUAL(new_connections(transfers[number].easy), 1);
    }
    let_server_close();
  }
  end_all(8);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);
}

/* The server takes a second request on a connection and closes it without an answer: it is sent again on a
 * new one. */
static void unanswered(void) {
  static char large[300000];
  memset(large, 'x', sizeof(large));
  CURLM* multi = curl_multi_init();
  for (int how = 0; how < 4; ++how) {
    begin_all(4, false);
    EQUAL(fetch_together(multi, 4), 4);
    for (int number = 0; number < 4; ++number) {
      CURL* easy = transfers[number].easy;
      if (how == 1) post(easy, true);
      if (how == 2) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
      if (how < 3) continue;
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, large);
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)sizeof(large));
    }
    static const struct file kNothing = {NULL, 0};
    for (int number = 0; how == 2 && number < 4; ++number) transfers[number].expected = &kNothing;
    EQUAL(fetch_together(multi, 4), 4);
    end_all(4);
    EQUAL(curl_multi_cleanup(multi), CURLM_OK);
    multi = curl_multi_init();
  }
  curl_multi_cleanup(multi);
}

static void wait_for(curl_socket_t fd, short events) {
  struct pollfd polled = {fd, events, 0};
  CHECK(poll(&polled, 1, 10000) == 1, "nothing in 10 s");
}

static void connect_only_in(bool tls) {
  struct transfer* transfer = &transfers[0];
  begin(transfer, tls, "", "f16384");
  CURL* easy = transfer->easy;
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  EQUAL(curl_easy_perform(easy), CURLE_OK);
  EQUAL(new_connections(easy), 1);
  curl_socket_t fd = CURL_SOCKET_BAD;
  EQUAL(curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  CHECK(fd >= 0, "%d", fd);

  static const char kRequest[] = "GET /f16384 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  size_t sent = 0, count = 0;
  char answer[32768];
  size_t received = 0;
  CURLcode code = curl_easy_recv(easy, answer, sizeof(answer), &count);
  EQUAL(code, CURLE_AGAIN);
  while (sent < strlen(kRequest)) {
    code = curl_easy_send(easy, kRequest + sent, strlen(kRequest) - sent, &count);
    CHECK(code == CURLE_OK || code == CURLE_AGAIN, "%d", code);
    if (code == CURLE_OK) sent += count;
    if (code == CURLE_AGAIN) wait_for(fd, POLLOUT);
  }
  for (;;) {
    code = curl_easy_recv(easy, answer + received, sizeof(answer) - received, &count);
    if (code == CURLE_AGAIN) {
      wait_for(fd, POLLIN);
      continue;
    }
    EQUAL(code, CURLE_OK);
    if (count == 0) break;
    received += count;
  }
  CHECK(received > transfer->expected->size, "%zu", received);
  CHECK(memcmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0, "%.17s", answer);
  const char* body = answer + received - transfer->expected->size;
  CHECK(memcmp(body, transfer->expected->bytes, transfer->expected->size) == 0, "other bytes");
  end(transfer);
}

static void connect_only(void) {
  connect_only_in(false);
  connect_only_in(true);
}

/* A server that accepts, and never says a word. */
static void time_limits(void) {
  for (int tls = 0; tls < 2; ++tls) {
    begin(&transfers[0], tls, "", "f100");
    CURL* easy = transfers[0].easy;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0 && listen(listener, 10) == 0, "%m");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 400L);
    double start = seconds();
    CURL* slow = curl_easy_duphandle(easy);
    char url[100];
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    EQUAL(getsockname(listener, (struct sockaddr*)&address, &length), 0);
    const unsigned char* port = (const unsigned char*)&address + 2; /* sin_port, in network order */
    snprintf(url, sizeof(url), "%s://127.0.0.1:%d/", tls ? "https" : "http", port[0] * 256 + port[1]);
    curl_easy_setopt(slow, CURLOPT_URL, url);
    EQUAL(curl_easy_perform(slow), CURLE_OPERATION_TIMEDOUT);
    CHECK(seconds() - start >= 0.4 && seconds() - start < 3, "%f s", seconds() - start);

    /* The speed is watched when the request is out, not while TLS is being set up. */
    curl_easy_setopt(slow, CURLOPT_TIMEOUT_MS, 2500L);
    curl_easy_setopt(slow, CURLOPT_LOW_SPEED_LIMIT, 10L);
    curl_easy_setopt(slow, CURLOPT_LOW_SPEED_TIME, 1L);
    start = seconds();
    EQUAL(curl_easy_perform(slow), CURLE_OPERATION_TIMEDOUT);
    const double took = seconds() - start;
    CHECK(tls ? took > 2.4 : took < 2.4, "%f s", took);
    curl_easy_cleanup(slow);

    if (tls) {
      curl_easy_setopt(easy, CURLOPT_URL, url);
      curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
      curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 300L);
      start = seconds();
      EQUAL(curl_easy_perform(easy), CURLE_OPERATION_TIMEDOUT);
      CHECK(seconds() - start < 3, "%f s", seconds() - start);
    }
    end(&transfers[0]);
    close(listener);
  }
}

int main(int argc, char** argv) {
  static const struct test_case kCases[] = {{"reuse", reuse},
                                            {"one_handle", one_handle},
                                            {"stale", stale},
                                            {"unanswered", unanswered},
                                            {"connect_only", connect_only},
                                            {"time_limits", time_limits},
                                            {NULL, NULL}};
  return run_case(argc, argv, kCases);
}
