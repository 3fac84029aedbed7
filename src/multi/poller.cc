#include "multi/poller.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace hiper {
namespace {

std::uint32_t epoll_mask(Events events) noexcept {
  std::uint32_t mask = 0;
  if (any(events & Events::in)) mask |= EPOLLIN;
  if (any(events & Events::out)) mask |= EPOLLOUT;
  return mask;
}

Events from_epoll(std::uint32_t mask) noexcept {
  Events events = Events::none;
  if ((mask & EPOLLIN) != 0) events = events | Events::in;
  if ((mask & EPOLLOUT) != 0) events = events | Events::out;
  if ((mask & (EPOLLERR | EPOLLHUP)) != 0) events = events | Events::error;
  return events;
}

}  // namespace

Poller::~Poller() {
  if (const int fd = wakeup_fd_.load(); fd >= 0) ::close(fd);
  if (epoll_ >= 0) ::close(epoll_);
}

void Poller::drop_inherited() noexcept {
  if (const int fd = wakeup_fd_.exchange(-1); fd >= 0) ::close(fd);
  if (const int fd = std::exchange(epoll_, -1); fd >= 0) ::close(fd);
}

bool Poller::create() noexcept {
  if (open()) return true;
  if (!ours()) drop_inherited();
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  const int wakeup = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Edge-triggered: one write is one event, nobody has to read the counter.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (set < 0 || wakeup < 0 || ::epoll_ctl(set, EPOLL_CTL_ADD, wakeup, &event) != 0) {
    const int error = errno;
    if (set >= 0) ::close(set);
    if (wakeup >= 0) ::close(wakeup);
    errno = error;
    return false;
  }
  epoll_ = set;
  generation_.store(process_generation());
  wakeup_fd_.store(wakeup);
  return true;
}

// A socket nobody waits for stays in the set until it reports something: the next transfer on it is likely to
// want the same events again.
bool Poller::update(Watch& watch) noexcept {
  const Events wanted = watch.wanted_;
  if (watch.in_epoll_ && (wanted == Events::none || wanted == watch.polled_)) return true;
  if (wanted == Events::none) return true;
  epoll_event event{};
  event.events = epoll_mask(wanted);
  event.data.ptr = &watch;
  if (::epoll_ctl(epoll_, watch.in_epoll_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch.fd_, &event) != 0)
    return false;
  watch.in_epoll_ = true;
  watch.polled_ = wanted;
  return true;
}

void Poller::forget(Watch& watch) noexcept {
  if (!watch.in_epoll_) return;
  epoll_event event{};
  if (open()) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd_, &event);
  watch.in_epoll_ = false;
  watch.polled_ = Events::none;
}

int Poller::collect(Ready* out, int timeout_ms) noexcept {
  epoll_event events[kBatch];
  const int count = ::epoll_wait(epoll_, events, kBatch, timeout_ms);
  if (count < 0) return errno == EINTR ? 0 : -1;
  for (int i = 0; i < count; ++i) {
    Watch* const watch = static_cast<Watch*>(events[i].data.ptr);
    if (watch != nullptr && watch->wanted_ == Events::none) {
      forget(*watch);
      out[i] = {nullptr, Events::none};
      continue;
    }
    out[i] = {watch, from_epoll(events[i].events)};
  }
  return count;
}

int Poller::wait_with_extra(std::span<curl_waitfd> extra, int timeout_ms) noexcept {
  std::vector<pollfd> set;
  try {
    set.reserve(extra.size() + 1);
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return -1;
  }
  set.push_back({epoll_, POLLIN, 0});
  for (const curl_waitfd& fd : extra) set.push_back({fd.fd, fd.events, 0});
  const int count = ::poll(set.data(), set.size(), timeout_ms);
  if (count < 0 && errno != EINTR) return -1;
  int reported = 0;
  for (std::size_t i = 0; i < extra.size(); ++i) {
    extra[i].revents = count > 0 ? set[i + 1].revents : short{0};
    if (extra[i].revents != 0) ++reported;
  }
  return reported;
}

int Poller::remaining_ms(Nanos deadline) noexcept {
  return static_cast<int>(ms_rounded_up(deadline - monotonic_now()));
}

bool Poller::wake_up() noexcept {
  wakeup_pending_.store(true);
  if (!ours()) return true;
  const int fd = wakeup_fd_.load();
  if (fd < 0) return true;  // the next wait sees the flag
  const std::uint64_t one = 1;
  return ::write(fd, &one, sizeof one) == sizeof one || errno == EAGAIN;
}

}  // namespace hiper
