// Who uses a pool in its tests: streams without a network, and transfers that ask, wait, use and give back.
#pragma once
#include <cstdlib>

#include "conn/pool.hpp"
#include "support/fake_reactor.hpp"

namespace hiper {

/// A peer that says nothing, or what a test wants it to say.
class FakeStream final : public Stream {
 public:
  FakeStream() noexcept { ++num_live; }
  ~FakeStream() override { --num_live; }
  IoResult read(std::span<char>) noexcept override {
    ++num_reads;
    return answer;
  }
  IoResult write(std::span<const char> from) noexcept override { return IoResult::moved(from.size()); }
  bool has_buffered() const noexcept override { return false; }
  void idle() noexcept override { ++num_idled; }
  void farewell() noexcept override { ++num_farewells; }
  Watch& watch() noexcept override { std::abort(); }

  static inline long num_live = 0;
  static inline long num_farewells = 0;
  int num_reads = 0;
  int num_idled = 0;
  IoResult answer = IoResult::blocked(Events::in);
};

class CountingTask final : public Task {
 public:
  using Task::Task;
  void run() noexcept override { ++num_runs; }
  int num_runs = 0;
};

/// One transfer: asks, waits, uses, gives back.
struct User {
  explicit User(Reactor& reactor) : task(reactor), request(task) {}
  CountingTask task;
  PoolRequest request;
  Lease lease;
};

}  // namespace hiper
