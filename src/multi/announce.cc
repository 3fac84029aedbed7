// The end of a turn: what the application is told about sockets and the timer. Nothing else in the library
// calls the socket and timer callbacks, so they never see a half-changed state.
#include <utility>

#include "multi/engine.hpp"

namespace hiper {
namespace {

/// A turn that has opened so many sockets has taken the time of a round trip in a local network. In a shorter
/// one no connect ends, and applications see CURL_POLL_OUT first, as they are used to.
constexpr unsigned kManyOpened = 8;

}  // namespace

// Retired sockets first: their number is free for the application before it may be announced again. Those
// that nobody waits for any more come last, as with the original library.
void Engine::announce_sockets() noexcept {
  early_answers_.begin_turn();
  early_connects_.begin_turn();
  List<Watch> unwanted;
  while (!retired_.empty() || !changed_.empty() || !unwanted.empty()) {
    while (!retired_.empty()) close_retired(retired_.pop_front());
    if (changed_.empty()) {
      if (!unwanted.empty()) announce_interest(unwanted.pop_front());
      continue;
    }
    Watch& watch = changed_.pop_front();
    const bool last = changed_.empty() && unwanted.empty();
    if (!any(watch.wanted_) && !last) {
      unwanted.push_back(watch);
    } else if (EarlyLook* const early = worth_a_look(watch); early == nullptr || !look_early(watch, *early)) {
      announce_interest(watch);
    }
  }
  pool_.hand_over();
}

// While a turn served many transfers, what the first ones wait for may have come. To take it now costs one
// call; to announce the socket, and to remove it or to announce the next interest, costs the application two.
EarlyLook* Engine::worth_a_look(const Watch& watch) noexcept {
  if (settings.socket_function == nullptr || !watch.newly_wanted()) return nullptr;
  EarlyLook* early = nullptr;
  if (watch.wanted_ == Events::in) early = &early_answers_;
  if (watch.wanted_ == Events::out && num_opened_ >= kManyOpened) early = &early_connects_;
  return early != nullptr && early->worth_it() ? early : nullptr;
}

/// False: it is still to be announced.
bool Engine::look_early(Watch& watch, EarlyLook& early) noexcept {
  const Events before = watch.wanted_;
  if (early.wants_time()) {
    now_ = monotonic_now();  // what is found has come after the turn began
    early.time_is(now_);
  }
  fire(watch, before);
  run_ready();
  const bool hit = watch.retired_ || watch.wanted_ != before;
  early.learn(hit);
  if (!hit) watch.unlink();
  // After a hit, what is wanted now was put behind the others: it may come until then.
  return watch.retired_ || watch.linked();
}

void Engine::announce_interest(Watch& watch) noexcept {
  count_waited(watch);
  if (poller_.open() && !poller_.update(watch)) unregistered_ = true;
  if (settings.socket_function == nullptr) return;
  // A transfer that ends may leave its connection to the next one in this very turn. What the application has
  // assigned belongs to the first, and may go with it.
  const bool handed_over = watch.announced_ != Events::none && watch.announced_easy_ != watch.easy_;
  if (handed_over || watch.wanted_ == Events::none) withdraw(watch);
  if (watch.wanted_ == watch.announced_) return;
  watch.announced_ = watch.wanted_;
  watch.announced_easy_ = watch.easy_;
  call_socket_function(watch, static_cast<int>(watch.wanted_));
}

void Engine::withdraw(Watch& watch) noexcept {
  if (watch.announced_ == Events::none) return;
  call_socket_function(watch, CURL_POLL_REMOVE);
  watch.announced_ = Events::none;
  watch.socketp_ = nullptr;
}

void Engine::close_retired(Watch& watch) noexcept {
  count_waited(watch);
  if (settings.socket_function != nullptr) withdraw(watch);
  poller_.forget(watch);
  sockets_.erase(watch);
  watch.closer_.close(watch.fd_);
  delete &watch;
}

void Engine::count_waited(Watch& watch) noexcept {
  const bool waited = watch.wanted_ != Events::none;
  if (waited == watch.counted_) return;
  watch.counted_ = waited;
  if (waited) {
    ++num_waited_;
  } else {
    --num_waited_;
  }
}

void Engine::call_socket_function(Watch& watch, int what) noexcept {
  CURL* const easy = what == CURL_POLL_REMOVE ? watch.announced_easy_ : watch.easy_;
  const int answer = settings.socket_function(easy, watch.fd_, what, settings.socket_data, watch.socketp_);
  if (answer == -1) aborted_ = callback_failed_ = true;
}

// After a callback has failed the transfers fail in the next turn, so there must be one.
Nanos Engine::next_deadline() noexcept {
  const bool fails = aborted_ && num_running_ != 0;
  return ready_.empty() && next_turn_.empty() && !nagging_ && !fails ? timers_.next() : kAtOnce;
}

// `again`: after a CURL_SOCKET_TIMEOUT call the application's one-shot timer is spent, so a pending deadline
// is told again even if it is the same.
void Engine::announce_timer(bool again) noexcept {
  Nanos due = next_deadline();
  if (due <= now_) due = kAtOnce;
  if (settings.timer_function == nullptr || (due == announced_due_ && (!again || due == kNever))) return;
  announced_due_ = due;
  const long ms = due == kNever ? -1 : due == kAtOnce ? 0 : static_cast<long>(ms_rounded_up(due - now_));
  if (settings.timer_function(handle(), ms, settings.timer_data) == -1) aborted_ = callback_failed_ = true;
  if (due != kAtOnce && next_deadline() == kAtOnce)
    announce_timer(false);  // the callback has resumed a transfer, or failed
}

// After the turn, because the callback may add and remove handles (CURLMOPT_NOTIFYFUNCTION(3)).
void Engine::notify() noexcept {
  notifying_ = true;
  const bool readable = std::exchange(notify_info_read_, false) && !messages_.empty();
  if (readable && settings.notifies(CURLMNOTIFY_INFO_READ)) {
    settings.notify_function(handle(), CURLMNOTIFY_INFO_READ, nullptr, settings.notify_data);
  }
  while (!to_notify_.empty() && settings.notify_function != nullptr) {
    CURL* const easy = to_notify_.pop_front().easy().handle();
    settings.notify_function(handle(), CURLMNOTIFY_EASY_DONE, easy, settings.notify_data);
  }
  notifying_ = false;
}

// Some programs read one message per event, and none after the call that starts things. When nothing else is
// going to wake them they get one more turn for each message they have read, so that none is left behind.
bool Engine::needs_another_turn(Entry entry) noexcept {
  const int threshold = entry == Entry::socket ? 2 : 1;
  return num_unread_ >= threshold && num_unread_ != nagged_unread_ && num_waited_ == 0 &&
         settings.timer_function != nullptr && next_deadline() == kNever;
}

}  // namespace hiper
