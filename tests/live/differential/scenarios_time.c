/* Deadlines, rates, and the timer. */
#include <time.h>

#include "recorder.h"

static struct listener deaf(void) { return listen_deaf("127.0.0.1", 0); }

static void connecting_takes_too_long(void) {
  struct handle* handle = easy("a", url_at(deaf(), "/"));
  SET(handle, CURLOPT_CONNECTTIMEOUT_MS, 400L);
  add(handle);
  settle_until(0);
}

static void removed_while_connecting(void) {
  struct handle* handle = easy("a", url_at(deaf(), "/"));
  add(handle);
  settle();
  remove_easy(handle);
  settle();
}

static void cleanup_while_connecting(void) {
  add(easy("a", url_at(deaf(), "/")));
  settle();
}

static void no_answer_in_time(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_TIMEOUT_MS, 400L);
  started(handle, listener);
  settle_until(0);
}

static void body_stops_and_time_is_up(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_TIMEOUT_MS, 400L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle_until(0);
}

static void done_before_the_deadline(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_TIMEOUT_MS, 60000L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle();
  timeout_call();
  answer(peer, "56789");
  settle();
}

static void two_deadlines(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle *first = easy("a", url_at(listener, "/a")), *second = easy("b", url_at(listener, "/b"));
  SET(first, CURLOPT_TIMEOUT_MS, 60000L);
  SET(second, CURLOPT_TIMEOUT_MS, 30000L);
  struct peer *one = started(first, listener), *two = started(second, listener);
  answer(two, ok("hello"));
  settle();
  answer(one, ok("hello"));
  settle();
}

/* A deadline that has passed is noticed at an event of the socket too. */
static void deadline_seen_at_a_socket_event(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_TIMEOUT_MS, 300L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle();
  const struct timespec span = {0, 500000000L};
  nanosleep(&span, NULL);
  answer(peer, "5");
  action("s1", CURL_CSELECT_IN);
  settle();
}

static void too_slow(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_LOW_SPEED_LIMIT, 100L);
  SET(handle, CURLOPT_LOW_SPEED_TIME, 1L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle_until(0);
}

static void slow_receiving(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)20000);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
  stream_out(peer, 10000);
  settle_until(0);
}

static void slow_sending(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct curl_slist* headers = curl_slist_append(NULL, "Expect:");
  SET(handle, CURLOPT_HTTPHEADER, headers);
  SET(handle, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)20000);
  upload(handle, 10000, true);
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  request(peer);
  answer(peer, ok("hello"));
  settle_until(0);
  curl_slist_free_all(headers);
}

static void multi_timeout_agrees(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_TIMEOUT_MS, 60000L);
  compare_multi_timeout();
  add(handle);
  compare_multi_timeout();
  timeout_call();
  compare_multi_timeout();
  settle();
  compare_multi_timeout();
  struct peer* peer = accepted(listener);
  request(peer);
  timeout_call();
  compare_multi_timeout();
  answer(peer, ok("hello"));
  settle();
  compare_multi_timeout();
}

static void timeout_calls_that_are_not_due(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  timeout_call();
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  timeout_call();
  timeout_call();
  answer(peer, ok("hello"));
  timeout_call();
  settle();
  timeout_call();
}

static void progress_goes_on_while_nothing_comes(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_NOPROGRESS, 0L);
  SET(handle, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 200L); /* the only timer of 7.88.1 here */
  struct peer* peer = started(handle, listener);
  wait_timer();
  answer(peer, ok("hello"));
  settle();
}

static void progress_aborts_while_nothing_comes(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_NOPROGRESS, 0L);
  SET(handle, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 200L); /* the only timer of 7.88.1 here */
  started(handle, listener);
  handle->abort_progress = true;
  settle_until(0);
}

const struct scenario time_scenarios[] = {
    {"connecting_takes_too_long", connecting_takes_too_long},
    {"removed_while_connecting", removed_while_connecting},
    {"cleanup_while_connecting", cleanup_while_connecting},
    {"no_answer_in_time", no_answer_in_time},
    {"body_stops_and_time_is_up", body_stops_and_time_is_up},
    {"done_before_the_deadline", done_before_the_deadline},
    {"two_deadlines", two_deadlines},
    {"deadline_seen_at_a_socket_event", deadline_seen_at_a_socket_event},
    {"too_slow", too_slow},
    {"slow_receiving", slow_receiving},
    {"slow_sending", slow_sending},
    {"multi_timeout_agrees", multi_timeout_agrees},
    {"timeout_calls_that_are_not_due", timeout_calls_that_are_not_due},
    {"progress_goes_on_while_nothing_comes", progress_goes_on_while_nothing_comes},
    {"progress_aborts_while_nothing_comes", progress_aborts_while_nothing_comes},
    {NULL, NULL}};
