// Requests and responses in unusual order and pace: uploads that are stopped, connections that are kept or
// not, large bodies, limits of size and time.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Exchange : public testing::Test {
 protected:
  Exchange() : no_expect(curl_slist_append(nullptr, "Expect:")) {}
  ~Exchange() override { curl_slist_free_all(no_expect); }
  App& app() { return world.app(); }
  static const std::string& large() {
    static const std::string text(16 << 20, 'u');
    return text;
  }
  void post_large(Handle& handle) {
    handle.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(large().size()));
    handle.set(CURLOPT_POSTFIELDS, large().data());
    handle.set(CURLOPT_HTTPHEADER, no_expect);
  }
  World world;
  curl_slist* no_expect;
};

// --- Uploads

TEST_F(Exchange, AnEarlySuccessLetsTheUploadGoOn) {
  Peer peer(world);
  peer.otherwise({head(), stop_reading(), send(response("thanks")), hold(), start_reading(),
                  bytes(large().size()), again()});
  Handle post(peer.url());
  post_large(post);
  app().add(post);
  world.run([&] { return post.body == "thanks"; }, "the early answer");
  EXPECT_FALSE(post.done);
  EXPECT_EQ(app().interest(app().only_socket()), CURL_POLL_OUT) << "nothing is to be received any more";
  peer.release();
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_EQ(post.info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T), static_cast<curl_off_t>(large().size()));
  app().remove(post);
  Handle get(peer.url());
  peer.release();
  app().add(get);
  world.run([&] { return get.done; });
  EXPECT_EQ(peer.num_accepted(), 1u) << "both sides know where the next request begins";
}

TEST_F(Exchange, AnEarlyErrorStopsTheUploadAndEndsTheConnection) {
  for (const char* const status : {"413 Too Large", "403 Forbidden", "500 Error"}) {
    SCOPED_TRACE(status);
    Peer peer(world);
    peer.expect({head(), stop_reading(), send(response("no", "", status)), hold(), client_gone()});
    Handle post(peer.url());
    post_large(post);
    EXPECT_EQ(world.transfer(post), CURLE_OK);
    EXPECT_EQ(post.status(), std::atoi(status));
    EXPECT_EQ(post.body, "no");
    EXPECT_LT(post.info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T), static_cast<curl_off_t>(large().size()));
    EXPECT_EQ(world.transfer(post), CURLE_OK);
    EXPECT_EQ(peer.num_accepted(), 2u);
  }
}

TEST_F(Exchange, AnEarlyErrorIsIgnoredWhenTheApplicationWantsToGoOn) {
  Peer peer(world);
  peer.expect({head(), stop_reading(), send(response("no", "", "413 Too Large")), hold(), start_reading(),
               bytes(large().size()), client_gone()});
  Handle post(peer.url());
  post_large(post);
  post.set(CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
  app().add(post);
  world.run([&] { return post.body == "no"; });
  EXPECT_FALSE(post.done);
  peer.release();
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_EQ(post.info<curl_off_t>(CURLINFO_SIZE_UPLOAD_T), static_cast<curl_off_t>(large().size()));
}

TEST_F(Exchange, AnErrorInsteadOfContinueSavesTheBody) {
  Peer peer(world);
  peer.expect({head(), send(response("no", "", "403 Forbidden")), client_gone()});
  Handle post(peer.url());
  curl_slist* const list = curl_slist_append(nullptr, "Expect: 100-continue");
  post.post_by_callback("0123456789", 10);
  post.set(CURLOPT_HTTPHEADER, list);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 100000L);
  EXPECT_EQ(world.transfer(post), CURLE_OK);
  EXPECT_EQ(post.status(), 403);
  EXPECT_EQ(post.upload_at, 0u);
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u) << "the peer may still wait for the body";
  curl_slist_free_all(list);
}

TEST_F(Exchange, ARefusedExpectIsTriedAgainWithoutIt) {
  Peer peer(world);
  peer.expect({head(), send(response("", "", "417 Expectation Failed")), client_gone()});
  Handle post(peer.url());
  curl_slist* const list = curl_slist_append(nullptr, "Expect: 100-continue");
  post.post_by_callback("0123456789", 10);
  post.set(CURLOPT_HTTPHEADER, list);
  EXPECT_EQ(world.transfer(post), CURLE_OK);
  EXPECT_EQ(post.status(), 200);
  EXPECT_EQ(peer.requests.back().find("Expect"), std::string::npos);
  EXPECT_NE(peer.requests.back().find("0123456789"), std::string::npos);
  curl_slist_free_all(list);
}

TEST_F(Exchange, AChunkedUploadArrivesWhole) {
  Peer peer(world);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100000}}) {
    Handle post(peer.url());
    post.post_by_callback("0123456789", -1);
    post.read_most = piece;
    post.set(CURLOPT_HTTPHEADER, no_expect);
    EXPECT_EQ(world.transfer(post), CURLE_OK);
    const std::string& got = peer.requests.back();
    EXPECT_NE(got.find("Transfer-Encoding: chunked\r\n"), got.npos);
    EXPECT_TRUE(piece != 7 || got.find("\r\n\r\n7\r\n0123456\r\n3\r\n789\r\n0\r\n\r\n") != got.npos) << got;
  }
}

TEST_F(Exchange, APeerThatGoesAwayWhileItWasToRead) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset);
    Peer peer(world);
    peer.expect({head(), stop_reading(), hold(), reset ? reset_it() : end_sending(), hold(), close_it()});
    Handle post(peer.url());
    post_large(post);
    app().add(post);
    const auto interest = [&] { return app().interest(app().only_socket()); };
    world.run([&] { return interest() == CURL_POLL_INOUT; }, "an upload that is blocked");
    peer.release();
    world.run_until_done(post);
    EXPECT_TRUE(reset ? post.code == CURLE_SEND_ERROR || post.code == CURLE_RECV_ERROR
                      : post.code == CURLE_GOT_NOTHING)
        << post.code;
    app().remove(post);
  }
}

TEST_F(Exchange, AReadCallbackThatAborts) {
  Peer peer(world);
  Handle post(peer.url());
  post.post_by_callback("0123456789", 10);
  post.on_read = [](char*, std::size_t) -> std::size_t { return CURL_READFUNC_ABORT; };
  EXPECT_EQ(world.transfer(post), CURLE_ABORTED_BY_CALLBACK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u);
}

TEST_F(Exchange, AWriteCallbackThatTakesTooLittle) {
  Peer peer(world);
  Handle get(peer.url());
  get.on_body = [](std::string_view piece) { return piece.size() - 1; };
  EXPECT_EQ(world.transfer(get), CURLE_WRITE_ERROR);
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u);
}

// --- Which connections are kept

TEST_F(Exchange, ResponsesWithoutABodyKeepTheConnection) {
  Peer peer(world);
  const std::string length = "Content-Length: 5\r\n";
  peer.otherwise({request(), send("HTTP/1.1 200 OK\r\n" + length + "\r\n"), request(),
                  send("HTTP/1.1 204 No Content\r\n" + length + "\r\n"), request(),
                  send("HTTP/1.1 304 Not Modified\r\n" + length + "\r\n"), request(), send(response("ok")),
                  client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_NOBODY, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(peer.requests.at(0).substr(0, 5), "HEAD ");
  EXPECT_EQ(get.info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), 5);
  get.set(CURLOPT_NOBODY, 0L);
  get.set(CURLOPT_HTTPGET, 1L);
  for (const long status : {204L, 304L, 200L}) {
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_EQ(get.status(), status);
  }
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(peer.num_accepted(), 1u);
}

TEST_F(Exchange, WhatTheHeadersSayAboutTheConnection) {
  struct {
    const char* text;
    bool kept;
  } const cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive, CLOSE\r\n\r\nok", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: other\r\n\r\nok", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n",
       false},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.text);
    Peer peer(world);
    peer.otherwise(always(one.text));
    Handle get(peer.url());
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_EQ(get.body, "ok");
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_EQ(peer.num_accepted(), one.kept ? 1u : 2u);
    world.pump();
    EXPECT_EQ(peer.num_open(), one.kept ? 1u : 0u) << "closed at once, not when the multi ends";
  }
}

TEST_F(Exchange, TheApplicationMayForbidReuse) {
  Peer peer(world);
  Handle get(peer.url());
  get.set(CURLOPT_FORBID_REUSE, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u);
  get.set(CURLOPT_FORBID_REUSE, 0L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  get.set(CURLOPT_FRESH_CONNECT, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 3u);
}

TEST_F(Exchange, ABodyUntilTheEndOfTheConnection) {
  Peer peer(world);
  const std::string text(100000, 'x');
  peer.otherwise({request(), send("HTTP/1.1 200 OK\r\n\r\n" + text), end_sending(), client_gone()});
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(get.body.size(), text.size());
  EXPECT_EQ(peer.num_accepted(), 1u);
}

// --- Connections that went stale in the pool

TEST_F(Exchange, AStaleConnectionIsReplaced) {
  for (const bool reset : {false, true}) {
    for (const bool post : {false, true}) {
      SCOPED_TRACE(testing::Message() << (reset ? "RST" : "FIN") << (post ? " POST" : " GET"));
      Peer peer(world);
      peer.expect({request(), send(response("first")), hold(), reset ? reset_it() : close_it()});
      Handle handle(peer.url());
      EXPECT_EQ(world.transfer(handle), CURLE_OK);
      peer.release();
      world.pump();
      handle.clear();
      if (post) handle.post_by_callback("0123456789", 10);
      EXPECT_EQ(world.transfer(handle), CURLE_OK) << handle.error;
      EXPECT_EQ(handle.body, "ok");
      EXPECT_EQ(handle.error[0], '\0');
      EXPECT_EQ(peer.num_accepted(), 2u);
      EXPECT_TRUE(!post || peer.requests.back().find("\r\n\r\n0123456789") != std::string::npos);
    }
  }
}

TEST_F(Exchange, APostIsRewoundWhenTheStaleConnectionTookIt) {
  Peer peer(world);
  peer.expect({request(), send(response("first")), request(), reset_it()});
  Handle post(peer.url());
  EXPECT_EQ(world.transfer(post), CURLE_OK);
  post.clear();
  post.post_by_callback("0123456789", 10);
  EXPECT_EQ(world.transfer(post), CURLE_OK) << post.error;
  EXPECT_EQ(post.num_rewinds, 1);
  EXPECT_NE(peer.requests.back().find("\r\n\r\n0123456789"), std::string::npos);
}

TEST_F(Exchange, APostThatCannotBeRewoundFails) {
  Peer peer(world);
  peer.expect({request(), send(response("first")), request(), reset_it()});
  Handle post(peer.url());
  EXPECT_EQ(world.transfer(post), CURLE_OK);
  post.clear();
  post.post_by_callback("0123456789", 10);
  post.set(CURLOPT_SEEKFUNCTION, static_cast<curl_seek_callback>(nullptr));
  EXPECT_EQ(world.transfer(post), CURLE_SEND_FAIL_REWIND);
  EXPECT_EQ(app().num_announced(), 0u);
}

TEST_F(Exchange, AnEndlessRowOfStaleConnectionsEnds) {
  Peer peer(world);
  peer.otherwise({request(), send(response("ok")), request(), reset_it()});
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 8; ++i) {
    handles.push_back(std::make_unique<Handle>(peer.url()));
    app().add(*handles.back());
  }
  world.run(
      [&] { return std::all_of(handles.begin(), handles.end(), [](const auto& h) { return h->done; }); });
  for (const auto& handle : handles) app().remove(*handle);
  Handle get(peer.url());
  const CURLcode code = world.transfer(get);
  EXPECT_TRUE(code == CURLE_OK || code == CURLE_RECV_ERROR) << code;
}

// --- Large bodies

TEST_F(Exchange, ALargeBodyArrivesWholeInPiecesOfTheBuffer) {
  Peer peer(world);
  std::string text(8 << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 2654435761u >> 24);
  peer.otherwise(always(response(text)));
  for (const long buffer : {1024L, 16384L, 1000000L}) {
    Handle get(peer.url());
    get.set(CURLOPT_BUFFERSIZE, buffer);
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_TRUE(get.body == text);
    EXPECT_LE(get.max_piece, static_cast<std::size_t>(buffer));
  }
  EXPECT_EQ(peer.num_accepted(), 1u);
}

// contract: 3.14
TEST_F(Exchange, OneFastTransferDoesNotStarveTheOthers) {
  Peer fast(world);
  fast.otherwise(always(response(large())));
  Peer slow(world);
  Handle big(fast.url());
  app().add(big);
  world.run([&] { return big.body.size() > 1000; });
  Handle small(slow.url());
  app().add(small);
  world.run_until_done(small);
  EXPECT_FALSE(big.done);
  world.run_until_done(big);
  EXPECT_EQ(big.body.size(), large().size());
}

// --- Limits

TEST_F(Exchange, FailOnErrorEndsAtTheHead) {
  Peer peer(world);
  peer.otherwise(always(response("not here", "", "404 Not Found")));
  Handle get(peer.url());
  get.set(CURLOPT_FAILONERROR, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_HTTP_RETURNED_ERROR);
  EXPECT_EQ(get.body, "");
  EXPECT_EQ(get.status(), 404);
  get.set(CURLOPT_FAILONERROR, 0L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(get.body, "not here");
}

TEST_F(Exchange, MaxFileSizeRefusesAKnownLengthAndStopsAnUnknownOne) {
  Peer peer(world);
  peer.expect(always(response("0123456789")));
  Handle get(peer.url());
  get.set(CURLOPT_MAXFILESIZE_LARGE, curl_off_t{5});
  EXPECT_EQ(world.transfer(get), CURLE_FILESIZE_EXCEEDED);
  EXPECT_EQ(get.body, "");
  peer.expect(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"));
  EXPECT_EQ(world.transfer(get), CURLE_FILESIZE_EXCEEDED);
  EXPECT_LE(get.body.size(), 5u);
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u);
  get.clear();
  peer.expect(always(response("01234")));
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(get.body, "01234");
}

TEST_F(Exchange, ATransferThatIsTooSlowIsGivenUp) {
  Peer peer(world);
  peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome"), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_LOW_SPEED_LIMIT, 100L);
  get.set(CURLOPT_LOW_SPEED_TIME, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OPERATION_TIMEDOUT);
  const curl_off_t took = get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T);
  EXPECT_GE(took, 900000);
  EXPECT_LT(took, 8000000);
  EXPECT_LE(app().num_calls(), 20);
}

/// The application was late, the server was not: what it took to connect is no part of the transfer's speed.
// contract: 7.14
TEST_F(Exchange, SpeedIsWatchedFromTheConnectionOn) {
  Peer peer(world);
  Handle get(peer.url());
  get.set(CURLOPT_LOW_SPEED_LIMIT, 100L);
  get.set(CURLOPT_LOW_SPEED_TIME, 1L);
  app().add(get);
  app().fire_timer();
  poll(nullptr, 0, 1100);
  app().socket_action(app().only_socket(), CURL_CSELECT_OUT);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK) << get.error;
}

// contract: 7.8
TEST_F(Exchange, ASilentPeerIsGivenUpInTime) {
  for (const bool connected_before : {false, true}) {
    Peer peer(world);
    peer.otherwise({request(), client_gone()});
    if (connected_before) peer.expect({request(), send(response("ok")), request(), client_gone()});
    Handle get(peer.url());
    EXPECT_TRUE(!connected_before || world.transfer(get) == CURLE_OK);
    get.set(CURLOPT_TIMEOUT_MS, 50L);
    EXPECT_EQ(world.transfer(get), CURLE_OPERATION_TIMEDOUT);
    EXPECT_GE(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 50000);
    EXPECT_LT(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 5000000);
    world.pump();
    EXPECT_EQ(peer.num_open(), 0u);
  }
}

// contract: 7.8
TEST_F(Exchange, AFullListenBacklogIsGivenUpInTime) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const raw = static_cast<sockaddr*>(static_cast<void*>(&address));
  ASSERT_EQ(bind(listener, raw, length), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, raw, &length);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    static_cast<void>(connect(fillers.back(), raw, length));
  }
  Handle get("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
  get.set(CURLOPT_CONNECTTIMEOUT_MS, 50L);
  EXPECT_EQ(world.transfer(get), CURLE_OPERATION_TIMEDOUT);
  EXPECT_GE(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 50000);
  EXPECT_LT(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 5000000);
  EXPECT_LE(app().num_calls(), 8);
  EXPECT_EQ(app().num_announced(), 0u);
  for (const int filler : fillers) close(filler);
  close(listener);
}

// --- Redirects

TEST_F(Exchange, RedirectsKeepTheConnectionAndDropTheirBodies) {
  Peer peer(world);
  peer.otherwise({request(), send(response("moved", "Location: /next\r\n", "301 Moved")), request(),
                  send(response("moved again", "Location: last\r\n", "307 Moved")), request(),
                  send(response("ok")), client_gone()});
  Handle get(peer.url("/dir/first"));
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(peer.num_accepted(), 1u);
  EXPECT_EQ(peer.requests.at(2).substr(0, 10), "GET /last ");
}

TEST_F(Exchange, ALoopOfRedirectsEnds) {
  Peer peer(world);
  peer.otherwise(always(response("", "Location: /\r\n", "302 Found")));
  Handle get(peer.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  get.set(CURLOPT_MAXREDIRS, 5L);
  EXPECT_EQ(world.transfer(get), CURLE_TOO_MANY_REDIRECTS);
  EXPECT_EQ(peer.requests.size(), 6u);
}

TEST_F(Exchange, ARedirectedPostIsSentAgainFromTheBeginning) {
  Peer peer(world);
  peer.expect({request(), send(response("", "Location: /next\r\n", "307 Moved")), request(),
               send(response("ok")), client_gone()});
  Handle post(peer.url());
  post.post_by_callback("0123456789", 10);
  post.set(CURLOPT_FOLLOWLOCATION, 1L);
  EXPECT_EQ(world.transfer(post), CURLE_OK);
  EXPECT_EQ(post.num_rewinds, 1);
  EXPECT_NE(peer.requests.at(1).find("\r\n\r\n0123456789"), std::string::npos);
}

}  // namespace
}  // namespace hiper::wire
