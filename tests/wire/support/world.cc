#include "wire/support/world.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "wire/support/faults.hpp"

namespace hiper::wire {

World::World() : app_(std::make_unique<App>()) {}

World::~World() = default;

void World::restart() {
  app_.reset();
  app_ = std::make_unique<App>();
}

void World::leave(Actor& actor) { actors_.erase(std::find(actors_.begin(), actors_.end(), &actor)); }

void World::pump() {
  for (Actor* const actor : actors_) actor->pump();
}

bool World::step(int limit_ms) {
  std::vector<pollfd> set;
  app_->add_to(set);
  const std::size_t own = set.size();
  int timeout = app_->timer_left();
  for (const Actor* const actor : actors_) {
    actor->add_to(set);
    const int left = actor->timer_left();
    if (left >= 0 && (timeout < 0 || left < timeout)) timeout = left;
  }
  const bool patience_ends = timeout < 0 || timeout > limit_ms;
  if (patience_ends) timeout = limit_ms;
  const int count = poll(set.data(), set.size(), timeout);
  if (count <= 0 && patience_ends) return false;
  set.resize(own);
  app_->dispatch(set);
  pump();
  return true;
}

void World::run(const std::function<bool()>& reached, const char* what) {
  pump();
  for (int rounds = 0; !reached(); ++rounds) {
    if (rounds < 2000000 && step()) continue;
    FAIL() << "waited in vain for " << what << "; callbacks: " << app_->whole_trace();
  }
}

void World::run_until_done(const Handle& handle) {
  run([&] { return handle.done; }, "the end of a transfer");
}

CURLcode World::transfer(Handle& handle) {
  handle.done = false;
  EXPECT_EQ(app_->add(handle), CURLM_OK);
  run_until_done(handle);
  EXPECT_EQ(app_->remove(handle), CURLM_OK);
  return handle.code;
}

bool World::await_ready(int fd, short events) {
  for (int rounds = 0; rounds < 10000; ++rounds) {
    pump();
    std::vector<pollfd> set = {{fd, events, 0}};
    for (const Actor* const actor : actors_) actor->add_to(set);
    if (poll(set.data(), set.size(), kPatience) <= 0) return false;
    if (set.front().revents != 0) return true;
  }
  return false;
}

bool World::event() {
  const int fd = app_->only_socket();
  const int what = app_->interest(fd);
  const int events = ((what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0);
  if (fd < 0 || !await_ready(fd, static_cast<short>(events))) return false;
  std::vector<pollfd> set = {{fd, static_cast<short>(events), 0}};
  poll(set.data(), set.size(), 0);
  app_->dispatch(set);
  return true;
}

int num_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

}  // namespace hiper::wire
