// Name resolution. A Lookup asks for one name; the Resolver, one per engine, answers at once what needs no
// network (numeric addresses, CURLOPT_RESOLVE, localhost, its cache, the hosts file) and asks the name
// servers for the rest, once per name however many lookups wait. Nothing here waits. Used by conn/connect.
//
// In a flow:
//   Lookup lookup(resolver, task, query);
//   while (lookup.state() == Lookup::State::pending) co_await WaitWake(task, deadline);
// Leaving the scope, or destroying the flow, gives the lookup up.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/list.hpp"
#include "dns/address.hpp"
#include "dns/cache.hpp"
#include "dns/channel.hpp"
#include "dns/hosts_file.hpp"
#include "flow/reactor.hpp"

namespace hiper {

/// What is asked. The texts are borrowed for the Lookup's constructor only.
struct Query {
  std::string_view host;  ///< ASCII (IDN already converted); IPv6 without brackets, with "%scope" if any
  std::uint16_t port =
      0;  ///< only picks the CURLOPT_RESOLVE entry; answers have port 0: Address::with_port()
  long ip_version = CURL_IPRESOLVE_WHATEVER;  ///< CURLOPT_IPRESOLVE
  CacheSeconds cache_timeout = 60;            ///< CURLOPT_DNS_CACHE_TIMEOUT
  bool shuffle = false;                       ///< CURLOPT_DNS_SHUFFLE_ADDRESSES
  CURL* easy = nullptr;   ///< named when the resolver's sockets are announced; alive as long as the Lookup
  ResolverConfig config;  ///< CURLOPT_DNS_SERVERS, _INTERFACE, _LOCAL_IP4, _LOCAL_IP6
  DnsCache* cache = nullptr;  ///< a share's cache, which outlives the Lookup; nullptr: the resolver's own
};

class Lookup;

class Resolver {
 public:
  /// Where the system's facts come from; tests use others.
  struct System {
    std::string hosts_path = "/etc/hosts";
    std::string resolv_conf;  ///< empty: c-ares' default
    bool ipv6 = ipv6_available();
  };

  explicit Resolver(Reactor& reactor);
  Resolver(Reactor& reactor, System system);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  /// As shutdown(). Lookups may outlive the resolver.
  ~Resolver();
  /// Gives up all questions and sockets; never waits. Lookups that are still pending are failed, without
  /// being woken. The cache stays.
  void shutdown() noexcept;

  /// Cached names, and the place for CURLOPT_RESOLVE: cache().apply_resolve_list(list, reactor.now()).
  DnsCache& cache() noexcept { return cache_; }

 private:
  friend class Lookup;
  class Pending;
  static constexpr std::size_t kMaxIdleChannels = 16;

  CURLcode ask(Lookup& lookup, const Query& query, std::string key, int family);
  CURLcode channel_for(const ResolverConfig& config, Channel*& out);
  void drop_idle_channels() noexcept;
  std::unique_ptr<Pending> take(const std::string& key) noexcept;

  Reactor& reactor_;
  System system_;
  DnsCache cache_;
  HostsFile hosts_;
  bool closing_ = false;
  std::unordered_map<std::string, std::unique_ptr<Pending>> pending_;
  std::unordered_map<std::string, Channel> channels_;  ///< by configuration
};

/// One name, asked by one transfer. Lives where its waiter lives; gives up when destroyed, O(1), never waits.
class Lookup : public ListNode<> {
 public:
  enum class State : std::uint8_t { pending, done, failed };
  /// Where the answer came from, for traces.
  enum class Source : std::uint8_t { numeric, override_entry, localhost, cache, hosts_file, name_server };

  /// Asks. If the state is pending afterwards, `waiter` is made ready when that changes; it must outlive the
  /// Lookup. Throws std::bad_alloc.
  Lookup(Resolver& resolver, Runnable& waiter, const Query& query);
  ~Lookup();

  State state() const noexcept { return state_; }
  /// When done: at least one address.
  const AddressList& addresses() const noexcept { return addresses_; }
  Source source() const noexcept { return source_; }
  /// When failed: CURLE_COULDNT_RESOLVE_HOST; CURLE_OUT_OF_MEMORY; CURLE_BAD_FUNCTION_ARGUMENT for a resolver
  /// configuration that makes no sense; CURLE_COULDNT_CONNECT for a numeric address that ip_version excludes.
  CURLcode code() const noexcept { return code_; }
  /// When failed: why, a static text without the host's name.
  const char* reason() const noexcept { return reason_; }

 private:
  friend class Resolver::Pending;
  friend class Resolver;
  bool answer_locally(Resolver& resolver, const Query& query);
  bool answer_override(Resolver& resolver, const Query& query, int family);
  bool answer_numeric(const Query& query);
  bool answer_localhost(const Query& query, int family);
  bool answer_known(Resolver& resolver, const Query& query, int family);
  CURLcode ask_servers(Resolver& resolver, const Query& query);
  void succeed(AddressList addresses, Source source) noexcept;
  void fail(CURLcode code, const char* reason) noexcept;

  Runnable& waiter_;
  Resolver::Pending* pending_ = nullptr;
  CURL* easy_;
  DnsCache* cache_;
  AddressList addresses_;
  const char* reason_ = "";
  CacheSeconds cache_timeout_;
  CURLcode code_ = CURLE_OK;
  State state_ = State::pending;
  Source source_ = Source::name_server;
};

}  // namespace hiper
