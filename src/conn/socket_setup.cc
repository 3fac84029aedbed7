#include "conn/socket_setup.hpp"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace hiper {
namespace {

void set_int(int fd, int level, int name, int value) noexcept {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void close_new(const Options& options, int fd) noexcept {
  const SocketCloser closer = closer_of(options);
  if (closer.function != nullptr) {
    closer.function(closer.data, fd);
  } else {
    ::close(fd);
  }
}

int open_by_callback(const Options& options, curl_opensocket_callback open, sockaddr_storage& address,
                     socklen_t& length, int protocol) noexcept {
  // curl_sockaddr ends in a plain sockaddr: larger addresses run over its end, so it gets room behind it.
  union {
    curl_sockaddr shown;
    char room[sizeof(curl_sockaddr) + sizeof(sockaddr_storage)];
  } u{};
  u.shown.family = address.ss_family;
  u.shown.socktype = SOCK_STREAM;
  u.shown.protocol = protocol;
  u.shown.addrlen = length;
  std::memcpy(u.room + offsetof(curl_sockaddr, addr), &address, length);
  const int fd = open(options.pointer(Opt::opensocketdata), CURLSOCKTYPE_IPCXN, &u.shown);
  if (fd < 0) return fd;
  if (u.shown.addrlen <= sizeof address) {
    length = u.shown.addrlen;
    std::memcpy(&address, u.room + offsetof(curl_sockaddr, addr), length);
  }
  const int flags = ::fcntl(fd, F_GETFL, 0);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  return fd;
}

void set_tcp_options(const Options& options, int fd) noexcept {
  if (options.flag(Opt::tcp_nodelay)) set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!options.flag(Opt::tcp_keepalive)) return;
  set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.number(Opt::tcp_keepidle)));
  set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(options.number(Opt::tcp_keepintvl)));
  set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(options.number(Opt::tcp_keepcnt)));
}

// CURLOPT_INTERFACE: "if!name" and "host!name" say which; a plain name is tried as interface, then as
// address.
struct BindName {
  std::string_view interface;  ///< empty: any
  std::string_view host;       ///< empty: any
};

BindName parse_interface(const char* text) noexcept {
  if (text == nullptr) return {};
  const std::string_view name(text);
  if (name.starts_with("if!")) return {name.substr(3), {}};
  if (name.starts_with("host!")) return {{}, name.substr(5)};
  if (name.starts_with("ifhost!")) {
    const std::string_view rest = name.substr(7);
    const std::size_t mark = rest.find('!');
    if (mark == std::string_view::npos) return {rest, {}};
    return {rest.substr(0, mark), rest.substr(mark + 1)};
  }
  Address numeric;
  if (parse_address(name, numeric)) return {{}, name};
  return {name, {}};
}

// The first address of `interface` in `family`; AF_UNSPEC if there is none.
Address address_of_interface(std::string_view interface, int family) noexcept {
  Address found;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* i = all; i != nullptr && found.family() == AF_UNSPEC; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != family || interface != i->ifa_name) continue;
    found =
        Address::from_sockaddr(i->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  }
  ::freeifaddrs(all);
  return found;
}

bool bind_local(const Options& options, int fd, int family, Report& report) noexcept {
  const BindName name = parse_interface(options.text(Opt::interface));
  const long port = options.number(Opt::localport);
  if (name.interface.empty() && name.host.empty() && port == 0) return true;
  Address local = family == AF_INET6 ? Address::v6(in6addr_any) : Address::v4({INADDR_ANY});
  if (!name.interface.empty()) {
    // Binding to the device needs privileges; the address of the interface does without.
    ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.interface.data(),
                 static_cast<socklen_t>(name.interface.size()));
    local = address_of_interface(name.interface, family);
  }
  if (!name.host.empty() && !parse_address(name.host, local)) local = Address();
  if (local.family() != family) {
    report.failuref("Cannot bind to '%s'", options.text(Opt::interface));
    return false;
  }
  const long last = port + (port != 0 ? options.number(Opt::localportrange) : 1);
  for (long at = port; at < last || at == port; ++at) {
    const Address here = local.with_port(static_cast<std::uint16_t>(at));
    if (::bind(fd, here.raw(), here.length()) == 0) return true;
  }
  report.failuref("Cannot bind to local port %ld: %s", port, std::strerror(errno));
  return false;
}

}  // namespace

SocketCloser closer_of(const Options& options) noexcept {
  return {options.function<curl_closesocket_callback>(Opt::closesocketfunction),
          options.pointer(Opt::closesocketdata)};
}

NewSocket open_socket(const Options& options, sockaddr_storage& address, socklen_t& length, int protocol,
                      Report& report) noexcept {
  NewSocket result;
  const int family = address.ss_family;
  if (const auto open = options.function<curl_opensocket_callback>(Opt::opensocketfunction)) {
    result.fd = open_by_callback(options, open, address, length, protocol);
  } else {
    result.fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  }
  if (result.fd < 0) {
    result.os_error = errno;
    result.code = CURLE_COULDNT_CONNECT;
    return result;
  }
  const bool ip = family == AF_INET || family == AF_INET6;
  if (ip) set_tcp_options(options, result.fd);
  if (const auto function = options.function<curl_sockopt_callback>(Opt::sockoptfunction)) {
    const int answer = function(options.pointer(Opt::sockoptdata), result.fd, CURLSOCKTYPE_IPCXN);
    result.already_connected = answer == CURL_SOCKOPT_ALREADY_CONNECTED;
    if (answer != CURL_SOCKOPT_OK && !result.already_connected) {
      close_new(options, result.fd);
      result.fd = -1;
      result.code = CURLE_ABORTED_BY_CALLBACK;
      return result;
    }
  }
  if (ip && !result.already_connected && !bind_local(options, result.fd, family, report)) {
    result.os_error = errno;
    close_new(options, result.fd);
    result.fd = -1;
    result.code = CURLE_INTERFACE_FAILED;
  }
  return result;
}

}  // namespace hiper
