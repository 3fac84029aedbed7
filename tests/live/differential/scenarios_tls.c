/* HTTPS. */
#include <string.h>

#include "recorder.h"

static struct handle* secure(const char* name, struct listener listener) {
  struct handle* handle = easy(name, text("https://127.0.0.1:%d/", listener.port));
  SET(handle, CURLOPT_CAINFO, text("%s/ca.pem", directory));
  SET(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  return handle;
}

static struct peer* shaken(struct handle* handle, struct listener listener) {
  add(handle);
  settle();
  struct peer* peer = accepted(listener);
  speak_tls(peer);
  settle();
  return peer;
}

static void https(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = shaken(secure("a", listener), listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void https_of_old_version(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  SET(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_MAX_TLSv1_2);
  struct peer* peer = shaken(handle, listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void https_reuse(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  struct peer* peer = shaken(handle, listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
  remove_easy(handle);
  add(handle);
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
  remove_easy(handle);
  add(secure("b", listener));
  settle();
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

static void https_unknown_authority(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  SET(handle, CURLOPT_CAINFO, "/etc/ssl/certs/ca-certificates.crt");
  shaken(handle, listener);
}

static void https_wrong_name(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  struct curl_slist* entries = curl_slist_append(NULL, text("other.test:%d:127.0.0.1", listener.port));
  SET(handle, CURLOPT_RESOLVE, entries);
  SET(handle, CURLOPT_URL, text("https://other.test:%d/", listener.port));
  shaken(handle, listener);
  curl_slist_free_all(entries);
}

static void https_without_ca_file(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  SET(handle, CURLOPT_CAINFO, "/nowhere/ca.pem");
  add(handle);
  settle();
}

static void https_peer_closes_in_the_handshake(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  add(secure("a", listener));
  settle();
  hang_up(accepted(listener));
  settle();
}

static void https_peer_speaks_no_tls(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  add(secure("a", listener));
  settle();
  answer(accepted(listener), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  settle();
}

static void https_handshake_takes_too_long(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  SET(handle, CURLOPT_CONNECTTIMEOUT_MS, 500L);
  add(handle);
  settle();
  accepted(listener);
  settle_until(0);
}

static void https_removed_in_the_handshake(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  add(handle);
  settle();
  accepted(listener);
  remove_easy(handle);
  settle();
}

static void https_delimited_by_close(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct peer* peer = shaken(secure("a", listener), listener);
  request(peer);
  answer(peer, "HTTP/1.0 200 OK\r\n\r\nhello");
  settle();
  hang_up(peer);
  settle();
}

/* The write callback pauses in the middle of what TLS has already decrypted. */
static void https_write_callback_pauses(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  struct peer* peer = shaken(handle, listener);
  request(peer);
  handle->pause_at = 1;
  answer(peer, ok("hello"));
  settle();
  pause_to(handle, CURLPAUSE_CONT);
  settle();
}

static void https_idle_connection_has_gone(void) {
  const struct listener listener = listen_at("127.0.0.1", 0, 16);
  struct handle* handle = secure("a", listener);
  struct peer* peer = shaken(handle, listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
  hang_up(peer);
  remove_easy(handle);
  peer = shaken(handle, listener);
  request(peer);
  answer(peer, ok("hello"));
  settle();
}

const struct scenario tls_scenarios[] = {
    {"https", https},
    {"https_of_old_version", https_of_old_version},
    {"https_reuse", https_reuse},
    {"https_unknown_authority", https_unknown_authority},
    {"https_wrong_name", https_wrong_name},
    {"https_without_ca_file", https_without_ca_file},
    {"https_peer_closes_in_the_handshake", https_peer_closes_in_the_handshake},
    {"https_peer_speaks_no_tls", https_peer_speaks_no_tls},
    {"https_handshake_takes_too_long", https_handshake_takes_too_long},
    {"https_removed_in_the_handshake", https_removed_in_the_handshake},
    {"https_delimited_by_close", https_delimited_by_close},
    {"https_write_callback_pauses", https_write_callback_pauses},
    {"https_idle_connection_has_gone", https_idle_connection_has_gone},
    {NULL, NULL}};
