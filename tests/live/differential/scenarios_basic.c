/* One transfer at a time: answers of all forms. */
#include <string.h>

#include "recorder.h"

static struct peer* started_get(struct listener listener) {
  return started(easy("a", url_at(listener, "/")), listener);
}

static void plain_get(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, ok("hello"));
  settle();
}

/* The peer knows what it will be asked. */
static void answer_is_there_already(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  add(easy("a", url_at(listener, "/")));
  settle_one();
  struct peer* peer = accepted(listener);
  answer(peer, ok("hello"));
  settle();
}

static void answer_in_pieces(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.1 20");
  settle();
  answer(peer, "0 OK\r\nContent-Le");
  settle();
  answer(peer, "ngth: 10\r\n\r");
  settle();
  answer(peer, "\n");
  settle();
  answer(peer, "01234");
  settle();
  answer(peer, "56789");
  settle();
}

static void chunked(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  settle();
  answer(peer, "7\r\n, world\r\n0\r\n");
  settle();
  answer(peer, "X-Trailer: yes\r\n\r\n");
  settle();
}

static void delimited_by_close(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.0 200 OK\r\n\r\nhello");
  settle();
  hang_up(peer);
  settle();
}

static void answer_with_connection_close(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
  settle();
}

static void head(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_NOBODY, 1L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  settle();
}

static void answers_without_body(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  settle();
  remove_easy(handle);
  add(handle);
  settle();
  request(peer);
  answer(peer, "HTTP/1.1 204 No Content\r\n\r\n");
  settle();
  remove_easy(handle);
  add(handle);
  settle();
  request(peer);
  answer(peer, ok(""));
  settle();
}

static void interim_answers(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
  settle();
  answer(peer, "HTTP/1.1 100 Continue\r\n\r\n");
  settle();
  answer(peer, ok("hello"));
  settle();
}

static void redirect_to_same_host(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_FOLLOWLOCATION, 1L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 4\r\n\r\ngone");
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void redirect_with_close(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_FOLLOWLOCATION, 1L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 302 Found\r\nLocation: /there\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  settle();
  peer = accepted(listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void redirect_to_other_port(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16), other = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_FOLLOWLOCATION, 1L);
  struct peer* peer = started(handle, listener);
  answer(peer,
         text("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", url_at(other, "/there")));
  settle();
  peer = accepted(other);
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void too_many_redirects(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_FOLLOWLOCATION, 1L);
  SET(handle, CURLOPT_MAXREDIRS, 0L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
  settle();
}

static void garbage(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "this is no answer\r\n\r\n");
  settle();
}

static void no_answer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  hang_up(started_get(listener));
  settle();
}

static void reset_instead_of_an_answer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  reset(started_get(listener));
  settle();
}

static void short_body(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle();
  hang_up(peer);
  settle();
}

static void error_status_fails(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_FAILONERROR, 1L);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
  settle();
}

static void large_body(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started_get(listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n");
  stream_out(peer, 3000000);
  settle();
}

static void header_callback_aborts(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  handle->abort_header = true;
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
}

static void write_callback_aborts(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  handle->abort_write_at = 1;
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
}

static void progress_callback_aborts(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_NOPROGRESS, 0L);
  struct peer* peer = started(handle, listener);
  handle->abort_progress = true;
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle();
}

static void tell_results(struct handle* handle) {
  long status = -1, version = -1;
  curl_off_t length = -2;
  const char *type = NULL, *target = NULL;
  curl_easy_getinfo(handle->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle->easy, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(handle->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  curl_easy_getinfo(handle->easy, CURLINFO_CONTENT_TYPE, &type);
  curl_easy_getinfo(handle->easy, CURLINFO_REDIRECT_URL, &target);
  say("status %ld, version %ld, length %ld, type %s, redirect %s", status, version, (long)length,
      type == NULL ? "none" : type, target == NULL ? "none" : strrchr(target, '/'));
}

/* What curl_easy_getinfo tells in the callbacks. */
static void results_inside_callbacks(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  handle->on_header = handle->on_write = tell_results;
  struct peer* peer = started(handle, listener);
  answer(
      peer,
      "HTTP/1.1 302 Found\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nLocation: /there\r\n\r\nhello");
  settle();
  tell_results(handle);
}

static void malformed_url(void) {
  add(easy("a", "http://[::1"));
  settle();
}

static void unknown_scheme(void) {
  add(easy("a", "nothing://127.0.0.1/"));
  settle();
}

static void without_url(void) {
  struct handle* handle = easy("a", "");
  SET(handle, CURLOPT_URL, NULL);
  add(handle);
  settle();
}

static void body_of_known_size_is_too_large(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_MAXFILESIZE, 4L);
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
}

const struct scenario basic_scenarios[] = {
    {"plain_get", plain_get},
    {"answer_is_there_already", answer_is_there_already},
    {"answer_in_pieces", answer_in_pieces},
    {"chunked", chunked},
    {"delimited_by_close", delimited_by_close},
    {"answer_with_connection_close", answer_with_connection_close},
    {"head", head},
    {"answers_without_body", answers_without_body},
    {"interim_answers", interim_answers},
    {"redirect_to_same_host", redirect_to_same_host},
    {"redirect_with_close", redirect_with_close},
    {"redirect_to_other_port", redirect_to_other_port},
    {"too_many_redirects", too_many_redirects},
    {"garbage", garbage},
    {"no_answer", no_answer},
    {"reset_instead_of_an_answer", reset_instead_of_an_answer},
    {"short_body", short_body},
    {"error_status_fails", error_status_fails},
    {"large_body", large_body},
    {"header_callback_aborts", header_callback_aborts},
    {"write_callback_aborts", write_callback_aborts},
    {"progress_callback_aborts", progress_callback_aborts},
    {"results_inside_callbacks", results_inside_callbacks},
    {"malformed_url", malformed_url},
    {"unknown_scheme", unknown_scheme},
    {"without_url", without_url},
    {"body_of_known_size_is_too_large", body_of_known_size_is_too_large},
    {NULL, NULL}};
