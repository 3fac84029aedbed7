/* What applications do by mistake or rarely: odd events, failing callbacks, the other ways to drive a multi.
 */
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder.h"

static void unknown_descriptors(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  action_fd(12345, CURL_CSELECT_IN, "never seen");
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  action_fd(12345, CURL_CSELECT_IN | CURL_CSELECT_OUT, "never seen");
  action_fd(0, CURL_CSELECT_ERR, "of the application");
  action_fd(12345, 0, "never seen");
  answer(peer, ok("hello"));
  settle();
  action("s1", CURL_CSELECT_IN);
}

static void events_without_reason(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  action("s1", CURL_CSELECT_IN);
  action("s1", CURL_CSELECT_OUT);
  action("s1", CURL_CSELECT_IN | CURL_CSELECT_OUT);
  action("s1", 0);
  answer(peer, ok("hello"));
  action("s1", 0);
  settle();
}

/* The event that is told is not the one that happened. */
static void wrong_event_for_an_answer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  answer(peer, ok("hello"));
  action("s1", CURL_CSELECT_OUT);
  settle();
}

static void error_event_without_error(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  action("s1", CURL_CSELECT_ERR);
  answer(peer, ok("hello"));
  settle();
}

static void error_event_with_an_answer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  answer(peer, ok("hello"));
  action("s1", CURL_CSELECT_ERR);
  settle();
}

static void everything_by_socket_all(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  add(easy("a", url_at(listener, "/a")));
  add(easy("b", url_at(listener, "/b")));
  socket_all();
  socket_all();
  struct peer *first = accepted(listener), *second = accepted(listener);
  request(first);
  request(second);
  answer(first, ok("hello"));
  answer(second, ok("hello"));
  socket_all();
  settle();
}

static void socket_callback_fails(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  app.socket_answer = -1;
  add(handle);
  timeout_call();
  app.socket_answer = 0;
  settle();
  accepted(listener);
  remove_easy(handle);
  settle();
  struct peer* peer = started(easy("b", url_at(listener, "/")), listener);
  answer(peer, ok("hello"));
  settle();
}

static void timer_callback_fails(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  add(handle);
  app.timer_answer = -1;
  timeout_call();
  app.timer_answer = 0;
  settle();
  remove_easy(handle);
  settle();
}

static void other_answers_of_callbacks_count_as_success(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  app.socket_answer = 1;
  app.timer_answer = 7;
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  answer(peer, ok("hello"));
  settle();
}

static void life_of_an_assigned_pointer(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  say("assign to an unknown descriptor: %d", curl_multi_assign(app.multi, 12345, handle));
  struct peer* peer = started(handle, listener);
  const curl_socket_t fd = descriptor_of("s1");
  answer(peer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
  settle();
  app.assigns = false;
  say("assign NULL: %d", curl_multi_assign(app.multi, fd, NULL));
  pause_to(handle, CURLPAUSE_RECV);
  settle();
  say("assign after REMOVE: %d", curl_multi_assign(app.multi, fd, NULL));
  pause_to(handle, CURLPAUSE_CONT);
  settle();
  answer(peer, "56789");
  settle();
  say("assign to an idle connection: %d", curl_multi_assign(app.multi, fd, NULL));
}

static void recursive_calls(CURL* handle, curl_socket_t fd, int what) {
  int running = 0;
  long ms = 0;
  (void)what;
  app.on_socket = NULL;
  say("socket_action inside: %d", curl_multi_socket_action(app.multi, fd, 0, &running));
  say("perform inside: %d", curl_multi_perform(app.multi, &running));
  say("add inside: %d", curl_multi_add_handle(app.multi, handle));
  say("remove inside: %d", curl_multi_remove_handle(app.multi, handle));
  say("timeout inside: %d", curl_multi_timeout(app.multi, &ms));
  say("wait inside: %d", curl_multi_wait(app.multi, NULL, 0, 0, &running));
  say("poll inside: %d", curl_multi_poll(app.multi, NULL, 0, 0, &running));
  say("setopt inside: %d", curl_multi_setopt(app.multi, CURLMOPT_MAXCONNECTS, 5L));
  say("cleanup inside: %d", curl_multi_cleanup(app.multi));
  say("messages inside: %d", curl_multi_info_read(app.multi, &running) != NULL);
}

static void calls_inside_the_socket_callback(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  app.on_socket = recursive_calls;
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  answer(peer, ok("hello"));
  settle();
}

/* The other ways to drive a multi, with socket callbacks set. */

static void select_once(void) {
  fd_set in, out, error;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_ZERO(&error);
  int max_fd = -1;
  const CURLMcode code = curl_multi_fdset(app.multi, &in, &out, &error, &max_fd);
  const bool any = max_fd >= 0;
  const bool reads = any && FD_ISSET(max_fd, &in), writes = any && FD_ISSET(max_fd, &out);
  say("fdset %d:%s%s", code, reads ? " in" : "", writes ? " out" : "");
}

static void perform_and_fdset(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  select_once();
  add(easy("a", url_at(listener, "/")));
  select_once();
  perform();
  select_once();
  perform();
  select_once();
  struct peer* peer = accepted(listener);
  request(peer);
  answer(peer, ok("hello"));
  perform();
  select_once();
}

static void perform_then_events(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 200L); /* the only timer of 7.88.1 here */
  add(handle);
  perform();
  perform();
  struct peer* peer = accepted(listener);
  request(peer);
  timeout_call();
  answer(peer, ok("hello"));
  settle();
  settle_until(0);
}

static void wait_and_poll(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  int count = -1;
  say("poll of nothing: %d", curl_multi_poll(app.multi, NULL, 0, 0, &count));
  say("count %d", count);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  say("wait: %d", curl_multi_wait(app.multi, NULL, 0, 10, &count));
  say("count %d", count);
  answer(peer, ok("hello"));
  say("poll: %d", curl_multi_poll(app.multi, NULL, 0, 1000, &count));
  say("count %d", count);
  settle();
  say("wakeup: %d", curl_multi_wakeup(app.multi));
  say("wakeup: %d", curl_multi_wakeup(app.multi));
  say("poll: %d", curl_multi_poll(app.multi, NULL, 0, 60000, &count));
  say("count %d", count);
  say("poll: %d", curl_multi_poll(app.multi, NULL, 0, 10, &count));
  say("count %d", count);
}

static void callbacks_are_taken_away(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  curl_multi_setopt(app.multi, CURLMOPT_SOCKETFUNCTION, NULL);
  curl_multi_setopt(app.multi, CURLMOPT_TIMERFUNCTION, NULL);
  answer(peer, ok("hello"));
  action("s1", CURL_CSELECT_IN);
}

const struct scenario odd_scenarios[] = {
    {"unknown_descriptors", unknown_descriptors},
    {"events_without_reason", events_without_reason},
    {"wrong_event_for_an_answer", wrong_event_for_an_answer},
    {"error_event_without_error", error_event_without_error},
    {"error_event_with_an_answer", error_event_with_an_answer},
    {"everything_by_socket_all", everything_by_socket_all},
    {"socket_callback_fails", socket_callback_fails},
    {"timer_callback_fails", timer_callback_fails},
    {"other_answers_of_callbacks_count_as_success", other_answers_of_callbacks_count_as_success},
    {"life_of_an_assigned_pointer", life_of_an_assigned_pointer},
    {"calls_inside_the_socket_callback", calls_inside_the_socket_callback},
    {"perform_and_fdset", perform_and_fdset},
    {"perform_then_events", perform_then_events},
    {"wait_and_poll", wait_and_poll},
    {"callbacks_are_taken_away", callbacks_are_taken_away},
    {NULL, NULL}};
