// The calls of the multi interface one by one: handles that come and go, driving by sockets and timer, the
// pointers of sockets, messages. What the library promises about each is in docs/contract.md.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

constexpr const char* kRefused = "nosuchscheme://127.0.0.1/";  // fails in its first turn

class Calls : public testing::Test {
 protected:
  App& app() { return world.app(); }
  CURLM* multi() { return app().multi(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  static Script answer_when_released() { return {request(), hold(), send(response("ok")), again()}; }
  /// The peers answer what has come while the handle's new connection is made.
  void answer_while_it_opens(Handle& handle) {
    const curl_sockopt_callback pump = [](void* self, curl_socket_t, curlsocktype) {
      for (int rounds = 0; rounds < 5; ++rounds) static_cast<World*>(self)->pump();
      return CURL_SOCKOPT_OK;
    };
    handle.set(CURLOPT_FRESH_CONNECT, 1L);
    handle.set(CURLOPT_SOCKOPTFUNCTION, pump);
    handle.set(CURLOPT_SOCKOPTDATA, &world);
  }
  /// Waits as a program does that has nothing but its timer.
  void sleep_until_timer() {
    while (app().timer_left() > 0) poll(nullptr, 0, app().timer_left());
  }
  World world;
};

// --- Handles

// contract: 1.10, 2.1
TEST_F(Calls, InitGivesAHandleOrNothing) {
  bool struck = true;
  for (long n = 1; struck && n < 1000; ++n) {
    SCOPED_TRACE(n);
    const long live = Faults::num_live();
    Faults::arm(n, Faults::How::once);
    CURLM* const made = in_library([] { return curl_multi_init(); });
    struck = Faults::struck();
    Faults::disarm();
    EXPECT_TRUE(struck || made != nullptr);
    if (made != nullptr) {
      EXPECT_EQ(curl_multi_perform(made, nullptr), CURLM_OK);
      EXPECT_EQ(curl_multi_cleanup(made), CURLM_OK);
    }
    EXPECT_EQ(Faults::num_live(), live);
  }
  EXPECT_FALSE(struck);
}

// contract: 2.2, 2.3, 2.4
TEST_F(Calls, AddingAsksForOneCallHoweverManyAreAdded) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  Handle first(peer.url());
  Handle second(peer.url());
  Handle third(peer.url());
  EXPECT_EQ(app().add(first), CURLM_OK);
  EXPECT_EQ(app().trace(), "timer:0");
  EXPECT_EQ(app().add(second), CURLM_OK);
  EXPECT_EQ(app().trace(), "") << "the timer has not struck yet";
  world.run([&] { return peer.requests.size() == 2; });
  app().trace();
  EXPECT_EQ(app().add(third), CURLM_OK) << "while others run";
  EXPECT_EQ(app().trace(), "timer:0");
  world.pump();
  EXPECT_EQ(peer.num_accepted(), 2u) << "nothing is connected before the timer strikes";
  peer.release(3);
  world.run([&] { return first.done && second.done && third.done; });
}

// contract: 2.7, 2.8, 2.14, 2.24
TEST_F(Calls, AHandleStaysUntilItIsRemovedAndRunsAgainWhenItIsAddedAgain) {
  Peer peer(world);
  Handle get(peer.url("/first"));
  app().add(get);
  world.run_until_done(get);
  EXPECT_EQ(curl_multi_add_handle(multi(), get.curl), CURLM_ADDED_ALREADY);
  app().fire_timer();
  EXPECT_EQ(peer.requests.size(), 1u) << "it does not run again by itself";
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_EQ(get.status(), 200);
  get.set(CURLOPT_URL, peer.url("/second").c_str());
  EXPECT_EQ(app().add(get), CURLM_OK);
  EXPECT_EQ(get.status(), 200) << "the results of the last transfer are there until the next one begins";
  world.run_until_done(get);
  EXPECT_EQ(get.status(), 200);
  EXPECT_EQ(peer.requests.at(1).substr(0, 12), "GET /second ");
}

// contract: 2.24, 2.25
TEST_F(Calls, ATransferBeginsInTheFirstCallThatDrivesIt) {
  Peer peer(world);
  peer.expect({request(), send(response("ok")), request(), hold(), send(response("ok"))});
  Handle get(peer.url());
  ASSERT_EQ(world.transfer(get), CURLE_OK);
  get.clear();
  get.set(CURLOPT_TIMEOUT_MS, 300L);
  app().add(get);
  curl_header* header = nullptr;
  EXPECT_EQ(get.status(), 200);
  EXPECT_EQ(get.info<curl_off_t>(CURLINFO_SIZE_DOWNLOAD_T), 2);
  EXPECT_EQ(curl_easy_header(get.curl, "Content-Length", 0, CURLH_HEADER, -1, &header), CURLHE_OK);
  poll(nullptr, 0, 350);  // the application has something else to do
  app().fire_timer();
  EXPECT_EQ(get.status(), 0);
  EXPECT_EQ(get.info<curl_off_t>(CURLINFO_SIZE_DOWNLOAD_T), 0);
  EXPECT_EQ(curl_easy_header(get.curl, "Content-Length", 0, CURLH_HEADER, -1, &header), CURLHE_NOHEADERS);
  EXPECT_FALSE(get.done) << "its 300 ms begin now";
  EXPECT_LT(get.info<double>(CURLINFO_TOTAL_TIME), 0.3);
  EXPECT_GT(app().timer_ms(), 0);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OPERATION_TIMEDOUT) << "nobody lets the server answer";
}

// contract: 2.24, 2.25
TEST_F(Calls, ATransferThatNeverBeginsHasNoOldResultsWhenItFails) {
  Peer peer(world);
  Handle get(peer.url());
  ASSERT_EQ(world.transfer(get), CURLE_OK);
  app().add(get);
  app().remove(get);
  EXPECT_EQ(get.status(), 200) << "nothing has begun";
  get.clear();
  app().timer_answer = -1;
  EXPECT_EQ(app().add(get), CURLM_ABORTED_BY_CALLBACK);
  app().timer_answer = 0;
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(get.status(), 0);
  EXPECT_EQ(peer.requests.size(), 1U);
}

// contract: 1.3, 2.10, 2.11
TEST_F(Calls, RemovalDoesNotDisturbTheOthers) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 5; ++i) {
    handles.push_back(std::make_unique<Handle>(peer.url()));
    app().add(*handles.back());
  }
  world.run([&] { return peer.requests.size() == 5; });
  app().trace();
  EXPECT_EQ(app().remove(*handles[2]), CURLM_OK);
  const std::string trace = app().trace();
  EXPECT_EQ(trace.substr(1), ":REMOVE+") << "one socket, no timer: " << trace;
  EXPECT_EQ(app().num_announced(), 4u);
  peer.release(5);
  for (const int i : {0, 1, 3, 4}) {
    Handle& handle = *handles[static_cast<std::size_t>(i)];
    world.run_until_done(handle);
    EXPECT_EQ(handle.code, CURLE_OK);
  }
  EXPECT_FALSE(handles[2]->done);
}

// contract: 2.22
TEST_F(Calls, ACopyOfAnAddedHandleIsNotAdded) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  Handle get(peer.url());
  start(get);
  CURL* const copy = curl_easy_duphandle(get.curl);
  ASSERT_NE(copy, nullptr);
  CURLM* const second = curl_multi_init();
  EXPECT_EQ(curl_multi_remove_handle(multi(), copy), CURLM_OK);
  EXPECT_EQ(curl_multi_add_handle(second, copy), CURLM_OK);
  EXPECT_EQ(curl_multi_remove_handle(second, copy), CURLM_OK);
  curl_easy_cleanup(copy);
  EXPECT_EQ(curl_multi_cleanup(second), CURLM_OK);
  peer.release();
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
}

// --- Driving

// contract: 3.3, 3.11, 3.12, 7.9
TEST_F(Calls, AnEventOfOneSocketMayEndAnotherTransfer) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  Handle waits(peer.url());
  start(waits);
  world.run([&] { return peer.requests.size() == 1; });
  const int fd = app().only_socket();
  Handle late(peer.url());
  late.set(CURLOPT_TIMEOUT_MS, 100L);
  app().add(late);
  app().fire_timer();
  ASSERT_FALSE(late.done);
  sleep_until_timer();
  EXPECT_EQ(app().socket_action(fd, CURL_CSELECT_IN), CURLM_OK) << "a transfer that fails is no failed call";
  EXPECT_TRUE(late.done);
  EXPECT_EQ(late.code, CURLE_OPERATION_TIMEDOUT);
  EXPECT_FALSE(waits.done) << "whose socket it was";
  EXPECT_EQ(app().running(), 1);
}

/// The answer comes while the turn that has sent the request still serves another transfer.
// contract: 3.15
TEST_F(Calls, AnAnswerThatIsThereNeedsNoAnnouncement) {
  Peer peer(world);
  Handle get(peer.url());
  ASSERT_EQ(world.transfer(get), CURLE_OK);
  Handle other(peer.url("/other"));
  answer_while_it_opens(other);
  get.clear();
  app().add(get);
  app().add(other);
  app().trace();
  app().fire_timer();
  EXPECT_TRUE(get.done) << "in the call that has started it";
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(app().trace(), "b:OUT timer:later") << "only the other one";
  world.run_until_done(other);
}

/// However many answers are there: the application has other things to do.
// contract: 3.15
TEST_F(Calls, AnswersThatTakeLongAreLeftToTheNextCalls) {
  Peer peer(world);
  std::vector<std::unique_ptr<Handle>> crowd;
  for (int i = 0; i < 60; ++i) app().add(*crowd.emplace_back(std::make_unique<Handle>(peer.url())));
  for (const auto& one : crowd) world.run_until_done(*one);
  for (const auto& one : crowd) {
    app().remove(*one);
    one->clear();
    one->on_body = [](std::string_view piece) {
      const auto begun = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(2)) continue;
      return piece.size();
    };
    app().add(*one);
  }
  Handle last(peer.url());
  answer_while_it_opens(last);
  app().add(last);
  app().fire_timer();
  const auto num_done = std::count_if(crowd.begin(), crowd.end(), [](const auto& one) { return one->done; });
  EXPECT_GT(num_done, 0);
  EXPECT_LT(num_done, 30);
  for (const auto& one : crowd) world.run_until_done(*one);
  world.run_until_done(last);
}

// contract: 3.16, 5.1
TEST_F(Calls, AFewConnectsAreAnnouncedAsSuch) {
  Peer peer(world);
  std::vector<std::unique_ptr<Handle>> few;
  for (int i = 0; i < 7; ++i) app().add(*few.emplace_back(std::make_unique<Handle>(peer.url())));
  app().trace();
  app().fire_timer();
  EXPECT_EQ(app().trace(), "a:OUT b:OUT c:OUT d:OUT e:OUT f:OUT g:OUT timer:later");
  for (const auto& one : few) world.run_until_done(*one);
}

/// On loopback a handshake takes as long as connect(2) does, but for the scheduler.
// contract: 3.16
TEST_F(Calls, ACrowdOfConnectsNeedsNoAnnouncements) {
  Peer peer(world);
  bool any_skipped = false;
  for (int attempt = 0; attempt < 50 && !any_skipped; ++attempt) {
    std::vector<std::unique_ptr<Handle>> crowd;
    for (int i = 0; i < 20; ++i) {
      Handle& one = *crowd.emplace_back(std::make_unique<Handle>(peer.url()));
      one.set(CURLOPT_FRESH_CONNECT, 1L);
      app().add(one);
    }
    app().trace();
    app().fire_timer();
    any_skipped = app().trace().find("a:IN") != std::string::npos;
    for (const auto& one : crowd) {
      world.run_until_done(*one);
      EXPECT_EQ(one->code, CURLE_OK) << one->error;
      EXPECT_EQ(one->body, "ok");
      EXPECT_EQ(one->info<long>(CURLINFO_NUM_CONNECTS), 1);
      EXPECT_GT(one->info<double>(CURLINFO_CONNECT_TIME), 0);
      EXPECT_LE(one->info<double>(CURLINFO_CONNECT_TIME), one->info<double>(CURLINFO_PRETRANSFER_TIME));
      EXPECT_EQ(one->info<long>(CURLINFO_PRIMARY_PORT), peer.port());
      EXPECT_NE(one->info<long>(CURLINFO_LOCAL_PORT), 0);
      app().remove(*one);
    }
  }
  EXPECT_TRUE(any_skipped);
}

// contract: 3.12, 3.16
TEST_F(Calls, ACrowdIsRefused) {
  std::string nobody;
  { nobody = Peer(world).url(); }
  std::vector<std::unique_ptr<Handle>> crowd;
  for (int i = 0; i < 20; ++i) app().add(*crowd.emplace_back(std::make_unique<Handle>(nobody)));
  app().fire_timer();
  for (const auto& one : crowd) {
    world.run_until_done(*one);
    EXPECT_EQ(one->code, CURLE_COULDNT_CONNECT);
    EXPECT_EQ(one->info<long>(CURLINFO_OS_ERRNO), ECONNREFUSED);
  }
  EXPECT_EQ(app().num_announced(), 0U);
}

// contract: 4.1, 4.3
TEST_F(Calls, SocketWithoutBitsIsAFunctionAndAMacro) {
  CURLMcode (*const by_pointer)(CURLM*, curl_socket_t, int*) = curl_multi_socket;
  Peer peer(world);
  for (const bool macro : {false, true}) {
    SCOPED_TRACE(macro);
    CURLM* const plain = curl_multi_init();
    struct Seen {
      int fd = -1;
      int what = 0;
    } seen;
    const curl_socket_callback note = [](CURL*, curl_socket_t fd, int what, void* data, void*) {
      *static_cast<Seen*>(data) = {what == CURL_POLL_REMOVE ? -1 : fd, what};
      return 0;
    };
    curl_multi_setopt(plain, CURLMOPT_SOCKETFUNCTION, note);
    curl_multi_setopt(plain, CURLMOPT_SOCKETDATA, &seen);
    const Handle get(peer.url());
    EXPECT_EQ(curl_multi_add_handle(plain, get.curl), CURLM_OK);
    int running = 1;
    for (int rounds = 0; rounds < 100 && running != 0; ++rounds) {
      world.pump();
      const curl_socket_t fd = seen.fd < 0 ? CURL_SOCKET_TIMEOUT : seen.fd;
      if (seen.fd >= 0) {
        const bool out = (seen.what & CURL_POLL_OUT) != 0;
        ASSERT_TRUE(world.await_ready(seen.fd, out ? POLLOUT : POLLIN));
      }
      const CURLMcode code = macro ? curl_multi_socket(plain, fd, &running) : by_pointer(plain, fd, &running);
      EXPECT_EQ(code, CURLM_OK);
    }
    EXPECT_EQ(running, 0);
    EXPECT_EQ(get.body, "ok");
    EXPECT_EQ(curl_multi_remove_handle(plain, get.curl), CURLM_OK);
    EXPECT_EQ(curl_multi_cleanup(plain), CURLM_OK);
  }
}

// contract: 4.2, 4.3
TEST_F(Calls, SocketAllServesWhatWasAddedSocketsAndDeadlines) {
  CURLMcode (*const all)(CURLM*, int*) = curl_multi_socket_all;
  Peer peer(world);
  Peer silent(world);
  silent.otherwise({request(), client_gone()});
  CURLM* const plain = curl_multi_init();
  const Handle get(peer.url());
  Handle late(silent.url());
  late.set(CURLOPT_TIMEOUT_MS, 50L);
  EXPECT_EQ(curl_multi_add_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_add_handle(plain, late.curl), CURLM_OK);
  int running = 2;
  for (int rounds = 0; rounds < 2000 && running != 0; ++rounds) {
    EXPECT_EQ(all(plain, &running), CURLM_OK);
    world.pump();
    poll(nullptr, 0, 5);
  }
  EXPECT_EQ(running, 0);
  std::map<CURL*, CURLcode> codes;
  while (const CURLMsg* const message = curl_multi_info_read(plain, nullptr)) {
    codes[message->easy_handle] = message->data.result;
  }
  EXPECT_EQ(codes[get.curl], CURLE_OK);
  EXPECT_EQ(codes[late.curl], CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(curl_multi_remove_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_remove_handle(plain, late.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_cleanup(plain), CURLM_OK);
}

// contract: 5.8
TEST_F(Calls, TheNextAddressIsAnnouncedAfterTheOneThatFailedIsRemoved) {
  Peer peer(world);  // listens on 127.0.0.1 only
  const std::string port = std::to_string(peer.port());
  curl_slist* const list = curl_slist_append(nullptr, ("many.test:" + port + ":127.0.0.2,127.0.0.1").c_str());
  Handle get("http://many.test:" + port + "/");
  get.set(CURLOPT_RESOLVE, list);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  const std::string& trace = app().whole_trace();
  EXPECT_NE(trace.find("a:REMOVE+ b:OUT "), trace.npos) << trace;
  curl_slist_free_all(list);
}

// --- Timer

// contract: 7.5
TEST_F(Calls, TheTimerIsTheEarliestDeadlineOfAll) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  Handle handles[3];
  const long limits[] = {60000, 20000, 40000};
  for (int i = 0; i < 3; ++i) {
    handles[i].set(CURLOPT_URL, peer.url().c_str());
    handles[i].set(CURLOPT_TIMEOUT_MS, limits[i]);
    app().add(handles[i]);
  }
  world.run([&] { return peer.requests.size() == 3; });
  const auto expect_near = [&](long limit) {
    EXPECT_LE(app().timer_ms(), limit);
    EXPECT_GT(app().timer_ms(), limit - 15000);
  };
  expect_near(20000);
  app().trace();
  app().remove(handles[0]);
  EXPECT_EQ(app().trace(), "a:REMOVE+") << "not the earliest: the timer stays";
  app().remove(handles[1]);
  EXPECT_EQ(app().trace(), "b:REMOVE+ timer:later");
  expect_near(40000);
  app().remove(handles[2]);
  EXPECT_EQ(app().trace(), "c:REMOVE+ timer:-1");
}

// contract: 7.12
TEST_F(Calls, TheTimerMayBeAnsweredWithPerform) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 50L);
  app().add(get);
  app().perform();
  world.run([&] { return peer.requests.size() == 1 || get.done; });
  for (int rounds = 0; rounds < 100 && !get.done; ++rounds) {
    sleep_until_timer();
    EXPECT_EQ(app().perform(), CURLM_OK);
  }
  EXPECT_TRUE(get.done);
  EXPECT_EQ(get.code, CURLE_OPERATION_TIMEDOUT);
}

// contract: 8.2, 8.3, 8.4
TEST_F(Calls, TimeoutNeedsNoCallbackAndIsNotEarly) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  CURLM* const plain = curl_multi_init();
  long ms = 77;
  EXPECT_EQ(curl_multi_timeout(plain, nullptr), CURLM_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_multi_timeout(plain, &ms), CURLM_OK);
  EXPECT_EQ(ms, -1);
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 50L);
  EXPECT_EQ(curl_multi_add_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_timeout(plain, &ms), CURLM_OK);
  EXPECT_EQ(ms, 0);
  int running = 0;
  EXPECT_EQ(curl_multi_socket_action(plain, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  EXPECT_EQ(curl_multi_timeout(plain, &ms), CURLM_OK);
  EXPECT_GE(ms, 0);
  EXPECT_LE(ms, 50);
  poll(nullptr, 0, static_cast<int>(ms));
  EXPECT_EQ(curl_multi_timeout(plain, &ms), CURLM_OK);
  EXPECT_EQ(ms, 0) << "it is time, not almost";
  EXPECT_EQ(curl_multi_socket_action(plain, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  EXPECT_EQ(running, 0);
  EXPECT_EQ(curl_multi_remove_handle(plain, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_cleanup(plain), CURLM_OK);
}

// --- Messages

// contract: 9.1, 9.2, 9.3, 9.4, 9.5
TEST_F(Calls, MessagesComeOnceAndInOrder) {
  app().reading = App::Reading::none;
  Handle handles[4];
  int left = 77;
  EXPECT_EQ(curl_multi_info_read(multi(), &left), nullptr);
  EXPECT_EQ(left, 0);
  for (Handle& handle : handles) {
    handle.set(CURLOPT_URL, kRefused);
    app().add(handle);
  }
  app().fire_timer();
  EXPECT_EQ(app().running(), 0);
  const CURLMsg* const first = curl_multi_info_read(multi(), nullptr);
  ASSERT_NE(first, nullptr);
  for (int i = 1; i < 4; ++i) {
    const CURLMsg* const message = curl_multi_info_read(multi(), &left);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->msg, CURLMSG_DONE);
    EXPECT_EQ(message->easy_handle, handles[i].curl);
    EXPECT_EQ(message->data.result, CURLE_UNSUPPORTED_PROTOCOL);
    EXPECT_EQ(left, 3 - i);
  }
  left = 77;
  EXPECT_EQ(curl_multi_info_read(multi(), &left), nullptr);
  EXPECT_EQ(left, 0);
  EXPECT_EQ(curl_multi_info_read(multi(), nullptr), nullptr);
  app().remove(handles[3]);
  EXPECT_EQ(first->easy_handle, handles[0].curl) << "it stays until its handle is removed";
  EXPECT_EQ(first->data.result, CURLE_UNSUPPORTED_PROTOCOL);
}

// --- Pausing

// contract: 17.1
TEST_F(Calls, APauseThatIsNotNamedAgainEnds) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  Handle get(peer.url());
  start(get);
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(app().pause(get, CURLPAUSE_RECV), CURLE_OK);
  EXPECT_EQ(app().num_announced(), 0u);
  peer.release();
  EXPECT_EQ(app().pause(get, CURLPAUSE_SEND), CURLE_OK) << "a new state, in which receiving is not paused";
  world.run_until_done(get);
  EXPECT_EQ(get.body, "ok");
}

// contract: 17.10
TEST_F(Calls, APausedTransferIsNotTooSlow) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  Handle get(peer.url());
  get.set(CURLOPT_LOW_SPEED_LIMIT, 1000L);
  get.set(CURLOPT_LOW_SPEED_TIME, 1L);
  Handle clock(peer.url());
  clock.set(CURLOPT_TIMEOUT_MS, 2300L);
  start(get);
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(app().pause(get, CURLPAUSE_ALL), CURLE_OK);
  app().add(clock);
  world.run_until_done(clock);
  EXPECT_FALSE(get.done);
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  peer.release(2);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
}

}  // namespace
}  // namespace hiper::wire
