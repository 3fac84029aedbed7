// What the application is told to wait for: while sending, while receiving, and when it pauses either. And
// which arguments curl_multi_socket_action takes.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Interest : public testing::Test {
 protected:
  App& app() { return world.app(); }
  int interest() { return app().interest(app().only_socket()); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// A body that no socket buffer takes whole.
  static const std::string& large() {
    static const std::string text(16 << 20, 'u');
    return text;
  }
  /// Runs until the upload cannot go on because the peer does not read.
  void run_until_blocked() {
    world.run([&] { return interest() == CURL_POLL_INOUT; }, "an upload that is blocked");
    app().trace();
  }
  World world;
};

// contract: 5.3
TEST_F(Interest, ABlockedUploadWaitsForBothAndThenForTheAnswer) {
  Peer peer(world);
  peer.otherwise({head(), stop_reading(), hold(), start_reading(), bytes(large().size()), hold(),
                  send(response("thanks")), client_gone()});
  Handle post(peer.url());
  post.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(large().size()));
  post.set(CURLOPT_POSTFIELDS, large().data());
  curl_slist* const list = curl_slist_append(nullptr, "Expect:");
  post.set(CURLOPT_HTTPHEADER, list);
  start(post);
  run_until_blocked();
  peer.release();
  world.run([&] { return interest() == CURL_POLL_IN; }, "the end of the upload");
  const std::string trace = app().trace();
  EXPECT_EQ(trace.find("a:INOUT"), trace.npos) << "IN comes once, when all is sent: " << trace;
  peer.release();
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_EQ(post.body, "thanks");
  EXPECT_EQ(app().trace(), "a:REMOVE+");
  curl_slist_free_all(list);
}

// contract: 17.2, 17.4
TEST_F(Interest, PausedReceivingRemovesAndResumingAsksTheTimerFirst) {
  Peer peer(world);
  const std::string text = response("0123456789");
  peer.otherwise({request(), send(text.substr(0, text.size() - 5)), hold(), send("56789"), client_gone()});
  Handle get(peer.url());
  start(get);
  world.run([&] { return get.body == "01234"; }, "the first half");
  app().trace();
  EXPECT_EQ(app().pause(get, CURLPAUSE_RECV), CURLE_OK);
  EXPECT_EQ(app().trace(), "a:REMOVE+") << "inside curl_easy_pause";
  peer.release();
  world.pump();
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  EXPECT_EQ(app().trace(), "timer:0");
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body, "0123456789");
}

// contract: 5.16, 17.4
TEST_F(Interest, ResumingAnnouncesWithoutAPointer) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("late")), client_gone()});
  Handle get(peer.url());
  start(get);
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(app().pause(get, CURLPAUSE_ALL), CURLE_OK);
  app().trace();
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  EXPECT_EQ(app().trace(), "timer:0");
  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  EXPECT_EQ(app().trace(), "b:IN timer:-1");
  peer.release();
  world.run_until_done(get);
  EXPECT_EQ(get.body, "late");
}

// contract: 17.7, 17.11
TEST_F(Interest, AnUnneededUnpauseIsHarmless) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("late")), client_gone()});
  Handle get(peer.url());
  EXPECT_EQ(curl_easy_pause(get.curl, CURLPAUSE_CONT), CURLE_BAD_FUNCTION_ARGUMENT) << "not added";
  start(get);
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK) << "while connecting";
  world.run([&] { return peer.requests.size() == 1; });
  app().trace();
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  EXPECT_EQ(app().trace(), "");
  peer.release();
  world.run_until_done(get);
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK) << "when it is done";
  EXPECT_EQ(get.body, "late");
}

// contract: 17.2, 17.3
TEST_F(Interest, PausedReceivingDuringAnUploadWaitsToWriteOnly) {
  Peer peer(world);
  peer.otherwise({head(), stop_reading(), hold(), start_reading(), bytes(large().size()),
                  send(response("ok")), client_gone()});
  Handle post(peer.url());
  post.post_by_callback(large(), static_cast<curl_off_t>(large().size()));
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  start(post);
  run_until_blocked();
  EXPECT_EQ(app().pause(post, CURLPAUSE_RECV), CURLE_OK);
  EXPECT_EQ(interest(), CURL_POLL_OUT);
  EXPECT_EQ(app().pause(post, CURLPAUSE_ALL), CURLE_OK);
  EXPECT_EQ(interest(), 0);
  app().trace();
  EXPECT_EQ(app().pause(post, CURLPAUSE_CONT), CURLE_OK);
  EXPECT_EQ(app().trace(), "timer:0");
  peer.release();
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
}

// contract: 17.3, 17.4, 17.6
TEST_F(Interest, PausedSendingWaitsForTheAnswerOnly) {
  Peer peer(world);
  peer.otherwise({request(), send(response("ok")), client_gone()});
  Handle post(peer.url());
  post.post_by_callback("0123456789", 10);
  post.read_most = 5;
  bool paused = false;
  post.on_read = [&](char* into, std::size_t) -> std::size_t {
    if (post.upload_at == 5 && !paused) {
      paused = true;
      return CURL_READFUNC_PAUSE;
    }
    post.upload.copy(into, 5, post.upload_at);
    post.upload_at += 5;
    return 5;
  };
  start(post);
  world.run([&] { return paused; }, "the pause");
  EXPECT_EQ(interest(), CURL_POLL_IN);
  app().trace();
  EXPECT_EQ(app().pause(post, CURLPAUSE_CONT), CURLE_OK);
  EXPECT_EQ(app().trace(), "timer:0") << "the pointer is kept, nothing is announced";
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_NE(peer.requests.at(0).find("\r\n\r\n0123456789"), std::string::npos);
}

// contract: 17.5
TEST_F(Interest, AWriteCallbackThatPausesGetsTheSameBytesAgain) {
  Peer peer(world);
  peer.otherwise(once(response("0123456789")));
  Handle get(peer.url());
  int refused = 0;
  get.on_body = [&](std::string_view piece) {
    return refused++ < 2 ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
  };
  start(get);
  world.run([&] { return refused == 1; }, "the pause");
  EXPECT_EQ(app().num_announced(), 0u);
  for (int rounds = 0; rounds < 2; ++rounds) {
    EXPECT_EQ(get.body, "");
    EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
    if (app().timer_armed()) app().fire_timer();
  }
  world.run_until_done(get);
  EXPECT_EQ(get.body, "0123456789");
  EXPECT_EQ(get.code, CURLE_OK);
}

// contract: 17.8
TEST_F(Interest, UnpausingInsideACallbackOfAnotherTransferWorks) {
  Peer peer(world);
  Handle sleeper(peer.url("/sleeper"));
  Handle waker(peer.url("/waker"));
  bool slept = false;
  sleeper.on_body = [&](std::string_view piece) {
    return std::exchange(slept, true) ? piece.size() : CURL_WRITEFUNC_PAUSE;
  };
  start(sleeper);
  world.run([&] { return slept; }, "the pause");
  waker.on_body = [&](std::string_view piece) {
    EXPECT_EQ(curl_easy_pause(sleeper.curl, CURLPAUSE_CONT), CURLE_OK);
    return piece.size();
  };
  app().add(waker);
  world.run([&] { return waker.done && sleeper.done; });
  EXPECT_EQ(sleeper.body, "ok");
}

// contract: 17.8
TEST_F(Interest, UnpausingInsideTheSocketAndTimerCallbacksWorks) {
  for (const bool in_timer : {false, true}) {
    SCOPED_TRACE(in_timer);
    world.restart();
    Peer peer(world);
    Handle sleeper(peer.url("/sleeper"));
    bool slept = false;
    bool woken = false;
    sleeper.on_body = [&](std::string_view piece) {
      return std::exchange(slept, true) ? piece.size() : CURL_WRITEFUNC_PAUSE;
    };
    start(sleeper);
    world.run([&] { return slept; }, "the pause");
    const auto wake = [&] {
      if (std::exchange(woken, true)) return;
      EXPECT_EQ(curl_easy_pause(sleeper.curl, CURLPAUSE_CONT), CURLE_OK);
    };
    Handle other(peer.url("/other"));
    other.set(CURLOPT_TIMEOUT_MS, 60000L);
    app().add(other);
    if (in_timer) {
      app().on_timer = [&](long) { wake(); };
    } else {
      app().on_socket = [&](int, int) { wake(); };
    }
    world.run([&] { return sleeper.done && other.done; });
    EXPECT_TRUE(woken);
    EXPECT_EQ(sleeper.body, "ok");
    app().remove(sleeper);
    app().remove(other);
    app().on_timer = nullptr;
    app().on_socket = nullptr;
  }
}

// contract: 17.9
TEST_F(Interest, APausedTransferStillTimesOut) {
  Peer peer(world);
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 50L);
  get.on_body = [](std::string_view) { return std::size_t{CURL_WRITEFUNC_PAUSE}; };
  start(get);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OPERATION_TIMEDOUT);
}

// contract: 17.9
TEST_F(Interest, APausedTransferCanBeRemoved) {
  Peer peer(world);
  Handle get(peer.url());
  bool paused = false;
  get.on_body = [&](std::string_view) {
    paused = true;
    return std::size_t{CURL_WRITEFUNC_PAUSE};
  };
  start(get);
  world.run([&] { return paused; });
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
}

// --- curl_multi_socket_action

// contract: 3.4, 3.5, 3.6
TEST_F(Interest, TheBitsAreOnlyAHint) {
  Peer peer(world);
  for (const int bits : {0, CURL_CSELECT_IN, CURL_CSELECT_OUT, CURL_CSELECT_ERR, 7, 0x7ffffff8}) {
    SCOPED_TRACE(bits);
    Handle get(peer.url());
    app().add(get);
    app().fire_timer();
    for (int rounds = 0; !get.done && rounds < 10; ++rounds) {
      const int fd = app().only_socket();
      ASSERT_GE(fd, 0);
      const bool out = (app().interest(fd) & CURL_POLL_OUT) != 0;
      ASSERT_TRUE(world.await_ready(fd, out ? POLLOUT : POLLIN));
      EXPECT_EQ(app().socket_action(fd, bits), CURLM_OK);
    }
    EXPECT_TRUE(get.done);
    EXPECT_EQ(get.code, CURLE_OK);
    app().remove(get);
  }
}

// contract: 3.7
TEST_F(Interest, UnknownDescriptorsHaveNoEffect) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), client_gone()});
  Handle get(peer.url());
  start(get);
  world.run([&] { return peer.requests.size() == 1; });
  app().trace();
  for (const int fd : {-2, -1000, -0x7fffffff, peer.fd(), 0, 100000, 0x7fffffff}) {
    EXPECT_EQ(app().socket_action(fd, CURL_CSELECT_IN), CURLM_OK) << fd;
    EXPECT_EQ(app().trace(), "") << fd;
    EXPECT_EQ(app().running(), 1);
  }
  peer.release();
  world.run_until_done(get);
}

// contract: 3.10
TEST_F(Interest, BadMultiHandlesAreRefusedAndRunningIsWritten) {
  int running = 77;
  EXPECT_EQ(curl_multi_socket_action(nullptr, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(running, 0);
  running = 77;
  const Handle easy;
  EXPECT_EQ(curl_multi_socket_action(easy.curl, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(running, 0);
  EXPECT_EQ(curl_multi_socket_action(app().multi(), CURL_SOCKET_TIMEOUT, 0, nullptr), CURLM_OK);
}

// contract: 6.3
TEST_F(Interest, AssigningAnUnknownSocketIsRefused) {
  EXPECT_EQ(curl_multi_assign(app().multi(), 12345, &world), CURLM_BAD_SOCKET);
  EXPECT_EQ(curl_multi_assign(app().multi(), -1, &world), CURLM_BAD_SOCKET);
  EXPECT_EQ(curl_multi_assign(nullptr, 1, &world), CURLM_BAD_HANDLE);
}

// contract: 4.2
TEST_F(Interest, SocketAllServesEverything) {
  Peer peer(world);
  Handle first(peer.url("/1"));
  Handle second(peer.url("/2"));
  app().add(first);
  app().add(second);
  for (int rounds = 0; rounds < 100 && !(first.done && second.done); ++rounds) {
    int running = -1;
    EXPECT_EQ(curl_multi_socket_all(app().multi(), &running), CURLM_OK);
    world.step(5);
  }
  EXPECT_EQ(first.body, "ok");
  EXPECT_EQ(second.body, "ok");
}

}  // namespace
}  // namespace hiper::wire
