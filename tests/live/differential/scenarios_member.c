/* Adding and removing handles at any time, and the messages. */
#include "recorder.h"

static void removed_before_the_first_turn(void) {
  struct handle* handle = easy("a", "http://127.0.0.1:1/");
  add(handle);
  remove_easy(handle);
  settle();
}

static void removed_when_the_socket_was_announced(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  add(handle);
  settle_one();
  remove_easy(handle);
  settle();
}

static void removed_while_waiting_for_the_answer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  started(handle, listener);
  remove_easy(handle);
  settle();
}

static void removed_inside_the_body(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle();
  remove_easy(handle);
  settle();
  answer(peer, "56789");
  settle();
}

static void removed_with_a_deadline(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_TIMEOUT_MS, 60000L);
  started(handle, listener);
  remove_easy(handle);
  settle();
}

static void removed_with_its_message_unread(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  app.reads_no_messages = true;
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
  remove_easy(handle);
  read_messages();
  settle();
}

static void removed_when_an_event_is_waiting(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  const curl_socket_t fd = descriptor_of("s1");
  answer(peer, ok("hello"));
  remove_easy(handle);
  action_fd(fd, CURL_CSELECT_IN, "s1");
  settle();
}

static void add_once_more(struct handle* handle, CURLcode code) {
  (void)code;
  app.on_message = NULL;
  remove_easy(handle);
  add(handle);
}

static void added_again_in_the_message_loop(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  app.on_message = add_once_more;
  struct peer* peer = started(handle, listener);
  answer(peer, ok("hello"));
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static struct listener site;

static void add_another(struct handle* handle, CURLcode code) {
  (void)handle, (void)code;
  app.on_message = NULL;
  add(easy("b", url_at(site, "/b")));
}

static void another_is_added_in_the_message_loop(void) {
  site = listen_at("127.0.0.1", 0, 16);
  app.on_message = add_another;
  struct peer* peer = started(easy("a", url_at(site, "/")), site);
  answer(peer, ok("hello"));
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void added_twice(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  add(handle);
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  request(peer);
  add(handle);
  answer(peer, ok("hello"));
  settle();
  add(handle);
  remove_easy(handle);
  remove_easy(handle);
}

static void cleaned_up_while_added(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  started(handle, listener);
  cleanup_easy(handle);
  settle();
}

static void multi_ends_with_live_transfers(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* first = easy("a", url_at(listener, "/a"));
  struct handle* second = easy("b", url_at(listener, "/b"));
  started(first, listener);
  struct peer* peer = started(second, listener);
  answer(peer, ok("hello"));
  settle();
  add(easy("c", url_at(listener, "/c")));
  say("> cleanup multi");
  say("< %d", curl_multi_cleanup(app.multi));
  app.multi = NULL;
  const char* const kNames[] = {"a", "b", "c"};
  for (int index = 0; index < 3; ++index) cleanup_easy(handle_named(kNames[index]));
}

static void one_of_two_is_removed(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* first = easy("a", url_at(listener, "/a"));
  started(first, listener);
  struct peer* peer = started(easy("b", url_at(listener, "/b")), listener);
  remove_easy(first);
  answer(peer, ok("hello"));
  settle();
}

/* Connections of more handles than can be told apart by one digit, all answered at once. */
static void many_handles(int count, bool one_message) {
  const struct listener listener = listen_at("127.0.0.1", 0, count);
  app.reads_one_message = one_message;
  for (int index = 0; index < count; ++index)
    add(easy(text("h%d", index), url_at(listener, text("/%d", index))));
  settle();
  struct peer* peers[kHandlesMax];
  for (int index = 0; index < count; ++index) request(peers[index] = accepted(listener));
  for (int index = 0; index < count; ++index) answer(peers[index], ok("hello"));
  settle();
}

static void hundred_handles(void) { many_handles(100, false); }
static void one_message_per_event(void) { many_handles(5, true); }

/* Programs that read one message per event get an event for each, also when several end in one call. */
static void one_message_per_event_of_many_that_fail(void) {
  app.reads_one_message = true;
  add(easy("a", "nothing://127.0.0.1/"));
  add(easy("b", "nothing://127.0.0.1/"));
  add(easy("c", "nothing://127.0.0.1/"));
  settle();
}

static void added_in_two_rounds(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle *first = easy("a", url_at(listener, "/a")), *second = easy("b", url_at(listener, "/b"));
  add(first);
  add(second);
  settle();
  struct peer *one = accepted(listener), *two = accepted(listener);
  request(one);
  request(two);
  answer(one, ok("hello"));
  answer(two, ok("hello"));
  settle();
  remove_easy(second);
  remove_easy(first);
  add(second);
  add(first);
  settle();
}

const struct scenario member_scenarios[] = {
    {"removed_before_the_first_turn", removed_before_the_first_turn},
    {"removed_when_the_socket_was_announced", removed_when_the_socket_was_announced},
    {"removed_while_waiting_for_the_answer", removed_while_waiting_for_the_answer},
    {"removed_inside_the_body", removed_inside_the_body},
    {"removed_with_a_deadline", removed_with_a_deadline},
    {"removed_with_its_message_unread", removed_with_its_message_unread},
    {"removed_when_an_event_is_waiting", removed_when_an_event_is_waiting},
    {"added_again_in_the_message_loop", added_again_in_the_message_loop},
    {"another_is_added_in_the_message_loop", another_is_added_in_the_message_loop},
    {"added_twice", added_twice},
    {"cleaned_up_while_added", cleaned_up_while_added},
    {"multi_ends_with_live_transfers", multi_ends_with_live_transfers},
    {"one_of_two_is_removed", one_of_two_is_removed},
    {"hundred_handles", hundred_handles},
    {"one_message_per_event", one_message_per_event},
    {"one_message_per_event_of_many_that_fail", one_message_per_event_of_many_that_fail},
    {"added_in_two_rounds", added_in_two_rounds},
    {NULL, NULL}};
