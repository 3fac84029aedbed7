// base/process: generations of processes, and locks that are held while one forks.
#include "base/process.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace hiper {
namespace {

/// What `body` answers in a child, 0 … 255.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

class Process : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK); }
  void TearDown() override { curl_global_cleanup(); }
};

TEST_F(Process, AChildIsOfAnotherGenerationAndItsParentOfTheSame) {
  const ProcessGeneration ours = process_generation();
  EXPECT_EQ(in_child([&] { return process_generation() != ours ? 1 : 0; }), 1);
  EXPECT_EQ(process_generation(), ours);
}

TEST_F(Process, AGrandchildIsOfAnotherGenerationThanBoth) {
  const ProcessGeneration ours = process_generation();
  const auto differs_from_both = [&] {
    const ProcessGeneration parents = process_generation();
    return in_child([&] { return process_generation() != ours && process_generation() != parents ? 1 : 0; });
  };
  EXPECT_EQ(in_child(differs_from_both), 1);
}

TEST_F(Process, ForksAreCountedOnceHoweverOftenTheLibraryIsInitialised) {
  const ProcessGeneration ours = process_generation();
  for (int i = 0; i < 3; ++i) {
    curl_global_cleanup();
    ASSERT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
  }
  EXPECT_EQ(in_child([&] { return process_generation() == ours + 1 ? 1 : 0; }), 1);
}

TEST_F(Process, AForkWaitsForAMutexThatAnotherThreadHas) {
  static std::mutex mutex;
  hold_during_forks(mutex);
  hold_during_forks(mutex);  // no effect: it would be locked twice
  std::atomic<bool> locked{false};
  std::atomic<bool> released{false};
  std::atomic<bool> over{false};
  std::thread holder([&] {
    mutex.lock();
    locked = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // long enough for a fork that does not wait
    released = true;
    mutex.unlock();
    while (!over) std::this_thread::yield();  // still runs when the process forks
  });
  while (!locked) std::this_thread::yield();
  const auto look = [&] {
    const bool is_free = mutex.try_lock();
    return released && is_free ? 1 : 0;
  };
  EXPECT_EQ(in_child(look), 1);
  over = true;
  holder.join();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

}  // namespace
}  // namespace hiper
