// Hosts that want to be asked by https only (HTTP Strict Transport Security, RFC 6797): what their header
// says, and the cache of it. No I/O, no clock of its own. Used by transfer/strict_transport.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hiper {

/// What one Strict-Transport-Security header says.
struct HstsPolicy {
  std::int64_t max_age = 0;  ///< seconds from now; 0: the host does not want it any more
  bool subdomains = false;   ///< includeSubDomains
};

/// Reads the header's value (RFC 6797, section 6.1). False when it is to be ignored: no max-age, one that is
/// no number, or a known directive twice. Directives that are not known, and what follows the value of a
/// known one, are skipped. A max-age that is too large for an integer is the largest one.
bool parse_hsts_policy(std::string_view value, HstsPolicy& policy) noexcept;

/// The longest host name that has an entry, without a trailing dot (RFC 1035, section 2.3.4).
inline constexpr std::size_t kHstsHostMax = 253;

/// The form of `host` that entries are kept under: ASCII (by IDNA), lower case, without one trailing dot.
/// False for what can have no entry: numeric addresses, and what is no host name. Throws std::bad_alloc.
bool hsts_name(std::string_view host, std::string& name);

/// An entry that does not expire.
inline constexpr std::int64_t kHstsForever = std::numeric_limits<std::int64_t>::max();
/// The last second that a stamp of a file can tell; what would expire later never does.
inline constexpr std::int64_t kHstsLastSecond = 253402300799;  // 99991231 23:59:59

struct HstsEntry {
  std::string host;          ///< as hsts_name() makes it
  std::int64_t expires = 0;  ///< seconds since the epoch, or kHstsForever
  bool subdomains = false;
};

/// The known hosts. Times are seconds since the epoch; host names are as hsts_name() makes them. What throws
/// throws std::bad_alloc and has changed nothing then.
class HstsCache {
 public:
  /// With so many entries, none of them expired, hosts that are not known yet are not noted any more: whoever
  /// floods the cache does not push out others.
  static constexpr std::size_t kEntriesMax = 100000;

  HstsCache() noexcept;
  HstsCache(const HstsCache&) = delete;
  HstsCache& operator=(const HstsCache&) = delete;

  /// Never the same for two caches of a process.
  std::uint64_t id() const noexcept { return id_; }

  /// Does what a host's own header says: it replaces what was known about it.
  void learn(std::string_view host, const HstsPolicy& policy, std::int64_t now);
  /// Adds what was known earlier, from a file or the application. Of two entries of one host the one that
  /// expires later counts.
  void add(const HstsEntry& entry, std::int64_t now);
  /// Whether `host` is to be asked by https: it has an entry, or a domain above it has one with subdomains
  /// (RFC 6797, section 8.2).
  bool covers(std::string_view host, std::int64_t now) const noexcept;

  /// Those that have not expired, in the order in which they came.
  std::vector<HstsEntry> entries(std::int64_t now) const;
  std::size_t size() const noexcept { return known_.size(); }

 private:
  struct Known {
    std::int64_t expires;
    std::uint64_t order;  ///< when it came, counted
    bool subdomains;
  };
  // A tree: peers choose the names, which must not make it slow.
  using Map = std::map<std::string, Known, std::less<>>;

  void put(std::string_view host, std::int64_t expires, bool subdomains, std::int64_t now);
  bool make_room(std::int64_t now) noexcept;

  std::uint64_t id_;
  Map known_;
  std::uint64_t num_added_ = 0;
  std::int64_t earliest_ = kHstsForever;  ///< nothing expires before
};

}  // namespace hiper
