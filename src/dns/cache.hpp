// Names that were resolved, and CURLOPT_RESOLVE's overrides. Each engine's Resolver has one; a share handle
// with CURL_LOCK_DATA_DNS has one that several engines use. No I/O, no clock of its own.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/list.hpp"
#include "dns/address.hpp"

namespace hiper {

/// How old an entry may be for the one who asks: CURLOPT_DNS_CACHE_TIMEOUT, in seconds.
/// -1: any age; 0: nothing is taken from or put into the cache.
using CacheSeconds = long;

/// Calls of a share's lock functions around each use of a cache.
struct CacheLock {
  void (*lock)(void* context, CURL* easy) = nullptr;
  void (*unlock)(void* context, CURL* easy) = nullptr;
  void* context = nullptr;
};

class DnsCache {
 public:
  /// More names than this push out the ones that were not used for the longest time.
  static constexpr std::size_t kMaxNames = 4096;

  DnsCache() noexcept = default;
  /// A cache for several threads: its lists are never shared with what it answers. Users hold a Guard.
  explicit DnsCache(CacheLock lock) noexcept : lock_(lock) {}
  DnsCache(const DnsCache&) = delete;
  DnsCache& operator=(const DnsCache&) = delete;

  class Guard {
   public:
    Guard(DnsCache& cache, CURL* easy) noexcept : lock_(cache.lock_), easy_(easy) {
      if (lock_.lock != nullptr) lock_.lock(lock_.context, easy_);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      if (lock_.unlock != nullptr) lock_.unlock(lock_.context, easy_);
    }

   private:
    CacheLock lock_;
    CURL* easy_;
  };

  /// The addresses stored under `key` (see make_key) if they are young enough for `timeout`, else an empty
  /// list. Throws std::bad_alloc if the cache is locked.
  AddressList find(std::string_view key, CacheSeconds timeout, Nanos now);
  /// Keeps `addresses`, which replace older ones. Throws std::bad_alloc; then nothing is kept.
  void store(std::string_view key, const AddressList& addresses, Nanos now);
  /// Forgets all resolved names; overrides stay (CURLMNWC_CLEAR_DNS).
  void clear() noexcept { names_.clear(); }
  std::size_t num_names() const noexcept { return names_.size(); }

  /// `family`: AF_UNSPEC, AF_INET or AF_INET6. `config`: the resolver configuration's key, often empty.
  static std::string make_key(std::string_view host, int family, std::string_view config);

  /// CURLOPT_RESOLVE (see its man page): "HOST:PORT:ADDRESS[,ADDRESS]…", "+HOST:…" (ages like a cached name),
  /// "-HOST:PORT" (removes), "*" as HOST (any host on that port). Addresses and HOST may be in brackets. To
  /// be called when a transfer starts, once per setting of the option. Entries before a bad one take effect;
  /// a bad "-" entry is passed over. Answers CURLE_SETOPT_OPTION_SYNTAX for a bad entry, which `*rejected`
  /// then points to, or CURLE_OUT_OF_MEMORY.
  CURLcode apply_resolve_list(const curl_slist* list, Nanos now, const char** rejected = nullptr) noexcept;

  /// The addresses of `family` that an override gives for host and port; empty if there is none. The exact
  /// name comes before "*". Throws std::bad_alloc.
  AddressList find_override(std::string_view host, std::uint16_t port, int family, CacheSeconds timeout,
                            Nanos now);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  struct Name : ListNode<> {
    const std::string* key = nullptr;
    AddressList addresses;
    Nanos stored_at = 0;
  };
  struct Override {
    AddressList addresses;
    Nanos stored_at = 0;
    bool ages = false;
  };

  bool apply(std::string_view entry, Nanos now);
  void remove(std::string_view entry);
  AddressList overridden(std::string_view key, int family, CacheSeconds timeout, Nanos now);
  AddressList handed_out(AddressList list) const { return lock_.lock == nullptr ? list : list.clone(); }

  CacheLock lock_;
  List<Name> by_use_;  ///< the front was not used for the longest time
  Map<Name> names_;
  Map<Override> overrides_;
};

}  // namespace hiper
