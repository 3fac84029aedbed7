// Faults that the original library had in one version or another and that must not be possible here: what is
// announced and removed, timers, and work that spins. App (support/app.hpp) notices most of them in every
// test; here a log of its own is looked at, so that each has a name.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "wire/support/full_listener.hpp"
#include "wire/support/name_server.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

struct Event {
  int fd;
  int what;
  ino_t inode;  ///< 0: not open
};

ino_t inode_of(int fd) {
  struct stat about {};
  return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

class Regressions : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// Some of everything that opens, uses, keeps and closes sockets; in `log` what was announced.
  void live_a_day();
  void downloads_and_reuse();
  void redirect_to_another_port();
  void refusals_and_races();
  void limits_and_removals();
  void ends_of_connections();

  World world;
  std::vector<Event> log;
};

void Regressions::downloads_and_reuse() {
  Peer peer(world);
  Peer secure(world, tls_server());
  Handle get(peer.url());
  Handle safe(secure.url());
  trust(safe);
  for (int rounds = 0; rounds < 2; ++rounds) {
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    EXPECT_EQ(world.transfer(safe), CURLE_OK);
  }
  safe.set(CURLOPT_FORBID_REUSE, 1L);
  EXPECT_EQ(world.transfer(safe), CURLE_OK);
  EXPECT_EQ(world.transfer(safe), CURLE_OK);
}

void Regressions::redirect_to_another_port() {
  Peer target(world);
  Peer peer(world);
  peer.otherwise(always(response("moved", "Location: " + target.url("/there") + "\r\n", "302 Found")));
  Handle get(peer.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
}

void Regressions::refusals_and_races() {
  Peer peer(world);
  const FullListener full;
  Handle several("http://many.test:" + std::to_string(peer.port()) + "/");
  const std::string resolve = "many.test:" + std::to_string(peer.port()) + ":127.0.0.2,127.0.0.3,127.0.0.1";
  curl_slist* const list = curl_slist_append(nullptr, resolve.c_str());
  several.set(CURLOPT_RESOLVE, list);
  EXPECT_EQ(world.transfer(several), CURLE_OK);
  Handle slow(full.url());
  slow.set(CURLOPT_CONNECTTIMEOUT_MS, 20L);
  EXPECT_EQ(world.transfer(slow), CURLE_OPERATION_TIMEDOUT);
  curl_slist_free_all(list);
}

void Regressions::limits_and_removals() {
  Peer peer(world);
  Peer silent(world);
  silent.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), client_gone()});
  Handle late(silent.url());
  late.set(CURLOPT_TIMEOUT_MS, 20L);
  EXPECT_EQ(world.transfer(late), CURLE_OPERATION_TIMEDOUT);
  Handle removed(silent.url());
  app().add(removed);
  world.run([&] { return removed.body == "half"; });
  app().pause(removed, CURLPAUSE_RECV);
  app().pause(removed, CURLPAUSE_CONT);
  app().remove(removed);
  curl_multi_setopt(app().multi(), CURLMOPT_MAXCONNECTS, 1L);
  Handle first(peer.url("/1"));
  Handle second(peer.url("/2"));
  app().add(first);
  app().add(second);
  world.run([&] { return first.done && second.done; });
  app().remove(first);
  app().remove(second);
}

void Regressions::ends_of_connections() {
  Peer peer(world);
  peer.expect({request(), send("HTTP/1.1 200 OK\r\n\r\nopen end"), end_sending(), client_gone()});
  peer.expect({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), reset_it()});
  peer.expect({request(), send(response("bye")), close_it()});
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_NE(world.transfer(get), CURLE_OK);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(world.transfer(get), CURLE_OK) << "on another connection";
}

void Regressions::live_a_day() {
  for (const bool hooks : {true, false}) {
    world.restart();
    app().hooks_close = hooks;
    app().on_socket = [this](int fd, int what) { log.push_back({fd, what, inode_of(fd)}); };
    downloads_and_reuse();
    redirect_to_another_port();
    refusals_and_races();
    ends_of_connections();
    limits_and_removals();
    EXPECT_EQ(app().cleanup(), CURLM_OK);
    log.push_back({-1, 0, 0});  // another life
  }
  EXPECT_GT(log.size(), 60u);
}

// contract: 1.3
TEST_F(Regressions, NothingIsRemovedAfterItWasClosed) {
  live_a_day();
  for (const Event& event : log) EXPECT_TRUE(event.fd < 0 || event.inode != 0) << event.fd;
}

// contract: 1.3, 1.4
TEST_F(Regressions, EverySocketIsRemovedOnceAndNoneThatWasNotAnnounced) {
  live_a_day();
  std::set<int> announced;
  int num_removed = 0;
  for (const Event& event : log) {
    if (event.fd < 0) {
      EXPECT_TRUE(announced.empty()) << "not removed before the end";
    } else if (event.what == CURL_POLL_REMOVE) {
      EXPECT_EQ(announced.erase(event.fd), 1u) << event.fd;
      ++num_removed;
    } else {
      announced.insert(event.fd);
    }
  }
  EXPECT_GT(num_removed, 30);
}

// contract: 1.5
TEST_F(Regressions, NoNumberHasTwoLivesWithoutARemoveBetween) {
  live_a_day();
  std::map<int, ino_t> announced;
  std::map<int, std::set<ino_t>> lives;
  for (const Event& event : log) {
    if (event.fd < 0) continue;
    lives[event.fd].insert(event.inode);
    const auto known = announced.find(event.fd);
    EXPECT_TRUE(known == announced.end() || known->second == event.inode) << event.fd;
    announced[event.fd] = event.inode;
    if (event.what == CURL_POLL_REMOVE) announced.erase(event.fd);
  }
  bool any_reused = false;
  for (const auto& [fd, inodes] : lives) any_reused = any_reused || inodes.size() > 1;
  EXPECT_TRUE(any_reused) << "the day was too short to show anything";
}

// contract: 1.2
TEST_F(Regressions, TheSameInterestIsNotAnnouncedTwice) {
  live_a_day();
  std::map<int, int> interest;
  for (const Event& event : log) {
    if (event.fd < 0) continue;
    EXPECT_NE(interest[event.fd], event.what) << event.fd;
    EXPECT_NE(event.what, CURL_POLL_NONE);
    interest[event.fd] = event.what == CURL_POLL_REMOVE ? 0 : event.what;
  }
}

// --- Timers

// contract: 1.6, 7.4
TEST_F(Regressions, ADeadlineThatStaysTheSameIsToldOnce) {
  Peer peer(world);
  const std::string text = response(std::string(200, 'x'));
  peer.otherwise({request(), trickle(text), client_gone()});
  Handle get(peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 60000L);
  start(get);
  world.run_until_done(get);
  EXPECT_EQ(get.code, CURLE_OK);
  EXPECT_GT(app().num_calls(), 100);
  EXPECT_EQ(app().num_timer_calls(), 3) << "0, the deadline, -1: " << app().whole_trace();
}

/// In every state in which a transfer waits with a deadline.
// contract: 7.3
TEST_F(Regressions, AnEarlyTimeoutCallArmsTheTimerAgain) {
  NameServer names(world);
  names.be_silent();
  Peer silent(world);
  silent.otherwise({request(), client_gone()});
  const FullListener full;
  Handle resolving(NameServer::url("some.test", silent));
  names.serve(resolving);
  Handle connecting(full.url());
  Handle shaking("https://127.0.0.1:" + std::to_string(silent.port()) + "/");
  Handle waiting(silent.url());
  Handle paused(silent.url());
  for (Handle* const handle : {&resolving, &connecting, &shaking, &waiting, &paused}) {
    SCOPED_TRACE(handle == &resolving ? "resolving" : handle == &connecting ? "connecting" : "later");
    handle->set(CURLOPT_TIMEOUT_MS, 60000L);
    start(*handle);
    world.run([&] { return !app().timer_armed() || app().timer_ms() > 0; });
    if (handle == &waiting || handle == &paused) {
      world.run([&] { return silent.requests.size() == (handle == &waiting ? 1u : 2u); });
    }
    if (handle == &paused) app().pause(paused, CURLPAUSE_ALL);
    for (int rounds = 0; rounds < 3; ++rounds) {
      EXPECT_TRUE(app().timer_armed());
      app().trace();
      app().fire_timer();
      EXPECT_EQ(app().trace(), "timer:later");
    }
    app().remove(*handle);
    EXPECT_EQ(app().timer_ms(), -1);
  }
}

/// The application serves a 0 ms timer inside the callback. It is refused there, and must not be asked again
/// and again for that; what was to be done is done in the next call.
TEST_F(Regressions, HandlingATimerInsideItsCallbackNeitherLoopsNorStalls) {
  Peer peer(world);
  peer.otherwise(always(response(std::string(3 << 20, 'x'))));
  int depth = 0;
  int deepest = 0;
  int refused = 0;
  app().on_timer = [&](long ms) {
    ++depth;
    deepest = std::max(deepest, depth);
    int running = -1;
    if (ms == 0) {
      const CURLMcode code = curl_multi_socket_action(app().multi(), CURL_SOCKET_TIMEOUT, 0, &running);
      refused += code == CURLM_RECURSIVE_API_CALL ? 1 : 0;
    }
    --depth;
  };
  Handle first(peer.url("/1"));
  Handle second(peer.url("/2"));
  app().add(first);
  app().add(second);
  world.run([&] { return first.done && second.done; });
  EXPECT_EQ(first.code, CURLE_OK);
  EXPECT_EQ(second.body.size(), 3u << 20);
  EXPECT_GE(refused, 1);
  EXPECT_EQ(deepest, 1);
  EXPECT_LE(app().num_timer_calls(), app().num_calls() + 2);
}

/// Such an application may forget to arm a timer at all: any other event must help it.
TEST_F(Regressions, AZeroTimerThatWasRefusedInsideItsCallbackIsServedByAnyLaterCall) {
  Peer peer(world);
  for (const bool by_perform : {false, true}) {
    Handle get(peer.url());
    app().add(get);
    EXPECT_EQ(by_perform ? app().perform() : app().socket_action(12345, 0), CURLM_OK);
    EXPECT_TRUE(app().num_announced() == 1 || get.done);
    world.run_until_done(get);
    app().remove(get);
  }
}

// --- Connections that are closed

TEST_F(Regressions, TlsConnectionsThatCloseAreNotAnnouncedAndDoNotLeak) {
  const int before = num_descriptors();
  {
    Peer peer(world, tls_server());
    peer.otherwise({request(), send(response("ok")), stop_reading(), hold(), start_reading(), client_gone()});
    std::vector<std::unique_ptr<Handle>> handles;
    for (int i = 0; i < 20; ++i) {
      handles.push_back(std::make_unique<Handle>(peer.url()));
      trust(*handles.back());
      handles.back()->set(CURLOPT_FORBID_REUSE, 1L);
      EXPECT_EQ(world.transfer(*handles.back()), CURLE_OK);
      EXPECT_EQ(app().num_announced(), 0u) << "the peer never answers the goodbye";
      EXPECT_EQ(app().timer_ms(), -1);
    }
    peer.release(20);
    world.run([&] { return peer.num_open() == 0; }, "the goodbyes");
    EXPECT_EQ(num_descriptors(), before + 1) << "the listener is left";
  }
}

TEST_F(Regressions, ATlsConnectionFullOfUnsentDataClosesAtOnce) {
  Peer peer(world, tls_server());
  peer.otherwise({head(), stop_reading(), hold(), start_reading(), client_gone()});
  const std::string text(8 << 20, 'u');
  const int before = num_descriptors();
  Handle post(peer.url());
  trust(post);
  post.post_by_callback(text, static_cast<curl_off_t>(text.size()));
  curl_slist* const list = curl_slist_append(nullptr, "Expect:");
  post.set(CURLOPT_HTTPHEADER, list);
  start(post);
  world.run([&] { return app().interest(app().only_socket()) == CURL_POLL_INOUT; });
  EXPECT_EQ(app().remove(post), CURLM_OK);
  EXPECT_EQ(app().num_announced(), 0u);
  EXPECT_EQ(app().timer_ms(), -1);
  EXPECT_EQ(num_descriptors(), before + 1) << "the peer's end";
  curl_slist_free_all(list);
}

/// Idle connections that the peer closes are found out when they are wanted, not by watching them.
TEST_F(Regressions, IdleConnectionsThatThePeerClosedCauseNoTurns) {
  for (SSL_CTX* const context : {static_cast<SSL_CTX*>(nullptr), tls_server()}) {
    Peer peer(world, context);
    peer.otherwise({request(), send(response("ok")), end_sending(), client_gone()});
    Handle get(peer.url());
    trust(get);
    EXPECT_EQ(world.transfer(get), CURLE_OK);
    const int calls = app().num_calls();
    for (int rounds = 0; rounds < 5; ++rounds) world.step(1);
    EXPECT_EQ(app().num_calls(), calls);
    peer.otherwise(always(response("new")));
    get.clear();
    EXPECT_EQ(world.transfer(get), CURLE_OK) << get.error;
    EXPECT_EQ(get.body, "new");
  }
}

// --- The resolver

TEST_F(Regressions, AnAnswerThatNobodyWaitsForWakesNobody) {
  NameServer names(world);
  names.be_silent();
  Peer peer(world);
  Handle get(NameServer::url("late.test", peer));
  names.serve(get);
  start(get);
  world.run([&] { return names.server.num_asked != 0; });
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_EQ(app().num_announced(), 0u);
  names.answer();
  names.server.pump();
  const int calls = app().num_calls();
  for (int rounds = 0; rounds < 5; ++rounds) world.step(1);
  EXPECT_EQ(app().num_calls(), calls);
}

// contract: 7.4
TEST_F(Regressions, ASilentNameServerIsNoReasonToTurn) {
  NameServer names(world);
  names.be_silent();
  Peer peer(world);
  Handle get(NameServer::url("never.test", peer));
  names.serve(get);
  get.set(CURLOPT_TIMEOUT_MS, 300L);
  EXPECT_EQ(world.transfer(get), CURLE_OPERATION_TIMEDOUT);
  EXPECT_LE(app().num_calls(), 8) << app().whole_trace();
}

}  // namespace
}  // namespace hiper::wire
