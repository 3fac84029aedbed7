// The functions of libc that the library and c-ares call, defined by the program itself: what concerns
// simulated descriptors, or the clock while a run is active, goes to the simulated kernel, everything else to
// the real one. New sockets are simulated while a run is active.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "wire/simulator/kernel.hpp"

namespace {

using hiper::sim::Kernel;

bool ours(int fd) noexcept { return Kernel::owns(fd); }
Kernel& kernel() noexcept { return *Kernel::active(); }

template <class... Arguments>
long real(long number, Arguments... arguments) noexcept {
  return ::syscall(number, arguments...);
}

std::string joined(const iovec* parts, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return all;
}

constexpr std::int64_t kWallClockAtStart = 1'700'000'000;

}  // namespace

extern "C" {

int socket(int family, int type, int protocol) noexcept {
  if (Kernel::active() != nullptr) return kernel().make_socket(family, type);
  return static_cast<int>(real(SYS_socket, family, type, protocol));
}

int connect(int fd, const sockaddr* to, socklen_t length) {
  if (ours(fd)) return kernel().connect(fd, to, length);
  return static_cast<int>(real(SYS_connect, fd, to, length));
}

int bind(int fd, const sockaddr* to, socklen_t length) noexcept {
  return ours(fd) ? 0 : static_cast<int>(real(SYS_bind, fd, to, length));
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  if (ours(fd)) return kernel().send(fd, {static_cast<const char*>(bytes), size});
  return real(SYS_sendto, fd, bytes, size, flags, nullptr, 0);
}

ssize_t sendto(int fd, const void* bytes, size_t size, int flags, const sockaddr* to, socklen_t length) {
  if (ours(fd)) return kernel().send(fd, {static_cast<const char*>(bytes), size});
  return real(SYS_sendto, fd, bytes, size, flags, to, length);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (ours(fd)) return kernel().send(fd, joined(message->msg_iov, message->msg_iovlen));
  return real(SYS_sendmsg, fd, message, flags);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  if (ours(fd)) return kernel().send(fd, {static_cast<const char*>(bytes), size});
  return real(SYS_write, fd, bytes, size);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  if (ours(fd)) return kernel().send(fd, joined(parts, static_cast<std::size_t>(count)));
  return real(SYS_writev, fd, parts, count);
}

ssize_t recv(int fd, void* into, size_t size, int flags) {
  if (ours(fd)) {
    return kernel().receive(fd, {static_cast<char*>(into), size}, (flags & MSG_PEEK) != 0, nullptr, nullptr);
  }
  return real(SYS_recvfrom, fd, into, size, flags, nullptr, nullptr);
}

ssize_t recvfrom(int fd, void* __restrict into, size_t size, int flags, sockaddr* __restrict from,
                 socklen_t* __restrict length) {
  if (ours(fd)) {
    return kernel().receive(fd, {static_cast<char*>(into), size}, (flags & MSG_PEEK) != 0, from, length);
  }
  return real(SYS_recvfrom, fd, into, size, flags, from, length);
}

ssize_t read(int fd, void* into, size_t size) {
  if (ours(fd)) return kernel().receive(fd, {static_cast<char*>(into), size}, false, nullptr, nullptr);
  return real(SYS_read, fd, into, size);
}

int close(int fd) {
  if (ours(fd)) return kernel().close(fd);
  return static_cast<int>(real(SYS_close, fd));
}

int getsockopt(int fd, int level, int name, void* __restrict value, socklen_t* __restrict length) noexcept {
  if (!ours(fd)) return static_cast<int>(real(SYS_getsockopt, fd, level, name, value, length));
  const int answer = level == SOL_SOCKET && name == SO_ERROR ? kernel().socket_error(fd) : 0;
  std::memcpy(value, &answer, std::min<std::size_t>(sizeof answer, *length));
  return 0;
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) noexcept {
  return ours(fd) ? 0 : static_cast<int>(real(SYS_setsockopt, fd, level, name, value, length));
}

int getsockname(int fd, sockaddr* __restrict out, socklen_t* __restrict length) noexcept {
  if (ours(fd)) return kernel().name(fd, false, out, length);
  return static_cast<int>(real(SYS_getsockname, fd, out, length));
}

int getpeername(int fd, sockaddr* __restrict out, socklen_t* __restrict length) noexcept {
  if (ours(fd)) return kernel().name(fd, true, out, length);
  return static_cast<int>(real(SYS_getpeername, fd, out, length));
}

int fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  if (ours(fd)) return command == F_GETFL ? O_RDWR | O_NONBLOCK : 0;
  return static_cast<int>(real(SYS_fcntl, fd, command, argument));
}

int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list list;
  va_start(list, request);
  void* const argument = va_arg(list, void*);
  va_end(list);
  return ours(fd) ? 0 : static_cast<int>(real(SYS_ioctl, fd, request, argument));
}

int poll(pollfd* fds, nfds_t count, int timeout_ms) {
  if (Kernel::concerns(fds, count)) return kernel().poll(fds, count, timeout_ms);
  return static_cast<int>(real(SYS_poll, fds, count, timeout_ms));
}

int epoll_create1(int flags) noexcept {
  if (Kernel::active() != nullptr) return kernel().make_epoll();
  return static_cast<int>(real(SYS_epoll_create1, flags));
}

int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept {
  if (ours(set)) return kernel().epoll_control(set, operation, fd, event);
  return static_cast<int>(real(SYS_epoll_ctl, set, operation, fd, event));
}

int epoll_wait(int set, epoll_event* events, int size, int timeout_ms) {
  if (ours(set)) return kernel().epoll_wait(set, events, size, timeout_ms);
  return static_cast<int>(real(SYS_epoll_wait, set, events, size, timeout_ms));
}

int eventfd(unsigned start, int flags) noexcept {
  if (Kernel::active() != nullptr) return kernel().make_event();
  return static_cast<int>(real(SYS_eventfd2, start, flags));
}

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  if (Kernel::active() == nullptr) return static_cast<int>(real(SYS_clock_gettime, clock, out));
  const hiper::Nanos now = kernel().now();
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  out->tv_sec = now / hiper::kSecond + (wall ? kWallClockAtStart : 0);
  out->tv_nsec = now % hiper::kSecond;
  return 0;
}

int gettimeofday(timeval* __restrict out, void* __restrict) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

// Query identifiers of c-ares, boundaries of forms, the order of shuffled addresses.
ssize_t getrandom(void* into, size_t size, unsigned flags) {
  if (Kernel::active() == nullptr) return real(SYS_getrandom, into, size, flags);
  auto* const bytes = static_cast<unsigned char*>(into);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(kernel().dice().next());
  return static_cast<ssize_t>(size);
}

int rand() noexcept {
  static std::uint64_t state = 1;
  if (Kernel::active() != nullptr) return static_cast<int>(kernel().dice().below(RAND_MAX));
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<int>(state >> 33 & RAND_MAX);
}

int gethostname(char* into, size_t size) noexcept {
  static constexpr char kName[] = "simulated";
  std::memcpy(into, kName, std::min(size, sizeof kName));
  return 0;
}

// The configuration files of c-ares and its source of chance do not exist in a run: it takes its defaults.
FILE* fopen(const char* __restrict path, const char* __restrict mode) {
  if (Kernel::active() != nullptr) {
    errno = ENOENT;
    return nullptr;
  }
  using Function = FILE* (*)(const char*, const char*);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "fopen"));
  return next(path, mode);
}

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = va_arg(list, int);
  va_end(list);
  if (Kernel::active() != nullptr) {
    errno = ENOENT;
    return -1;
  }
  return static_cast<int>(real(SYS_openat, AT_FDCWD, path, flags, mode));
}

}  // extern "C"
