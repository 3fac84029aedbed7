// epoll, eventfd and poll of the simulated kernel.
#include <algorithm>
#include <cerrno>

#include "wire/simulator/kernel.hpp"

namespace hiper::sim {
namespace {

std::uint32_t epoll_bits(short bits) noexcept {
  std::uint32_t out = 0;
  if ((bits & POLLIN) != 0) out |= EPOLLIN;
  if ((bits & POLLOUT) != 0) out |= EPOLLOUT;
  if ((bits & POLLERR) != 0) out |= EPOLLERR;
  if ((bits & POLLHUP) != 0) out |= EPOLLHUP;
  return out;
}

}  // namespace

int Kernel::epoll_control(int set, int operation, int fd, epoll_event* event) {
  File* const file = find(set);
  if (file == nullptr || file->kind != File::Kind::epoll || find(fd) == nullptr) {
    errno = EBADF;
    return -1;
  }
  const auto at = file->interests.find(fd);
  const bool known = at != file->interests.end();
  if (known == (operation == EPOLL_CTL_ADD)) {
    errno = known ? EEXIST : ENOENT;
    return -1;
  }
  if (operation == EPOLL_CTL_DEL) {
    file->interests.erase(at);
  } else {
    file->interests[fd] = {*event, 0, true};
  }
  return 0;
}

int Kernel::collect(File& set, epoll_event* events, int size, bool take) {
  int count = 0;
  for (auto& [fd, interest] : set.interests) {
    if (count == size) break;
    const std::uint32_t wanted = interest.event.events | EPOLLERR | EPOLLHUP;
    const std::uint32_t bits = epoll_bits(ready(fd)) & wanted;
    if (bits == 0) continue;
    if ((wanted & EPOLLET) != 0) {
      const unsigned seen = edges(fd);
      if (!interest.armed && interest.seen_edges == seen) continue;
      if (take) {
        interest.seen_edges = seen;
        interest.armed = false;
      }
    }
    if (events != nullptr) {
      events[count] = interest.event;
      events[count].events = bits;
    }
    ++count;
  }
  return count;
}

int Kernel::wait(int timeout_ms, const std::function<int()>& look) {
  if (dice_.percent(weather.interrupts)) {
    errno = EINTR;
    return -1;
  }
  int count = look();
  if (count != 0 || timeout_ms == 0) return count;
  if (!may_block) {
    trace_.complain("the library waits in the kernel in a call that must not block");
    return 0;
  }
  const Nanos until = timeout_ms < 0 ? kNever : now_ + timeout_ms * kMillisecond;
  while (count == 0 && now_ < until) {
    const Nanos next = std::min(next_event(), until);
    if (next == kNever) {
      trace_.complain("the library waits for ever");
      break;
    }
    advance_to(next);
    count = look();
  }
  return count;
}

int Kernel::epoll_wait(int set, epoll_event* events, int size, int timeout_ms) {
  File* const file = find(set);
  if (file == nullptr || file->kind != File::Kind::epoll) {
    errno = EBADF;
    return -1;
  }
  const int count = wait(timeout_ms, [&] { return collect(*file, events, size, true); });
  trace_.note("epoll_wait", timeout_ms, count);
  return count;
}

bool Kernel::concerns(pollfd* fds, nfds_t count) noexcept { return count > 0 && owns(fds->fd); }

int Kernel::poll(pollfd* fds, nfds_t count, int timeout_ms) {
  return wait(timeout_ms, [&] {
    int found = 0;
    for (nfds_t i = 0; i < count; ++i) {
      const int bits = fds[i].fd < 0 ? 0 : ready(fds[i].fd);
      fds[i].revents = static_cast<short>(bits & (fds[i].events | POLLERR | POLLHUP | POLLNVAL));
      if (fds[i].revents != 0) ++found;
    }
    return found;
  });
}

}  // namespace hiper::sim
