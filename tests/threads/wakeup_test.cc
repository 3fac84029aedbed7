// curl_multi_wakeup: from any thread, at any moment, it ends the current or the next curl_multi_poll. It is
// never lost, and nothing else swallows it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "threads/support/clients.hpp"

namespace hiper::threads {
namespace {

using std::chrono::milliseconds;
constexpr int kVeryLongMs = 60'000;

class WakeUp : public testing::Test {
 protected:
  /// How long a poll took.
  milliseconds poll(int timeout_ms) const {
    const auto start = std::chrono::steady_clock::now();
    int num_ready = -1;
    EXPECT_EQ(curl_multi_poll(multi.get(), nullptr, 0, timeout_ms, &num_ready), CURLM_OK);
    EXPECT_EQ(num_ready, 0) << "a wake-up is no descriptor";
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  }
  bool poll_is_woken_up() const { return poll(kVeryLongMs) < milliseconds(kVeryLongMs / 2); }
  void wake_up() const { EXPECT_EQ(curl_multi_wakeup(multi.get()), CURLM_OK); }
  void perform() const {
    int running = 0;
    EXPECT_EQ(curl_multi_perform(multi.get(), &running), CURLM_OK);
  }
  void act_on_timeout() const {
    int running = 0;
    EXPECT_EQ(curl_multi_socket_action(multi.get(), CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
  }
  OwnedMulti multi{curl_multi_init()};
};

TEST_F(WakeUp, BeforeTheFirstPoll) {
  wake_up();
  EXPECT_TRUE(poll_is_woken_up());
}

TEST_F(WakeUp, DuringThePoll) {
  for (int round = 0; round < 20; ++round) {
    std::thread other([this] { wake_up(); });
    EXPECT_TRUE(poll_is_woken_up());
    other.join();
  }
}

TEST_F(WakeUp, OneEndsOnePollOnly) {
  for (int round = 0; round < 3; ++round) {
    wake_up();
    EXPECT_TRUE(poll_is_woken_up());
    EXPECT_GE(poll(20), milliseconds(20));
  }
}

TEST_F(WakeUp, ManyBeforeAPollEndThatOneOnly) {
  perform();
  for (int i = 0; i < 1000; ++i) wake_up();
  EXPECT_TRUE(poll_is_woken_up());
  EXPECT_GE(poll(20), milliseconds(20));
}

TEST_F(WakeUp, PerformDoesNotSwallowIt) {
  for (int round = 0; round < 3; ++round) {
    wake_up();
    perform();
    perform();
    EXPECT_TRUE(poll_is_woken_up());
  }
}

TEST_F(WakeUp, SocketActionDoesNotSwallowIt) {
  for (int round = 0; round < 3; ++round) {
    wake_up();
    act_on_timeout();
    int running = 0;
    EXPECT_EQ(curl_multi_socket_action(multi.get(), 12345, CURL_CSELECT_IN, &running), CURLM_OK);
    EXPECT_TRUE(poll_is_woken_up());
  }
}

// curl_multi_wait is not woken up by it, and leaves it to the next poll.
TEST_F(WakeUp, WaitDoesNotSwallowIt) {
  std::array<int, 2> pipe_ends;
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  perform();
  for (int round = 0; round < 3; ++round) {
    wake_up();
    EXPECT_EQ(curl_multi_wait(multi.get(), nullptr, 0, 1, nullptr), CURLM_OK);
    curl_waitfd extra = {pipe_ends[0], CURL_WAIT_POLLIN, 0};
    EXPECT_EQ(curl_multi_wait(multi.get(), &extra, 1, 1, nullptr), CURLM_OK);
    EXPECT_TRUE(poll_is_woken_up());
  }
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_F(WakeUp, EndsAPollWithExtraDescriptors) {
  std::array<int, 2> pipe_ends;
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  curl_waitfd extra = {pipe_ends[0], CURL_WAIT_POLLIN, 0};
  for (int round = 0; round < 3; ++round) {
    std::thread other([this] { wake_up(); });
    int num_ready = -1;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(curl_multi_poll(multi.get(), &extra, 1, kVeryLongMs, &num_ready), CURLM_OK);
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(kVeryLongMs / 2));
    EXPECT_EQ(num_ready, 0);
    other.join();
  }
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST_F(WakeUp, EndsAPollThatWaitsForATransfer) {
  Server server(Server::Kind::plain);
  Client client;
  client.aim(server, "/hold/until-released");
  ASSERT_EQ(curl_multi_add_handle(multi.get(), client.easy()), CURLM_OK);
  // Half of the body has come: from now on nothing happens by itself.
  while (client.body.empty()) {
    perform();
    if (client.body.empty()) curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  for (int round = 0; round < 5; ++round) {
    std::thread other([this] { wake_up(); });
    EXPECT_TRUE(poll_is_woken_up());
    other.join();
    perform();
  }
  curl_multi_remove_handle(multi.get(), client.easy());
}

/// A thread that gives the owner of the multi one job after the other and wakes it up for each.
class Producer {
 public:
  void produce(CURLM* multi, int count) {
    for (int i = 0; i < count; ++i) {
      offered_.store(i + 1);
      EXPECT_EQ(curl_multi_wakeup(multi), CURLM_OK);
      while (taken_.load() != i + 1) std::this_thread::yield();
    }
  }
  /// True if there was a job.
  bool take() {
    const int offered = offered_.load();
    if (offered == taken_.load()) return false;
    taken_.store(offered);
    return true;
  }

 private:
  std::atomic<int> offered_{0};
  std::atomic<int> taken_{0};
};

// Whenever a wake-up is lost, its producer waits for its job to be done and no other wake-up of it comes to
// the rescue; the poll then lasts until its time is over.
TEST_F(WakeUp, NoneIsLostBetweenPollsAndOtherCalls) {
  constexpr int kNumProducers = 3;
  constexpr int kJobs = 500;
  std::array<Producer, kNumProducers> producers;
  std::vector<std::thread> threads;
  for (Producer& producer : producers) {
    threads.emplace_back([&] { producer.produce(multi.get(), kJobs); });
  }
  int num_taken = 0;
  for (int turn = 0; num_taken < kNumProducers * kJobs; ++turn) {
    EXPECT_TRUE(poll_is_woken_up());
    if (turn % 3 == 0) perform();
    for (Producer& producer : producers) num_taken += producer.take() ? 1 : 0;
    if (turn % 3 == 1) perform();
    if (turn % 3 == 2) act_on_timeout();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(WakeUp, ManyThreadsWakeManyMultis) {
  constexpr int kNumThreads = 8;
  std::array<OwnedMulti, kNumThreads> multis;
  for (OwnedMulti& one : multis) one.reset(curl_multi_init());
  in_threads(kNumThreads, [&](int thread) {
    CURLM* const next = multis[static_cast<std::size_t>((thread + 1) % kNumThreads)].get();
    CURLM* const own = multis[static_cast<std::size_t>(thread)].get();
    for (int round = 0; round < 50; ++round) {
      EXPECT_EQ(curl_multi_wakeup(next), CURLM_OK);
      EXPECT_EQ(curl_multi_poll(own, nullptr, 0, 1, nullptr), CURLM_OK);
    }
  });
}

}  // namespace
}  // namespace hiper::threads
