#include "wire/simulator/view.hpp"

#include <algorithm>

namespace hiper::sim {
namespace {

std::string text_of(int what) {
  switch (what) {
    case CURL_POLL_IN:
      return "IN";
    case CURL_POLL_OUT:
      return "OUT";
    case CURL_POLL_INOUT:
      return "INOUT";
    case CURL_POLL_REMOVE:
      return "REMOVE";
    default:
      return std::to_string(what);
  }
}

}  // namespace

void View::check_call(const char* callback) {
  ++num_callbacks_;
  if (dead_) complain(std::string("the ") + callback + " callback is called after curl_multi_cleanup");
  if (!in_call_) complain(std::string("the ") + callback + " callback is called outside of any call");
}

void View::begin_call(bool timeout_call) {
  in_call_ = true;
  call_began_ = world_.now();
  may_repeat_ = may_repeat_ || timeout_call;
}

void View::end_call(long timeout_ms, int running, int expected_running) {
  in_call_ = false;
  may_repeat_ = false;
  if (running >= 0 && running != expected_running) {
    complain("running_handles is " + std::to_string(running) + ", not " + std::to_string(expected_running));
  }
  for (const auto& [fd, life] : lives_) {
    if (world_.socket_life(fd) != life.kernel_life) {
      complain("socket " + std::to_string(fd) + " is announced but was closed");
    }
  }
  check_timeout(timeout_ms);
}

void View::check_timeout(long timeout_ms) {
  if (timeout_ms < -1) return;  // not asked
  const auto left = [now = world_.now()](Nanos due) {
    return due <= now ? 0 : static_cast<long>((due - now + kMillisecond - 1) / kMillisecond);
  };
  const bool armed = due_ != kNever;
  const long least = armed ? left(told_due_) : -1;
  const long most = armed ? left(told_due_ + told_late_) : -1;
  const long rough = rough_time && armed && timeout_ms >= 0 ? 1 : 0;
  if (least - rough <= timeout_ms && timeout_ms <= most + rough) return;
  complain("curl_multi_timeout says " + std::to_string(timeout_ms) + " ms, the timer is armed for " +
           std::to_string(least) + " ms");
}

void View::socket_called(CURL* easy, int fd, int what, void* pointer) {
  check_call("socket");
  const std::string name = "socket " + std::to_string(fd) + ": ";
  const long kernel_life = world_.socket_life(fd);
  if (kernel_life == 0) complain(name + text_of(what) + " for what is not an open socket");
  if (easy != nullptr && !world_.is_handle(easy))
    complain(name + "announced with a handle that is not alive");
  if (easy == nullptr) complain(name + "announced without a handle");
  const auto at = lives_.find(fd);
  if (what == CURL_POLL_REMOVE) {
    if (at == lives_.end()) {
      complain(name + "REMOVE, but it is not announced");
      return;
    }
    if (at->second.pointer != pointer) complain(name + "REMOVE with a wrong pointer");
    lives_.erase(at);
    return;
  }
  if (what != CURL_POLL_IN && what != CURL_POLL_OUT && what != CURL_POLL_INOUT) {
    complain(name + "announced for " + text_of(what));
  }
  if (at == lives_.end()) {
    if (pointer != nullptr) complain(name + "newly announced with a pointer");
    lives_[fd] = {what, kernel_life, nullptr, true, 0};
    return;
  }
  Life& life = at->second;
  if (life.kernel_life != kernel_life) complain(name + "a second life without REMOVE between");
  if (life.what == what) complain(name + text_of(what) + " announced twice");
  if (life.pointer != pointer) complain(name + "announced with a wrong pointer");
  life.what = what;
  life.armed = true;
}

// An unchanged deadline may be told again only after a CURL_SOCKET_TIMEOUT call. Two deadlines that are at
// once are the same; one that has passed is spent, whoever looked at it.
void View::timer_called(long ms) {
  check_call("timer");
  const Nanos now = call_began_;  // the library reads the clock then, and may do so again
  if (ms < -1) complain("timer: " + std::to_string(ms) + " ms");
  if (ms < 0) {
    if (!told_any_) complain("timer: -1 although none was set");
    told_any_ = false;
    due_ = told_due_ = kNever;
    may_repeat_ = false;
    return;
  }
  const Nanos due = now + ms * kMillisecond;
  const bool both_at_once = ms == 0 && told_due_ == told_at_;
  const bool same = told_any_ && ((due == told_due_ && told_due_ > now) || both_at_once);
  if (same && !may_repeat_ && !(rough_time && !both_at_once)) {
    complain("timer: " + std::to_string(ms) + " ms, but the deadline has not changed");
  }
  told_any_ = true;
  told_at_ = now;
  told_due_ = due;
  told_late_ = world_.now() - now;
  due_ = world_.now() + ms * kMillisecond;  // when it was told, the application starts its timer
  may_repeat_ = false;
}

void View::closing(int fd) {
  if (lives_.contains(fd)) complain("socket " + std::to_string(fd) + " is closed before its REMOVE");
}

void View::assigned(int fd, void* pointer) {
  const auto at = lives_.find(fd);
  if (at != lives_.end()) at->second.pointer = pointer;
}

void View::cleaned_up() {
  in_call_ = false;
  dead_ = true;
  for (const auto& [fd, life] : lives_) complain("socket " + std::to_string(fd) + " was never removed");
  if (due_ != kNever) complain("the timer is still armed after curl_multi_cleanup");
}

}  // namespace hiper::sim
