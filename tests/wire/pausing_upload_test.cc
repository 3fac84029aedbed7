// Pausing while a body is sent: by the read callback and from outside, in every framing, over TCP and TLS.
// And responses whose head alone is too much.
#include <gtest/gtest.h>

#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// The body of a request, without the framing of chunks.
std::string body_of(const std::string& request) {
  const std::size_t blank = request.find("\r\n\r\n");
  if (request.find("Transfer-Encoding: chunked") > blank) return request.substr(blank + 4);
  std::string body;
  for (std::size_t at = blank + 4; at < request.size();) {
    const std::size_t size = std::strtoul(request.c_str() + at, nullptr, 16);
    at = request.find("\r\n", at) + 2;
    body += request.substr(at, size);
    at += size + 2;
    if (size == 0) break;
  }
  return body;
}

class PausingUpload : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void send_with_pauses(bool tls, bool chunked, bool expect, std::size_t piece);
  World world;
};

void PausingUpload::send_with_pauses(bool tls, bool chunked, bool expect, std::size_t piece) {
  world.restart();
  const std::string text = pattern(20 * piece);
  Peer peer(world, tls ? tls_server() : nullptr);
  if (expect) {
    peer.otherwise({head(), send("HTTP/1.1 100 Continue\r\n\r\n"), bytes(text.size()),
                    send(response("thanks")), client_gone()});
  } else {
    peer.otherwise(always(response("thanks")));
  }
  Handle post(peer.url());
  trust(post);
  post.post_by_callback(text, chunked ? -1 : static_cast<curl_off_t>(text.size()));
  curl_slist* const list = curl_slist_append(nullptr, expect ? "Expect: 100-continue" : "Expect:");
  post.set(CURLOPT_HTTPHEADER, list);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 60000L);
  bool paused = false;
  int num_pauses = 0;
  post.on_read = [&, pauses = false](char* into, std::size_t room) mutable -> std::size_t {
    EXPECT_FALSE(paused) << "called although it is paused";
    pauses = !pauses;
    paused = pauses && post.upload_at < text.size();
    num_pauses += paused ? 1 : 0;
    if (paused) return CURL_READFUNC_PAUSE;
    const std::size_t given = std::min({piece, room, text.size() - post.upload_at});
    text.copy(into, given, post.upload_at);
    post.upload_at += given;
    return given;
  };
  app().add(post);
  int num_looks = 0;
  world.run([&] {
    if (post.done || !paused) return post.done;
    EXPECT_EQ(app().interest(app().only_socket()), CURL_POLL_IN) << "the answer may come";
    if (!tls && num_looks++ < 3) {  // over TLS session tickets come
      const int calls = app().num_calls();
      world.pump();
      EXPECT_FALSE(world.step(3)) << "paused, and something happens";
      EXPECT_EQ(app().num_calls(), calls);
    }
    paused = false;
    app().pause(post, CURLPAUSE_CONT);
    return post.done;
  });
  EXPECT_EQ(post.code, CURLE_OK) << post.error;
  EXPECT_EQ(post.body, "thanks");
  const std::string received = expect ? peer.connection(0).received().substr(peer.requests.at(0).size())
                                      : body_of(peer.requests.at(0));
  EXPECT_TRUE(received == text);
  EXPECT_GE(num_pauses, 10);
  EXPECT_LE(app().num_calls(), 30 + 5 * num_pauses);
  curl_slist_free_all(list);
}

// contract: 17.6
TEST_F(PausingUpload, TheReadCallbackPausesAgainAndAgain) {
  for (const bool tls : {false, true}) {
    for (const bool chunked : {false, true}) {
      for (const std::size_t piece : {1u, 1000u, 30000u}) {
        SCOPED_TRACE(testing::Message() << tls << chunked << piece);
        send_with_pauses(tls, chunked, false, piece);
        if (HasFailure()) return;
      }
    }
    send_with_pauses(tls, false, true, 1000);
  }
}

// contract: 17.2, 17.3
TEST_F(PausingUpload, FromOutsideWhileItIsBlockedBothWays) {
  for (SSL_CTX* const context : {static_cast<SSL_CTX*>(nullptr), tls_server()}) {
    for (const int what : {CURLPAUSE_SEND, CURLPAUSE_ALL, CURLPAUSE_RECV}) {
      SCOPED_TRACE(what);
      world.restart();
      const std::string text = pattern(8 << 20);
      Peer peer(world, context);
      peer.otherwise({head(), stop_reading(), hold(), start_reading(), bytes(text.size()),
                      send(response("ok")), client_gone()});
      Handle post(peer.url());
      trust(post);
      post.post_by_callback(text, static_cast<curl_off_t>(text.size()));
      curl_slist* const list = curl_slist_append(nullptr, "Expect:");
      post.set(CURLOPT_HTTPHEADER, list);
      app().add(post);
      world.run([&] { return app().interest(app().only_socket()) == CURL_POLL_INOUT; });
      EXPECT_EQ(app().pause(post, what), CURLE_OK);
      EXPECT_EQ(app().interest(app().only_socket()), what == CURLPAUSE_SEND   ? CURL_POLL_IN
                                                     : what == CURLPAUSE_RECV ? CURL_POLL_OUT
                                                                              : 0);
      peer.release();
      const int calls = app().num_calls();
      const bool sends = what == CURLPAUSE_RECV;
      while (world.step(20)) continue;
      EXPECT_TRUE(sends || app().num_calls() <= calls + 1);
      EXPECT_FALSE(post.done);
      EXPECT_EQ(app().pause(post, CURLPAUSE_CONT), CURLE_OK);
      world.run_until_done(post);
      EXPECT_EQ(post.code, CURLE_OK) << post.error;
      const std::string& received = peer.connection(0).received();
      EXPECT_TRUE(received.substr(received.size() - text.size()) == text);
      curl_slist_free_all(list);
      app().remove(post);
    }
  }
}

TEST_F(PausingUpload, TheAnswerComesWhileSendingIsPaused) {
  Peer peer(world);
  peer.otherwise({head(), send(response("no", "Connection: close\r\n", "413 Too Large")), client_gone()});
  Handle post(peer.url());
  post.post_by_callback(pattern(1000), 1000);
  post.on_read = [](char*, std::size_t) { return std::size_t{CURL_READFUNC_PAUSE}; };
  EXPECT_EQ(world.transfer(post), CURLE_OK) << post.error;
  EXPECT_EQ(post.status(), 413);
  EXPECT_EQ(post.body, "no");
}

TEST_F(PausingUpload, ThePeerClosesWhileSendingIsPaused) {
  Peer peer(world);
  peer.otherwise({head(), close_it()});
  Handle post(peer.url());
  post.post_by_callback(pattern(1000), 1000);
  post.on_read = [](char*, std::size_t) { return std::size_t{CURL_READFUNC_PAUSE}; };
  EXPECT_NE(world.transfer(post), CURLE_OK);
  EXPECT_LE(app().num_calls(), 15);
}

// contract: 17.9
TEST_F(PausingUpload, ATransferWithBothSidesPausedKeepsItsTimeLimit) {
  Peer peer(world);
  peer.otherwise({head(), client_gone()});
  Handle post(peer.url());
  post.post_by_callback(pattern(1000), 1000);
  post.set(CURLOPT_TIMEOUT_MS, 60L);
  post.on_read = [&](char*, std::size_t) {
    curl_easy_pause(post.curl, CURLPAUSE_ALL);
    return std::size_t{CURL_READFUNC_PAUSE};
  };
  EXPECT_EQ(world.transfer(post), CURLE_OPERATION_TIMEDOUT);
  EXPECT_LE(app().num_calls(), 15);
}

// --- Heads that are too much

TEST_F(PausingUpload, AFileThatIsTooLargeIsRefusedAtTheEndOfTheHead) {
  Peer peer(world);
  Handle get(peer.url());
  get.set(CURLOPT_MAXFILESIZE, 10L);
  get.set(CURLOPT_FORBID_REUSE, 1L);
  const std::string head_text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nAfter: all\r\n\r\n";
  peer.otherwise(once(head_text + "body"));
  EXPECT_EQ(world.transfer(get), CURLE_FILESIZE_EXCEEDED);
  EXPECT_EQ(get.headers, head_text);
  EXPECT_EQ(get.body, "");
  EXPECT_EQ(get.status(), 200);
  EXPECT_EQ(get.info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), 100);
  peer.otherwise(
      once("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n"
           "2\r\nok\r\n0\r\n\r\n"));
  get.clear();
  EXPECT_EQ(world.transfer(get), CURLE_OK) << "that length does not count";
  peer.otherwise(once("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"));
  get.clear();
  EXPECT_EQ(world.transfer(get), CURLE_OK) << "nor that one";
}

TEST_F(PausingUpload, AHeaderThatIsFoldedWithoutEndIsTooLong) {
  for (const char* const filling : {" ", "\t", " \r\n", "\t \n"}) {
    for (const std::size_t piece : {1u, 10000u}) {
      SCOPED_TRACE(testing::Message() << filling << piece);
      world.restart();
      std::string blanks;
      while (blanks.size() < 400000) blanks += filling;
      Peer peer(world);
      const std::string start = "HTTP/1.1 200 OK\r\nFolded: a\r\n";
      std::vector<std::size_t> sizes(piece == 1 ? 50 : 30, piece);
      peer.otherwise({request(), send_in(start + blanks, sizes), client_gone()});
      Handle get(peer.url());
      get.set(CURLOPT_TIMEOUT_MS, 3000L);
      EXPECT_EQ(world.transfer(get), CURLE_TOO_LARGE) << get.error;
    }
  }
}

}  // namespace
}  // namespace hiper::wire
