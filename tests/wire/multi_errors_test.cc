// Misuse of the multi interface, and callbacks that fail: which code each function answers, that nothing
// changes when a call is refused, and that the multi handle is consistent after a failure.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Errors : public testing::Test {
 protected:
  App& app() { return world.app(); }
  CURLM* multi() { return app().multi(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// Reads messages by itself, for tests in which handles go that the harness knows.
  void read() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi(), &left)) {
      EXPECT_EQ(codes.count(message->easy_handle), 0u) << "two messages of one handle";
      codes[message->easy_handle] = message->data.result;
    }
  }
  /// One round of the application, whose calls may fail: the first code that is not CURLM_OK.
  CURLMcode drive() {
    world.pump();
    if (app().timer_left() == 0) return app().fire_timer();
    std::vector<pollfd> set;
    app().add_to(set);
    poll(set.data(), set.size(), 5);
    for (const pollfd& one : set) {
      const CURLMcode code = one.revents != 0 ? app().socket_action(one.fd, 0) : CURLM_OK;
      if (code != CURLM_OK) return code;
    }
    return CURLM_OK;
  }
  CURLMcode drive_until_failure() {
    CURLMcode code = CURLM_OK;
    for (int rounds = 0; rounds < 1000 && code == CURLM_OK; ++rounds) code = drive();
    return code;
  }
  World world;
  std::map<CURL*, CURLcode> codes;  ///< by read()
};

// --- What is no handle

/// Every function answers so for what is not a multi handle.
void expect_bad_handle(CURLM* bad, CURL* easy) {
  int n = 77;
  long ms = 77;
  unsigned count = 77;
  curl_off_t value = 77;
  fd_set set;
  FD_ZERO(&set);
  EXPECT_EQ(curl_multi_add_handle(bad, easy), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_remove_handle(bad, easy), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_fdset(bad, &set, &set, &set, &n), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_waitfds(bad, nullptr, 0, &count), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_wait(bad, nullptr, 0, 10000, &n), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_poll(bad, nullptr, 0, 10000, &n), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_wakeup(bad), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_timeout(bad, &ms), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_assign(bad, 0, &n), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_setopt(bad, CURLMOPT_MAXCONNECTS, 1L), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_notify_enable(bad, CURLMNOTIFY_INFO_READ), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_notify_disable(bad, CURLMNOTIFY_INFO_READ), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_get_offt(bad, CURLMINFO_XFERS_CURRENT, &value), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_get_handles(bad), nullptr);
  EXPECT_EQ(curl_multi_info_read(bad, &n), nullptr);
  EXPECT_EQ(n, 0);
  EXPECT_EQ(curl_multi_cleanup(bad), CURLM_BAD_HANDLE);
}

void expect_bad_handle_of_turns(CURLM* bad) {
  int running = 77;
  EXPECT_EQ(curl_multi_perform(bad, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(std::exchange(running, 77), 0);
  EXPECT_EQ(curl_multi_socket_action(bad, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(std::exchange(running, 77), 0);
  EXPECT_EQ((curl_multi_socket)(bad, 0, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(std::exchange(running, 77), 0);
  EXPECT_EQ(curl_multi_socket_all(bad, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(running, 0);
  EXPECT_EQ(curl_multi_perform(bad, nullptr), CURLM_BAD_HANDLE);
}

// contract: 3.10, 4.4, 16.1
TEST_F(Errors, EveryFunctionRefusesWhatIsNoMultiHandle) {
  Handle easy;
  const Handle other;
  alignas(64) static std::array<char, 4096> zeros;
  for (CURLM* const bad : {static_cast<CURLM*>(nullptr), static_cast<CURLM*>(other.curl),
                           static_cast<CURLM*>(static_cast<void*>(zeros.data()))}) {
    SCOPED_TRACE(bad == nullptr ? "NULL" : bad == other.curl ? "an easy handle" : "zeros");
    expect_bad_handle(bad, easy.curl);
    expect_bad_handle_of_turns(bad);
  }
  Peer peer(world);
  easy.set(CURLOPT_URL, peer.url().c_str());
  EXPECT_EQ(world.transfer(easy), CURLE_OK) << "it was touched by nobody";
}

// contract: 2.6
TEST_F(Errors, WhatIsNoEasyHandleIsRefused) {
  alignas(64) static std::array<char, 4096> zeros;
  CURLM* const second = curl_multi_init();
  for (CURL* const bad : {static_cast<CURL*>(nullptr), static_cast<CURL*>(multi()),
                          static_cast<CURL*>(second), static_cast<CURL*>(static_cast<void*>(zeros.data()))}) {
    EXPECT_EQ(curl_multi_add_handle(multi(), bad), CURLM_BAD_EASY_HANDLE);
    EXPECT_EQ(curl_multi_remove_handle(multi(), bad), CURLM_BAD_EASY_HANDLE);
  }
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_ADDED), 0);
  EXPECT_EQ(app().trace(), "") << "and nothing was told";
  EXPECT_EQ(curl_multi_cleanup(second), CURLM_OK);
}

// contract: 2.5
TEST_F(Errors, WhatIsAddedAlreadyIsRefusedAndGoesOn) {
  Peer peer(world);
  Handle get(peer.url());
  start(get);
  App other;
  EXPECT_EQ(app().trace(), "timer:0 a:OUT timer:later");
  EXPECT_EQ(curl_multi_add_handle(multi(), get.curl), CURLM_ADDED_ALREADY);
  EXPECT_EQ(curl_multi_add_handle(other.multi(), get.curl), CURLM_ADDED_ALREADY);
  EXPECT_EQ(app().trace(), "");
  EXPECT_EQ(other.trace(), "");
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_ADDED), 1);
  EXPECT_EQ(num_handles(other.multi(), CURLMINFO_XFERS_ADDED), 0);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(curl_multi_add_handle(multi(), get.curl), CURLM_ADDED_ALREADY) << "also when it is done";
}

// --- Callbacks that fail

// contract: 16.4, 16.5, 16.6
TEST_F(Errors, AFailingSocketCallbackIsFollowedByTheCallThatEndsTheTransfers) {
  Peer peer(world);
  Handle first(peer.url());
  Handle second(peer.url());
  app().add(first);
  app().add(second);
  app().socket_answer = -1;
  EXPECT_EQ(app().fire_timer(), CURLM_ABORTED_BY_CALLBACK);
  app().socket_answer = 0;
  ASSERT_TRUE(app().timer_armed());
  EXPECT_EQ(app().timer_ms(), 0);
  world.run([&] { return first.done && second.done; }, "both messages, without another event");
  EXPECT_EQ(first.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(second.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
}

// contract: 16.4, 16.5, 16.6, 16.8
TEST_F(Errors, AFailingRemoveOfOneTransferEndsTheOthers) {
  Peer peer(world);
  Peer silent(world);
  silent.otherwise({request(), client_gone()});
  Handle waiting(silent.url());
  start(waiting);
  world.run([&] { return silent.requests.size() == 1; });
  Handle get(peer.url());
  app().add(get);
  app().on_socket = [&](int, int what) { app().socket_answer = what == CURL_POLL_REMOVE ? -1 : 0; };
  EXPECT_EQ(drive_until_failure(), CURLM_ABORTED_BY_CALLBACK);
  app().on_socket = nullptr;
  app().socket_answer = 0;
  ASSERT_TRUE(get.done) << "its message is there although its REMOVE failed";
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_EQ(app().timer_ms(), 0);
  world.run_until_done(waiting);
  EXPECT_EQ(waiting.code, CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().running(), 0);
}

// contract: 16.4, 16.6
TEST_F(Errors, AFailingTimerCallbackIsAskedOnceMoreAndNotForEver) {
  Peer peer(world);
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 60000L);
  app().add(get);
  app().trace();
  for (const bool fails_again : {false, true}) {
    SCOPED_TRACE(fails_again);
    std::vector<long> told;
    app().on_timer = [&](long ms) {
      told.push_back(ms);
      app().timer_answer = told.size() == 1 || fails_again ? -1 : 0;
    };
    EXPECT_EQ(drive_until_failure(), CURLM_ABORTED_BY_CALLBACK);
    app().on_timer = nullptr;
    app().timer_answer = 0;
    ASSERT_FALSE(told.empty());
    EXPECT_LE(told.size(), 2u) << "asked again and again";
    EXPECT_EQ(told.back(), 0);
    EXPECT_FALSE(get.done);
    app().fire_timer();
    EXPECT_TRUE(get.done);
    EXPECT_EQ(get.code, CURLE_ABORTED_BY_CALLBACK);
    EXPECT_EQ(app().remove(get), CURLM_OK);
    EXPECT_EQ(app().add(get), CURLM_OK);
  }
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
}

// contract: 16.7, 16.8
TEST_F(Errors, CountsAndMessagesAreRightWhileEverythingFails) {
  Peer peer(world);
  Handle first(peer.url());
  Handle second(peer.url());
  Handle late(peer.url());
  Handle elsewhere(peer.url());
  App other;
  EXPECT_EQ(curl_multi_add_handle(other.multi(), elsewhere.curl), CURLM_OK);
  app().add(first);
  app().add(second);
  app().socket_answer = -1;
  EXPECT_EQ(app().fire_timer(), CURLM_ABORTED_BY_CALLBACK);
  app().socket_answer = 0;
  EXPECT_EQ(app().running(), 2);
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_CURRENT), 2);
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_RUNNING), 2);
  EXPECT_EQ(app().remove(first), CURLM_OK) << "before it has its message";
  EXPECT_EQ(curl_multi_add_handle(multi(), late.curl), CURLM_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  EXPECT_TRUE(second.done);
  EXPECT_FALSE(first.done) << "it was removed: no message";
  EXPECT_EQ(app().running(), 0);
  EXPECT_EQ(curl_multi_add_handle(multi(), late.curl), CURLM_ABORTED_BY_CALLBACK);
  EXPECT_EQ(app().remove(second), CURLM_OK);
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_CURRENT), 0);
  EXPECT_EQ(world.transfer(late), CURLE_OK);
  EXPECT_EQ(world.transfer(first), CURLE_OK);
  EXPECT_EQ(num_handles(other.multi(), CURLMINFO_XFERS_RUNNING), 1) << "not concerned";
  EXPECT_EQ(curl_multi_remove_handle(other.multi(), elsewhere.curl), CURLM_OK);
}

// --- A handle that is cleaned up in a callback

/// Nothing is known of such a transfer; least of all how the one before it has ended.
// contract: 2.21
TEST_F(Errors, AHandleThatIsCleanedUpInItsOwnPerformHasNoOldResult) {
  Peer peer(world);
  CURL* easy = curl_easy_init();
  CURL* const handle = easy;
  curl_easy_setopt(easy, CURLOPT_URL, "nosuchscheme://127.0.0.1/");
  EXPECT_EQ(curl_easy_perform(handle), CURLE_UNSUPPORTED_PROTOCOL);
  const curl_xferinfo_callback clean_up = [](void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    if (CURL* const victim = std::exchange(*static_cast<CURL**>(self), nullptr)) curl_easy_cleanup(victim);
    return 0;
  };
  curl_easy_setopt(easy, CURLOPT_URL, peer.url().c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, clean_up);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &easy);
  EXPECT_EQ(curl_easy_perform(handle), CURLE_OK);
  EXPECT_EQ(easy, nullptr);
}

enum class Where { own_body, other_body, own_header, socket, timer };

class CleanupInside : public Errors, public testing::WithParamInterface<Where> {
 protected:
  CleanupInside() { app().reading = App::Reading::none; }
  /// The victim goes, at the first occasion.
  void strike() {
    if (victim == nullptr || victim->curl == nullptr) return;
    gone = std::exchange(victim->curl, nullptr);
    curl_easy_cleanup(gone);
  }
  static std::size_t header(char*, std::size_t size, std::size_t items, void* self) {
    static_cast<CleanupInside*>(self)->strike();
    return size * items;
  }
  void arm(Handle& own, Handle& other) {
    victim = &own;
    const auto body = [this](std::string_view piece) {
      strike();
      return piece.size();
    };
    switch (GetParam()) {
      case Where::own_body:
        own.on_body = body;
        break;
      case Where::other_body:
        other.on_body = body;
        break;
      case Where::own_header:
        own.set(CURLOPT_HEADERFUNCTION, header);
        own.set(CURLOPT_HEADERDATA, this);
        break;
      case Where::socket:
        app().on_socket = [this](int, int) { strike(); };
        break;
      case Where::timer:
        app().on_timer = [this](long) { strike(); };
        break;
    }
  }
  Handle* victim = nullptr;
  CURL* gone = nullptr;
};

// contract: 2.21
TEST_P(CleanupInside, EndsThatTransferAndNoOther) {
  Peer peer(world);
  peer.otherwise(always(response("0123456789")));
  Handle own(peer.url("/own"));
  Handle other(peer.url("/other"));
  app().add(own);
  app().add(other);
  arm(own, other);
  world.run([&] {
    read();
    return gone != nullptr && codes.count(other.curl) != 0;
  });
  app().on_socket = nullptr;
  app().on_timer = nullptr;
  if (GetParam() != Where::other_body) {  // which may come when the other one has ended already
    EXPECT_EQ(codes.count(gone), 0u) << "no message";
  }
  EXPECT_EQ(codes[other.curl], CURLE_OK);
  EXPECT_EQ(other.body.empty(), false);
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_CURRENT), 1);
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_RUNNING), 0);
  EXPECT_EQ(app().running(), 0);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
  EXPECT_EQ(app().remove(other), CURLM_OK);
  Handle next(peer.url("/next"));
  EXPECT_EQ(app().add(next), CURLM_OK) << "the multi handle works on";
  world.run([&] {
    read();
    return codes.count(next.curl) != 0;
  });
  EXPECT_EQ(codes[next.curl], CURLE_OK);
}

class CleanupOfTheOnly : public CleanupInside {};

// contract: 2.21
TEST_P(CleanupOfTheOnly, LeavesAnEmptyMulti) {
  Peer peer(world);
  Handle own(peer.url("/own"));
  Handle none;
  app().add(own);
  arm(own, none);
  world.run([&] { return gone != nullptr; });
  app().on_socket = nullptr;
  app().on_timer = nullptr;
  world.step(1);
  EXPECT_EQ(curl_multi_info_read(multi(), nullptr), nullptr);
  EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_CURRENT), 0);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
}

std::string name_of(const testing::TestParamInfo<Where>& info) {
  constexpr const char* kNames[] = {"OwnBody", "OtherBody", "OwnHeader", "Socket", "Timer"};
  return kNames[static_cast<int>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Callbacks, CleanupInside,
                         testing::Values(Where::own_body, Where::other_body, Where::own_header, Where::socket,
                                         Where::timer),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Callbacks, CleanupOfTheOnly,
                         testing::Values(Where::own_body, Where::own_header, Where::socket, Where::timer),
                         name_of);

}  // namespace
}  // namespace hiper::wire
