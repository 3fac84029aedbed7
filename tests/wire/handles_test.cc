// Handles that come and go in every order; callbacks that fail; calls that must not be made from callbacks;
// the pool; programs that read one message per event.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Handles : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  World world;
};

// contract: 2.5, 2.6, 2.13, 2.15
TEST_F(Handles, AddingAndRemovingInTheWrongPlace) {
  Peer peer(world);
  Handle get(peer.url());
  App other;
  EXPECT_EQ(app().remove(get), CURLM_OK) << "not added";
  EXPECT_EQ(app().add(get), CURLM_OK);
  EXPECT_EQ(app().add(get), CURLM_ADDED_ALREADY);
  EXPECT_EQ(curl_multi_add_handle(other.multi(), get.curl), CURLM_ADDED_ALREADY);
  EXPECT_EQ(curl_multi_remove_handle(other.multi(), get.curl), CURLM_BAD_EASY_HANDLE);
  EXPECT_EQ(curl_easy_perform(get.curl), CURLE_FAILED_INIT);
  EXPECT_EQ(curl_multi_add_handle(nullptr, get.curl), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_add_handle(app().multi(), nullptr), CURLM_BAD_EASY_HANDLE);
  EXPECT_EQ(curl_multi_add_handle(app().multi(), app().multi()), CURLM_BAD_EASY_HANDLE);
  world.run_until_done(get);
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_EQ(curl_easy_perform(nullptr), CURLE_BAD_FUNCTION_ARGUMENT);
}

// contract: 2.12
TEST_F(Handles, RemovingDropsTheUnreadMessage) {
  Peer peer(world);
  Handle get(peer.url());
  app().reading = App::Reading::none;
  start(get);
  world.run([&] { return app().running() == 0; });
  EXPECT_EQ(app().remove(get), CURLM_OK);
  int left = -1;
  EXPECT_EQ(curl_multi_info_read(app().multi(), &left), nullptr);
  EXPECT_EQ(left, 0);
}

// contract: 1.3, 2.9, 2.10
TEST_F(Handles, RemovalAtEveryStageLeavesNothingAnnounced) {
  for (int stage = 0; stage < 6; ++stage) {
    SCOPED_TRACE(stage);
    world.restart();
    Peer peer(world);
    peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), client_gone()});
    Handle get(peer.url());
    get.set(CURLOPT_TIMEOUT_MS, 60000L);
    app().add(get);
    for (int at = 0; at < stage; ++at) world.step(20);
    EXPECT_EQ(app().remove(get), CURLM_OK);
    EXPECT_EQ(app().num_announced(), 0u);
    EXPECT_EQ(app().timer_ms(), -1);
    Handle next(peer.url());
    peer.expect(always(response("ok")));
    peer.otherwise(always(response("ok")));
    EXPECT_EQ(world.transfer(next), CURLE_OK);
  }
}

// contract: 1.3, 2.18, 2.19
TEST_F(Handles, CleanupOfTheMultiAtEveryStage) {
  const int before = num_descriptors();
  for (int stage = 0; stage < 6; ++stage) {
    SCOPED_TRACE(stage);
    world.restart();
    Peer peer(world);
    peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), client_gone()});
    Handle get(peer.url());
    get.set(CURLOPT_TIMEOUT_MS, 60000L);
    app().add(get);
    for (int at = 0; at < stage; ++at) world.step(20);
    EXPECT_EQ(app().cleanup(), CURLM_OK);
    // The handle lives on: it can be asked and used again.
    curl_socket_t fd = 0;
    EXPECT_EQ(curl_easy_getinfo(get.curl, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
    EXPECT_EQ(fd, CURL_SOCKET_BAD);
    char* ip = get.info<char*>(CURLINFO_LOCAL_IP);
    EXPECT_NE(ip, nullptr);
  }
  EXPECT_EQ(num_descriptors(), before);
}

// contract: 2.20
TEST_F(Handles, CleanupOfAnAddedHandleDetachesIt) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  {
    Handle get(peer.url());
    start(get);
    world.run([&] { return peer.requests.size() == 1; });
    curl_multi_setopt(app().multi(), CURLMOPT_MAXCONNECTS, 10L);
  }
  EXPECT_EQ(app().num_announced(), 0u);
  curl_off_t added = -1;
  EXPECT_EQ(curl_multi_get_offt(app().multi(), CURLMINFO_XFERS_CURRENT, &added), CURLM_OK);
  EXPECT_EQ(added, 0);
}

// contract: 2.15, 2.16
TEST_F(Handles, AHandleGoesFromMultiToEasyAndBack) {
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  {
    // perform needs a server that answers while it blocks: a refused port does.
    std::uint16_t port;
    {
      const Peer gone(world);
      port = gone.port();
    }
    get.set(CURLOPT_URL, ("http://127.0.0.1:" + std::to_string(port)).c_str());
    EXPECT_EQ(curl_easy_perform(get.curl), CURLE_COULDNT_CONNECT);
  }
  get.set(CURLOPT_URL, peer.url().c_str());
  get.clear();
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(peer.num_accepted(), 1u) << "the multi still has the connection";
}

// --- Callbacks that fail

// contract: 16.4, 16.5, 16.7
TEST_F(Handles, AFailingSocketCallbackAbortsEverything) {
  Peer peer(world);
  Handle first(peer.url());
  Handle second(peer.url());
  Handle late(peer.url());
  app().add(first);
  app().add(second);
  app().socket_answer = -1;
  EXPECT_EQ(app().fire_timer(), CURLM_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().running(), 2) << "they end when they are driven next";
  EXPECT_EQ(app().timer_ms(), 0) << "which somebody must do";
  app().socket_answer = 0;
  EXPECT_EQ(curl_multi_add_handle(app().multi(), late.curl), CURLM_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  EXPECT_TRUE(first.done && second.done);
  EXPECT_EQ(first.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(second.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().running(), 0);
  EXPECT_EQ(app().remove(first), CURLM_OK);
  EXPECT_EQ(app().remove(second), CURLM_OK);
  EXPECT_EQ(world.transfer(late), CURLE_OK) << "after all are removed the multi works again";
}

// contract: 16.4, 16.5, 16.7
TEST_F(Handles, AFailingTimerCallbackAbortsEverything) {
  Peer peer(world);
  Handle get(peer.url());
  app().timer_answer = -1;
  EXPECT_EQ(app().add(get), CURLM_ABORTED_BY_CALLBACK);
  app().timer_answer = 0;
  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  EXPECT_TRUE(get.done);
  EXPECT_EQ(get.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
}

// contract: 16.4
TEST_F(Handles, OnlyMinusOneIsAFailure) {
  Peer peer(world);
  for (const int answer : {1, -2, 42}) {
    app().socket_answer = app().timer_answer = answer;
    Handle get(peer.url());
    EXPECT_EQ(world.transfer(get), CURLE_OK) << answer;
  }
}

// contract: 16.9
TEST_F(Handles, AFailingRemoveStillCloses) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  Handle get(peer.url());
  app().add(get);
  world.run([&] { return peer.requests.size() == 1; });
  app().socket_answer = -1;
  EXPECT_EQ(app().remove(get), CURLM_OK) << "the handle is out, whatever the callback says";
  app().socket_answer = 0;
  EXPECT_EQ(app().num_announced(), 0u);
  world.run([&] { return peer.num_open() == 0; }, "the end of the connection");
  peer.otherwise(always(response("ok")));
  EXPECT_EQ(world.transfer(get), CURLE_OK);
}

// --- Recursion

/// Makes every call that must not be made from a callback of `multi`.
void try_everything(CURLM* multi, CURL* other) {
  int n = 77;
  long ms = 0;
  fd_set set;
  FD_ZERO(&set);
  unsigned count = 0;
  EXPECT_EQ(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_NE(n, 77) << "running_handles is always written";
  EXPECT_EQ((curl_multi_socket)(multi, 0, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_socket_all(multi, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_perform(multi, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_add_handle(multi, other), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_fdset(multi, &set, &set, &set, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_waitfds(multi, nullptr, 0, &count), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_wait(multi, nullptr, 0, 0, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_poll(multi, nullptr, 0, 0, &n), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_timeout(multi, &ms), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 5L), CURLM_RECURSIVE_API_CALL);
  EXPECT_EQ(curl_multi_cleanup(multi), CURLM_RECURSIVE_API_CALL);
  // Another multi may be used.
  CURLM* const foreign = curl_multi_init();
  EXPECT_EQ(curl_multi_add_handle(foreign, other), CURLM_OK);
  EXPECT_EQ(curl_multi_perform(foreign, &n), CURLM_OK);
  EXPECT_EQ(curl_multi_remove_handle(foreign, other), CURLM_OK);
  EXPECT_EQ(curl_multi_cleanup(foreign), CURLM_OK);
}

// contract: 16.10, 16.12
TEST_F(Handles, NoCallbackMayDriveItsOwnMulti) {
  Peer peer(world);
  Handle get(peer.url());
  Handle other("http://127.0.0.1:1/");
  int tried = 0;
  const auto attempt = [&] {
    ++tried;
    try_everything(app().multi(), other.curl);
    EXPECT_EQ(curl_multi_remove_handle(app().multi(), get.curl), CURLM_RECURSIVE_API_CALL);
    int left = 0;
    curl_multi_info_read(app().multi(), &left);
    EXPECT_EQ(curl_easy_pause(get.curl, CURLPAUSE_CONT), CURLE_OK);
  };
  bool in_socket = false;
  app().on_socket = [&](int, int) {
    if (!std::exchange(in_socket, true)) attempt();
  };
  bool in_timer = false;
  get.on_body = [&](std::string_view piece) {
    attempt();
    return piece.size();
  };
  start(get);
  app().on_timer = [&](long) {
    if (!std::exchange(in_timer, true)) attempt();
  };
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  EXPECT_GE(tried, 3);
}

// --- The pool

// contract: 15.3
TEST_F(Handles, ManyFinishTogetherAndAllConnectionsStay) {
  Peer peer(world);
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 20; ++i) handles.push_back(std::make_unique<Handle>(peer.url()));
  const auto all_done = [&] {
    return std::all_of(handles.begin(), handles.end(), [](const auto& handle) { return handle->done; });
  };
  for (int rounds = 0; rounds < 2; ++rounds) {
    for (const auto& handle : handles) app().add(*handle);
    world.run(all_done);
    for (const auto& handle : handles) {
      EXPECT_EQ(handle->code, CURLE_OK);
      app().remove(*handle);
    }
  }
  EXPECT_EQ(peer.num_accepted(), 20u) << "the second round uses the connections of the first";
}

// contract: 15.2
TEST_F(Handles, MaxConnectsClosesTheOldestIdleOne) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAXCONNECTS, 1L);
  Peer first(world);
  Peer second(world);
  Handle get(first.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  get.set(CURLOPT_URL, second.url().c_str());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  world.pump();
  EXPECT_EQ(first.num_open(), 0u);
  EXPECT_EQ(second.num_open(), 1u);
}

// --- CURLOPT_CONNECT_ONLY

// contract: 2.23, 5.13
TEST_F(Handles, ConnectOnlyGivesTheSocketToTheApplication) {
  Peer peer(world);
  peer.otherwise({bytes(5), send("world"), client_gone()});
  {
    Handle only(peer.url());
    only.set(CURLOPT_CONNECT_ONLY, 1L);
    start(only);
    EXPECT_EQ(app().trace(), "timer:0 a:OUT timer:later");
    ASSERT_TRUE(world.event());
    EXPECT_EQ(app().trace(), "a:REMOVE+ timer:-1");
    ASSERT_TRUE(only.done);
    EXPECT_EQ(only.code, CURLE_OK);
    const auto fd = only.info<curl_socket_t>(CURLINFO_ACTIVESOCKET);
    ASSERT_NE(fd, CURL_SOCKET_BAD);
    std::size_t count = 0;
    EXPECT_EQ(curl_easy_send(only.curl, "hello", 5, &count), CURLE_OK);
    EXPECT_EQ(count, 5u);
    char room[10];
    EXPECT_EQ(curl_easy_recv(only.curl, room, sizeof room, &count), CURLE_AGAIN);
    ASSERT_TRUE(world.await_ready(fd, POLLIN));
    EXPECT_EQ(curl_easy_recv(only.curl, room, sizeof room, &count), CURLE_OK);
    EXPECT_EQ(std::string(room, count), "world");
    EXPECT_EQ(app().remove(only), CURLM_OK);
    EXPECT_EQ(only.info<curl_socket_t>(CURLINFO_ACTIVESOCKET), fd) << "until the handle goes";
    EXPECT_GE(fcntl(fd, F_GETFD), 0);
  }
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u) << "closed with the handle";
}

TEST_F(Handles, ConnectOnlyTwiceWithOneHandle) {
  Peer peer(world);
  peer.otherwise({client_gone()});
  Handle only(peer.url());
  only.set(CURLOPT_CONNECT_ONLY, 1L);
  EXPECT_EQ(world.transfer(only), CURLE_OK);
  EXPECT_EQ(world.transfer(only), CURLE_OK);
  EXPECT_EQ(world.transfer(only), CURLE_OK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 1u);
}

// contract: 2.23
TEST_F(Handles, ConnectOnlyOutlivesItsMultiAndTheOtherWayRound) {
  const int before = num_descriptors();
  Peer peer(world);
  peer.otherwise({client_gone()});
  Handle only(peer.url());
  only.set(CURLOPT_CONNECT_ONLY, 1L);
  EXPECT_EQ(world.transfer(only), CURLE_OK);
  world.restart();
  EXPECT_EQ(only.info<curl_socket_t>(CURLINFO_ACTIVESOCKET), CURL_SOCKET_BAD);
  {
    Handle second(peer.url());
    second.set(CURLOPT_CONNECT_ONLY, 1L);
    EXPECT_EQ(app().add(second), CURLM_OK);
    world.run_until_done(second);
  }
  world.pump();
  EXPECT_EQ(peer.num_open(), 0u);
  peer.forget();
  EXPECT_EQ(num_descriptors(), before + 1) << "the peer's listener";
}

// contract: 15.6
TEST_F(Handles, ConnectOnlyFreesItsPlaceForThoseWhoWait) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.expect({client_gone()});
  Handle waiting(peer.url());
  {
    Handle only(peer.url());
    only.set(CURLOPT_CONNECT_ONLY, 1L);
    EXPECT_EQ(world.transfer(only), CURLE_OK);
    app().add(waiting);
    app().fire_timer();
    EXPECT_FALSE(app().timer_armed());
  }
  world.run_until_done(waiting);
  EXPECT_EQ(waiting.code, CURLE_OK);
}

// --- Mixed use

// contract: 10.4
TEST_F(Handles, PerformAnnouncesLikeAnyOtherCall) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), client_gone()});
  Handle get(peer.url());
  app().add(get);
  EXPECT_EQ(app().perform(), CURLM_OK);
  EXPECT_EQ(app().num_announced(), 1u);
  world.run([&] { return peer.requests.size() == 1; });
  peer.release();
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
}

// contract: 10.3, 10.4
TEST_F(Handles, PerformAndPollServeAMultiWithSocketCallbacks) {
  Peer peer(world);
  Handle get(peer.url());
  app().add(get);
  for (int rounds = 0; rounds < 1000 && !get.done; ++rounds) {
    world.pump();
    int count = 0;
    EXPECT_EQ(app().perform(), CURLM_OK);
    EXPECT_EQ(curl_multi_poll(app().multi(), nullptr, 0, 1, &count), CURLM_OK);
  }
  EXPECT_TRUE(get.done);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(app().num_announced(), 0u);
}

// --- Programs that read one message per event

/// Two transfers that end in one call, for a program that reads one message per event and removes the handle
/// of that message (the block driver of QEMU does).
// contract: 9.7
TEST_F(Handles, OneMessagePerEventIsEnough) {
  for (const bool removes : {false, true}) {
    SCOPED_TRACE(removes);
    world.restart();
    app().reading = App::Reading::one_per_event;
    Handle first("nosuchscheme://127.0.0.1/1");
    Handle second("nosuchscheme://127.0.0.1/2");
    app().add(first);
    app().add(second);
    bool first_out = false;
    bool second_out = false;
    world.run(
        [&] {
          if (removes && first.done && !std::exchange(first_out, true)) app().remove(first);
          if (removes && second.done && !std::exchange(second_out, true)) app().remove(second);
          return first.done && second.done;
        },
        "both messages");
    for (int rounds = 0; rounds < 5; ++rounds) world.step(1);
    EXPECT_LE(app().num_calls(), 8) << "no storm: " << app().whole_trace();
  }
}

/// Nothing is read after the call that starts a transfer, which may end in it.
// contract: 9.7
TEST_F(Handles, AMessageOfTheFirstCallIsReadLater) {
  Peer peer(world);
  Handle get("nosuchscheme://127.0.0.1/");
  app().reading = App::Reading::none;
  app().add(get);
  app().fire_timer();
  EXPECT_EQ(app().running(), 0);
  app().reading = App::Reading::one_per_event;
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_UNSUPPORTED_PROTOCOL);
  const int calls = app().num_calls();
  EXPECT_FALSE(app().timer_armed() && app().timer_ms() == 0 && world.step(0) &&
               app().num_calls() > calls + 1);
}

// contract: 9.8
TEST_F(Handles, ProgramsThatNeverReadAreNotCalledForEver) {
  Peer peer(world);
  Handle get(peer.url());
  app().reading = App::Reading::none;
  start(get);
  world.run([&] { return app().running() == 0; });
  const int calls = app().num_calls();
  for (int rounds = 0; rounds < 10; ++rounds) world.step(1);
  EXPECT_LE(app().num_calls(), calls + 1);
}

}  // namespace
}  // namespace hiper::wire
