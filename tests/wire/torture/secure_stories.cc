// HTTPS: handshakes, sessions, what is wrong with certificates.
#include <gtest/gtest.h>

#include "wire/support/tls.hpp"
#include "wire/torture/stage.hpp"

namespace hiper::wire {
namespace {

void https_get(Stage& stage) {
  Peer secure(stage.world, tls_server());
  Handle get(secure.url());
  trust(get);
  stage.transfer(get);
}

void https_keep_alive(Stage& stage) {
  Peer secure(stage.world, tls_server());
  Handle get(secure.url());
  trust(get);
  if (!stage.transfer(get)) return;
  get.clear();
  stage.transfer(get);
}

// A new connection for each transfer, the later ones with the session of the first.
void https_resumption(Stage& stage) {
  Peer secure(stage.world, tls_server());
  Handle get(secure.url());
  trust(get);
  get.set(CURLOPT_FORBID_REUSE, 1L);
  if (!stage.transfer(get)) return;
  get.clear();
  stage.transfer(get);
}

void https_upload(Stage& stage) {
  const std::string body(100000, 's');
  Peer secure(stage.world, tls_server());
  Handle post(secure.url());
  trust(post);
  post.post_by_callback(body, 100000);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  if (stage.transfer(post)) {
    ASSERT_FALSE(secure.requests.empty());
    EXPECT_TRUE(secure.requests.back().ends_with(body));
  }
}

void https_large_response(Stage& stage) {
  const std::string large(300000, 'x');
  Peer secure(stage.world, tls_server());
  secure.otherwise({request(), send(response(large)), again()});
  Handle get(secure.url());
  trust(get);
  stage.transfer(get, large);
}

void https_cut_off(Stage& stage) {
  Peer secure(stage.world, tls_server());
  secure.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"), reset_it()});
  Handle get(secure.url());
  trust(get);
  stage.also_right = {CURLE_PARTIAL_FILE};
  stage.transfer(get, "ab", CURLE_RECV_ERROR);
}

void unknown_authority(Stage& stage) {
  Peer secure(stage.world, tls_server());
  Handle get(secure.url());
  stage.transfer(get, "", CURLE_PEER_FAILED_VERIFICATION);
}

// A server that does not speak TLS.
void no_tls_there(Stage& stage) {
  stage.peer.otherwise({bytes(1), send("HTTP/1.1 400 Speak plainly\r\n\r\n"), client_gone()});
  std::string url = stage.peer.url();
  url.replace(0, 4, "https");
  Handle get(url);
  trust(get);
  stage.transfer(get, "", CURLE_SSL_CONNECT_ERROR);
}

constexpr Story kStories[] = {
    {"https_get", https_get},
    {"https_keep_alive", https_keep_alive},
    {"https_resumption", https_resumption},
    {"https_upload", https_upload},
    {"https_large_response", https_large_response},
    {"https_cut_off", https_cut_off},
    {"unknown_authority", unknown_authority},
    {"no_tls_there", no_tls_there},
};

}  // namespace

std::span<const Story> secure_stories() { return kStories; }

}  // namespace hiper::wire
