// The functions of libc that the library and c-ares call, in front of the real ones. A program's own
// functions come before those of shared libraries, also for shared libraries.
#include <dlfcn.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>

#include "wire/support/faults.hpp"
#include "wire/torture/sys_faults.hpp"

namespace {

using hiper::wire::SysCall;
using hiper::wire::SysFaults;

/// The function behind ours.
template <class Function>
Function real(const char* name, Function) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool fails(SysCall call) noexcept {
  const int error = SysFaults::strike(call);
  if (error != 0) errno = error;
  return error != 0;
}

template <class Result>
Result noted(SysCall call, int fd, Result result) noexcept {
  SysFaults::note_result(call, fd, result);
  return result;
}

/// A wait in slices, between which the peers work.
template <class Wait>
int wait_in_slices(int timeout_ms, Wait wait) {
  constexpr int kSlice = 2;
  if (!SysFaults::inside() || !SysFaults::while_waiting) return wait(timeout_ms);
  for (int left = timeout_ms;; left -= kSlice) {
    hiper::wire::in_test([] { SysFaults::while_waiting(); });
    const int slice = timeout_ms < 0 ? kSlice : std::min(left, kSlice);
    const int count = wait(slice);
    if (!SysFaults::may_wait_on()) {
      errno = ENOMEM;
      return -1;
    }
    if (count != 0 || (timeout_ms >= 0 && left <= kSlice)) return count;
  }
}

}  // namespace

extern "C" {

int socket(int family, int type, int protocol) noexcept {
  static const auto next = real("socket", &::socket);
  return fails(SysCall::socket) ? -1 : next(family, type, protocol);
}

int connect(int fd, const sockaddr* to, socklen_t length) {
  static const auto next = real("connect", &::connect);
  const int error = SysFaults::strike(SysCall::connect);
  if (error != 0 && error != EINTR) {
    errno = error;
    return -1;
  }
  const int answer = noted(SysCall::connect, fd, next(fd, to, length));
  if (error == 0) return answer;
  errno = EINTR;  // an interrupted connect goes on by itself
  return -1;
}

int bind(int fd, const sockaddr* to, socklen_t length) noexcept {
  static const auto next = real("bind", &::bind);
  return fails(SysCall::bind) ? -1 : noted(SysCall::bind, fd, next(fd, to, length));
}

ssize_t send(int fd, const void* from, std::size_t size, int flags) {
  static const auto next = real("send", &::send);
  return fails(SysCall::send) ? -1 : noted(SysCall::send, fd, next(fd, from, size, flags));
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto next = real("sendmsg", &::sendmsg);
  return fails(SysCall::sendmsg) ? -1 : noted(SysCall::sendmsg, fd, next(fd, message, flags));
}

ssize_t sendto(int fd, const void* from, std::size_t size, int flags, const sockaddr* to, socklen_t length) {
  static const auto next = real("sendto", &::sendto);
  return fails(SysCall::send) ? -1 : noted(SysCall::send, fd, next(fd, from, size, flags, to, length));
}

ssize_t recv(int fd, void* into, std::size_t size, int flags) {
  static const auto next = real("recv", &::recv);
  return fails(SysCall::recv) ? -1 : noted(SysCall::recv, fd, next(fd, into, size, flags));
}

ssize_t recvfrom(int fd, void* into, std::size_t size, int flags, sockaddr* from, socklen_t* length) {
  static const auto next = real("recvfrom", &::recvfrom);
  if (fails(SysCall::recvfrom)) return -1;
  return noted(SysCall::recvfrom, fd, next(fd, into, size, flags, from, length));
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static const auto next = real("recvmsg", &::recvmsg);
  return fails(SysCall::recvfrom) ? -1 : noted(SysCall::recvfrom, fd, next(fd, message, flags));
}

ssize_t read(int fd, void* into, std::size_t size) {
  static const auto next = real("read", &::read);
  return fails(SysCall::read) ? -1 : noted(SysCall::read, fd, next(fd, into, size));
}

ssize_t write(int fd, const void* from, std::size_t size) {
  static const auto next = real("write", &::write);
  return fails(SysCall::write) ? -1 : noted(SysCall::write, fd, next(fd, from, size));
}

/// Linux closes the descriptor whatever close() answers.
int close(int fd) {
  static const auto next = real("close", &::close);
  const int error = SysFaults::strike(SysCall::close);
  SysFaults::note_close(fd);
  const int answer = noted(SysCall::close, fd, next(fd));
  if (error == 0) return answer;
  errno = error;
  return -1;
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* length) noexcept {
  static const auto next = real("getsockopt", &::getsockopt);
  if (fails(SysCall::getsockopt)) return -1;
  return noted(SysCall::getsockopt, fd, next(fd, level, name, value, length));
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) noexcept {
  static const auto next = real("setsockopt", &::setsockopt);
  if (fails(SysCall::setsockopt)) return -1;
  return noted(SysCall::setsockopt, fd, next(fd, level, name, value, length));
}

int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  static const auto next = real("getsockname", &::getsockname);
  if (fails(SysCall::getsockname)) return -1;
  return noted(SysCall::getsockname, fd, next(fd, address, length));
}

int getpeername(int fd, sockaddr* address, socklen_t* length) noexcept {
  static const auto next = real("getpeername", &::getpeername);
  if (fails(SysCall::getpeername)) return -1;
  return noted(SysCall::getpeername, fd, next(fd, address, length));
}

int fcntl(int fd, int command, ...) {
  static const auto next = real("fcntl", &::fcntl);
  va_list more;
  va_start(more, command);
  void* const argument = va_arg(more, void*);
  va_end(more);
  return fails(SysCall::fcntl) ? -1 : noted(SysCall::fcntl, fd, next(fd, command, argument));
}

int ioctl(int fd, unsigned long request, ...) noexcept {
  static const auto next = real("ioctl", &::ioctl);
  va_list more;
  va_start(more, request);
  void* const argument = va_arg(more, void*);
  va_end(more);
  return fails(SysCall::ioctl) ? -1 : noted(SysCall::ioctl, fd, next(fd, request, argument));
}

int poll(pollfd* set, nfds_t count, int timeout_ms) {
  static const auto next = real("poll", &::poll);
  if (fails(SysCall::poll)) return -1;
  return wait_in_slices(timeout_ms, [=](int ms) { return next(set, count, ms); });
}

int epoll_create1(int flags) noexcept {
  static const auto next = real("epoll_create1", &::epoll_create1);
  return fails(SysCall::epoll_create) ? -1 : next(flags);
}

/// What is in the set can be taken out without memory.
int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept {
  static const auto next = real("epoll_ctl", &::epoll_ctl);
  if (operation != EPOLL_CTL_DEL && fails(SysCall::epoll_ctl)) return -1;
  return noted(SysCall::epoll_ctl, fd, next(set, operation, fd, event));
}

int epoll_wait(int set, epoll_event* events, int most, int timeout_ms) {
  static const auto next = real("epoll_wait", &::epoll_wait);
  if (fails(SysCall::epoll_wait)) return -1;
  return wait_in_slices(timeout_ms,
                        [=](int ms) { return noted(SysCall::epoll_wait, set, next(set, events, most, ms)); });
}

int eventfd(unsigned count, int flags) noexcept {
  static const auto next = real("eventfd", &::eventfd);
  return fails(SysCall::eventfd) ? -1 : next(count, flags);
}

int pipe2(int pair[2], int flags) noexcept {
  static const auto next = real("pipe2", &::pipe2);
  return fails(SysCall::pipe) ? -1 : next(pair, flags);
}

int open(const char* path, int flags, ...) {
  static const auto next = real("open", &::open);
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : mode_t{0};
  va_end(more);
  return fails(SysCall::open) ? -1 : next(path, flags, mode);
}

int fstat(int fd, struct stat* about) noexcept {
  static const auto next = real("fstat", static_cast<int (*)(int, struct stat*) noexcept>(&::fstat));
  return fails(SysCall::fstat) ? -1 : noted(SysCall::fstat, fd, next(fd, about));
}

int getifaddrs(ifaddrs** all) noexcept {
  static const auto next = real("getifaddrs", &::getifaddrs);
  return fails(SysCall::getifaddrs) ? -1 : next(all);
}

ssize_t getrandom(void* into, std::size_t size, unsigned flags) {
  static const auto next = real("getrandom", &::getrandom);
  return fails(SysCall::getrandom) ? -1 : next(into, size, flags);
}

}  // extern "C"
