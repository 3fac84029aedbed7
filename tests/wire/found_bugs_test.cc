// Faults of this library that random runs and comparisons with the original library have brought to light,
// each as a script: uploads whose peer breaks off, results that are asked for early, a connection that goes
// from one transfer to the next, needless resuming, and a limit that is lowered too late.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class FoundBugs : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// An upload that goes on until the peer, which has stopped reading, lets it go no further.
  void start_blocked(Handle& post) {
    const std::size_t size = 16 << 20;  // more than the system buffers
    post.post_by_callback(std::string(size, 'u'), static_cast<curl_off_t>(size));
    post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
    start(post);
    world.run([&] { return app().interest(app().only_socket()) == CURL_POLL_INOUT; }, "a blocked upload");
  }
  World world;
};

// --- A peer that answers and breaks off while the upload still runs

/// The system tells of a reset once. Sending hears of it, and reading then sees nothing but an end.
TEST_F(FoundBugs, AResetThatSendingHasFoundIsNotTheEndOfABodyWithoutLength) {
  for (const bool in_two_parts : {false, true}) {
    SCOPED_TRACE(in_two_parts);
    world.restart();
    Peer peer(world);
    Script script = {head(), stop_reading(), hold(), send("HTTP/1.1 200 OK\r\nX: 1\r\n\r\nhalf")};
    if (in_two_parts) script.insert(script.end(), {hold(), send("more")});
    script.push_back(reset_it());
    peer.otherwise(script);
    Handle post(peer.url());
    start_blocked(post);
    peer.release();
    if (in_two_parts) {
      world.run([&] { return post.body == "half"; }, "the first part");
      peer.release();
    }
    world.run_until_done(post);
    EXPECT_EQ(post.code, CURLE_RECV_ERROR) << "nobody knows whether this is all";
    EXPECT_EQ(post.body, in_two_parts ? "halfmore" : "half") << "what came before counts";
    EXPECT_EQ(post.status(), 200);
    EXPECT_EQ(app().num_announced(), 0u);
  }
}

/// What makes the response pause in the middle of what was read.
enum class Stop { body_refused, body_pauses, header_refused };

class BrokenOff : public FoundBugs {
 protected:
  /// The first piece, or line, stops the transfer; while it is stopped nothing may be told.
  void stop_early(Handle& handle, Stop how) {
    if (how == Stop::header_refused) {
      handle.on_header = [this](std::string_view line) {
        EXPECT_FALSE(paused) << "a line is told while paused";
        return stops_now() ? std::size_t{CURL_WRITEFUNC_PAUSE} : line.size();
      };
    }
    handle.on_body = [this, &handle, how](std::string_view piece) {
      EXPECT_FALSE(paused) << "a piece is told while paused";
      if (how == Stop::header_refused || !stops_now()) return piece.size();
      if (how == Stop::body_refused) return std::size_t{CURL_WRITEFUNC_PAUSE};
      EXPECT_EQ(curl_easy_pause(handle.curl, CURLPAUSE_RECV), CURLE_OK);
      return piece.size();
    };
  }
  bool stops_now() {
    if (stopped) return false;
    return stopped = paused = true;
  }
  void run(Stop how, bool with_length, const Step& end);

  bool stopped = false;
  bool paused = false;
};

void BrokenOff::run(Stop how, bool with_length, const Step& end) {
  world.restart();
  stopped = paused = false;
  const std::string text = pattern(60000);
  const std::string message = with_length ? response(text) : "HTTP/1.1 200 OK\r\nX: 1\r\n\r\n" + text;
  Peer peer(world);
  peer.otherwise({head(), stop_reading(), hold(), send(message.substr(0, 30000)), hold(),
                  send(message.substr(30000)), end});
  Handle post(peer.url());
  post.set(CURLOPT_BUFFERSIZE, 16384L);
  stop_early(post, how);
  start_blocked(post);
  peer.release();
  world.run([&] { return paused; }, "the pause");
  EXPECT_EQ(app().interest(app().only_socket()), CURL_POLL_OUT) << "only the upload waits";
  peer.release();
  world.run([&] { return post.done || app().num_announced() == 0; }, "the end of sending");
  EXPECT_FALSE(post.done) << "the application has not taken what was said: " << post.error;
  paused = false;
  EXPECT_EQ(app().pause(post, CURLPAUSE_CONT), CURLE_OK);
  world.run_until_done(post);
  EXPECT_EQ(post.code, with_length ? CURLE_OK : CURLE_RECV_ERROR) << post.error;
  EXPECT_TRUE(post.body == text) << post.body.size() << " bytes";
  EXPECT_EQ(post.headers, message.substr(0, message.find("\r\n\r\n") + 4));
}

TEST_F(BrokenOff, WhilePausedNothingIsLostThatWasSaidBefore) {
  for (const Stop how : {Stop::body_refused, Stop::body_pauses, Stop::header_refused}) {
    for (const bool with_length : {true, false}) {
      for (const Step& end : {reset_it(), close_it()}) {
        SCOPED_TRACE(testing::Message() << "stop " << static_cast<int>(how) << ", length " << with_length
                                        << ", closed " << (end.kind == Step::Kind::close));
        run(how, with_length, end);
        if (HasFailure()) return;
      }
    }
  }
}

// --- Results that are asked for before the head is complete

class EarlyAnswers : public FoundBugs {
 protected:
  static std::string answers(const Handle& handle) {
    const char* const type = handle.info<const char*>(CURLINFO_CONTENT_TYPE);
    return std::to_string(handle.status()) + "/" + std::to_string(handle.info<long>(CURLINFO_HTTP_VERSION)) +
           " " + (type != nullptr ? type : "-") + " " +
           std::to_string(handle.info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T));
  }
  /// Keeps what getinfo answers at each line.
  void ask_at_each_line(Handle& handle) {
    handle.on_header = [this, &handle](std::string_view line) {
      told.push_back(answers(handle));
      return line.size();
    };
  }
  Peer peer{world};
  std::vector<std::string> told;
};

constexpr const char kHead[] =
    "HTTP/1.1 404 Not Found\r\nX-One: 1\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nX-Two: 2\r\n\r\n";

TEST_F(EarlyAnswers, HeaderCallbacksSeeWhatTheLinesBeforeHaveSaid) {
  const std::vector<std::string> expected = {"404/2 - -1",          "404/2 - -1",
                                             "404/2 text/plain -1", "404/2 text/plain -1",
                                             "404/2 text/plain -1", "404/2 text/plain 4"};
  for (const Step& how : {send(std::string(kHead) + "body"), trickle(std::string(kHead) + "body")}) {
    told.clear();
    peer.forget();
    peer.expect({request(), how, client_gone()});
    Handle get(peer.url());
    ask_at_each_line(get);
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_EQ(told, expected);
  }
}

TEST_F(EarlyAnswers, HeaderCallbacksOfTheNextResponseDoNotSeeTheLastOne) {
  peer.otherwise({request(),
                  send("HTTP/1.0 302 Found\r\nConnection: keep-alive\r\nLocation: /there\r\n"
                       "Content-Length: 5\r\n\r\nmoved"),
                  request(), send("HTTP/1.1 100 Continue\r\n\r\n"), send(response("ok")), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  ask_at_each_line(get);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  const std::vector<std::string> expected = {"302/1 - -1", "302/1 - -1", "302/1 - -1", "302/1 - -1",
                                             "302/1 - 5",  "100/2 - -1", "100/2 - -1", "200/2 - -1",
                                             "200/2 - -1", "200/2 - 2"};
  EXPECT_EQ(told, expected);
}

TEST_F(EarlyAnswers, TheLengthOfARedirectIsForgottenWhenItsTargetDoesNotAnswer) {
  peer.otherwise({request(), send(response("moved", "Location: /there\r\n", "302 Found")), request(), hold(),
                  send("HTTP/1.1 2"), close_it()});
  Handle get(peer.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  app().add(get);
  world.run([&] { return peer.requests.size() == 2; }, "the second request");
  EXPECT_EQ(answers(get), "302/2 - -1");
  peer.release();
  world.run_until_done(get);
  EXPECT_NE(get.code, CURLE_OK);
  EXPECT_EQ(answers(get), "302/2 - -1");
}

TEST_F(EarlyAnswers, AHeaderCallbackThatAbortsLeavesTheStatusBehind) {
  peer.otherwise(once(std::string(kHead) + "body"));
  for (const int last : {1, 2, 4}) {
    SCOPED_TRACE(last);
    Handle get(peer.url());
    int num_lines = 0;
    get.on_header = [&](std::string_view line) { return ++num_lines == last ? 0 : line.size(); };
    EXPECT_EQ(world.transfer(get), CURLE_WRITE_ERROR);
    EXPECT_EQ(num_lines, last);
    EXPECT_EQ(answers(get), last == 4 ? "404/2 text/plain -1" : "404/2 - -1");
  }
}

TEST_F(EarlyAnswers, AFileThatIsTooLargeLeavesTheStatusBehind) {
  peer.otherwise(once(std::string(kHead) + "body"));
  for (const bool listens : {true, false}) {
    SCOPED_TRACE(listens);
    Handle get(peer.url());
    if (!listens) get.set(CURLOPT_HEADERFUNCTION, curl_write_callback{});
    if (!listens) get.set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
    get.set(CURLOPT_MAXFILESIZE, 3L);
    EXPECT_EQ(world.transfer(get), CURLE_FILESIZE_EXCEEDED);
    EXPECT_EQ(get.status(), 404);
    EXPECT_EQ(get.info<long>(CURLINFO_HTTP_VERSION), static_cast<long>(CURL_HTTP_VERSION_1_1));
    EXPECT_STREQ(get.info<const char*>(CURLINFO_CONTENT_TYPE), "text/plain");
    EXPECT_EQ(get.body, "");
    if (listens) {
      EXPECT_NE(get.headers.find("X-Two: 2\r\n"), std::string::npos) << "lines behind the length are told";
    }
  }
}

// --- A connection that goes from one transfer to the next

/// A multi handle of its own, whose socket callback keeps everything it is told, and for whom.
class HandOver : public testing::Test {
 protected:
  struct Told {
    CURL* easy;
    curl_socket_t fd;
    int what;
    void* pointer;
  };
  HandOver() {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  }
  ~HandOver() override { curl_multi_cleanup(multi); }
  /// Every announcement without a pointer gets one that tells for which handle it was.
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* pointer) {
    HandOver& test = *static_cast<HandOver*>(self);
    test.told.push_back({easy, fd, what, pointer});
    if (what != CURL_POLL_REMOVE && pointer == nullptr) curl_multi_assign(test.multi, fd, easy);
    return 0;
  }
  /// The socket that was told last gets its event, with nothing else in `told` afterwards.
  void turn() {
    ASSERT_FALSE(told.empty());
    const Told last = last_told();
    ASSERT_NE(last.what, CURL_POLL_REMOVE);
    ASSERT_TRUE(world.await_ready(last.fd, (last.what & CURL_POLL_OUT) != 0 ? POLLOUT : POLLIN));
    told.clear();
    int running = 0;
    const int events = (last.what & CURL_POLL_OUT) != 0 ? CURL_CSELECT_OUT : CURL_CSELECT_IN;
    ASSERT_EQ(curl_multi_socket_action(multi, last.fd, events, &running), CURLM_OK);
    if (told.empty()) told.push_back(last);
  }
  const Told& last_told() const { return told.back(); }
  /// The handle whose transfer has ended since the last call, or nullptr.
  CURL* ended() {
    int left = 0;
    const CURLMsg* const message = curl_multi_info_read(multi, &left);
    if (message == nullptr) return nullptr;
    EXPECT_EQ(message->data.result, CURLE_OK);
    return message->easy_handle;
  }
  World world;
  Peer peer{world};
  CURLM* multi = curl_multi_init();
  std::vector<Told> told;
};

TEST_F(HandOver, WithinATurnEndsTheLifeOfTheSocketForTheFirstAndBeginsItForTheSecond) {
  peer.otherwise({request(), send(response("one")), request(), hold(), send(response("two")), client_gone()});
  Handle first(peer.url("/1"));
  Handle second(peer.url("/2"));
  int running = 0;
  curl_multi_add_handle(multi, first.curl);
  curl_multi_add_handle(multi, second.curl);
  ASSERT_EQ(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  CURL* who = nullptr;
  for (int rounds = 0; rounds < 20 && who == nullptr && !HasFailure(); ++rounds) {
    turn();
    who = ended();
  }
  ASSERT_EQ(who, first.curl);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].easy, first.curl);
  EXPECT_EQ(told[0].what, CURL_POLL_REMOVE);
  EXPECT_EQ(told[0].pointer, first.curl) << "what was assigned comes along for the last time";
  EXPECT_EQ(told[1].easy, second.curl);
  EXPECT_EQ(told[1].what, CURL_POLL_IN);
  EXPECT_EQ(told[1].pointer, nullptr) << "it belonged to the first";
  EXPECT_EQ(told[0].fd, told[1].fd) << "the connection is the same";
  EXPECT_EQ(curl_multi_remove_handle(multi, first.curl), CURLM_OK);
  peer.release();
  for (who = nullptr; who == nullptr && !HasFailure(); who = ended()) turn();
  EXPECT_EQ(who, second.curl);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].easy, second.curl);
  EXPECT_EQ(told[0].what, CURL_POLL_REMOVE);
  EXPECT_EQ(told[0].pointer, second.curl);
  EXPECT_EQ(second.body, "two");
  EXPECT_EQ(peer.num_accepted(), 1u);
  EXPECT_EQ(curl_multi_remove_handle(multi, second.curl), CURLM_OK);
}

// --- Needless resuming

TEST_F(FoundBugs, ResumingTwiceDoesNotRunTheTransferInsideTheCall) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("late")), client_gone()});
  for (const bool was_paused : {true, false}) {
    SCOPED_TRACE(was_paused);
    Handle get(peer.url());
    get.set(CURLOPT_FRESH_CONNECT, 1L);
    start(get);
    world.run([&] { return app().interest(app().only_socket()) == CURL_POLL_IN; }, "the wait for the answer");
    const int fd = app().only_socket();
    if (was_paused) {
      EXPECT_EQ(app().pause(get, CURLPAUSE_RECV), CURLE_OK);
    }
    peer.release();
    ASSERT_TRUE(world.await_ready(fd, POLLIN)) << "the answer";
    app().trace();
    if (was_paused) {
      EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
      EXPECT_EQ(app().trace(), "timer:0") << "it goes on in the next turn";
    }
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
      EXPECT_EQ(app().trace(), "");
      EXPECT_EQ(get.headers, "") << "told inside curl_easy_pause";
      EXPECT_FALSE(get.done);
    }
    world.run_until_done(get);
    EXPECT_EQ(get.body, "late");
    app().remove(get);
  }
}

// --- CURLMOPT_MAX_TOTAL_CONNECTIONS, lowered while there are more connections

class LoweredLimit : public FoundBugs {
 protected:
  explicit LoweredLimit(int count = 6) {
    for (int i = 0; i < count; ++i) peers.push_back(std::make_unique<Peer>(world));
  }
  void set_limit(long limit) {
    EXPECT_EQ(curl_multi_setopt(app().multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, limit), CURLM_OK);
  }
  curl_off_t num_waiting() {
    curl_off_t value = -1;
    EXPECT_EQ(curl_multi_get_offt(app().multi(), CURLMINFO_XFERS_PENDING, &value), CURLM_OK);
    return value;
  }
  /// Which peers have an open connection: "0 3 ".
  std::string open_at() {
    world.pump();
    std::string list;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      for (std::size_t n = peers[i]->num_open(); n > 0; --n) list += std::to_string(i) + " ";
    }
    return list;
  }
  /// A handle for each of the peers [from, to), added.
  void begin(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      handles.push_back(std::make_unique<Handle>(peers[i]->url()));
      app().add(*handles.back());
    }
  }
  /// Nothing happens, as long as one may reasonably look.
  void idle_for_a_while() {
    for (int i = 0; i < 5; ++i) world.step(1);
  }
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<std::unique_ptr<Handle>> handles;
};

TEST_F(LoweredLimit, IdleConnectionsMakeRoomUntilTheLimitHolds) {
  begin(0, 4);
  for (const auto& handle : handles) world.run_until_done(*handle);
  EXPECT_EQ(open_at(), "0 1 2 3 ");
  // What is idle longest goes first: here the order of the ends is made certain.
  for (std::size_t i = 0; i < 4; ++i) {
    Handle get(peers[i]->url());
    EXPECT_EQ(world.transfer(get), CURLE_OK);
  }
  set_limit(2);
  Handle known(peers[1]->url());
  EXPECT_EQ(world.transfer(known), CURLE_OK);
  EXPECT_EQ(peers[1]->num_accepted(), 1u) << "a connection that is there needs no room";
  Handle fresh(peers[4]->url());
  EXPECT_EQ(world.transfer(fresh), CURLE_OK);
  EXPECT_EQ(open_at(), "1 4 ") << "three had to go, the longest idle ones";
  set_limit(1);
  Handle last(peers[5]->url());
  EXPECT_EQ(world.transfer(last), CURLE_OK);
  EXPECT_EQ(open_at(), "5 ");
}

TEST_F(LoweredLimit, ThoseWhoWaitGoInOrderWhenEnoughHaveEnded) {
  for (const auto& peer : peers) peer->otherwise({request(), hold(), send(response("ok")), client_gone()});
  set_limit(3);
  begin(0, 6);
  world.run([&] { return open_at() == "0 1 2 " && peers[2]->requests.size() == 1; }, "three requests");
  EXPECT_EQ(num_waiting(), 3);
  set_limit(1);
  idle_for_a_while();
  EXPECT_EQ(open_at(), "0 1 2 ") << "nothing in use is closed";
  for (std::size_t i = 0; i < 2; ++i) {
    peers[i]->release();
    world.run_until_done(*handles[i]);
    idle_for_a_while();
    EXPECT_EQ(num_waiting(), 3) << "there are still as many as the limit allows";
  }
  EXPECT_EQ(open_at(), "2 ");
  for (std::size_t i = 2; i < 6; ++i) {
    SCOPED_TRACE(i);
    world.run([&] { return peers[i]->requests.size() == 1; }, "the next in order");
    idle_for_a_while();
    EXPECT_EQ(open_at(), std::to_string(i) + " ");
    EXPECT_EQ(num_waiting(), static_cast<curl_off_t>(5 - i));
    peers[i]->release();
    world.run_until_done(*handles[i]);
    EXPECT_EQ(handles[i]->code, CURLE_OK);
  }
}

/// A request that waits for its host wants a connection of its own: the idle one elsewhere is in its way.
TEST_F(LoweredLimit, AnIdleConnectionElsewhereMakesRoomForOneThatWaitedForItsHost) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Handle idle(peers[0]->url());
  EXPECT_EQ(world.transfer(idle), CURLE_OK);
  peers[1]->otherwise({request(), hold(), send(response("ok")), client_gone()});
  begin(1, 2);
  world.run([&] { return peers[1]->requests.size() == 1; });
  Handle waits(peers[1]->url());
  waits.set(CURLOPT_FRESH_CONNECT, 1L);
  app().add(waits);
  world.step(1);
  EXPECT_EQ(num_waiting(), 1);
  set_limit(1);
  peers[1]->release();
  world.run([&] { return peers[1]->requests.size() == 2; }, "the one that waited");
  EXPECT_EQ(open_at(), "1 ");
  EXPECT_EQ(peers[1]->num_accepted(), 2u);
  peers[1]->release();
  world.run_until_done(waits);
  EXPECT_EQ(waits.code, CURLE_OK);
}

}  // namespace
}  // namespace hiper::wire
