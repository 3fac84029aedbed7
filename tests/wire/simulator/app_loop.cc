// The event loops of the simulated application, and how time passes.
#include <sys/select.h>

#include <algorithm>
#include <utility>

#include "wire/simulator/app.hpp"

namespace hiper::sim {
namespace {

constexpr long kMostCalls = 60000;

int select_bits(short ready) noexcept {
  int bits = 0;
  if ((ready & POLLIN) != 0) bits |= CURL_CSELECT_IN;
  if ((ready & POLLOUT) != 0) bits |= CURL_CSELECT_OUT;
  if ((ready & (POLLERR | POLLHUP)) != 0) bits |= CURL_CSELECT_ERR;
  return bits;
}

}  // namespace

void App::run() {
  if (mood_.driver == Driver::easy) {
    run_easy();
    finish();
    return;
  }
  for (std::size_t i = 0; i < mood_.num_operations; ++i) {
    const Nanos span = dice_.once_in(5) ? 10 * mood_.busy_time : mood_.busy_time;
    operations_.push_back(kernel_.now() + dice_.between(0, span / kMillisecond) * kMillisecond);
  }
  std::sort(operations_.begin(), operations_.end(), std::greater<>());
  const std::size_t at_once = 1 + dice_.below(transfers_left_);
  for (std::size_t i = 0; i < at_once; ++i) operations_.push_back(kernel_.now());
  while (turn()) {
    if (num_calls_ > kMostCalls) {
      complain("the run does not come to its end");
      break;
    }
  }
  finish();
}

bool App::turn() {
  if (!kernel_.trace().complaints().empty()) return false;
  kernel_.run_due();
  if (!operations_.empty() && operations_.back() <= kernel_.now()) {
    operations_.pop_back();
    operate();
    return multi_ != nullptr;
  }
  if (operations_.empty() && all_done() && unread_ == 0) return false;
  if (aborted_ && !all_done()) {  // the transfers fail when they are driven next
    by_sockets() ? timeout_call() : perform();
    if (!all_done() && unread_ == 0) complain("transfers still run after a callback has failed");
    return true;
  }
  return by_sockets() ? dispatch() || pass_time() : turn_blocking();
}

bool App::all_done() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const auto& client) { return !client->is_added || client->is_done; });
}

// Socket-driven applications.

std::vector<std::pair<int, int>> App::ready_sockets() {
  std::vector<std::pair<int, int>> ready;
  for (auto& [fd, life] : view_.lives()) {
    const int wanted = (life.what & CURL_POLL_IN ? POLLIN : 0) | (life.what & CURL_POLL_OUT ? POLLOUT : 0);
    const int bits = kernel_.ready(fd) & (wanted | POLLERR | POLLHUP);
    if (bits == 0) continue;
    const bool news = life.armed || life.seen_edges != kernel_.edges(fd);
    if (mood_.driver == Driver::edge && !news) continue;
    ready.emplace_back(fd, select_bits(static_cast<short>(bits)));
  }
  return ready;
}

bool App::dispatch() {
  if (kernel_.now() < asleep_until_) return false;
  std::vector<std::pair<int, int>> ready = ready_sockets();
  const bool timer_due = view_.timer_due() <= kernel_.now();
  if (ready.empty() && !timer_due) return false;
  if (dice_.percent(mood_.late)) {
    asleep_until_ = kernel_.now() + dice_.between(1, dice_.once_in(4) ? 2000 : 30) * kMillisecond;
    return true;
  }
  const std::size_t chosen = dice_.below(ready.size() + (timer_due ? 1 : 0));
  if (chosen == ready.size()) {
    lateness_ += kernel_.now() - view_.timer_due();
    view_.timer_struck();
    timeout_call();
  } else if (mood_.batches) {
    dispatch_all(std::move(ready));
  } else {
    dispatch_all({ready[chosen]});
  }
  return true;
}

void App::dispatch_all(std::vector<std::pair<int, int>> ready) {
  for (auto& [fd, bits] : ready) {  // as one epoll_wait would have reported them
    View::Life& life = view_.lives().at(fd);
    life.armed = false;
    life.seen_edges = kernel_.edges(fd);
  }
  for (auto [fd, bits] : ready) {
    if (dice_.percent(mood_.vague)) bits = dice_.any_of({0, 4, 7, bits | 4, bits | 3});
    act(fd, bits);
  }
}

// Time goes to the next thing that happens. False: nothing will ever happen.
bool App::pass_time() {
  Nanos next = kernel_.next_event();
  const bool awake = kernel_.now() >= asleep_until_;
  if (!awake) next = std::min(next, asleep_until_);
  if (awake) next = std::min(next, view_.timer_due());
  if (!operations_.empty()) next = std::min(next, operations_.back());
  if (next == kNever || quiet_for_ever()) return unlock();
  kernel_.advance_to(std::max(next, kernel_.now()));
  return true;
}

// Only the progress callbacks of transfers that wait for ever keep the timer going.
bool App::quiet_for_ever() const noexcept {
  constexpr Nanos kLongest = 500 * kSecond;  // above all timeouts
  return operations_.empty() && kernel_.next_event() == kNever &&
         kernel_.now() - kernel_.last_event() > kLongest;
}

// Nothing is on its way in the whole world and no timer is armed: who still runs must be paused or have to do
// with a server that never answers. The application helps, so that the run ends.
bool App::unlock() {
  // A socket that is waited for may wake it, so the library relies on that.
  if (unread_ > 0 && view_.lives().empty())
    complain("messages are left unread, and the library does not wake the application");
  if (unread_ > 0) timeout_call();
  std::vector<Client*> stuck;
  for (const auto& client : clients_) {
    if (client->is_added && !client->is_done) stuck.push_back(client.get());
  }
  kernel_.trace().note("app: all is quiet", static_cast<long>(stuck.size()));
  kernel_.touch();
  // A handle keeps the connection of CONNECT_ONLY until it goes: others may wait for its place.
  bool any_explained = std::any_of(clients_.begin(), clients_.end(), [](const auto& client) {
    return client->connect_only || client->holds_connection;
  });
  for (Client* const client : stuck) any_explained = any_explained || explained(*client);
  for (Client* const client : stuck) {
    if (!explained(*client) && !(any_explained && limited_)) {
      complain("transfer " + std::to_string(client->number()) + " waits for nothing");
    }
  }
  for (Client* const client : stuck) {
    if (client->paused == 0) continue;
    if (++num_quiet_ > 3) client->stop_pausing();
    pause(*client, CURLPAUSE_CONT);
    return true;
  }
  if (!stuck.empty()) remove(*stuck[dice_.below(stuck.size())]);
  return !stuck.empty();
}

bool App::explained(const Client& client) {
  if (client.paused != 0) return true;
  const Record& record = book_.records[client.number()];
  if (record.calm) return false;
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(client.easy(), CURLINFO_ACTIVESOCKET, &fd);
  const bool unread =
      fd != CURL_SOCKET_BAD && kernel_.find(fd) != nullptr && (kernel_.ready(fd) & POLLIN) != 0;
  return !unread;
}

// curl_easy_perform, one transfer after the other on one or two handles. Nobody could resume a paused one, or
// end one that hangs.
void App::run_easy() {
  const std::size_t num_handles = 1 + dice_.below(2);
  while (clients_.size() < num_handles) {
    clients_.push_back(std::make_unique<Client>(kernel_, book_, client_mood_));
  }
  for (; transfers_left_ > 0; --transfers_left_) {
    Client& client = any_client();
    client.prepare(origins_[dice_.below(origins_.size())], mood_.calm);
    client.stop_pausing();
    client.set_longest(mood_.calm ? 3600000 : dice_.between(1, 20000));
    client.multi = multi_;
    client.in_call = &in_call_;
    client.probes = false;
    client.added();
    kernel_.trace().note("app: easy_perform", static_cast<long>(client.number()));
    in_call_ = kernel_.may_block = true;
    const CURLcode code = curl_easy_perform(client.easy());
    in_call_ = kernel_.may_block = false;
    client.finished(code);
    client.removed();
    kernel_.advance_to(kernel_.now() + dice_.between(0, 50) * kMillisecond);
  }
}

// Applications of curl_multi_perform.

bool App::turn_blocking() {
  perform();
  if (operations_.empty() && all_done() && unread_ == 0) return false;
  long ms = -1;
  curl_multi_timeout(multi_, &ms);
  const std::uint64_t before = kernel_.progress;
  if (ms < 0 && operations_.empty() && kernel_.next_event() == kNever) {
    const Weather weather = std::exchange(kernel_.weather, Weather());
    perform();
    kernel_.weather = weather;
    long again = -1;
    curl_multi_timeout(multi_, &again);
    if (before == kernel_.progress && again < 0 && unread_ == 0) return unlock();
  }
  if (quiet_for_ever()) return unlock();
  long most = 1000;
  if (!operations_.empty())
    most = std::min(most, static_cast<long>((operations_.back() - kernel_.now()) / kMillisecond));
  most = std::max(most, 0L);
  if (mood_.driver == Driver::fdset) {
    wait_by_fdset(static_cast<int>(ms < 0 ? most : std::min(most, ms)));
    return true;
  }
  int count = 0;
  kernel_.may_block = true;
  const Nanos start = kernel_.now();
  const auto limit = static_cast<int>(most);
  const CURLMcode code = mood_.driver == Driver::poll ? curl_multi_poll(multi_, nullptr, 0, limit, &count)
                                                      : curl_multi_wait(multi_, nullptr, 0, limit, &count);
  kernel_.may_block = false;
  kernel_.trace().note("app: waited", code, count);
  if (code != CURLM_OK) complain("waiting answers " + std::to_string(code));
  if (kernel_.now() - start > limit * kMillisecond) complain("waiting took longer than it may");
  // curl_multi_wait without anything to wait for returns at once: the application has to sleep.
  if (kernel_.now() == start && count == 0) kernel_.advance_to(start + std::min(limit, 100) * kMillisecond);
  return true;
}

void App::wait_by_fdset(int ms) {
  fd_set read;
  fd_set write;
  FD_ZERO(&read);
  FD_ZERO(&write);
  int last = -1;
  if (curl_multi_fdset(multi_, &read, &write, &write, &last) != CURLM_OK) complain("curl_multi_fdset fails");
  const Nanos until = kernel_.now() + (last < 0 ? std::min(ms, 100) : ms) * kMillisecond;
  for (;;) {
    for (int fd = kFirstDescriptor; fd <= last; ++fd) {
      const int wanted = (FD_ISSET(fd, &read) ? POLLIN : 0) | (FD_ISSET(fd, &write) ? POLLOUT : 0);
      const int ready = kernel_.ready(fd);
      if (wanted != 0 && (ready & POLLNVAL) != 0) complain("curl_multi_fdset names a closed descriptor");
      if (wanted != 0 && (ready & (wanted | POLLERR | POLLHUP)) != 0) return;
    }
    if (kernel_.now() >= until) return;
    kernel_.advance_to(std::min(until, kernel_.next_event()));
  }
}

}  // namespace hiper::sim
