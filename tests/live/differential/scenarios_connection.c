/* Which connection is used: reuse, several addresses, limits, connections that have gone. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder.h"

static void answered(struct peer* peer) {
  answer(peer, ok("hello"));
  settle();
}

static void again(struct handle* handle, struct peer* peer) {
  remove_easy(handle);
  add(handle);
  settle();
  request(peer);
  answered(peer);
}

static void reuse_by_the_same_handle(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  answered(peer);
  again(handle, peer);
  again(handle, peer);
}

static void reuse_by_another_handle(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  answered(peer);
  add(easy("b", url_at(listener, "/b")));
  settle();
  request(peer);
  answered(peer);
}

/* Who opens and closes sockets in another way gets a connection of its own. */
static void reuse_with_other_open_callback_data(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = started(easy("a", url_at(listener, "/")), listener);
  answered(peer);
  struct handle* handle = easy("b", url_at(listener, "/b"));
  SET(handle, CURLOPT_OPENSOCKETDATA, handle);
  add(handle);
  settle();
}

static void no_reuse_when_forbidden(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_FORBID_REUSE, 1L);
  answered(started(handle, listener));
  remove_easy(handle);
  SET(handle, CURLOPT_FORBID_REUSE, 0L);
  answered(started(handle, listener));
  remove_easy(handle);
  SET(handle, CURLOPT_FRESH_CONNECT, 1L);
  answered(started(handle, listener));
}

static void two_handles(bool reverse) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  app.reverse = reverse;
  add(easy("a", url_at(listener, "/a")));
  add(easy("b", url_at(listener, "/b")));
  settle();
  struct peer *first = accepted(listener), *second = accepted(listener);
  request(first);
  request(second);
  answer(first, ok("hello"));
  answer(second, ok("hello"));
  settle();
}

static void two_handles_to_one_host(void) { two_handles(false); }
static void two_handles_events_in_reverse(void) { two_handles(true); }

/* A port that nobody listens at. */
static struct listener nobody(void) {
  struct listener listener = listen_at("127.0.0.1", 0, 1);
  close(listener.fd);
  return listener;
}

static void refused(void) {
  add(easy("a", url_at(nobody(), "/")));
  settle();
}

static struct curl_slist* addresses(struct handle* handle, int port, const char* list) {
  struct curl_slist* entries = curl_slist_append(NULL, text("host.test:%d:%s", port, list));
  SET(handle, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 200L);
  SET(handle, CURLOPT_RESOLVE, entries);
  SET(handle, CURLOPT_URL, text("http://host.test:%d/", port));
  return entries;
}

static void second_address_answers(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", "");
  struct curl_slist* entries = addresses(handle, listener.port, "127.0.0.2,127.0.0.1");
  answered(started(handle, listener));
  curl_slist_free_all(entries);
}

static void all_addresses_refused(void) {
  struct handle* handle = easy("a", "");
  struct curl_slist* entries = addresses(handle, nobody().port, "127.0.0.2,127.0.0.1");
  add(handle);
  settle_until(0);
  curl_slist_free_all(entries);
}

static void other_family_answers(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", "");
  struct curl_slist* entries = addresses(handle, listener.port, "[::1],127.0.0.1");
  answered(started(handle, listener));
  curl_slist_free_all(entries);
}

static void name_in_the_hosts_file(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", text("http://localhost:%d/", listener.port));
  SET(handle, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  answered(started(handle, listener));
}

static void unix_socket(void) {
  const char* path = text("%s/peer.socket", directory);
  unlink(path);
  const struct listener listener = listen_at(path, 0, 16);
  struct handle* handle = easy("a", "http://host.test/");
  SET(handle, CURLOPT_UNIX_SOCKET_PATH, path);
  struct peer* peer = started(handle, listener);
  answered(peer);
  again(handle, peer);
}

static void unix_socket_nobody_listens_at(void) {
  struct handle* handle = easy("a", "http://host.test/");
  SET(handle, CURLOPT_UNIX_SOCKET_PATH, text("%s/nobody", directory));
  add(handle);
  settle();
}

static void open_callback_refuses(void) {
  app.refuses_to_open = true;
  add(easy("a", "http://127.0.0.1:1/"));
  settle();
}

/* The first address does not answer at all. */
static void second_address_wins_the_race(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  const struct listener deaf = listen_deaf("127.0.0.2", listener.port);
  struct handle* handle = easy("a", "");
  struct curl_slist* entries = addresses(handle, deaf.port, "127.0.0.2,127.0.0.1");
  SET(handle, CURLOPT_CONNECTTIMEOUT_MS, 4000L);
  answered(started(handle, listener));
  curl_slist_free_all(entries);
}

/* The peer closes the connection while it is idle. */
static void idle_connection_has_gone(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  answered(peer);
  hang_up(peer);
  settle();
  be_idle();
  remove_easy(handle);
  answered(started(handle, listener));
}

/* The peer closes the connection when the next request has come. */
static void connection_goes_under_a_request(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  answered(peer);
  remove_easy(handle);
  add(handle);
  settle();
  request(peer);
  hang_up(peer);
  settle();
  peer = accepted(listener);
  request(peer);
  answered(peer);
}

/* What the peer sends between two requests makes the connection useless. */
static void bytes_while_idle(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  struct peer* peer = started(handle, listener);
  answered(peer);
  answer(peer, "nobody asked");
  settle();
  be_idle();
  remove_easy(handle);
  add(handle);
  settle();
}

static void three_handles(struct listener listener) {
  add(easy("a", url_at(listener, "/a")));
  add(easy("b", url_at(listener, "/b")));
  add(easy("c", url_at(listener, "/c")));
  settle();
}

static void one_connection_per_host(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  set_multi(CURLMOPT_MAX_HOST_CONNECTIONS, 1, "MAX_HOST_CONNECTIONS");
  three_handles(listener);
  struct peer* peer = accepted(listener);
  for (int count = 0; count < 3; ++count) {
    request(peer);
    answered(peer);
  }
}

static void one_connection_per_host_that_closes(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  set_multi(CURLMOPT_MAX_HOST_CONNECTIONS, 1, "MAX_HOST_CONNECTIONS");
  three_handles(listener);
  for (int count = 0; count < 3; ++count) {
    struct peer* peer = accepted(listener);
    request(peer);
    answer(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    settle();
  }
}

static void two_connections_in_total(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  set_multi(CURLMOPT_MAX_TOTAL_CONNECTIONS, 2, "MAX_TOTAL_CONNECTIONS");
  three_handles(listener);
  struct peer *first = accepted(listener), *second = accepted(listener);
  request(first);
  request(second);
  answered(first);
  request(first);
  answered(second);
  answered(first);
}

/* An idle connection to another host makes room. */
static void total_limit_closes_an_idle_connection(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16), other = listen_at("127.0.0.1", 0, 16);
  set_multi(CURLMOPT_MAX_TOTAL_CONNECTIONS, 1, "MAX_TOTAL_CONNECTIONS");
  answered(started(easy("a", url_at(listener, "/a")), listener));
  answered(started(easy("b", url_at(other, "/b")), other));
}

static void removal_of_who_waits_for_a_connection(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  set_multi(CURLMOPT_MAX_HOST_CONNECTIONS, 1, "MAX_HOST_CONNECTIONS");
  three_handles(listener);
  struct peer* peer = accepted(listener);
  request(peer);
  remove_easy(handle_named("b"));
  settle();
  answered(peer);
  request(peer);
  answered(peer);
}

static void pool_of_one(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16), other = listen_at("127.0.0.1", 0, 16);
  set_multi(CURLMOPT_MAXCONNECTS, 1, "MAXCONNECTS");
  add(easy("a", url_at(listener, "/a")));
  add(easy("b", url_at(other, "/b")));
  settle();
  struct peer *first = accepted(listener), *second = accepted(other);
  request(first);
  request(second);
  answered(first);
  answered(second);
}

static void connect_only(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = easy("a", url_at(listener, "/"));
  SET(handle, CURLOPT_CONNECT_ONLY, 1L);
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle->easy, CURLINFO_ACTIVESOCKET, &fd);
  say("active socket %s", fd == descriptor_of("s1") ? "s1" : "is another");
  size_t count = 0;
  CURLcode code = curl_easy_send(handle->easy, "GET / HTTP/1.1\r\n\r\n", 18, &count);
  say("send %d %zu", code, count);
  request(peer);
  answer(peer, "hello");
  char bytes[16];
  code = curl_easy_recv(handle->easy, bytes, sizeof(bytes), &count);
  say("recv %d %zu", code, count);
  code = curl_easy_recv(handle->easy, bytes, sizeof(bytes), &count);
  say("recv %d", code);
  settle();
}

const struct scenario connection_scenarios[] = {
    {"reuse_by_the_same_handle", reuse_by_the_same_handle},
    {"reuse_by_another_handle", reuse_by_another_handle},
    {"reuse_with_other_open_callback_data", reuse_with_other_open_callback_data},
    {"no_reuse_when_forbidden", no_reuse_when_forbidden},
    {"two_handles_to_one_host", two_handles_to_one_host},
    {"two_handles_events_in_reverse", two_handles_events_in_reverse},
    {"refused", refused},
    {"second_address_answers", second_address_answers},
    {"all_addresses_refused", all_addresses_refused},
    {"other_family_answers", other_family_answers},
    {"second_address_wins_the_race", second_address_wins_the_race},
    {"name_in_the_hosts_file", name_in_the_hosts_file},
    {"unix_socket", unix_socket},
    {"unix_socket_nobody_listens_at", unix_socket_nobody_listens_at},
    {"open_callback_refuses", open_callback_refuses},
    {"idle_connection_has_gone", idle_connection_has_gone},
    {"connection_goes_under_a_request", connection_goes_under_a_request},
    {"bytes_while_idle", bytes_while_idle},
    {"one_connection_per_host", one_connection_per_host},
    {"one_connection_per_host_that_closes", one_connection_per_host_that_closes},
    {"two_connections_in_total", two_connections_in_total},
    {"total_limit_closes_an_idle_connection", total_limit_closes_an_idle_connection},
    {"removal_of_who_waits_for_a_connection", removal_of_who_waits_for_a_connection},
    {"pool_of_one", pool_of_one},
    {"connect_only", connect_only},
    {NULL, NULL}};
