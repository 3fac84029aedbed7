// What the application sees of one transfer after the other: sockets, timers, arguments. One test per
// promise; App (support/app.hpp) checks the general ones after every call.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/support/full_listener.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Contract : public testing::Test {
 protected:
  /// Adds it and runs its first turn. What was announced is in the trace.
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// Runs until the handle waits for its answer, and forgets the trace.
  void run_until_asked(Handle& handle, Peer& peer, std::size_t count = 1) {
    if (handle.done) return;
    world.run([&] { return peer.requests.size() >= count; }, "the request");
    app().trace();
  }
  App& app() { return world.app(); }
  World world;
};

// contract: 2.2, 3.1, 3.2, 3.13, 5.1, 5.2, 5.5, 7.2
TEST_F(Contract, APlainGet) {
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_EQ(app().add(get), CURLM_OK);
  EXPECT_EQ(app().trace(), "timer:0");
  EXPECT_EQ(app().num_announced(), 0u);

  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  EXPECT_EQ(app().trace(), "a:OUT timer:later") << "the time for connecting";
  EXPECT_EQ(app().running(), 1);

  ASSERT_TRUE(world.event());
  EXPECT_EQ(app().trace(), "a:IN+ timer:-1");
  EXPECT_FALSE(get.done);

  ASSERT_TRUE(world.event());
  EXPECT_EQ(app().trace(), "a:REMOVE+");
  EXPECT_EQ(app().running(), 0);
  ASSERT_TRUE(get.done) << "the message comes in the call in which the transfer ends";
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(peer.requests.at(0),
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) + "\r\nAccept: */*\r\n\r\n");
}

// contract: 7.10
TEST_F(Contract, TheTimeForConnectingIsLimitedByDefault) {
  Peer peer(world);
  Handle get(peer.url());
  get.set(CURLOPT_CONNECTTIMEOUT_MS, 0L);  // the default, which is five minutes
  start(get);
  EXPECT_EQ(app().timer_ms(), 300000);
  world.run_until_done(get);
  EXPECT_EQ(app().timer_ms(), -1);
}

// contract: 5.6, 5.16
TEST_F(Contract, ReuseAsksAtOnceWithoutAPointer) {
  Peer peer(world);
  Handle get(peer.url());
  ASSERT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(app().num_announced(), 0u) << "idle connections are not announced";
  app().trace();
  EXPECT_EQ(app().add(get), CURLM_OK);
  EXPECT_EQ(app().trace(), "timer:0");
  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  EXPECT_EQ(app().trace(), "b:IN timer:-1");
  ASSERT_TRUE(world.event());
  EXPECT_EQ(app().trace(), "b:REMOVE+");
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 1u);
}

// contract: 5.7
TEST_F(Contract, ARefusedConnection) {
  std::uint16_t port;
  {
    const Peer gone(world);
    port = gone.port();
  }
  Handle get("http://127.0.0.1:" + std::to_string(port) + "/");
  app().add(get);
  app().trace();
  app().fire_timer();
  if (!get.done) {
    EXPECT_EQ(app().trace(), "a:OUT timer:later");
    ASSERT_TRUE(world.event());
    EXPECT_EQ(app().trace(), "a:REMOVE+ timer:-1");
  }
  EXPECT_TRUE(get.done);
  EXPECT_EQ(get.code, CURLE_COULDNT_CONNECT);
  EXPECT_EQ(app().running(), 0);
}

// contract: 5.10
TEST_F(Contract, ARedirectToAnotherPortOnKeepAlive) {
  Peer target(world);
  Peer peer(world);
  peer.otherwise(always(response("moved", "Location: " + target.url("/there") + "\r\n", "302 Found")));
  Handle get(peer.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  start(get);
  ASSERT_TRUE(world.event());
  app().trace();
  ASSERT_TRUE(world.event());
  EXPECT_EQ(app().trace(), "b:OUT a:REMOVE+ timer:later") << "the new socket first";
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(get.info<long>(CURLINFO_REDIRECT_COUNT), 1);
  EXPECT_EQ(peer.num_open(), 1u) << "the first connection can be used again";
}

// --- Several addresses

class SeveralAddresses : public Contract {
 protected:
  SeveralAddresses() : list(nullptr) {}
  ~SeveralAddresses() override { curl_slist_free_all(list); }
  void resolve(Handle& handle, int port, const std::string& addresses) {
    list = curl_slist_append(list, ("many.test:" + std::to_string(port) + ":" + addresses).c_str());
    handle.set(CURLOPT_RESOLVE, list);
  }
  static std::string url(int port) { return "http://many.test:" + std::to_string(port) + "/"; }
  curl_slist* list;
};

TEST_F(SeveralAddresses, TheNextOneIsTriedWhenOneRefuses) {
  Peer peer(world);  // listens on 127.0.0.1 only
  Handle get(url(peer.port()));
  resolve(get, peer.port(), "127.0.0.2,127.0.0.3,127.0.0.1");
  start(get);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  char* address = get.info<char*>(CURLINFO_PRIMARY_IP);
  EXPECT_STREQ(address, "127.0.0.1");
  EXPECT_EQ(get.info<long>(CURLINFO_NUM_CONNECTS), 1);
}

TEST_F(SeveralAddresses, AGivenUpSocketIsRemovedBeforeTheNextIsAnnounced) {
  Peer peer(world);
  Handle get(url(peer.port()));
  resolve(get, peer.port(), "127.0.0.2,127.0.0.1");
  start(get);
  if (app().only_socket() < 0) GTEST_SKIP() << "refused at once";
  app().trace();
  ASSERT_TRUE(world.event());
  const std::string trace = app().trace();
  EXPECT_EQ(trace.substr(0, 16), "a:REMOVE+ b:OUT ") << trace;
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
}

TEST_F(SeveralAddresses, AllRefuse) {
  std::uint16_t port;
  {
    const Peer gone(world);
    port = gone.port();
  }
  Handle get(url(port));
  resolve(get, port, "127.0.0.2,127.0.0.3,127.0.0.4");
  EXPECT_EQ(world.transfer(get), CURLE_COULDNT_CONNECT);
  EXPECT_EQ(app().num_announced(), 0u);
}

// contract: 5.9, 7.11
TEST_F(SeveralAddresses, BothAreAnnouncedInARaceAndTheLoserIsRemoved) {
  const FullListener full;
  Handle get("http://many.test:" + std::to_string(full.port()) + "/");
  // The winner has the same port: a second listener on another address.
  const int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 2);
  address.sin_port = htons(static_cast<std::uint16_t>(full.port()));
  ASSERT_EQ(bind(other, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
  ASSERT_EQ(listen(other, 1), 0);
  resolve(get, full.port(), "127.0.0.2,127.0.0.3");
  get.set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 20L);
  get.set(CURLOPT_CONNECT_ONLY, 1L);
  start(get);
  EXPECT_EQ(app().trace(), "timer:0 a:OUT timer:later");
  EXPECT_LE(app().timer_ms(), 20);
  ASSERT_TRUE(world.step());
  const std::string second = app().trace();
  EXPECT_EQ(second.substr(0, 5), "b:OUT") << second;
  world.run_until_done(get);
  const std::string end = app().trace();
  EXPECT_NE(end.find("a:REMOVE+"), end.npos) << end;
  EXPECT_NE(end.find("b:REMOVE+"), end.npos) << end;
  EXPECT_EQ(get.code, CURLE_OK);
  close(other);
}

// --- Timer

using Timer = Contract;

// contract: 1.6, 7.3
TEST_F(Timer, IsToldAgainAfterATimeoutCallThatCameEarly) {
  Peer peer(world);
  peer.otherwise({request(), hold(), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 60000L);
  start(get);
  run_until_asked(get, peer);
  const long told = app().timer_ms();
  EXPECT_GT(told, 50000);
  app().fire_timer();
  EXPECT_EQ(app().trace(), "timer:later") << "one-shot timers are spent";
  EXPECT_LE(app().timer_ms(), told);
  EXPECT_GT(app().timer_ms(), 50000);
}

// contract: 1.2, 1.6, 3.8, 7.4
TEST_F(Timer, ASpuriousEventCallsNothing) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("late")), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 60000L);
  start(get);
  run_until_asked(get, peer);
  const int fd = app().only_socket();
  ASSERT_GE(fd, 0);
  for (const int events : {CURL_CSELECT_IN, CURL_CSELECT_OUT, CURL_CSELECT_ERR, 0, 7}) {
    EXPECT_EQ(app().socket_action(fd, events), CURLM_OK);
    EXPECT_EQ(app().trace(), "") << events;
    EXPECT_EQ(app().running(), 1);
  }
  peer.release();
  world.run_until_done(get);
  EXPECT_EQ(get.body, "late");
}

// contract: 7.2
TEST_F(Timer, ATimeoutCallWithNothingToDoCallsNothing) {
  app().fire_timer();
  EXPECT_EQ(app().trace(), "");
  Peer peer(world);
  Handle get(peer.url());
  world.transfer(get);
  app().trace();
  app().fire_timer();
  EXPECT_EQ(app().trace(), "") << "-1 was told already";
}

// contract: 7.1, 7.8
TEST_F(Timer, ATimeLimitStrikesOnTime) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 50L);
  start(get);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OPERATION_TIMEDOUT);
  EXPECT_GE(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 50000);
  EXPECT_LT(get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 5000000);
  EXPECT_LE(app().num_calls(), 12) << "rounded up, so that nobody calls early again and again";
}

// contract: 3.3, 7.9
TEST_F(Timer, ATimeLimitIsNoticedAtASocketEventToo) {
  Peer peer(world);
  peer.otherwise({request(), trickle(response(std::string(5000, 'x'))), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 1L);
  start(get);
  // Only socket events from here on; the peer always has one more byte.
  world.run([&] {
    if (!get.done && app().only_socket() >= 0) app().socket_action(app().only_socket(), CURL_CSELECT_IN);
    return get.done;
  });
  EXPECT_EQ(get.code, CURLE_OPERATION_TIMEDOUT);
}

// contract: 3.9, 15.10
TEST_F(Timer, AQueuedTransferCountsAsRunningAndTimesOutOnTime) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.otherwise(
      {request(), hold(), send(response("first")), request(), send(response("second")), client_gone()});
  Handle first(peer.url());
  Handle queued(peer.url());
  queued.set(CURLOPT_TIMEOUT_MS, 50L);
  app().add(first);
  app().add(queued);
  app().fire_timer();
  EXPECT_EQ(app().running(), 2);
  world.run_until_done(queued);
  EXPECT_EQ(queued.code, CURLE_OPERATION_TIMEDOUT);
  EXPECT_LT(queued.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 5000000);
  EXPECT_FALSE(first.done);
  EXPECT_EQ(app().running(), 1);
  peer.release();
  world.run_until_done(first);
  EXPECT_EQ(first.code, CURLE_OK);
}

// contract: 15.5
TEST_F(Timer, AQueuedTransferGoesWhenThePlaceIsFree) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  Peer peer(world);
  Peer other(world);
  Handle first(peer.url());
  Handle second(other.url());
  app().add(first);
  app().add(second);
  world.run([&] { return first.done && second.done; });
  EXPECT_EQ(first.code, CURLE_OK);
  EXPECT_EQ(second.code, CURLE_OK);
  world.pump();
  EXPECT_EQ(peer.num_open() + other.num_open(), 1u);
}

// contract: 15.9
TEST_F(Timer, RemovingTheOneInFrontWakesTheNext) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.expect({request(), client_gone()});
  Handle first(peer.url());
  Handle second(peer.url());
  app().add(first);
  app().add(second);
  world.run([&] { return peer.requests.size() == 1; });
  app().trace();
  app().remove(first);
  EXPECT_EQ(app().trace(), "a:REMOVE+ timer:0");
  world.run_until_done(second);
  EXPECT_EQ(second.code, CURLE_OK);
}

// contract: 5.4, 7.11
TEST_F(Timer, ExpectWaitsForTheAnswerAndThenSendsAtOnce) {
  Peer peer(world);
  peer.otherwise({head(), bytes(4), send(response("ok")), client_gone()});
  Handle post(peer.url());
  curl_slist* const list = curl_slist_append(nullptr, "Expect: 100-continue");
  post.set(CURLOPT_HTTPHEADER, list);
  post.set(CURLOPT_POSTFIELDS, "body");
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 60L);
  start(post);
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(app().interest(app().only_socket()), CURL_POLL_IN) << "while it waits";
  EXPECT_TRUE(app().timer_armed());
  EXPECT_LE(app().timer_ms(), 60);
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_EQ(peer.connection(0).received().substr(peer.requests[0].size()), "body");
  EXPECT_GE(post.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 60000);
  EXPECT_LE(app().num_calls(), 10);
  curl_slist_free_all(list);
}

TEST_F(Timer, AContinueLetsTheBodyGo) {
  Peer peer(world);
  peer.otherwise(
      {head(), send("HTTP/1.1 100 Continue\r\n\r\n"), bytes(4), send(response("ok")), client_gone()});
  Handle post(peer.url());
  curl_slist* const list = curl_slist_append(nullptr, "Expect: 100-continue");
  post.set(CURLOPT_HTTPHEADER, list);
  post.set(CURLOPT_POSTFIELDS, "body");
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 100000L);
  EXPECT_EQ(world.transfer(post), CURLE_OK);
  EXPECT_LT(post.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 5000000);
  curl_slist_free_all(list);
}

// contract: 5.12, 7.11
TEST_F(Timer, ARateLimitIsKeptWithoutSpinning) {
  Peer peer(world);
  peer.otherwise(always(response(std::string(30000, 'x'))));
  Handle get(peer.url());
  get.set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{100000});
  start(get);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(get.body.size(), 30000u);
  const curl_off_t took = get.info<curl_off_t>(CURLINFO_TOTAL_TIME_T);
  EXPECT_GE(took, 180000);
  EXPECT_LT(took, 3000000);
  EXPECT_LE(app().num_calls(), 30);
  const std::string& trace = app().whole_trace();
  EXPECT_NE(trace.find("a:REMOVE+ timer:later "), trace.npos) << "no interest while it waits: " << trace;
}

// contract: 7.11
TEST_F(Timer, ASendRateLimitIsKeptWithoutSpinning) {
  Peer peer(world);
  Handle post(peer.url());
  const std::string text(30000, 'x');
  post.set(CURLOPT_POSTFIELDS, text.c_str());
  post.set(CURLOPT_MAX_SEND_SPEED_LARGE, curl_off_t{100000});
  start(post);
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_GE(post.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 180000);
  EXPECT_LT(post.info<curl_off_t>(CURLINFO_TOTAL_TIME_T), 3000000);
  EXPECT_LE(app().num_calls(), 30);
}

// contract: 7.7
TEST_F(Timer, ATimerFunctionSetLateIsToldWhatIsPending) {
  curl_multi_setopt(app().multi(), CURLMOPT_TIMERFUNCTION, nullptr);
  static int calls;
  static long told;
  calls = 0;
  Peer peer(world);
  Handle get(peer.url());
  ASSERT_EQ(curl_multi_add_handle(app().multi(), get.curl), CURLM_OK);
  const curl_multi_timer_callback late = [](CURLM*, long ms, void*) {
    ++calls;
    told = ms;
    return 0;
  };
  curl_multi_setopt(app().multi(), CURLMOPT_TIMERFUNCTION, late);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(told, 0);
  curl_multi_remove_handle(app().multi(), get.curl);
  EXPECT_EQ(told, -1);
}

}  // namespace
}  // namespace hiper::wire
