// One loop for both sides: the application under test and the peers it talks to, in one thread. Nothing
// sleeps: the loop waits in poll(2) for what either side waits for.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wire/support/app.hpp"
#include "wire/support/handle.hpp"
#include "wire/support/peer.hpp"

namespace hiper::wire {

class World {
 public:
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  App& app() noexcept { return *app_; }
  /// The application ends and a new one begins; peers stay.
  void restart();
  void join(Actor& actor) { actors_.push_back(&actor); }
  void leave(Actor& actor);

  /// Peers do what they can.
  void pump();
  /// One round: poll, events, timer, peers. False when nothing happened for `limit_ms`.
  bool step(int limit_ms = kPatience);
  /// Rounds until `reached`. A failure of the test when nothing happens any more.
  void run(const std::function<bool()>& reached, const char* what = "what the test waits for");
  void run_until_done(const Handle& handle);
  /// Adds the handle, runs it to its end, and removes it. Returns its code.
  CURLcode transfer(Handle& handle);
  /// Waits until `fd` is ready, without telling the application. False when it takes too long.
  bool await_ready(int fd, short events);
  /// The application's only announced socket gets its event. False when that does not come.
  bool event();

 private:
  static constexpr int kPatience = 10000;
  std::unique_ptr<App> app_;
  std::vector<Actor*> actors_;
};

/// How many descriptors this process has open.
int num_descriptors();

}  // namespace hiper::wire
