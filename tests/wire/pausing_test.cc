// Pausing: receiving, from the write and header callbacks and from outside, with every kind of data that may
// lie somewhere between the socket and the application. Nothing is lost or comes twice, and a transfer that
// is paused waits for nothing.
#include <gtest/gtest.h>
#include <zlib.h>

#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

enum class Framing { length, chunked, close };
enum class How { refuses, pauses_inside, pauses_outside };

struct Case {
  bool tls;
  bool coded;
  Framing framing;
  How how;
  long buffer_size;
  bool in_pieces;
};

std::string message(const Case& about, const std::string& body) {
  std::string text = "HTTP/1.1 200 OK\r\nX-One: 1\r\nX-Two: 2\r\n";
  if (about.coded) text += "Content-Encoding: gzip\r\n";
  switch (about.framing) {
    case Framing::length:
      return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    case Framing::close:
      return text + "Connection: close\r\n\r\n" + body;
    case Framing::chunked:
      break;
  }
  return text + "Transfer-Encoding: chunked\r\n\r\n" + chunks(body, 1000) + "0\r\nX-Trailer: 3\r\n\r\n";
}

class Pausing : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// What was paused is resumed after each step; before that it must be silent.
  void run_and_resume(Handle& handle) {
    world.run(
        [&] {
          if (handle.done || !paused) return handle.done;
          EXPECT_EQ(app().num_announced(), 0u) << "paused, and still waiting";
          EXPECT_EQ(app().timer_ms(), -1) << "paused, and still turning";
          paused = false;
          ++num_resumed;
          EXPECT_EQ(app().pause(handle, CURLPAUSE_CONT), CURLE_OK);
          return handle.done;
        },
        "the end of a transfer that is resumed");
  }
  void pause_at_each_piece(Handle& handle, How how);
  void receive(const Case& about, const std::string& plain, const std::string& coded);

  World world;
  bool paused = false;
  int num_resumed = 0;
};

void Pausing::pause_at_each_piece(Handle& handle, How how) {
  if (how == How::pauses_outside) return;
  handle.on_body = [this, &handle, how, refuse = false](std::string_view piece) mutable {
    EXPECT_FALSE(paused) << "called although it is paused";
    if (how == How::pauses_inside) {
      EXPECT_EQ(curl_easy_pause(handle.curl, CURLPAUSE_RECV), CURLE_OK);
      paused = true;
      return piece.size();
    }
    refuse = !refuse;
    paused = refuse;
    return refuse ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
}

void Pausing::receive(const Case& about, const std::string& plain, const std::string& coded) {
  world.restart();
  paused = false;
  num_resumed = 0;
  Peer peer(world, about.tls ? tls_server() : nullptr);
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; about.in_pieces && i < 12; ++i) sizes.push_back(30 + 61 * i);
  Script script = {request(), send_in(message(about, about.coded ? coded : plain), sizes)};
  script.push_back(about.framing == Framing::close ? end_sending() : client_gone());
  script.push_back(client_gone());
  peer.otherwise(script);
  Handle get(peer.url());
  trust(get);
  get.set(CURLOPT_BUFFERSIZE, about.buffer_size);
  if (about.coded) get.set(CURLOPT_ACCEPT_ENCODING, "");
  pause_at_each_piece(get, about.how);
  start(get);
  if (about.how == How::pauses_outside) {
    world.run([&] {
      if (get.done) return true;
      app().pause(get, CURLPAUSE_ALL);
      EXPECT_TRUE(get.status() != 200 || app().num_announced() == 0);
      ++num_resumed;
      app().pause(get, CURLPAUSE_CONT);
      return false;
    });
  } else {
    run_and_resume(get);
    EXPECT_GE(num_resumed, 2);
  }
  EXPECT_EQ(get.code, CURLE_OK) << get.error;
  EXPECT_TRUE(get.body == plain) << get.body.size();
  EXPECT_LE(app().num_calls(), 60 + 4 * num_resumed) << "spinning";
}

// contract: 17.5
TEST_F(Pausing, EveryByteComesOnceWhateverIsPending) {
  const std::string plain = pattern(40000);
  const std::string coded = gzip(plain);
  for (const bool tls : {false, true}) {
    for (const bool in_pieces : {false, true}) {
      for (const Framing framing : {Framing::length, Framing::chunked, Framing::close}) {
        for (const How how : {How::refuses, How::pauses_inside, How::pauses_outside}) {
          for (const long buffer_size : {1024L, 16384L}) {
            for (const bool is_coded : {false, true}) {
              SCOPED_TRACE(testing::Message()
                           << "tls " << tls << ", pieces " << in_pieces << ", framing "
                           << static_cast<int>(framing) << ", how " << static_cast<int>(how) << ", buffer "
                           << buffer_size << ", coded " << is_coded);
              receive({tls, is_coded, framing, how, buffer_size, in_pieces}, plain, coded);
              if (HasFailure()) return;
            }
          }
        }
      }
    }
  }
}

/// A few bytes on the wire that become many: the decoder holds more than any buffer takes.
TEST_F(Pausing, DecodedDataIsManyTimesWhatCame) {
  const std::string plain(2000000, 'z');
  const std::string coded = gzip(plain);
  ASSERT_LT(coded.size(), 4000u);
  for (const How how : {How::refuses, How::pauses_inside}) {
    receive({false, true, Framing::length, how, 16384, false}, plain, coded);
    EXPECT_GE(num_resumed, 100);
  }
}

TEST_F(Pausing, TheHeaderCallbackPausesAtEveryLine) {
  for (const bool by_answer : {true, false}) {
    for (const bool in_body : {true, false}) {
      SCOPED_TRACE(testing::Message() << by_answer << in_body);
      world.restart();
      Peer peer(world);
      const std::string text = message({false, false, Framing::chunked, How::refuses, 0, false}, "body");
      peer.otherwise(once(text));
      Handle get(peer.url());
      get.set(CURLOPT_HEADER, in_body ? 1L : 0L);
      int num_lines = 0;
      get.on_header = [&, refuse = false](std::string_view line) mutable {
        EXPECT_FALSE(paused) << "called although it is paused";
        refuse = !refuse || !by_answer;
        if (!by_answer) curl_easy_pause(get.curl, CURLPAUSE_RECV);
        paused = refuse;
        if (!refuse || !by_answer) ++num_lines;
        return refuse && by_answer ? std::size_t{CURL_WRITEFUNC_PAUSE} : line.size();
      };
      paused = false;
      start(get);
      run_and_resume(get);
      EXPECT_EQ(get.code, CURLE_OK);
      EXPECT_EQ(num_lines, 6) << "with the trailer";
      const std::string head = text.substr(0, text.find("\r\n\r\n") + 4);
      EXPECT_EQ(get.headers, head + "X-Trailer: 3\r\n");
      EXPECT_EQ(get.body, in_body ? head + "body" : "body");
      app().remove(get);
    }
  }
}

TEST_F(Pausing, ThePeerClosesWhileAllItSaidIsHeldBack) {
  for (SSL_CTX* const context : {static_cast<SSL_CTX*>(nullptr), tls_server()}) {
    world.restart();
    Peer peer(world, context);
    const std::string text = pattern(100000);
    peer.otherwise({request(), send(response(text)), close_it()});
    Handle get(peer.url());
    trust(get);
    bool refused = false;
    get.on_body = [&](std::string_view piece) {
      paused = !std::exchange(refused, true);
      return paused ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
    };
    start(get);
    world.run([&] { return paused && peer.connection(0).finished(); });
    const int calls = app().num_calls();
    for (int rounds = 0; rounds < 5; ++rounds) world.step(1);
    EXPECT_EQ(app().num_calls(), calls);
    run_and_resume(get);
    EXPECT_EQ(get.code, CURLE_OK) << get.error;
    EXPECT_TRUE(get.body == text);
  }
}

TEST_F(Pausing, ThePeerBreaksOffWhileItIsPaused) {
  Peer peer(world);
  peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), reset_it()});
  Handle get(peer.url());
  get.on_body = [&](std::string_view piece) {
    if (num_resumed == 0) paused = true;
    return num_resumed == 0 ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
  start(get);
  run_and_resume(get);
  EXPECT_TRUE(get.code == CURLE_RECV_ERROR || get.code == CURLE_PARTIAL_FILE) << get.code;
  EXPECT_EQ(get.body, "half");
}

// contract: 17.9
TEST_F(Pausing, ATimeLimitStrikesWhilePausedWithDataPending) {
  const std::string plain = pattern(300000);
  Peer peer(world, tls_server());
  peer.otherwise(once(message({true, true, Framing::length, How::refuses, 0, false}, gzip(plain))));
  Handle get(peer.url());
  trust(get);
  get.set(CURLOPT_ACCEPT_ENCODING, "");
  get.set(CURLOPT_TIMEOUT_MS, 80L);
  get.on_body = [](std::string_view) { return std::size_t{CURL_WRITEFUNC_PAUSE}; };
  start(get);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OPERATION_TIMEDOUT);
  EXPECT_LE(app().num_calls(), 20);
}

// contract: 2.24
TEST_F(Pausing, AHandleThatWasRemovedWhilePausedStartsUnpaused) {
  Peer peer(world);
  const std::string text = pattern(50000);
  peer.otherwise({request(), send(response(text)), client_gone()});
  Handle get(peer.url());
  bool refused = false;
  get.on_body = [&](std::string_view piece) {
    return std::exchange(refused, true) ? piece.size() : std::size_t{CURL_WRITEFUNC_PAUSE};
  };
  start(get);
  world.run([&] { return refused; });
  app().pause(get, CURLPAUSE_ALL);
  EXPECT_EQ(app().remove(get), CURLM_OK);
  get.clear();
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_TRUE(get.body == text);
}

TEST_F(Pausing, OneThatIsPausedBeforeItsFirstTurnGoesAsFarAsTheBody) {
  Peer peer(world);
  Handle get(peer.url());
  ASSERT_EQ(app().add(get), CURLM_OK);
  EXPECT_EQ(app().pause(get, CURLPAUSE_RECV), CURLE_OK);
  for (int rounds = 0; rounds < 20; ++rounds) world.step(5);
  EXPECT_FALSE(get.done);
  EXPECT_EQ(get.body, "");
  const int calls = app().num_calls();
  for (int rounds = 0; rounds < 5; ++rounds) world.step(1);
  EXPECT_EQ(app().num_calls(), calls);
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  world.run_until_done(get);
  EXPECT_EQ(get.body, "ok");
}

// contract: 17.8
TEST_F(Pausing, ResumingInsideTheCallbackOfAnotherHandleLosesNothing) {
  Peer peer(world);
  const std::string text = pattern(200000);
  peer.otherwise(always(response(text)));
  Handle sleeper(peer.url("/sleeper"));
  Handle waker(peer.url("/waker"));
  sleeper.on_body = [&, refuse = false](std::string_view piece) mutable {
    refuse = !refuse;
    paused = refuse;
    return refuse ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
  start(sleeper);
  world.run([&] { return paused; });
  waker.set(CURLOPT_BUFFERSIZE, 1024L);
  waker.on_body = [&](std::string_view piece) {
    EXPECT_TRUE(sleeper.done || curl_easy_pause(sleeper.curl, CURLPAUSE_CONT) == CURLE_OK);
    return piece.size();
  };
  for (int rounds = 0; rounds < 100 && !sleeper.done; ++rounds) {
    waker.clear();
    EXPECT_EQ(world.transfer(waker), CURLE_OK);
    EXPECT_TRUE(waker.body == text);
  }
  EXPECT_TRUE(sleeper.done);
  EXPECT_TRUE(sleeper.body == text);
}

/// A callback that pauses, and the progress callback that resumes at once.
TEST_F(Pausing, PausingAndResumingInTheSameTurnMakesProgress) {
  Peer peer(world);
  const std::string text = pattern(30000);
  peer.otherwise(always(response(text)));
  Handle get(peer.url());
  get.on_body = [refuse = false](std::string_view piece) mutable {
    refuse = !refuse;
    return refuse ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
  const curl_xferinfo_callback resume = [](void* curl, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    curl_easy_pause(static_cast<CURL*>(curl), CURLPAUSE_CONT);
    return 0;
  };
  get.set(CURLOPT_XFERINFOFUNCTION, resume);
  get.set(CURLOPT_XFERINFODATA, get.curl);
  get.set(CURLOPT_NOPROGRESS, 0L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_TRUE(get.body == text);
  EXPECT_LE(app().num_calls(), 60);
}

// contract: 17.7
TEST_F(Pausing, NeedlessResumingNeitherCallsBackNorLosesAnything) {
  Peer peer(world);
  const std::string text = pattern(20000);
  peer.otherwise({request(), send_in(response(text), {10, 100, 1000, 1000, 1000}), client_gone()});
  Handle get(peer.url());
  app().add(get);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  world.run([&] {
    if (get.done) return true;
    app().trace();
    EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
    EXPECT_EQ(app().trace().find("timer:0"), std::string::npos);
    world.pump();  // the call may have read what the peer waits for
    return false;
  });
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_TRUE(get.body == text);
}

// --- What would spin

/// Everything has come and lies in OpenSSL: the socket stays silent, and no turn is for nothing.
TEST_F(Pausing, DataInsideOpensslIsDeliveredThoughTheSocketIsSilent) {
  const std::string text = pattern(60000);
  for (const long speed : {0L, 400000L}) {
    world.restart();
    Peer peer(world, tls_server());
    peer.otherwise(once(response(text)));
    Handle get(peer.url());
    trust(get);
    get.set(CURLOPT_BUFFERSIZE, 1024L);
    get.set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{speed});
    start(get);
    world.run_until_done(get);
    EXPECT_EQ(get.code, CURLE_OK);
    EXPECT_TRUE(get.body == text);
    EXPECT_LE(get.max_piece, 1024u);
    EXPECT_LE(app().num_calls(), speed == 0 ? 15 : 40) << app().whole_trace();
  }
}

TEST_F(Pausing, APausedTransferWithALimitedRateIsSilent) {
  Peer peer(world, tls_server());
  peer.otherwise(once(response(pattern(50000))));
  Handle get(peer.url());
  trust(get);
  get.set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{100000});
  get.on_body = [&](std::string_view piece) {
    paused = num_resumed == 0;
    return paused ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
  start(get);
  world.run([&] { return paused; });
  const int calls = app().num_calls();
  for (int rounds = 0; rounds < 3; ++rounds) world.step(40);
  EXPECT_LE(app().num_calls(), calls + 1);
  get.on_body = nullptr;
  app().pause(get, CURLPAUSE_CONT);
  world.run_until_done(get);
  EXPECT_TRUE(get.body == pattern(50000));
}

}  // namespace
}  // namespace hiper::wire
