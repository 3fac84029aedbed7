// Applications that wait edge-triggered: a real epoll set with EPOLLET, changed only by the socket callback.
// Whatever the library leaves unread or unwritten without saying so is never reported again.
#include <gtest/gtest.h>

#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// Over plain TCP, TLS 1.3 and TLS 1.2.
class Edges : public testing::TestWithParam<SSL_CTX* (*)()> {
 protected:
  Edges() { app().use_edges(); }
  App& app() { return world.app(); }
  static bool secure() { return GetParam() != nullptr; }
  void prepare(Handle& handle) {
    if (secure()) trust(handle);
  }
  World world;
  Peer peer{world, secure() ? GetParam()() : nullptr};
};

TEST_P(Edges, AGetAndItsRepetition) {
  Handle get(peer.url());
  prepare(get);
  for (int rounds = 0; rounds < 3; ++rounds) {
    get.clear();
    ASSERT_EQ(world.transfer(get), CURLE_OK) << get.error;
    EXPECT_EQ(get.body, "ok");
  }
  EXPECT_EQ(peer.num_accepted(), 1u);
}

TEST_P(Edges, ALargeDownload) {
  const std::string text = pattern(24 << 20);
  peer.otherwise(always(response(text)));
  Handle get(peer.url());
  prepare(get);
  ASSERT_EQ(world.transfer(get), CURLE_OK) << get.error;
  EXPECT_TRUE(get.body == text);
}

TEST_P(Edges, ALargeDownloadInSmallPiecesToASmallBuffer) {
  const std::string text = pattern(60000);
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 100; ++i) sizes.push_back(1 + i * 5);
  peer.otherwise({request(), send_in(response(text), sizes), again()});
  Handle get(peer.url());
  prepare(get);
  get.set(CURLOPT_BUFFERSIZE, 1024L);
  ASSERT_EQ(world.transfer(get), CURLE_OK) << get.error;
  EXPECT_TRUE(get.body == text);
  EXPECT_LE(get.max_piece, 1024u);
}

TEST_P(Edges, ALargeUploadToAPeerThatStopsReadingAgainAndAgain) {
  const std::string text = pattern(12 << 20);
  Script script = {head()};
  for (int i = 0; i < 3; ++i) {
    for (const Step& step : {stop_reading(), hold(), start_reading(), bytes(4 << 20)}) script.push_back(step);
  }
  script.push_back(send(response("thanks")));
  script.push_back(client_gone());
  peer.otherwise(script);
  Handle post(peer.url());
  prepare(post);
  post.post_by_callback(text, static_cast<curl_off_t>(text.size()));
  curl_slist* const list = curl_slist_append(nullptr, "Expect:");
  post.set(CURLOPT_HTTPHEADER, list);
  app().add(post);
  for (std::size_t i = 0; i < 3; ++i) {
    world.run([&] { return peer.num_accepted() == 1 && peer.connection(0).at_step() == 2 + 4 * i; });
    while (world.step(50)) continue;  // until the upload is blocked
    peer.release();
  }
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK) << post.error;
  EXPECT_EQ(post.body, "thanks");
  const std::string& received = peer.connection(0).received();
  EXPECT_TRUE(received.substr(received.size() - text.size()) == text);
  curl_slist_free_all(list);
}

TEST_P(Edges, AnUploadWhoseAnswerComesWhileItIsBlocked) {
  const std::string text = pattern(8 << 20);
  peer.otherwise({head(), stop_reading(), send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"), hold(),
                  start_reading(), bytes(text.size()), send("done"), client_gone()});
  Handle post(peer.url());
  prepare(post);
  post.post_by_callback(text, static_cast<curl_off_t>(text.size()));
  curl_slist* const list = curl_slist_append(nullptr, "Expect:");
  post.set(CURLOPT_HTTPHEADER, list);
  app().add(post);
  world.run([&] { return post.status() == 200; }, "the head of the answer");
  peer.release();
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK) << post.error;
  EXPECT_EQ(post.body, "done");
  curl_slist_free_all(list);
}

TEST_P(Edges, TheEndOfTheStreamRightBehindTheData) {
  for (const std::size_t size : {0u, 1u, 100u, 16000u, 16384u, 40000u, 70000u, 300000u}) {
    SCOPED_TRACE(size);
    const std::string text = pattern(size);
    peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + text), end_sending(),
                    client_gone()});
    Handle get(peer.url());
    prepare(get);
    ASSERT_EQ(world.transfer(get), CURLE_OK) << get.error;
    EXPECT_TRUE(get.body == text);
  }
}

TEST_P(Edges, AResetRightBehindTheData) {
  peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), reset_it()});
  Handle get(peer.url());
  prepare(get);
  const CURLcode code = world.transfer(get);
  EXPECT_TRUE(code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE) << code;
}

TEST_P(Edges, PausesAndARateLimit) {
  const std::string text = pattern(50000);
  peer.otherwise(always(response(text)));
  Handle get(peer.url());
  prepare(get);
  get.set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{1000000});
  get.set(CURLOPT_BUFFERSIZE, 4000L);
  bool refuse = false;
  int num_pauses = 0;
  get.on_body = [&](std::string_view piece) {
    refuse = !refuse;
    num_pauses += refuse ? 1 : 0;
    return refuse ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
  app().add(get);
  int num_resumed = 0;
  world.run([&] {
    if (num_resumed < num_pauses && !get.done) {
      ++num_resumed;
      app().pause(get, CURLPAUSE_CONT);
    }
    return get.done;
  });
  EXPECT_EQ(get.code, CURLE_OK) << get.error;
  EXPECT_TRUE(get.body == text);
  EXPECT_GT(num_pauses, 10);
}

TEST_P(Edges, ManyAtOnce) {
  const std::string text = pattern(100000);
  peer.otherwise(always(response(text)));
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 30; ++i) {
    handles.push_back(std::make_unique<Handle>(peer.url()));
    prepare(*handles.back());
    app().add(*handles.back());
  }
  for (const auto& handle : handles) {
    world.run_until_done(*handle);
    EXPECT_EQ(handle->code, CURLE_OK);
    EXPECT_TRUE(handle->body == text);
  }
}

INSTANTIATE_TEST_SUITE_P(Wires, Edges, testing::Values(nullptr, &tls_server, &tls12_server),
                         [](const auto& about) {
                           return about.index == 0 ? "Plain" : about.index == 1 ? "Tls13" : "Tls12";
                         });

// --- TLS that is cut off

class CutOff : public testing::Test {
 protected:
  CutOff() { app().use_edges(); }
  App& app() { return world.app(); }
  World world;
};

TEST_F(CutOff, ARecordThatIsCutOffByTheEndOfTheStream) {
  Peer peer(world, tls_server());
  const std::string text = response(pattern(10000));
  for (const std::size_t count : {1u, 4u, 5u, 6u, 100u, 5000u, 10000u}) {
    SCOPED_TRACE(count);
    peer.otherwise({request(), send_cut(text, count), client_gone()});
    Handle get(peer.url());
    trust(get);
    get.set(CURLOPT_TIMEOUT_MS, 5000L);
    const CURLcode code = world.transfer(get);
    EXPECT_TRUE(code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE)
        << code << ": " << get.error;
  }
}

TEST_F(CutOff, ASecondRecordThatIsCutOff) {
  Peer peer(world, tls_server());
  const std::string text = response(pattern(10000));
  for (const std::size_t count : {1u, 5u, 100u, 5000u}) {
    SCOPED_TRACE(count);
    peer.otherwise({request(), send(text.substr(0, 500)), send_cut(text.substr(500), count), client_gone()});
    Handle get(peer.url());
    trust(get);
    get.set(CURLOPT_TIMEOUT_MS, 5000L);
    const CURLcode code = world.transfer(get);
    EXPECT_TRUE(code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE) << code << ": " << get.error;
  }
}

TEST_F(CutOff, AHandshakeThatIsCutOff) {
  Peer peer(world);
  const std::string hello("\x16\x03\x03\x10\x00\x02\x00\x0f\xfc\x03\x03", 11);
  for (std::size_t size = 0; size <= hello.size(); ++size) {
    SCOPED_TRACE(size);
    peer.otherwise({bytes(100), send(hello.substr(0, size)), end_sending(), client_gone()});
    Handle get("https://127.0.0.1:" + std::to_string(peer.port()) + "/");
    trust(get);
    get.set(CURLOPT_TIMEOUT_MS, 5000L);
    EXPECT_EQ(world.transfer(get), CURLE_SSL_CONNECT_ERROR) << get.error;
  }
}

TEST_F(CutOff, AStreamThatEndsRightBehindTheHandshake) {
  for (SSL_CTX* const context : {tls_server(), tls12_server()}) {
    SCOPED_TRACE(context == tls_server());
    world.restart();
    app().use_edges();
    Peer peer(world, context);
    peer.otherwise({first_flight(), end_sending(), client_gone()});
    Handle get(peer.url());
    trust(get);
    get.set(CURLOPT_TIMEOUT_MS, 5000L);
    const CURLcode code = world.transfer(get);
    EXPECT_NE(code, CURLE_OK);
    EXPECT_NE(code, CURLE_OPERATION_TIMEDOUT) << get.error;
  }
}

}  // namespace
}  // namespace hiper::wire
