#include "dns/resolver.hpp"

#include <ares.h>

#include <array>
#include <new>
#include <utility>
#include <vector>

#include "dns/text.hpp"

namespace hiper {
namespace {

constexpr std::size_t kMaxAddresses = 256;    ///< of one answer; more come from nobody serious
constexpr std::size_t kMaxHostLength = 1024;  ///< far above the 253 of RFC 1035; c-ares does the exact check

int family_of(long ip_version, bool ipv6) noexcept {
  if (ip_version == CURL_IPRESOLVE_V6) return AF_INET6;
  return ip_version == CURL_IPRESOLVE_V4 || !ipv6 ? AF_INET : AF_UNSPEC;
}

/// The host without the dot that makes a name absolute.
std::string_view without_dot(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool is_localhost(std::string_view host) noexcept {  // RFC 6761, section 6.3
  host = without_dot(host);
  return dns::equal_nocase(host, "localhost") || dns::ends_with_nocase(host, ".localhost");
}

AddressList list_of(const ares_addrinfo& answer, bool shuffle) {
  std::vector<Address> found;
  for (const ares_addrinfo_node* node = answer.nodes; node != nullptr; node = node->ai_next) {
    const Address address = Address::from_sockaddr(node->ai_addr, static_cast<socklen_t>(node->ai_addrlen));
    if (address.family() != AF_UNSPEC && found.size() < kMaxAddresses) found.push_back(address);
  }
  AddressList list(found);
  if (shuffle) list.shuffle(random_seed());
  return list;
}

}  // namespace

// One question on its way to the name servers, and who waits for it. Owned by the resolver's table until it
// is answered.
class Resolver::Pending final : public ChannelQuery {
 public:
  Pending(Resolver& resolver, Channel& channel, std::string key) noexcept
      : resolver_(resolver), channel_(channel), key_(std::move(key)) {}

  Channel& channel() noexcept { return channel_; }
  void join(Lookup& lookup, bool shuffle) noexcept {
    if (waiters_.empty() && asked_) channel_.resume(*this);
    lookup.pending_ = this;
    waiters_.push_back(lookup);
    shuffle_ = shuffle_ || shuffle;
  }
  /// May be answered, and so deleted, before it returns.
  void ask(const char* name, int family) noexcept {
    asked_ = true;
    channel_.start(*this, name, family);
  }
  /// May delete this.
  void leave(Lookup& lookup) noexcept {
    lookup.unlink();
    if (waiters_.empty()) {
      channel_.abandon(*this);
    } else if (lookup.easy_ != easy()) {
      channel_.update_easy();
    }
  }
  CURL* easy() noexcept override { return waiters_.empty() ? nullptr : waiters_.front().easy_; }
  void answered(int status, const ares_addrinfo* answer) noexcept override;

 private:
  void keep(Lookup& lookup, const AddressList& addresses, DnsCache*& kept_in) noexcept;

  Resolver& resolver_;
  Channel& channel_;
  std::string key_;
  List<Lookup> waiters_;
  bool asked_ = false;
  bool shuffle_ = false;
};

void Resolver::Pending::answered(int status, const ares_addrinfo* answer) noexcept {
  const std::unique_ptr<Pending> self = resolver_.take(key_);
  AddressList addresses;
  CURLcode code = status == ARES_ENOMEM ? CURLE_OUT_OF_MEMORY : CURLE_COULDNT_RESOLVE_HOST;
  const char* reason = ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status);
  try {
    if (status == ARES_SUCCESS) addresses = list_of(*answer, shuffle_);
  } catch (const std::bad_alloc&) {
    code = CURLE_OUT_OF_MEMORY;
    reason = ares_strerror(ARES_ENOMEM);
  }
  DnsCache* kept_in = nullptr;
  while (!waiters_.empty()) {
    Lookup& lookup = waiters_.pop_front();
    lookup.pending_ = nullptr;
    if (addresses.empty()) {
      lookup.fail(code, reason);
    } else {
      keep(lookup, addresses, kept_in);
      lookup.succeed(addresses, Lookup::Source::name_server);
    }
    if (!resolver_.closing_) resolver_.reactor_.make_ready(lookup.waiter_);
  }
}

// Lookups that wait together mostly use the same cache: it is told once.
void Resolver::Pending::keep(Lookup& lookup, const AddressList& addresses, DnsCache*& kept_in) noexcept {
  if (lookup.cache_timeout_ == 0 || lookup.cache_ == kept_in) return;
  try {
    const DnsCache::Guard guard(*lookup.cache_, lookup.easy_);
    lookup.cache_->store(key_, addresses, resolver_.reactor_.now());
    kept_in = lookup.cache_;
  } catch (const std::bad_alloc&) {
    // The answer is good without being remembered.
  }
}

Resolver::Resolver(Reactor& reactor) : Resolver(reactor, System()) {}

Resolver::Resolver(Reactor& reactor, System system)
    : reactor_(reactor), system_(std::move(system)), hosts_(system_.hosts_path) {}

Resolver::~Resolver() { shutdown(); }

void Resolver::shutdown() noexcept {
  closing_ = true;
  channels_.clear();
  closing_ = false;
}

std::unique_ptr<Resolver::Pending> Resolver::take(const std::string& key) noexcept {
  const auto at = pending_.find(key);
  std::unique_ptr<Pending> taken = std::move(at->second);
  pending_.erase(at);
  return taken;
}

CURLcode Resolver::ask(Lookup& lookup, const Query& query, std::string key, int family) {
  const auto at = pending_.find(key);
  if (at != pending_.end()) {
    at->second->join(lookup, query.shuffle);
    return CURLE_OK;
  }
  Channel* channel = nullptr;
  const CURLcode code = channel_for(query.config, channel);
  if (code != CURLE_OK) return code;
  const std::string name(query.host);
  auto fresh = std::make_unique<Pending>(*this, *channel, key);
  Pending& pending = *fresh;
  pending_.emplace(std::move(key), std::move(fresh));
  pending.join(lookup, query.shuffle);
  pending.ask(name.c_str(), family);
  return CURLE_OK;
}

CURLcode Resolver::channel_for(const ResolverConfig& config, Channel*& out) {
  const std::string key = config.key();
  auto at = channels_.find(key);
  if (at == channels_.end()) {
    if (channels_.size() >= kMaxIdleChannels) drop_idle_channels();
    at = channels_.try_emplace(key, reactor_).first;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    try {
      const bool standard = system_.resolv_conf.empty();
      code = at->second.open(config, standard ? nullptr : system_.resolv_conf.c_str());
    } catch (const std::bad_alloc&) {
    }
    if (code != CURLE_OK) {
      channels_.erase(at);
      return code;
    }
  }
  out = &at->second;
  return CURLE_OK;
}

// An application that goes through many configurations must not collect their channels.
void Resolver::drop_idle_channels() noexcept {
  std::erase_if(channels_, [](const auto& entry) { return entry.second.idle(); });
}

Lookup::Lookup(Resolver& resolver, Runnable& waiter, const Query& query)
    : waiter_(waiter),
      easy_(query.easy),
      cache_(query.cache != nullptr ? query.cache : &resolver.cache_),
      cache_timeout_(query.cache_timeout) {
  if (answer_locally(resolver, query)) return;
  const CURLcode code = ask_servers(resolver, query);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) fail(code, "the name servers or local addresses to use make no sense");
}

Lookup::~Lookup() {
  if (pending_ != nullptr) pending_->leave(*this);
}

bool Lookup::answer_locally(Resolver& resolver, const Query& query) {
  const std::string_view host = query.host;
  if (host.empty() || host.size() > kMaxHostLength || host.find('\0') != host.npos) {
    fail(CURLE_COULDNT_RESOLVE_HOST, "not a host name");
    return true;
  }
  const int family = family_of(query.ip_version, resolver.system_.ipv6);
  return answer_override(resolver, query, family) || answer_numeric(query) ||
         answer_localhost(query, family) || answer_known(resolver, query, family);
}

bool Lookup::answer_override(Resolver& resolver, const Query& query, int family) {
  const DnsCache::Guard guard(*cache_, easy_);
  AddressList given =
      cache_->find_override(query.host, query.port, family, cache_timeout_, resolver.reactor_.now());
  if (given.empty()) return false;
  succeed(std::move(given), Source::override_entry);
  return true;
}

bool Lookup::answer_numeric(const Query& query) {
  Address address;
  if (!parse_address(query.host, address)) return false;
  const bool excluded = address.family() == AF_INET ? query.ip_version == CURL_IPRESOLVE_V6
                                                    : query.ip_version == CURL_IPRESOLVE_V4;
  if (excluded) {
    fail(CURLE_COULDNT_CONNECT, "the address is not of the wanted IP version");
  } else {
    succeed(AddressList({&address, 1}), Source::numeric);
  }
  return true;
}

bool Lookup::answer_localhost(const Query& query, int family) {
  if (!is_localhost(query.host)) return false;
  const in_addr ip4 = {htonl(INADDR_LOOPBACK)};
  const std::array<Address, 2> both = {Address::v4(ip4), Address::v6(in6addr_loopback)};
  const std::size_t from = family == AF_INET6 ? 1 : 0;
  const std::size_t count = family == AF_UNSPEC ? 2 : 1;
  succeed(AddressList(std::span(both).subspan(from, count)), Source::localhost);
  return true;
}

// Also refuses .onion, which name servers must never hear of (RFC 7686).
bool Lookup::answer_known(Resolver& resolver, const Query& query, int family) {
  const Nanos now = resolver.reactor_.now();
  const std::string_view host = without_dot(query.host);
  if (dns::ends_with_nocase(host, ".onion")) {
    fail(CURLE_COULDNT_RESOLVE_HOST, "name servers are not asked for .onion names");
    return true;
  }
  {
    const std::string key = DnsCache::make_key(query.host, family, query.config.key());
    const DnsCache::Guard guard(*cache_, easy_);
    AddressList cached = cache_->find(key, cache_timeout_, now);
    if (!cached.empty()) {
      succeed(std::move(cached), Source::cache);
      return true;
    }
  }
  AddressList listed = resolver.hosts_.find(host, family, now);
  if (listed.empty()) return false;
  succeed(std::move(listed), Source::hosts_file);
  return true;
}

CURLcode Lookup::ask_servers(Resolver& resolver, const Query& query) {
  const int family = family_of(query.ip_version, resolver.system_.ipv6);
  return resolver.ask(*this, query, DnsCache::make_key(query.host, family, query.config.key()), family);
}

void Lookup::succeed(AddressList addresses, Source source) noexcept {
  addresses_ = std::move(addresses);
  source_ = source;
  state_ = State::done;
}

void Lookup::fail(CURLcode code, const char* reason) noexcept {
  code_ = code;
  reason_ = reason;
  state_ = State::failed;
}

}  // namespace hiper
