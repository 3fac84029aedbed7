#include "conn/connect.hpp"

#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "conn/race.hpp"
#include "conn/socket_setup.hpp"
#include "conn/tls_layer.hpp"
#include "dns/resolver.hpp"
#include "stream/socket.hpp"

namespace hiper {
namespace {

std::string_view text_or_empty(const char* text) noexcept {
  return text == nullptr ? std::string_view() : text;
}

Query make_query(const ConnectJob& job) {
  const Options& options = job.options;
  Query query;
  query.host = job.target.host;
  query.port = job.target.port;
  query.ip_version = options.number(Opt::ipresolve);
  query.cache_timeout = options.number(Opt::dns_cache_timeout);
  query.shuffle = options.flag(Opt::dns_shuffle_addresses);
  query.easy = job.easy;
  query.cache = job.names;
  query.config.servers = text_or_empty(options.text(Opt::dns_servers));
  query.config.interface = text_or_empty(options.text(Opt::dns_interface));
  query.config.local_ip4 = text_or_empty(options.text(Opt::dns_local_ip4));
  query.config.local_ip6 = text_or_empty(options.text(Opt::dns_local_ip6));
  return query;
}

/// The name servers are asked: waits for them.
Flow<Status> resolve_flow(Task& task, const ConnectJob& job, const Lookup& lookup) {
  while (lookup.state() == Lookup::State::pending) {
    if (task.reactor().now() >= job.deadline) {
      job.report.failuref("Resolving %s took too long", job.target.host.c_str());
      co_return Status(CURLE_OPERATION_TIMEDOUT);
    }
    co_await WaitWake(task, job.deadline);
  }
  co_return Status();
}

/// Puts what was found into `race.addresses`.
Status take_addresses(Nanos now, ConnectJob& job, const Lookup& lookup, RaceJob& race) {
  if (lookup.state() == Lookup::State::failed) {
    job.report.failuref("Could not resolve host %s: %s", job.target.host.c_str(), lookup.reason());
    return Status(lookup.code());
  }
  job.times.resolved = now;
  race.addresses = interleave(lookup.addresses().view(), job.target.port);
  const long scope = job.options.number(Opt::address_scope);
  for (Address& address : race.addresses) {
    if (scope != 0) address.set_scope(static_cast<std::uint32_t>(scope));
  }
  return Status();
}

void report_race(const ConnectJob& job, const RaceJob& race, CURLcode code) {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    job.report.failuref("Connecting to %s port %u took too long", job.target.host.c_str(), job.target.port);
  } else if (code == CURLE_COULDNT_CONNECT) {
    job.report.failuref("Could not connect to %s port %u: %s", job.target.host.c_str(), job.target.port,
                        race.os_error != 0 ? std::strerror(race.os_error) : "no usable address");
  }
}

Address local_address(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  return ::getsockname(fd, raw, &length) == 0 ? Address::from_sockaddr(raw, length) : Address();
}

Flow<Status> tcp_flow(Task& task, ConnectJob& job) {
  RaceJob race{job.options, {}, job.easy, job.report, job.deadline};
  {
    Lookup lookup(job.services.resolver, task, make_query(job));
    if (lookup.state() == Lookup::State::pending) {
      if (const Status waited = co_await resolve_flow(task, job, lookup); !waited.ok()) co_return waited;
    }
    const Status found = take_addresses(task.reactor().now(), job, lookup, race);
    if (!found.ok()) co_return found;
  }
  const Status raced = co_await race_flow(task, race);
  if (!raced.ok()) {
    job.os_error = race.os_error;
    report_race(job, race, raced.code());
    co_return raced;
  }
  job.connection.remote = race.remote;
  job.connection.local = local_address(race.winner->fd());
  job.connection.stream = std::make_unique<SocketStream>(std::move(race.winner));
  co_return raced;
}

/// The address of CURLOPT_UNIX_SOCKET_PATH; length 0 if the path is too long.
socklen_t unix_address(const ConnectTarget& target, sockaddr_storage& out) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t skipped = target.unix_abstract ? 1 : 0;  // an abstract name starts with NUL
  const std::size_t size = target.unix_path.size();
  if (size + 1 > sizeof address.sun_path) return 0;
  std::memcpy(address.sun_path + skipped, target.unix_path.data(), size);
  std::memcpy(&out, &address, sizeof address);
  // One more: the NUL in front of an abstract name, or behind a path.
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + 1);
}

bool connect_at_once(int fd, const sockaddr_storage& address, socklen_t length) noexcept {
  for (;;) {
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) return true;
    if (errno != EINTR) return errno == EISCONN;
  }
}

/// A Unix socket connects at once or fails at once (EAGAIN: the listener's queue is full).
Status connect_unix(ConnectJob& job) {
  sockaddr_storage address{};
  socklen_t length = unix_address(job.target, address);
  if (length == 0) {
    job.report.failure("The Unix socket path is too long");
    return Status(CURLE_COULDNT_RESOLVE_HOST);
  }
  const NewSocket socket = open_socket(job.options, address, length, 0, job.report);
  if (socket.fd < 0) {
    job.os_error = socket.os_error;
    return Status(socket.code);
  }
  OwnedWatch watch(&job.services.reactor.adopt(socket.fd, closer_of(job.options), job.easy));
  if (!socket.already_connected && !connect_at_once(socket.fd, address, length)) {
    job.os_error = errno;
    job.report.failuref("Could not connect to %s: %s", job.target.unix_path.c_str(),
                        std::strerror(job.os_error));
    return Status(CURLE_COULDNT_CONNECT);
  }
  job.connection.stream = std::make_unique<SocketStream>(std::move(watch));
  return Status();
}

}  // namespace

Flow<Status> connect_flow(Task& task, ConnectJob& job) {
  if (!job.target.unix_path.empty()) {
    const Status connected = connect_unix(job);
    if (!connected.ok()) co_return connected;
    job.times.resolved = task.reactor().now();
  } else {
    if (const Status connected = co_await tcp_flow(task, job); !connected.ok()) co_return connected;
  }
  job.times.connected = task.reactor().now();
  if (job.target.tls) {
    if (const Status secured = co_await tls_layer_flow(task, job); !secured.ok()) co_return secured;
    job.times.secured = task.reactor().now();
  }
  job.connection.connected_at = task.reactor().now();
  co_return Status();
}

}  // namespace hiper
