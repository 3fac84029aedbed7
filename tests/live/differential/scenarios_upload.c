/* Transfers that send a body. */
#include "recorder.h"

static void post(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_POSTFIELDS, "name=value");
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
}

static void post_by_callback(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_POST, 1L);
  SET(handle, CURLOPT_POSTFIELDSIZE, 10L);
  handle->upload_size = 10;
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
}

/* A handle that waits for "100 Continue" before it sends 10 bytes. */
static struct handle* cautious(struct listener listener, struct curl_slist** headers) {
  struct handle* handle = easy("a", url_at(listener, "/"));
  upload(handle, 10, true);
  *headers = curl_slist_append(NULL, "Expect: 100-continue");
  SET(handle, CURLOPT_HTTPHEADER, *headers);
  SET(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 700L);
  return handle;
}

static void expect_and_continue(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct peer* peer = started(cautious(listener, &headers), listener);
  answer(peer, "HTTP/1.1 100 Continue\r\n\r\n");
  settle();
  body_of(peer, 10);
  answer(peer, ok("hello"));
  settle();
  curl_slist_free_all(headers);
}

static void expect_and_silence(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct peer* peer = started(cautious(listener, &headers), listener);
  body_of(peer, 10);
  answer(peer, ok("hello"));
  settle();
  curl_slist_free_all(headers);
}

static void expect_and_final_answer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct peer* peer = started(cautious(listener, &headers), listener);
  answer(peer, "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhello");
  settle();
  curl_slist_free_all(headers);
}

static void expect_of_the_application_and_417(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct peer* peer = started(cautious(listener, &headers), listener);
  answer(peer, "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  settle();
  curl_slist_free_all(headers);
}

/* A body of this size makes the library wait for "100 Continue" on its own. */
static void expect_and_417(void) {
  enum { kSize = 2000000 };
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 300L);
  upload(handle, kSize, true);
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
  settle();
}

static struct handle* without_expect(const char* url, struct curl_slist** headers) {
  struct handle* handle = easy("a", url);
  *headers = curl_slist_append(NULL, "Expect:");
  SET(handle, CURLOPT_HTTPHEADER, *headers);
  return handle;
}

static void put(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 1000, true);
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
  curl_slist_free_all(headers);
}

/* More than fits in the buffers of both sides: the socket is blocked until the peer reads. */
static void put_blocked(void) {
  enum { kSize = 3000000 };
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, kSize, true);
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  stream_in(peer, kSize);
  settle();
  curl_slist_free_all(headers);
}

static void chunked_upload(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 10, false);
  handle->read_at_most = 4;
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
  curl_slist_free_all(headers);
}

static void answer_before_the_upload_ends(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 3000000, true);
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  answer(peer, "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nhello");
  settle();
  curl_slist_free_all(headers);
}

static void read_callback_aborts(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 10, true);
  handle->abort_read = true;
  add(handle);
  settle();
  curl_slist_free_all(headers);
}

static void read_callback_gives_too_little(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 10, true);
  handle->upload_size = 5;
  add(handle);
  settle();
  accepted(listener);
  curl_slist_free_all(headers);
}

static void read_callback_pauses(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 10, true);
  handle->pause_read = true;
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  pause_to(handle, CURLPAUSE_CONT);
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
  curl_slist_free_all(headers);
}

static void chunked_read_callback_pauses(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct curl_slist* headers = NULL;
  struct handle* handle = without_expect(url_at(listener, "/"), &headers);
  upload(handle, 10, false);
  handle->pause_read = true;
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  pause_to(handle, CURLPAUSE_CONT);
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
  curl_slist_free_all(headers);
}

const struct scenario upload_scenarios[] = {
    {"post", post},
    {"post_by_callback", post_by_callback},
    {"expect_and_continue", expect_and_continue},
    {"expect_and_silence", expect_and_silence},
    {"expect_and_final_answer", expect_and_final_answer},
    {"expect_of_the_application_and_417", expect_of_the_application_and_417},
    {"expect_and_417", expect_and_417},
    {"put", put},
    {"put_blocked", put_blocked},
    {"chunked_upload", chunked_upload},
    {"answer_before_the_upload_ends", answer_before_the_upload_ends},
    {"read_callback_aborts", read_callback_aborts},
    {"read_callback_gives_too_little", read_callback_gives_too_little},
    {"read_callback_pauses", read_callback_pauses},
    {"chunked_read_callback_pauses", chunked_read_callback_pauses},
    {NULL, NULL}};
