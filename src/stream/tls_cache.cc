// The process-wide caches behind tls_context(): contexts by TlsConfig key, CA stores by bundle. One lock; a
// bundle is parsed under it, so that several threads which start together parse it once.
#include <mutex>
#include <new>
#include <unordered_map>

#include "base/list.hpp"
#include "base/process.hpp"
#include "stream/tls_context.hpp"

namespace hiper {
namespace {

/// What nobody uses is kept up to these numbers, the least recently used goes first.
constexpr std::size_t kMaxIdleContexts = 16;
constexpr std::size_t kMaxIdleTrusts = 4;
/// How often files are looked at.
constexpr Nanos kLookAgainAfter = kSecond;

template <class T>
struct CacheEntry : ListNode<void> {
  Ref<T> object;
  Nanos looked_at = 0;
  std::string_view key;  ///< the map's
};

/// Least recently used first. Entries that are used elsewhere, too, cost nothing and are not counted out.
template <class T>
class LruCache {
 public:
  using Entry = CacheEntry<T>;
  explicit LruCache(std::size_t max_idle) noexcept : max_idle_(max_idle) {}

  Entry* find(std::string_view key) noexcept {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    found->second.unlink();
    order_.push_back(found->second);
    return &found->second;
  }
  /// Replaces what is there.
  void put(std::string_view key, const Ref<T>& object, Nanos now) {
    const auto place = entries_.try_emplace(std::string(key)).first;
    Entry& entry = place->second;
    entry.key = place->first;
    entry.object = object;
    entry.looked_at = now;
    entry.unlink();
    order_.push_back(entry);
    ++num_made_;
    trim();
  }
  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t num_made() const noexcept { return num_made_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// Runs only after something was made, which costs far more than this walk.
  void trim() noexcept {
    Entry* entry = order_.first();
    while (entry != nullptr && entries_.size() > max_idle_) {
      Entry* const next = order_.next(*entry);
      if (entry->object->owned_once()) entries_.erase(entries_.find(entry->key));
      entry = next;
    }
  }
  std::size_t max_idle_;
  std::size_t num_made_ = 0;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  List<Entry> order_;
};

struct Caches {
  LruCache<TlsContext> contexts{kMaxIdleContexts};
  LruCache<TlsTrust> trusts{kMaxIdleTrusts};
};

constinit std::mutex mutex;
constinit Caches* caches = nullptr;  // guarded by the mutex; freed by tls_contexts_free()

template <class T>
bool files_unchanged(CacheEntry<T>& entry, Nanos now) noexcept {
  if (now - entry.looked_at < kLookAgainAfter) return true;
  if (!entry.object->files().unchanged()) return false;
  entry.looked_at = now;
  return true;
}

Status shared_trust(const TlsConfig& config, const TlsCacheAge& age, Report& report, Ref<TlsTrust>& trust) {
  const std::string key = trust_key(config);
  CacheEntry<TlsTrust>* const entry = caches->trusts.find(key);
  if (entry != nullptr && !entry->object->older_than(age.max_seconds, age.now) &&
      files_unchanged(*entry, age.now)) {
    trust = entry->object;
    return Status();
  }
  if (const Status loaded = load_trust(config, age.now, report, trust); !loaded.ok()) return loaded;
  caches->trusts.put(key, trust, age.now);
  return Status();
}

/// Still good: neither too old for the caller nor made from files that have changed since.
bool usable(CacheEntry<TlsContext>& entry, const TlsCacheAge& age) noexcept {
  if (entry.object->trust()->older_than(age.max_seconds, age.now)) return false;
  if (age.now - entry.looked_at < kLookAgainAfter) return true;
  return entry.object->trust()->files().unchanged() && files_unchanged(entry, age.now);
}

Status shared_context(const TlsConfig& config, std::string_view key, const TlsCacheAge& age, Report& report,
                      Ref<TlsContext>& context) {
  CacheEntry<TlsContext>* const entry = caches->contexts.find(key);
  if (entry != nullptr && usable(*entry, age)) {
    context = entry->object;
    return Status();
  }
  Ref<TlsTrust> trust;
  if (const Status done = shared_trust(config, age, report, trust); !done.ok()) return done;
  if (const Status done = TlsContext::make(config, key, trust, report, context); !done.ok()) return done;
  caches->contexts.put(key, context, age.now);
  return Status();
}

Status private_context(const TlsConfig& config, std::string_view key, CURL* easy, const Ref<TlsTrust>& trust,
                       Report& report, Ref<TlsContext>& context) {
  Ref<TlsContext> made;
  if (const Status done = TlsContext::make(config, key, trust, report, made); !done.ok()) return done;
  const CURLcode code = config.context_function(easy, made->native(), config.context_data);
  clear_openssl_errors();
  if (code != CURLE_OK) {
    report.failuref("TLS: the application's SSL context function answered %d", static_cast<int>(code));
    return Status(code);
  }
  context = std::move(made);
  return Status();
}

}  // namespace

Status tls_context(const TlsConfig& config, std::string_view key, CURL* easy, const TlsCacheAge& age,
                   Report& report, Ref<TlsContext>& context) {
  Ref<TlsTrust> trust;
  {
    const std::lock_guard lock(mutex);
    if (caches == nullptr) caches = new Caches;
    if (config.context_function == nullptr) return shared_context(config, key, age, report, context);
    if (const Status done = shared_trust(config, age, report, trust); !done.ok()) return done;
  }
  return private_context(config, key, easy, trust, report, context);
}

void tls_contexts_init() noexcept { hold_during_forks(mutex); }

void tls_contexts_free() noexcept {
  const std::lock_guard lock(mutex);
  delete std::exchange(caches, nullptr);
}

TlsContextCounts tls_context_counts() noexcept {
  const std::lock_guard lock(mutex);
  if (caches == nullptr) return {};
  return {caches->contexts.size(), caches->trusts.size(), caches->contexts.num_made(),
          caches->trusts.num_made()};
}

}  // namespace hiper
