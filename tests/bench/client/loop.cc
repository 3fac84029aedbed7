#include "client/loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "support/die.hpp"

namespace hiper::bench {
namespace {

constexpr std::size_t kEventsPerTurn = 1024;
constexpr std::uint64_t kNsPerMs = 1'000'000;

/// More than can ever be open at a time.
std::size_t descriptors_for(const Options& options) {
  long connections = options.in_flight;
  if (options.max_total_connections != 0) connections = std::min(connections, options.max_total_connections);
  // The limit per host is only used with one host.
  if (options.max_host_connections != 0) connections = std::min(connections, options.max_host_connections);
  return static_cast<std::size_t>(connections + options.idle + 256);
}

}  // namespace

Loop::Loop(const Options& options, Meter& meter, Ended& listener)
    : meter_(meter), listener_(listener), poll_(options.poll), multi_(curl_multi_init()) {
  if (multi_ == nullptr) die("no multi handle");
  watched_.resize(allow_descriptors(descriptors_for(options)));
  set_limits(options);
  if (poll_) return;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) die("no epoll set");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

Loop::~Loop() {
  curl_multi_cleanup(multi_);
  if (epoll_ >= 0) close(epoll_);
}

void Loop::set_limits(const Options& options) {
  if (options.max_kept != 0) curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options.max_kept);
  if (options.max_host_connections != 0)
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options.max_host_connections);
  if (options.max_total_connections != 0)
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options.max_total_connections);
}

int Loop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  Loop& loop = *static_cast<Loop*>(self);
  ++loop.meter_.counters.socket_calls;
  std::uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  loop.watch(fd, events);
  return 0;
}

int Loop::on_timer(CURLM*, long ms, void* self) {
  Loop& loop = *static_cast<Loop*>(self);
  ++loop.meter_.counters.timer_calls;
  loop.due_ns_ = ms < 0 ? kNever : now_ns() + static_cast<std::uint64_t>(ms) * kNsPerMs;
  return 0;
}

void Loop::watch(int fd, std::uint32_t events) {
  if (static_cast<std::size_t>(fd) >= watched_.size()) die("descriptor %d is beyond the limit", fd);
  std::uint32_t& watched = watched_[static_cast<std::size_t>(fd)];
  if (watched == events) return;
  const int operation = events == 0 ? EPOLL_CTL_DEL : watched != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  watched = events;
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ++meter_.counters.epoll_ctls;
  if (epoll_ctl(epoll_, operation, fd, &event) == 0 || operation != EPOLL_CTL_MOD || errno != ENOENT) return;
  // The library has closed the descriptor and opened it anew, and said nothing.
  ++meter_.counters.epoll_ctls;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Loop::turn(int max_ms) {
  if (poll_) {
    turn_with_poll(max_ms);
  } else {
    turn_with_epoll(max_ms);
  }
}

void Loop::turn_with_poll(int max_ms) {
  int running = 0;
  ++meter_.counters.waits;
  curl_multi_poll(multi_, nullptr, 0, max_ms, nullptr);
  ++meter_.counters.timeouts;
  curl_multi_perform(multi_, &running);
  reap();
}

int Loop::until_due(int max_ms) const noexcept {
  if (due_ns_ == kNever) return max_ms;
  const std::uint64_t now = now_ns();
  if (due_ns_ <= now) return 0;
  const std::uint64_t ms = (due_ns_ - now + kNsPerMs - 1) / kNsPerMs;
  return static_cast<int>(std::min(ms, static_cast<std::uint64_t>(max_ms)));
}

void Loop::turn_with_epoll(int max_ms) {
  std::array<epoll_event, kEventsPerTurn> events;
  ++meter_.counters.waits;
  const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, until_due(max_ms));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    int mask = 0, running = 0;
    if ((event.events & EPOLLIN) != 0) mask |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) mask |= CURL_CSELECT_ERR;
    ++meter_.counters.events;
    curl_multi_socket_action(multi_, event.data.fd, mask, &running);
  }
  reap();  // starts transfers, which asks for the timer at once
  act_if_due();
}

void Loop::act_if_due() {
  if (due_ns_ == kNever || due_ns_ > now_ns()) return;
  int running = 0;
  due_ns_ = kNever;
  ++meter_.counters.timeouts;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  reap();
}

void Loop::reap() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) listener_.ended(message->easy_handle, message->data.result);
  }
}

}  // namespace hiper::bench
