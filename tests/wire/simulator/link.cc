// One TCP connection of the simulated kernel: what is on its way in both directions, and what the client's
// system calls answer.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "wire/simulator/kernel.hpp"

namespace hiper::sim {

Link::Link(Kernel& kernel, Place to) : kernel_(kernel), to_(std::move(to)), number_(kernel.next_life_) {
  Dice& dice = kernel.dice();
  latency = dice.between(0, 4) * dice.between(0, 5) * kMillisecond;
  piece = dice.any_of<std::size_t>({7, 100, 1500, 1500, 20000, 100000});
  gap = dice.any_of<Nanos>({0, 0, kMillisecond, 3 * kMillisecond});
  room_in = dice.any_of<std::size_t>({300, 4000, 65536, 200000});
  room_out = dice.any_of<std::size_t>({64, 2000, 16384, 100000});
  drops_on_reset = dice.once_in(2);
}

void Link::established() {
  if (client_closed_) return;
  state_ = State::established;
  session_ = service_->accept(*this, to_);
  ++edges_;
  ++kernel_.progress;
  kernel_.trace().note("link: established", number_);
}

void Link::failed(int error) noexcept {
  if (client_closed_ || state_ == State::broken) return;
  state_ = State::broken;
  error_ = error;
  ++edges_;
  ++kernel_.progress;
  kernel_.trace().note("link: failed", number_, error);
}

// What the server does.

void Link::send(std::string_view bytes) {
  if (client_closed_ || end_ != End::none || bytes.empty()) return;
  if (coming_at_ > 65536) {
    coming_.erase(0, coming_at_);
    coming_at_ = 0;
  }
  coming_ += bytes;
  schedule_arrival(latency);
}

void Link::finish() noexcept {
  if (end_ == End::none) end_ = End::fin;
  schedule_arrival(latency);
}

void Link::close() noexcept {
  if (end_ == End::none || end_ == End::fin) end_ = End::close;
  server_closed_ = true;
  schedule_arrival(latency);
  if (!going_.empty()) schedule_drain();
}

void Link::reset() noexcept {
  if (end_ != End::reset) end_ = End::reset;
  server_closed_ = true;
  schedule_arrival(latency);
}

void Link::schedule_arrival(Nanos after) {
  if (arriving_) return;
  arriving_ = true;
  kernel_.at(after, [this] {
    arriving_ = false;
    arrive();
  });
}

void Link::arrive() {
  if (client_closed_ || state_ != State::established) return;
  const std::size_t left = coming_.size() - coming_at_;
  if (left == 0) {
    end_arrived();
    return;
  }
  const std::size_t room = room_in > unread() ? room_in - unread() : 0;
  if (room == 0) return;                                // goes on when the client reads
  const std::size_t most = std::max(piece, left / 50);  // large bodies do not take for ever
  const std::size_t count = std::min({left, room, 1 + kernel_.dice().below(most)});
  in_.append(coming_, coming_at_, count);
  coming_at_ += count;
  ++edges_;
  ++kernel_.progress;
  kernel_.trace().note("link: arrived", number_, static_cast<long>(count));
  if (left > count || end_ != End::none) schedule_arrival(gap);
}

void Link::end_arrived() noexcept {
  if (end_ == End::none) return;
  kernel_.trace().note("link: end arrived", number_, static_cast<long>(end_));
  if (end_ == End::reset) {
    reset_arrived();
  } else if (!in_ended_) {
    in_ended_ = true;
    ++edges_;
    ++kernel_.progress;
  }
}

void Link::reset_arrived() noexcept {
  if (client_closed_ || state_ != State::established) return;
  const bool after_end = in_ended_;  // Linux tells both cases apart
  if (drops_on_reset) in_at_ = in_.size();
  failed(after_end ? EPIPE : ECONNRESET);
}

void Link::schedule_drain() {
  if (draining_) return;
  draining_ = true;
  kernel_.at(latency, [this] {
    draining_ = false;
    drain();
  });
}

void Link::drain() {
  if (state_ == State::broken && !client_closed_) return;
  if (server_closed_) {
    if (!going_.empty()) reset_arrived();
    return;
  }
  if (!reads_ && !client_closed_) return;
  const std::size_t most = std::max<std::size_t>(piece, 64);
  const std::size_t count = std::min(going_.size(), 1 + kernel_.dice().below(most));
  const std::string bytes = going_.substr(0, count);
  const bool was_full = going_.size() >= room_out;
  going_.erase(0, count);
  if (was_full && count > 0) {
    ++edges_;
    ++kernel_.progress;
  }
  if (count > 0 && session_ != nullptr) session_->on_data(bytes);
  if (!going_.empty()) {
    schedule_drain();
  } else if (client_closed_ && session_ != nullptr) {
    session_->on_client_gone();
  }
}

// What the client does.

short Link::ready() const noexcept {
  if (state_ == State::connecting) return 0;
  int bits = 0;
  if (state_ == State::broken) {
    bits = POLLIN | POLLOUT | POLLHUP | (error_ != 0 ? POLLERR : 0);
  } else {
    if (unread() > 0 || in_ended_) bits |= POLLIN;
    if (going_.size() < room_out) bits |= POLLOUT;
  }
  return static_cast<short>(bits);
}

ssize_t Link::client_sends(std::string_view bytes) noexcept {
  const auto fail = [](int error) {
    errno = error;
    return ssize_t{-1};
  };
  if (state_ == State::connecting) return fail(EAGAIN);
  if (state_ == State::broken) return fail(error_ != 0 ? std::exchange(error_, 0) : EPIPE);
  if (going_.size() >= room_out) return fail(EAGAIN);
  Dice& dice = kernel_.dice();
  if (dice.percent(kernel_.weather.interrupts)) return fail(EINTR);
  if (dice.percent(kernel_.weather.spurious_again)) {
    ++edges_;
    return fail(EAGAIN);
  }
  std::size_t count = std::min(bytes.size(), room_out - going_.size());
  if (dice.percent(kernel_.weather.short_count)) count = 1 + dice.below(count);
  going_.append(bytes.substr(0, count));
  ++kernel_.progress;
  schedule_drain();
  return static_cast<ssize_t>(count);
}

ssize_t Link::client_reads(std::span<char> into, bool peek) noexcept {
  const auto fail = [](int error) {
    errno = error;
    return ssize_t{-1};
  };
  if (state_ == State::connecting) return fail(EAGAIN);
  if (unread() == 0) {
    if (state_ == State::broken) return error_ != 0 ? fail(std::exchange(error_, 0)) : 0;
    return in_ended_ ? 0 : fail(EAGAIN);
  }
  Dice& dice = kernel_.dice();
  if (dice.percent(kernel_.weather.interrupts)) return fail(EINTR);
  if (dice.percent(kernel_.weather.spurious_again)) {
    ++edges_;
    return fail(EAGAIN);
  }
  std::size_t count = std::min(into.size(), unread());
  if (dice.percent(kernel_.weather.short_count)) count = 1 + dice.below(count);
  std::copy_n(in_.data() + in_at_, count, into.data());
  if (peek) return static_cast<ssize_t>(count);
  in_at_ += count;
  kernel_.touch();
  ++kernel_.progress;
  if (in_at_ == in_.size()) {
    in_.clear();
    in_at_ = 0;
  }
  if (coming_at_ < coming_.size()) schedule_arrival(gap);
  return static_cast<ssize_t>(count);
}

// As Linux: 0 once it is there, EISCONN from then on; a failure is told once.
int Link::client_connects_again() noexcept {
  errno = EALREADY;
  if (state_ == State::connecting) return -1;
  if (state_ == State::established) {
    errno = EISCONN;
    return std::exchange(told_connected_, true) ? -1 : 0;
  }
  errno = error_ != 0 ? std::exchange(error_, 0) : ECONNABORTED;
  return -1;
}

void Link::client_closes() {
  client_closed_ = true;
  reads_ = true;
  kernel_.trace().note("link: client closed", number_);
  schedule_drain();
}

}  // namespace hiper::sim
