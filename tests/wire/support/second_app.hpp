// Another application, with a multi handle of its own, in the loop of a World.
#pragma once
#include "wire/support/world.hpp"

namespace hiper::wire {

class SecondApp final : public Actor {
 public:
  explicit SecondApp(World& world) : world_(world) { world.join(*this); }
  SecondApp(const SecondApp&) = delete;
  SecondApp& operator=(const SecondApp&) = delete;
  ~SecondApp() { world_.leave(*this); }

  void pump() override {
    for (int rounds = 0; rounds < 100; ++rounds) {
      std::vector<pollfd> set;
      app.add_to(set);
      if (poll(set.data(), set.size(), 0) <= 0 && app.timer_left() != 0) return;
      app.dispatch(set);
    }
  }
  void add_to(std::vector<pollfd>& set) const override { app.add_to(set); }
  int timer_left() const override { return app.timer_left(); }

  App app;

 private:
  World& world_;
};

}  // namespace hiper::wire
