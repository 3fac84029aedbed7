// curl_multi_wakeup, from this thread and from others: it ends the poll that runs or the next one, whatever
// was called between, and nothing else. And: what the library uses inside never gets to the application.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "wire/support/name_server.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

constexpr int kLong = 20000;  ///< a poll that nobody ends is seen as a failure of the test
constexpr int kShort = 40;

class Wakeups : public testing::Test {
 protected:
  App& app() { return world.app(); }
  CURLM* multi() { return app().multi(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  /// Milliseconds that a poll of `limit` took.
  long poll_for(int limit) {
    const auto before = std::chrono::steady_clock::now();
    int count = -1;
    EXPECT_EQ(curl_multi_poll(multi(), nullptr, 0, limit, &count), CURLM_OK);
    EXPECT_EQ(count, 0) << "a wake-up is no descriptor of the application";
    return elapsed(before);
  }
  long wait_for(int limit) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(curl_multi_wait(multi(), nullptr, 0, limit, nullptr), CURLM_OK);
    return elapsed(before);
  }
  void expect_woken() { EXPECT_LT(poll_for(kLong), kLong / 2); }
  void expect_not_woken() { EXPECT_GE(poll_for(kShort), kShort - 1); }
  void wake() { EXPECT_EQ(curl_multi_wakeup(multi()), CURLM_OK); }
  /// A transfer that waits for its answer.
  void start_silent(Handle& handle) {
    silent.otherwise({request(), client_gone()});
    start(handle);
    world.run([&] { return silent.requests.size() == 1; });
  }
  World world;
  Peer silent{world};

 private:
  static long elapsed(std::chrono::steady_clock::time_point from) {
    const auto span = std::chrono::steady_clock::now() - from;
    return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
  }
};

// contract: 11.8
TEST_F(Wakeups, OneBeforeTheFirstPollIsNotLost) {
  wake();
  expect_woken();
  expect_not_woken();
}

// contract: 11.8
TEST_F(Wakeups, SeveralCountAsOne) {
  expect_not_woken();
  for (int i = 0; i < 1000; ++i) wake();
  expect_woken();
  expect_not_woken();
}

// contract: 11.7
TEST_F(Wakeups, OneFromAnotherThreadEndsThePollThatRuns) {
  Handle get(silent.url());
  start_silent(get);
  for (int rounds = 0; rounds < 20; ++rounds) {
    std::thread other([this] { wake(); });
    expect_woken();
    other.join();
  }
  expect_not_woken();
}

/// Every wake-up comes after the poll before it has answered for the one before.
TEST_F(Wakeups, NoneIsLostInARaceBetweenThreads) {
  constexpr int kRounds = 3000;
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  std::thread other([&] {
    for (int i = 1; i <= kRounds; ++i) {
      while (answered.load() < i - 1) std::this_thread::yield();
      asked.store(i);
      wake();
    }
  });
  for (int i = 1; i <= kRounds; ++i) {
    while (answered.load() < i) {
      ASSERT_LT(poll_for(kLong), kLong / 2) << "lost in round " << i;
      answered.store(asked.load());
    }
  }
  other.join();
}

TEST_F(Wakeups, PerformAndSocketActionSwallowNone) {
  Handle get(silent.url());
  start_silent(get);
  expect_not_woken();
  wake();
  EXPECT_EQ(app().perform(), CURLM_OK);
  EXPECT_EQ(app().perform(), CURLM_OK);
  EXPECT_EQ(app().socket_action(app().only_socket(), CURL_CSELECT_IN), CURLM_OK);
  EXPECT_EQ(app().fire_timer(), CURLM_OK);
  int running = 0;
  EXPECT_EQ(curl_multi_socket_all(multi(), &running), CURLM_OK);
  Handle other(silent.url());
  EXPECT_EQ(app().add(other), CURLM_OK);
  EXPECT_EQ(app().remove(other), CURLM_OK);
  expect_woken();
  expect_not_woken();
}

// contract: 11.9
TEST_F(Wakeups, WaitNeitherEndsForOneNorSwallowsIt) {
  Handle get(silent.url());
  start_silent(get);
  wake();
  EXPECT_GE(wait_for(kShort), kShort - 1) << "curl_multi_wait is not woken";
  EXPECT_GE(wait_for(kShort), kShort - 1);
  expect_woken();
  expect_not_woken();
  wake();
  EXPECT_GE(wait_for(kShort), kShort - 1);
  std::thread during([this] { wake(); });
  EXPECT_GE(wait_for(kShort), kShort - 1);
  during.join();
  expect_woken();
}

TEST_F(Wakeups, WaitWithDescriptorsOfTheApplicationNeitherEndsNorSwallows) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  wake();
  curl_waitfd extra = {pipe_ends[0], CURL_WAIT_POLLIN, 0};
  const auto before = std::chrono::steady_clock::now();
  int count = -1;
  EXPECT_EQ(curl_multi_wait(multi(), &extra, 1, kShort, &count), CURLM_OK);
  EXPECT_EQ(count, 0);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(kShort - 1));
  EXPECT_EQ(curl_multi_poll(multi(), &extra, 1, kLong, &count), CURLM_OK);
  EXPECT_EQ(count, 0) << "woken";
  std::thread other([this] { wake(); });
  EXPECT_EQ(curl_multi_poll(multi(), &extra, 1, kLong, &count), CURLM_OK);
  EXPECT_EQ(count, 0);
  other.join();
  EXPECT_EQ(write(pipe_ends[1], "x", 1), 1);
  wake();
  EXPECT_EQ(curl_multi_poll(multi(), &extra, 1, kLong, &count), CURLM_OK);
  EXPECT_EQ(count, 1) << "the descriptor is told beside the wake-up";
  EXPECT_EQ(extra.revents, CURL_WAIT_POLLIN);
  expect_not_woken();
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_F(Wakeups, OneThatWasPolledForIsOverAndDoesNotSpin) {
  Handle get(silent.url());
  start_silent(get);
  wake();
  expect_woken();
  for (int rounds = 0; rounds < 3; ++rounds) {
    EXPECT_EQ(app().perform(), CURLM_OK);
    expect_not_woken();
  }
}

// contract: 16.11
TEST_F(Wakeups, OneInsideACallbackEndsTheNextPoll) {
  Peer peer(world);
  Handle get(peer.url());
  get.on_body = [this](std::string_view piece) {
    wake();
    return piece.size();
  };
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  expect_woken();
  expect_not_woken();
}

TEST_F(Wakeups, OneAndAnAnswerTogetherLoseNeither) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("late")), client_gone()});
  Handle get(peer.url());
  start(get);
  world.run([&] { return peer.requests.size() == 1; });
  expect_not_woken();
  peer.release();
  world.pump();
  wake();
  int count = -1;
  EXPECT_EQ(curl_multi_poll(multi(), nullptr, 0, kLong, &count), CURLM_OK);
  for (int rounds = 0; rounds < 10 && !get.done; ++rounds) {
    EXPECT_EQ(app().perform(), CURLM_OK);
    EXPECT_EQ(curl_multi_poll(multi(), nullptr, 0, 5, &count), CURLM_OK);
  }
  EXPECT_EQ(get.body, "late");
}

TEST_F(Wakeups, BadHandlesAreRefused) {
  EXPECT_EQ(curl_multi_wakeup(nullptr), CURLM_BAD_HANDLE);
  const Handle easy;
  EXPECT_EQ(curl_multi_wakeup(easy.curl), CURLM_BAD_HANDLE);
}

/// The application sees sockets of the internet only: no epoll set, no eventfd, no pipe.
// contract: 1.7
TEST_F(Wakeups, NoDescriptorOfTheLibraryItselfIsHandedOut) {
  NameServer names(world);
  names.be_silent();
  std::set<int> seen;
  app().on_socket = [&](int fd, int) { seen.insert(fd); };
  Handle waiting(silent.url());
  Handle resolving(NameServer::url("never.test", silent));
  names.serve(resolving);
  wake();
  start_silent(waiting);
  start(resolving);
  world.run([&] { return names.server.num_asked != 0; });
  expect_woken();
  wake();
  EXPECT_EQ(app().perform(), CURLM_OK);
  fd_set read_set;
  fd_set write_set;
  fd_set error_set;
  FD_ZERO(&read_set);
  FD_ZERO(&write_set);
  FD_ZERO(&error_set);
  int most = -1;
  EXPECT_EQ(curl_multi_fdset(multi(), &read_set, &write_set, &error_set, &most), CURLM_OK);
  std::set<int> in_sets;
  for (int fd = 0; fd <= most; ++fd) {
    if (FD_ISSET(fd, &read_set) || FD_ISSET(fd, &write_set) || FD_ISSET(fd, &error_set)) in_sets.insert(fd);
  }
  curl_waitfd waited[10];
  unsigned count = 0;
  EXPECT_EQ(curl_multi_waitfds(multi(), waited, 10, &count), CURLM_OK);
  std::set<int> in_waitfds;
  for (unsigned i = 0; i < count; ++i) in_waitfds.insert(waited[i].fd);
  EXPECT_EQ(in_sets.size(), 2u) << "the connection and the question";
  EXPECT_EQ(in_sets, in_waitfds);
  for (const std::set<int>* const set : {&seen, &in_sets}) {
    for (const int fd : *set) {
      struct stat about {};
      EXPECT_EQ(fstat(fd, &about), 0);
      EXPECT_TRUE(S_ISSOCK(about.st_mode)) << fd;
    }
  }
}

}  // namespace
}  // namespace hiper::wire
