#include "base/process.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace hiper {

constinit std::atomic<ProcessGeneration> process_detail::generation{0};

namespace {

/// In the order in which they are locked. Changed under the first of them only.
constinit std::array<std::mutex*, 4> held_mutexes{};
constinit std::atomic<std::size_t> num_mutexes{0};

// The number is looked at again after each lock: under the first one it does not change any more.
extern "C" void before_fork() {
  for (std::size_t i = 0; i < num_mutexes; ++i) held_mutexes[i]->lock();
}

extern "C" void after_fork() {
  for (std::size_t i = num_mutexes; i > 0; --i) held_mutexes[i - 1]->unlock();
}

extern "C" void after_fork_in_child() {
  process_detail::generation.fetch_add(1, std::memory_order_relaxed);
  after_fork();
}

}  // namespace

bool notice_forks(std::mutex& outermost) noexcept {
  if (num_mutexes != 0) return true;
  held_mutexes[0] = &outermost;
  num_mutexes = 1;
  if (pthread_atfork(before_fork, after_fork, after_fork_in_child) != 0) num_mutexes = 0;
  return num_mutexes != 0;
}

void hold_during_forks(std::mutex& mutex) noexcept {
  const std::size_t count = num_mutexes;
  const auto end = held_mutexes.begin() + count;
  if (count == 0 || std::find(held_mutexes.begin(), end, &mutex) != end) return;
  assert(count < held_mutexes.size());
  held_mutexes[count] = &mutex;
  num_mutexes = count + 1;
}

}  // namespace hiper
