/* Pausing and resuming, from callbacks and from outside. */
#include "recorder.h"

static const char kBegin[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234";
static const char kRest[] = "56789";

static struct peer* begun(struct handle** handle) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  *handle = easy("a", url_at(listener, "/"));
  return started(*handle, listener);
}

static void write_callback_pauses(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  handle->pause_at = 1;
  answer(peer, kBegin);
  settle();
  answer(peer, kRest);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void write_callback_pauses_at_the_end(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  handle->pause_at = 1;
  answer(peer, ok("hello"));
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void write_callback_pauses_and_the_peer_closes(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  handle->pause_at = 1;
  answer(peer, "HTTP/1.0 200 OK\r\n\r\nhello");
  settle();
  hang_up(peer);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void header_callback_pauses(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  handle->pause_header = true;
  answer(peer, kBegin);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
  answer(peer, kRest);
  settle();
}

static void pause_from_outside(int bits) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  answer(peer, kBegin);
  settle();
  pause_to(handle, bits);
  settle();
  answer(peer, kRest);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void receiving_paused_from_outside(void) { pause_from_outside(CURLPAUSE_RECV); }
static void all_paused_from_outside(void) { pause_from_outside(CURLPAUSE_ALL); }
static void sending_paused_from_outside(void) { pause_from_outside(CURLPAUSE_SEND); }

static void resume_that_is_not_needed(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  pause_to(handle, CURLPAUSE_CONT);
  settle();
  answer(peer, ok("hello"));
  settle();
}

static void paused_twice_resumed_twice(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  pause_to(handle, CURLPAUSE_RECV);
  pause_to(handle, CURLPAUSE_RECV);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  pause_to(handle, CURLPAUSE_CONT);
  settle();
  answer(peer, ok("hello"));
  settle();
}

static void pause_before_the_first_turn(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  add(handle);
  pause_to(handle, CURLPAUSE_RECV);
  settle();
  struct peer* peer = accepted(listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void pause_receiving(struct handle* handle) {
  handle->on_write = NULL;
  pause_to(handle, CURLPAUSE_RECV);
}

static void paused_inside_the_write_callback(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  handle->on_write = pause_receiving;
  answer(peer, kBegin);
  settle();
  answer(peer, kRest);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void resume_other(struct handle* handle) {
  handle->on_write = NULL;
  pause_to(handle_named("a"), CURLPAUSE_CONT);
}

static void resumed_inside_a_callback_of_another(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  handle->pause_at = 1;
  answer(started(handle, listener), ok("hello"));
  settle();
  struct handle* other = easy("b", url_at(listener, "/"));
  other->on_write = resume_other;
  answer(started(other, listener), ok("hello"));
  settle();
}

static void removed_while_paused(void) {
  struct handle* handle;
  struct peer* peer = begun(&handle);
  handle->pause_at = 1;
  answer(peer, kBegin);
  settle();
  remove_easy(handle);
  settle();
}

/* The body is larger than the buffers of both sides. */
static void upload_paused_from_outside(void) {
  enum { kSize = 3000000 };
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct curl_slist* headers = curl_slist_append(NULL, "Expect:");
  SET(handle, CURLOPT_HTTPHEADER, headers);
  upload(handle, kSize, true);
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  pause_to(handle, CURLPAUSE_SEND);
  settle();
  pause_to(handle, CURLPAUSE_ALL);
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  stream_in(peer, kSize);
  settle();
  curl_slist_free_all(headers);
}

const struct scenario pause_scenarios[] = {
    {"write_callback_pauses", write_callback_pauses},
    {"write_callback_pauses_at_the_end", write_callback_pauses_at_the_end},
    {"write_callback_pauses_and_the_peer_closes", write_callback_pauses_and_the_peer_closes},
    {"header_callback_pauses", header_callback_pauses},
    {"receiving_paused_from_outside", receiving_paused_from_outside},
    {"all_paused_from_outside", all_paused_from_outside},
    {"sending_paused_from_outside", sending_paused_from_outside},
    {"resume_that_is_not_needed", resume_that_is_not_needed},
    {"paused_twice_resumed_twice", paused_twice_resumed_twice},
    {"pause_before_the_first_turn", pause_before_the_first_turn},
    {"paused_inside_the_write_callback", paused_inside_the_write_callback},
    {"resumed_inside_a_callback_of_another", resumed_inside_a_callback_of_another},
    {"removed_while_paused", removed_while_paused},
    {"upload_paused_from_outside", upload_paused_from_outside},
    {NULL, NULL}};
