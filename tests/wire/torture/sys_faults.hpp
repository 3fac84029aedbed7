// System calls that fail: the program defines the functions of libc that the library and c-ares call, hands
// them on to the real ones, and makes the n-th one that comes from inside the library (in_library of
// support/faults.hpp) fail. On the way it sees what an application cannot: calls on descriptors that are not
// open, and sockets that are closed while they are announced.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hiper::wire {

enum class SysCall : std::uint8_t {
  socket,
  connect,
  bind,
  send,
  sendmsg,
  recv,
  recvfrom,
  read,
  write,
  close,
  getsockopt,
  setsockopt,
  getsockname,
  getpeername,
  fcntl,
  ioctl,
  poll,
  epoll_create,
  epoll_ctl,
  epoll_wait,
  eventfd,
  pipe,
  open,
  fstat,
  getifaddrs,
  getrandom,
  none,
};

const char* name_of(SysCall call) noexcept;
/// What this call may plausibly fail with, errno numbers. Empty for SysCall::none.
std::span<const int> errors_of(SysCall call) noexcept;
/// A failure that no transfer may feel: interruptions, options of sockets, what close says.
bool is_harmless(SysCall call, int error) noexcept;

class SysFaults {
 public:
  enum class How { once, from_then_on };

  /// Call number `n` from now on (1: the next one; 0: none) fails with `error` if it is a `call`; with
  /// from_then_on every later one of the same name, too.
  static void arm(long n, SysCall call, int error, How how) noexcept;
  static void disarm() noexcept;
  static bool struck() noexcept;
  /// The call that failed; SysCall::none if none has.
  static SysCall failed() noexcept;
  /// The calls from inside the library since arm(), the first few thousand.
  static std::vector<SysCall> calls();

  /// Called by the library's waits (poll and epoll_wait) before they wait, again every few milliseconds: the
  /// peers of a call that blocks.
  static std::function<void()> while_waiting;
  /// Whether the application has been told about this descriptor.
  static std::function<bool(int fd)> is_announced;
  /// What the library did that it must not do, and forgets it. Empty: nothing.
  static std::string take_misuse();

  // For the functions of libc.
  static int strike(SysCall call) noexcept;
  static bool inside() noexcept;
  static void note_result(SysCall call, int fd, long result) noexcept;
  static void note_close(int fd) noexcept;
  /// One more slice of a wait. False when it has taken so long that the library waits for nothing.
  static bool may_wait_on() noexcept;
};

}  // namespace hiper::wire
