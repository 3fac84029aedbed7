// The calls that newer c-ares versions call deprecated still work there, and have no other form in 1.18.
#define CARES_NO_DEPRECATED
#include "dns/channel.hpp"

#include <ares.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>

namespace hiper {

std::string ResolverConfig::key() const {
  std::string key;
  if (servers.empty() && interface.empty() && local_ip4.empty() && local_ip6.empty()) return key;
  for (const std::string_view part : {servers, interface, local_ip4, local_ip6}) {
    key.append(part).push_back('\n');
  }
  return key;
}

namespace {

/// "1.2.3.4", "1.2.3.4:53", "::1", "[::1]", "[::1]:53".
bool parse_server(std::string_view text, Address& out) noexcept {
  if (parse_address(text, out)) return true;
  std::string_view ip = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return false;
    ip = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (port.empty()) return parse_address(ip, out) && out.family() == AF_INET6;
    if (!port.starts_with(':')) return false;
    port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return false;
    ip = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  std::uint16_t number = 0;
  const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || last != port.data() + port.size() || !parse_address(ip, out)) return false;
  out = out.with_port(number);
  return true;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

CURLcode parse_dns_servers(std::string_view text, std::vector<Address>& out) {
  constexpr std::size_t kMaxServers = 64;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (one.empty()) continue;
    Address server;
    if (out.size() == kMaxServers || !parse_server(one, server)) return CURLE_BAD_FUNCTION_ARGUMENT;
    out.push_back(server);
  }
  return out.empty() ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_OK;
}

// What c-ares calls, with the channel as its context.
struct AresHooks {
  /// c-ares takes an interruption for a server that has failed.
  template <class Call>
  static ares_ssize_t uninterrupted(Call call) noexcept {
    for (;;) {
      const ares_ssize_t answer = call();
      if (answer >= 0 || errno != EINTR) return answer;
    }
  }
  static Channel& channel(void* context) noexcept { return *static_cast<Channel*>(context); }
  static ares_socket_t open(int family, int type, int protocol, void* context) {
    return channel(context).open_socket(family, type, protocol);
  }
  static int close(ares_socket_t fd, void* context) { return channel(context).close_socket(fd); }
  static int connect(ares_socket_t fd, const sockaddr* to, ares_socklen_t length, void*) {
    return ::connect(fd, to, length);
  }
  static ares_ssize_t receive(ares_socket_t fd, void* into, size_t size, int flags, sockaddr* from,
                              ares_socklen_t* length, void*) {
    return uninterrupted([=] { return ::recvfrom(fd, into, size, flags, from, length); });
  }
  static ares_ssize_t send(ares_socket_t fd, const iovec* parts, int num_parts, void*) {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(num_parts);
    return uninterrupted([&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL); });
  }
  static int configure(ares_socket_t fd, int, void* context) { return channel(context).bind_socket(fd); }
  static int created(ares_socket_t fd, int, void* context) { return channel(context).adopt_socket(fd); }
  static void state(void* context, ares_socket_t fd, int readable, int writable) {
    channel(context).set_interest(
        fd, (readable != 0 ? Events::in : Events::none) | (writable != 0 ? Events::out : Events::none));
  }
  static void done(void* context, int status, int, ares_addrinfo* answer) {
    ChannelQuery& query = *static_cast<ChannelQuery*>(context);
    query.channel_->answer(query, status, answer);
  }
  static constexpr ares_socket_functions kSocketFunctions = {open, close, connect, receive, send};
};

namespace {

// Newer c-ares (1.23 and later) remembers answers by itself, for as long as their TTL says. How old an answer
// may be is the application's choice here, so that cache stays off where it exists.
template <class Options>
int without_query_cache(Options& options) noexcept {
  constexpr int kOptQueryCache = 1 << 21;
  if constexpr (requires { options.qcache_max_ttl; }) {
    options.qcache_max_ttl = 0;
    return kOptQueryCache;
  } else {
    return 0;
  }
}

}  // namespace

Channel::~Channel() {
  if (ares_ != nullptr) ares_destroy(ares_);
}

CURLcode Channel::open(const ResolverConfig& config, const char* resolv_conf) {
  resolv_conf_ = resolv_conf;
  if (!config.servers.empty()) {
    const CURLcode code = parse_dns_servers(config.servers, servers_);
    if (code != CURLE_OK) return code;
  }
  if (config.interface.size() >= IF_NAMESIZE) return CURLE_BAD_FUNCTION_ARGUMENT;
  interface_ = config.interface;
  const bool ip4 = config.local_ip4.empty() ||
                   (parse_address(config.local_ip4, local_ip4_) && local_ip4_.family() == AF_INET);
  const bool ip6 = config.local_ip6.empty() ||
                   (parse_address(config.local_ip6, local_ip6_) && local_ip6_.family() == AF_INET6);
  if (!ip4 || !ip6) return CURLE_BAD_FUNCTION_ARGUMENT;
  stamp_.changed(resolv_conf_ != nullptr ? resolv_conf_ : "/etc/resolv.conf", reactor_.now());
  return open_ares(ares_);
}

CURLcode Channel::open_ares(ares_channeldata*& out) noexcept {
  char lookups[] = "b";  // the name servers only; the hosts file was asked before
  ares_options options = {};
  int mask = ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | without_query_cache(options);
  options.lookups = lookups;
  options.sock_state_cb = AresHooks::state;
  options.sock_state_cb_data = this;
  if (resolv_conf_ != nullptr) {
    options.resolvconf_path = const_cast<char*>(resolv_conf_);
    mask |= ARES_OPT_RESOLVCONF;
  }
  ares_channeldata* ares = nullptr;
  const int status = ares_init_options(&ares, &options, mask);
  if (status == ARES_ENOMEM) return CURLE_OUT_OF_MEMORY;
  if (status != ARES_SUCCESS) return CURLE_FAILED_INIT;
  const CURLcode code = servers_.empty() ? CURLE_OK : set_servers(*ares);
  if (code != CURLE_OK) {
    ares_destroy(ares);
    return code;
  }
  ares_set_socket_functions(ares, &AresHooks::kSocketFunctions, this);
  ares_set_socket_configure_callback(ares, AresHooks::configure, this);
  ares_set_socket_callback(ares, AresHooks::created, this);
  out = ares;
  return CURLE_OK;
}

CURLcode Channel::set_servers(ares_channeldata& ares) noexcept {
  try {
    std::vector<ares_addr_port_node> nodes(servers_.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      ares_addr_port_node& node = nodes[i];
      node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
      node.family = servers_[i].family();
      node.udp_port = node.tcp_port = servers_[i].port();
      if (node.family == AF_INET) node.addr.addr4 = servers_[i].ip4();
      if (node.family == AF_INET6) std::memcpy(&node.addr.addr6, &servers_[i].ip6(), sizeof(in6_addr));
    }
    const int status = ares_set_servers_ports(&ares, nodes.data());
    if (status == ARES_ENOMEM) return CURLE_OUT_OF_MEMORY;
    return status == ARES_SUCCESS ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT;
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

// A long-lived engine outlives changes of the system's configuration: a fresh c-ares reads it again.
void Channel::reload() noexcept {
  if (!stamp_.changed(resolv_conf_ != nullptr ? resolv_conf_ : "/etc/resolv.conf", reactor_.now())) return;
  ares_channeldata* fresh = nullptr;
  if (open_ares(fresh) != CURLE_OK) return;
  ares_destroy(ares_);
  ares_ = fresh;
}

void Channel::start(ChannelQuery& query, const char* name, int family) noexcept {
  if (idle()) reload();
  if (++num_unread_ >= kMaxUnread) drain();
  out_of_memory_ = false;
  waited_.push_back(query);
  query.channel_ = this;
  ++num_active_;
  ares_addrinfo_hints hints = {};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  ares_getaddrinfo(ares_, name, nullptr, &hints, AresHooks::done, &query);
  settle();
}

void Channel::abandon(ChannelQuery& query) noexcept {
  query.unlink();
  if (waited_.empty()) {
    cancel();
  } else {
    update_easy();
  }
}

void Channel::update_easy() noexcept {
  CURL* const now = easy();
  if (now == nullptr) return;  // the sockets go; their REMOVE names who used them last
  for (const OwnedWatch& watch : sockets_) watch->set_easy(now);
}

void Channel::run() noexcept {
  out_of_memory_ = false;
  process_fired();
  if (timer_.armed() && timer_.due() > reactor_.now()) {
    settle();
    return;
  }
  ares_process_fd(ares_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  settle();
}

// Looks from the front again after each call, because sockets come and go below it. A socket's report is
// taken before it is processed, so this ends.
void Channel::process_fired() noexcept {
  for (std::size_t i = 0; i < sockets_.size();) {
    const Watch& watch = *sockets_[i];
    const int fd = watch.fd();
    const Events wanted = watch.wanted();
    const Events fired = sockets_[i]->take_fired();
    ++i;
    if (!any(fired)) continue;
    const bool error = any(fired & Events::error);
    const bool in = error || any(fired & Events::in);
    const bool out = any(wanted & Events::out) && (error || any(fired & Events::out));
    ares_process_fd(ares_, in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
    i = 0;
  }
}

void Channel::drain() noexcept {
  num_unread_ = 0;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    ares_process_fd(ares_, sockets_[i]->fd(), ARES_SOCKET_BAD);
  }
  update_easy();
}

void Channel::cancel() noexcept {
  ares_cancel(ares_);
  timer_.disarm();
}

// After c-ares did something: sets the timer, drops what nobody waits for any more, names who waits.
void Channel::settle() noexcept {
  if (waited_.empty() && num_active_ > 0) cancel();
  timeval left = {};
  if (ares_timeout(ares_, nullptr, &left) == nullptr) {
    timer_.disarm();
    return;
  }
  // One millisecond more: c-ares reads the clock later than the turn did, and must find its deadline passed.
  const Nanos wait = static_cast<Nanos>(left.tv_sec) * kSecond + left.tv_usec * Nanos{1000} + kMillisecond;
  try {
    timer_.arm(reactor_, reactor_.now() + wait);
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    cancel();
  }
  update_easy();
}

OwnedWatch* Channel::find_socket(int fd) noexcept {
  for (OwnedWatch& watch : sockets_) {
    if (watch->fd() == fd) return &watch;
  }
  return nullptr;
}

int Channel::open_socket(int family, int type, int protocol) noexcept {
  family_ = family;
  return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

// c-ares also opens sockets for a moment, to see which source address the kernel would choose when it sorts
// addresses. Those were never adopted, so nobody was told about them.
int Channel::close_socket(int fd) noexcept {
  if (fd == closed_fd_) {
    closed_fd_ = -1;
    return 0;
  }
  OwnedWatch* const watch = find_socket(fd);
  if (watch == nullptr) return close(fd);
  std::swap(*watch, sockets_.back());
  sockets_.pop_back();
  return 0;
}

// A configured way that cannot be gone fails: asking another way would tell the question to others.
int Channel::bind_socket(int fd) noexcept {
  if (!interface_.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface_.c_str(),
                                        static_cast<socklen_t>(interface_.size() + 1)) != 0) {
    return -1;
  }
  const Address& local = family_ == AF_INET6 ? local_ip6_ : local_ip4_;
  return local.family() == family_ ? bind(fd, local.raw(), local.length()) : 0;
}

int Channel::adopt_socket(int fd) noexcept {
  try {
    sockets_.reserve(sockets_.size() + 1);
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    return -1;
  }
  try {
    sockets_.emplace_back(&reactor_.adopt(fd, SocketCloser{}, easy()));
    return 0;
  } catch (const std::bad_alloc&) {
    closed_fd_ = fd;
    out_of_memory_ = true;
    return -1;
  }
}

void Channel::set_interest(int fd, Events interest) noexcept {
  OwnedWatch* const watch = find_socket(fd);
  if (watch == nullptr) return;
  if (any(interest)) {
    (*watch)->want(*this, interest);
  } else {
    (*watch)->unwant();
  }
}

void Channel::answer(ChannelQuery& query, int status, ares_addrinfo* answer) noexcept {
  --num_active_;
  query.unlink();
  if (status != ARES_SUCCESS && out_of_memory_) status = ARES_ENOMEM;
  query.answered(status, answer);
  if (answer != nullptr) ares_freeaddrinfo(answer);
}

}  // namespace hiper
