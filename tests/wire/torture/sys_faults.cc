#include "wire/torture/sys_faults.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <utility>

#include "wire/support/faults.hpp"

namespace hiper::wire {
namespace {

struct Row {
  const char* name;
  std::span<const int> errors;
};

constexpr int kSocket[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAFNOSUPPORT};
constexpr int kConnect[] = {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, EADDRNOTAVAIL, EINTR, EAGAIN};
constexpr int kBind[] = {EADDRINUSE, EADDRNOTAVAIL, EACCES, ENOBUFS};
constexpr int kSend[] = {ECONNRESET, EPIPE, ENOBUFS, EINTR, EAGAIN, ETIMEDOUT};
constexpr int kReceive[] = {ECONNRESET, ETIMEDOUT, EINTR, EAGAIN, ENOMEM, EHOSTUNREACH};
constexpr int kRead[] = {EIO, EINTR, EAGAIN};
constexpr int kWrite[] = {EAGAIN, EINTR};
constexpr int kClose[] = {EINTR, EIO};
constexpr int kOption[] = {ENOPROTOOPT, EINVAL, ENOBUFS};
constexpr int kName[] = {ENOTCONN, ENOBUFS};
constexpr int kControl[] = {EINVAL};
constexpr int kPoll[] = {EINTR, ENOMEM};
constexpr int kDescriptor[] = {EMFILE, ENFILE, ENOMEM};
constexpr int kEpollControl[] = {ENOSPC, ENOMEM};
constexpr int kOpen[] = {EMFILE, ENFILE, ENOENT, EACCES};
constexpr int kStat[] = {ENOMEM};
constexpr int kInterfaces[] = {EMFILE, ENOBUFS, ENOMEM};
constexpr int kRandom[] = {ENOSYS, EAGAIN};

// In the order of SysCall.
constexpr Row kRows[] = {
    {"socket", kSocket},
    {"connect", kConnect},
    {"bind", kBind},
    {"send", kSend},
    {"sendmsg", kSend},
    {"recv", kReceive},
    {"recvfrom", kReceive},
    {"read", kRead},
    {"write", kWrite},
    {"close", kClose},
    {"getsockopt", kOption},
    {"setsockopt", kOption},
    {"getsockname", kName},
    {"getpeername", kName},
    {"fcntl", kControl},
    {"ioctl", kControl},
    {"poll", kPoll},
    {"epoll_create1", kDescriptor},
    {"epoll_ctl", kEpollControl},
    {"epoll_wait", kPoll},
    {"eventfd", kDescriptor},
    {"pipe2", kDescriptor},
    {"open", kOpen},
    {"fstat", kStat},
    {"getifaddrs", kInterfaces},
    {"getrandom", kRandom},
    {"none", {}},
};
static_assert(std::size(kRows) == static_cast<std::size_t>(SysCall::none) + 1);

struct State {
  long left = 0;  ///< calls up to the one that fails; 0: none does
  std::size_t called = 0;
  SysFaults::How how = SysFaults::How::once;
  SysCall call = SysCall::none;
  int error = 0;
  bool struck = false;
  int slices = 0;
  bool failing = false;
  bool counting = false;
};
constinit State state;
constinit SysCall log[4096] = {};

// Room of its own: what is noted must not ask for memory below a system call.
constinit char misuse[128] = "";

void note_misuse(const char* what, int fd) noexcept {
  if (misuse[0] == '\0') std::snprintf(misuse, sizeof misuse, "%s, descriptor %d", what, fd);
}

}  // namespace

std::function<void()> SysFaults::while_waiting;
std::function<bool(int fd)> SysFaults::is_announced;

const char* name_of(SysCall call) noexcept { return kRows[static_cast<std::size_t>(call)].name; }
std::span<const int> errors_of(SysCall call) noexcept { return kRows[static_cast<std::size_t>(call)].errors; }

bool is_harmless(SysCall call, int error) noexcept {
  switch (call) {
    case SysCall::setsockopt:
    case SysCall::getsockopt:
    case SysCall::fcntl:
    case SysCall::ioctl:
    case SysCall::close:
      return true;
    case SysCall::send:
    case SysCall::recv:
    case SysCall::recvfrom:
      return error == EINTR || error == EAGAIN;
    case SysCall::write:
      return error == EAGAIN;
    default:
      return error == EINTR;
  }
}

void SysFaults::arm(long n, SysCall call, int error, How how) noexcept {
  state = State{};
  state.left = n;
  state.call = call;
  state.error = error;
  state.how = how;
  state.counting = true;
}
void SysFaults::disarm() noexcept {
  state.left = 0;
  state.failing = state.counting = false;
}
bool SysFaults::struck() noexcept { return state.struck; }
SysCall SysFaults::failed() noexcept { return state.struck ? state.call : SysCall::none; }
std::vector<SysCall> SysFaults::calls() {
  return {log, log + std::min<std::size_t>(state.called, std::size(log))};
}

std::string SysFaults::take_misuse() {
  std::string text = misuse;
  misuse[0] = '\0';
  return text;
}

bool SysFaults::inside() noexcept {
  const bool inside = Faults::exchange_inside(false);
  Faults::exchange_inside(inside);
  return inside;
}

int SysFaults::strike(SysCall call) noexcept {
  if (!state.counting || !inside()) return 0;
  if (state.called < std::size(log)) log[state.called] = call;
  ++state.called;
  if (state.failing && call == state.call) return state.error;
  if (state.left == 0 || --state.left != 0) return 0;
  if (call != state.call) return 0;  // time has changed the order of things
  state.struck = true;
  state.failing = state.how == How::from_then_on;
  return state.error;
}

void SysFaults::note_result(SysCall call, int fd, long result) noexcept {
  if (result < 0 && (errno == EBADF || errno == ENOTSOCK) && inside()) note_misuse(name_of(call), fd);
}

bool SysFaults::may_wait_on() noexcept {
  constexpr int kMost = 3000;
  if (++state.slices <= kMost) return true;
  note_misuse("waits for nothing", -1);
  return false;
}

void SysFaults::note_close(int fd) noexcept {
  if (!inside() || !is_announced) return;
  const InsideLibrary outside(false);
  if (is_announced(fd)) note_misuse("closed before its REMOVE", fd);
}

}  // namespace hiper::wire
