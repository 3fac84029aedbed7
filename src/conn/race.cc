#include "conn/race.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "conn/socket_setup.hpp"

namespace hiper {
namespace {

enum class Progress : std::uint8_t { connected, waiting, failed };

/// Asks how a connect() stands by calling it again: one call tells success, failure (errno) and a spurious
/// event apart.
Progress ask_again(int fd, const sockaddr_storage& target, socklen_t length) noexcept {
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&target), length) == 0 || errno == EISCONN) {
    return Progress::connected;
  }
  const bool waiting = errno == EALREADY || errno == EINPROGRESS || errno == EINTR;
  return waiting ? Progress::waiting : Progress::failed;
}

/// The attempts under way. Plain steps; race_flow() waits between them.
class Race {
 public:
  Race(Task& task, RaceJob& job) : task_(task), job_(job) { attempts_.reserve(job.addresses.size()); }

  /// Starts what is due and looks at what was reported. CURLE_OK without a winner: wait and step again.
  Status step() {
    if (const Status looked = look(); !looked.ok()) return looked;
    const Nanos now = task_.reactor().now();
    while (!job_.winner && next_ < job_.addresses.size() && (attempts_.empty() || now >= next_start_)) {
      if (const Status started = start(job_.addresses[next_++]); !started.ok()) return started;
    }
    if (job_.winner) attempts_.clear();
    const bool lost = !job_.winner && attempts_.empty();
    return lost ? Status(failure_) : Status();
  }
  Nanos wake_at() const noexcept {
    return next_ < job_.addresses.size() ? std::min(next_start_, job_.deadline) : job_.deadline;
  }

 private:
  struct Attempt {
    OwnedWatch watch;
    sockaddr_storage target;
    socklen_t length;
  };

  Status start(const Address& address) {
    sockaddr_storage target{};
    std::memcpy(&target, address.raw(), address.length());
    socklen_t length = address.length();
    const NewSocket socket = open_socket(job_.options, target, length, IPPROTO_TCP, job_.report);
    if (socket.fd < 0) {
      failed(socket.os_error, socket.code);
      return socket.code == CURLE_ABORTED_BY_CALLBACK ? Status(socket.code) : Status();
    }
    OwnedWatch watch(&task_.reactor().adopt(socket.fd, closer_of(job_.options), job_.easy));
    if (job_.report.verbose()) job_.report.infof("Trying %s...", endpoint_text(address).c_str());
    const bool connected =
        socket.already_connected || ::connect(socket.fd, reinterpret_cast<sockaddr*>(&target), length) == 0;
    if (connected) {
      win(std::move(watch), target, length);
    } else if (errno == EINPROGRESS || errno == EAGAIN || errno == EINTR) {  // interrupted, it goes on
      watch->want(task_, Events::out);
      attempts_.push_back({std::move(watch), target, length});
      next_start_ = after_ms(task_.reactor().now(), job_.options.number(Opt::happy_eyeballs_timeout_ms));
    } else {
      failed(errno, CURLE_COULDNT_CONNECT);
    }
    return Status();
  }

  Status look() {
    for (std::size_t at = 0; at < attempts_.size() && !job_.winner;) {
      Attempt& attempt = attempts_[at];
      if (!any(attempt.watch->take_fired())) {
        ++at;
        continue;
      }
      const Progress progress = ask_again(attempt.watch->fd(), attempt.target, attempt.length);
      if (progress == Progress::waiting) {
        ++at;
        continue;
      }
      if (progress == Progress::connected) {
        win(std::move(attempt.watch), attempt.target, attempt.length);
      } else {
        failed(errno, CURLE_COULDNT_CONNECT);
        next_start_ = 0;
      }
      attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return Status();
  }

  void win(OwnedWatch watch, const sockaddr_storage& target, socklen_t length) noexcept {
    watch->unwant();
    job_.winner = std::move(watch);
    job_.remote = Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&target), length);
  }
  void failed(int os_error, CURLcode code) noexcept {
    job_.os_error = os_error;
    failure_ = code;
  }

  Task& task_;
  RaceJob& job_;
  std::vector<Attempt> attempts_;
  std::size_t next_ = 0;
  Nanos next_start_ = 0;
  CURLcode failure_ = CURLE_COULDNT_CONNECT;
};

}  // namespace

std::vector<Address> interleave(std::span<const Address> addresses, std::uint16_t port) {
  std::vector<Address> result;
  result.reserve(addresses.size());
  const int first_family = addresses.empty() ? AF_UNSPEC : addresses.front().family();
  std::size_t mine = 0;
  std::size_t other = 0;
  const auto add_next = [&](std::size_t& at, bool own_family) {
    while (at < addresses.size() && (addresses[at].family() == first_family) != own_family) ++at;
    if (at < addresses.size()) result.push_back(addresses[at++].with_port(port));
  };
  while (result.size() < addresses.size()) {
    add_next(mine, true);
    add_next(other, false);
  }
  return result;
}

Flow<Status> race_flow(Task& task, RaceJob& job) {
  Race race(task, job);
  for (;;) {
    const Status step = race.step();
    if (!step.ok() || job.winner) co_return step;
    if (task.reactor().now() >= job.deadline) co_return Status(CURLE_OPERATION_TIMEDOUT);
    co_await WaitWake(task, race.wake_at());
  }
}

}  // namespace hiper
