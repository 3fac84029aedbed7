#include "wire/simulator/kernel.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hiper::sim {
namespace {

constexpr Nanos kFirstMoment = 5000 * kSecond;

int fail(int error) noexcept {
  errno = error;
  return -1;
}

}  // namespace

Kernel* Kernel::active_ = nullptr;

// Places.

Place Place::v4(unsigned a, unsigned b, unsigned c, unsigned d, std::uint16_t port) {
  const char bytes[] = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c),
                        static_cast<char>(d)};
  return {AF_INET, std::string(bytes, 4), port};
}

Place Place::v6(unsigned last, std::uint16_t port) {
  std::string bytes(16, '\0');
  bytes[0] = static_cast<char>(0xfd);
  bytes[15] = static_cast<char>(last);
  return {AF_INET6, bytes, port};
}

bool Place::from(const sockaddr* address, socklen_t length, Place& out) {
  if (address == nullptr) return false;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    out = {AF_INET, std::string(reinterpret_cast<const char*>(&in.sin_addr), 4), ntohs(in.sin_port)};
    return true;
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    out = {AF_INET6, std::string(reinterpret_cast<const char*>(&in.sin6_addr), 16), ntohs(in.sin6_port)};
    return true;
  }
  return false;
}

void Place::store(sockaddr* address, socklen_t* length) const {
  sockaddr_storage full{};
  socklen_t size = sizeof(sockaddr_in);
  if (family == AF_INET6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, ip.data(), std::min<std::size_t>(16, ip.size()));
    size = sizeof in;
    std::memcpy(&full, &in, sizeof in);
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, ip.data(), std::min<std::size_t>(4, ip.size()));
    std::memcpy(&full, &in, sizeof in);
  }
  std::memcpy(address, &full, std::min(size, *length));
  *length = size;
}

std::string Place::text() const {
  char name[INET6_ADDRSTRLEN] = "";
  if (!ip.empty()) inet_ntop(family, ip.data(), name, sizeof name);
  return family == AF_INET6 ? "[" + std::string(name) + "]" : name;
}

// The world.

Kernel::Kernel(Dice& dice, Trace& trace)
    : dice_(dice), trace_(trace), now_(kFirstMoment), last_event_(kFirstMoment) {
  trace_.now = now_;
  active_ = this;
}

Kernel::~Kernel() { active_ = nullptr; }

void Kernel::at(Nanos after, std::function<void()> what) {
  events_.push({now_ + after, num_events_++, std::move(what)});
}

void Kernel::run_due() {
  while (!events_.empty() && events_.top().due <= now_) {
    const std::function<void()> what = events_.top().what;
    events_.pop();
    last_event_ = now_;
    what();
  }
}

void Kernel::advance_to(Nanos when) {
  while (!events_.empty() && events_.top().due <= when) {
    trace_.now = now_ = std::max(now_, events_.top().due);
    run_due();
  }
  trace_.now = now_ = std::max(now_, when);
}

void Kernel::deliver(long life, const Place& from, std::string bytes, int error) {
  for (const auto& file : files_) {
    if (file == nullptr || file->life != life) continue;
    if (error != 0) {
      file->error = error;
    } else {
      file->datagrams.emplace_back(from, std::move(bytes));
    }
    ++file->edges;
    ++progress;
    trace_.note("udp: arrived", life, error);
    return;
  }
}

File* Kernel::find(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd - kFirstDescriptor);
  return fd >= kFirstDescriptor && index < files_.size() ? files_[index].get() : nullptr;
}

short Kernel::ready(int fd) noexcept {
  File* const file = find(fd);
  if (file == nullptr) return POLLNVAL;
  switch (file->kind) {
    case File::Kind::tcp:
      return file->link != nullptr ? file->link->ready() : static_cast<short>(POLLOUT | POLLHUP);
    case File::Kind::udp: {
      const bool in = !file->datagrams.empty() || file->error != 0;
      return static_cast<short>(POLLOUT | (in ? POLLIN : 0) | (file->error != 0 ? POLLERR : 0));
    }
    case File::Kind::event:
      return static_cast<short>(POLLOUT | (file->counter > 0 ? POLLIN : 0));
    default:
      return collect(*file, nullptr, 1, false) > 0 ? POLLIN : short{0};
  }
}

unsigned Kernel::edges(int fd) noexcept {
  File* const file = find(fd);
  if (file == nullptr) return 0;
  return file->link != nullptr ? file->link->edges_ : file->edges;
}

std::vector<int> Kernel::open_descriptors() const {
  std::vector<int> open;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i] != nullptr) open.push_back(kFirstDescriptor + static_cast<int>(i));
  }
  return open;
}

// Descriptors. The lowest free number is given out first, so numbers are used again at once.
int Kernel::add_file(File::Kind kind) {
  auto at = std::find(files_.begin(), files_.end(), nullptr);
  if (at == files_.end()) {
    files_.emplace_back();
    at = files_.end() - 1;
  }
  *at = std::make_unique<File>();
  (*at)->kind = kind;
  (*at)->life = next_life_++;
  ++progress;
  return kFirstDescriptor + static_cast<int>(at - files_.begin());
}

int Kernel::make_socket(int family, int type) {
  if (family != AF_INET && family != AF_INET6) return fail(EAFNOSUPPORT);
  if (family == AF_INET6 && weather.no_ip6) return fail(EAFNOSUPPORT);
  if (dice_.percent(weather.socket_fails)) return fail(dice_.once_in(2) ? EMFILE : ENOBUFS);
  const bool stream = (type & 0xf) == SOCK_STREAM;
  const int fd = add_file(stream ? File::Kind::tcp : File::Kind::udp);
  File& file = *find(fd);
  file.family = family;
  file.local_port = next_port_++;
  trace_.note(stream ? "socket: tcp" : "socket: udp", fd, file.life);
  return fd;
}

int Kernel::make_event() {
  const int fd = add_file(File::Kind::event);
  trace_.note("eventfd", fd);
  return fd;
}

int Kernel::connect(int fd, const sockaddr* to, socklen_t length) {
  File* const file = find(fd);
  Place place;
  if (file == nullptr) return fail(EBADF);
  if (!Place::from(to, length, place)) return fail(EINVAL);
  if (file->kind == File::Kind::tcp) return connect_tcp(*file, place);
  if (file->kind != File::Kind::udp) return fail(ENOTSOCK);
  file->remote = place;
  file->connected = true;
  return 0;
}

int Kernel::connect_tcp(File& file, const Place& to) {
  if (file.link != nullptr && file.link->state_ == Link::State::broken && file.link->error_ == 0) {
    file.link = nullptr;  // the failure was told: a new attempt
  }
  if (file.link != nullptr) return file.link->client_connects_again();
  const auto found = services_.find(to);
  Nanos delay = kMillisecond;
  const Reach reach = found == services_.end() ? Reach::refuses : found->second->reach(to, delay);
  trace_.note("connect", file.life, static_cast<long>(reach), delay);
  if (reach == Reach::unreachable) return fail(ENETUNREACH);
  links_.push_back(std::make_unique<Link>(*this, to));
  Link* const link = links_.back().get();
  link->number_ = file.life;
  file.link = link;
  file.remote = to;
  link->service_ = found == services_.end() ? nullptr : found->second;
  if (reach == Reach::accepts && weather.connects_at_once && dice_.once_in(2)) {
    link->established();
    link->told_connected_ = true;
    return 0;
  }
  if (reach == Reach::refuses && dice_.once_in(4)) {
    file.link = nullptr;
    return fail(ECONNREFUSED);
  }
  const bool interrupted = dice_.percent(weather.interrupts);  // it goes on all the same
  if (reach == Reach::accepts) at(delay, [link] { link->established(); });
  if (reach == Reach::refuses) at(delay, [link] { link->failed(ECONNREFUSED); });
  return fail(interrupted ? EINTR : EINPROGRESS);
}

ssize_t Kernel::send(int fd, std::string_view bytes) {
  File* const file = find(fd);
  if (file == nullptr) return fail(EBADF);
  switch (file->kind) {
    case File::Kind::tcp: {
      if (file->link == nullptr) return fail(EPIPE);
      const ssize_t count = file->link->client_sends(bytes);
      const int error = errno;
      trace_.note("send", file->life, count, static_cast<long>(bytes.size()));
      errno = error;
      return count;
    }
    case File::Kind::udp: {
      if (file->error != 0) return fail(std::exchange(file->error, 0));
      if (!file->connected) return fail(EDESTADDRREQ);
      trace_.note("send: udp", file->life, static_cast<long>(bytes.size()));
      ++progress;
      const auto found = services_.find(file->remote);
      if (found != services_.end()) found->second->datagram(fd, bytes, file->remote);
      return static_cast<ssize_t>(bytes.size());
    }
    case File::Kind::event:
      file->counter += 1;
      ++file->edges;
      return static_cast<ssize_t>(bytes.size());
    default:
      return fail(EINVAL);
  }
}

ssize_t Kernel::receive(int fd, std::span<char> into, bool peek, sockaddr* from, socklen_t* length) {
  File* const file = find(fd);
  if (file == nullptr) return fail(EBADF);
  if (file->kind == File::Kind::tcp) {
    if (file->link == nullptr) return fail(ENOTCONN);
    if (from != nullptr) file->remote.store(from, length);
    const ssize_t count = file->link->client_reads(into, peek);
    const int error = errno;
    trace_.note("recv", file->life, count, count < 0 ? error : 0);
    errno = error;
    return count;
  }
  if (file->kind == File::Kind::event) {
    file->counter = 0;
    return 8;
  }
  if (file->kind != File::Kind::udp) return fail(EINVAL);
  if (file->error != 0) return fail(std::exchange(file->error, 0));
  if (file->datagrams.empty()) return fail(EAGAIN);
  const auto [sender, bytes] = file->datagrams.front();
  if (!peek) file->datagrams.pop_front();
  if (from != nullptr) sender.store(from, length);
  const std::size_t count = std::min(into.size(), bytes.size());
  std::copy_n(bytes.data(), count, into.data());
  ++progress;
  trace_.note("recv: udp", file->life, static_cast<long>(count));
  return static_cast<ssize_t>(count);
}

int Kernel::close(int fd) {
  File* const file = find(fd);
  if (file == nullptr) {
    trace_.complain("close of a descriptor that is not open: " + std::to_string(fd));
    return fail(EBADF);
  }
  trace_.note("close", fd, file->life);
  if (on_close) on_close(fd);
  if (file->link != nullptr) file->link->client_closes();
  for (const auto& other : files_) {
    if (other != nullptr) other->interests.erase(fd);
  }
  files_[static_cast<std::size_t>(fd - kFirstDescriptor)].reset();
  ++progress;
  return 0;
}

int Kernel::socket_error(int fd) {
  File* const file = find(fd);
  if (file == nullptr) return EBADF;
  int& error = file->link != nullptr ? file->link->error_ : file->error;
  return std::exchange(error, 0);
}

int Kernel::name(int fd, bool remote, sockaddr* out, socklen_t* length) {
  File* const file = find(fd);
  if (file == nullptr) return fail(EBADF);
  if (remote) {
    file->remote.store(out, length);
    return file->link != nullptr || file->connected ? 0 : fail(ENOTCONN);
  }
  const Place local =
      file->family == AF_INET6 ? Place::v6(99, file->local_port) : Place::v4(10, 0, 0, 99, file->local_port);
  local.store(out, length);
  return 0;
}

}  // namespace hiper::sim
