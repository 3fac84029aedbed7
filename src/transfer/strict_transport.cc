#include "transfer/strict_transport.hpp"

#include <algorithm>
#include <ctime>
#include <new>

#include "http/hsts_file.hpp"
#include "transfer/easy_parts.hpp"

namespace hiper {
namespace {

/// What curl_hstsentry::namelen tells the read callback; one byte more is there.
constexpr std::size_t kCallbackName = 256;
/// A read callback that never says that it is done is asked no more than this.
constexpr std::size_t kReadsMax = HstsCache::kEntriesMax;

std::int64_t wall_clock() noexcept { return static_cast<std::int64_t>(time(nullptr)); }

class SharedHsts final : public GuardedData {
 public:
  explicit SharedHsts(Share& share) noexcept : GuardedData(share, CURL_LOCK_DATA_HSTS) {}
  HstsCache cache;
};

/// The cache that a handle uses, for the length of a scope.
class UsedCache {
 public:
  UsedCache(Easy& easy, HstsCache& own) noexcept
      : UsedCache(easy, own, shared_data<SharedHsts>(easy, CURL_LOCK_DATA_HSTS)) {}
  HstsCache* operator->() const noexcept { return &cache_; }

 private:
  UsedCache(Easy& easy, HstsCache& own, SharedHsts* shared) noexcept
      : guard_(shared, easy.handle()), cache_(shared != nullptr ? shared->cache : own) {}

  const DataGuard guard_;
  HstsCache& cache_;
};

const char* last_file(const Options& options) noexcept {
  const char* last = nullptr;
  for (const curl_slist* item = options.list(Opt::hsts); item != nullptr; item = item->next)
    last = item->data;
  return last;
}

/// False if it is not to be taken.
bool read_entry(const curl_hstsentry& said, HstsEntry& entry) {
  std::string_view name = said.name;
  entry.subdomains = said.includeSubDomains != 0 || name.starts_with('.');
  if (name.starts_with('.')) name.remove_prefix(1);
  const std::string_view stamp(said.expire, strnlen(said.expire, sizeof said.expire));
  entry.expires = kHstsForever;
  return (stamp.empty() || parse_hsts_stamp(stamp, entry.expires)) && hsts_name(name, entry.host);
}

}  // namespace

std::unique_ptr<SharedData> make_shared_hsts(Share& share) { return std::make_unique<SharedHsts>(share); }

Status HandleHsts::fill(Report& report) {
  asked_for_ = asked_for_ || easy_.options.has(Opt::hsts_ctrl);
  load_files(report);
  const Status asked = ask_application();
  if (!asked.ok()) {
    report.failure(asked.code() == CURLE_ABORTED_BY_CALLBACK ? "The HSTS read callback failed"
                                                             : "The HSTS read callback gave an empty name");
  }
  return asked;
}

// A file is read once for each cache it goes to: reading it again would bring back what servers have taken
// back since.
void HandleHsts::load_files(Report& report) {
  if (const std::uint64_t id = UsedCache(easy_, own_)->id(); id != filled_) {
    files_.clear();
    filled_ = id;
  }
  for (const curl_slist* item = easy_.options.list(Opt::hsts); item != nullptr; item = item->next) {
    const std::string name = item->data;
    const bool last = item->next == nullptr;
    const bool known = std::find(files_.begin(), files_.end(), name) != files_.end();
    if (name.empty() || known) {
      if (last) save_to_ = name;
      continue;
    }
    std::vector<HstsEntry> entries;
    const bool readable = load_hsts_file(name.c_str(), entries);
    add(entries);
    files_.push_back(name);
    if (last) save_to_ = readable ? name : "";
    if (!readable && report.verbose()) report.infof("The HSTS file %s cannot be read", name.c_str());
  }
}

void HandleHsts::add(const std::vector<HstsEntry>& entries) {
  if (entries.empty()) return;
  const std::int64_t now = wall_clock();
  const UsedCache cache(easy_, own_);
  for (const HstsEntry& entry : entries) cache->add(entry, now);
}

Status HandleHsts::ask_application() {
  const auto read = easy_.options.function<curl_hstsread_callback>(Opt::hstsreadfunction);
  if (read == nullptr) return Status();
  void* const data = easy_.options.pointer(Opt::hstsreaddata);
  std::vector<HstsEntry> entries;
  CURLcode code = CURLE_OK;
  for (std::size_t asked = 0; asked < kReadsMax; ++asked) {
    char name[kCallbackName + 1] = {};
    curl_hstsentry said{name, kCallbackName, 0, {}};
    const CURLSTScode answer = read(easy_.handle(), &said, data);
    name[kCallbackName] = '\0';
    if (answer == CURLSTS_FAIL) code = CURLE_ABORTED_BY_CALLBACK;
    if (answer == CURLSTS_OK && name[0] == '\0') code = CURLE_BAD_FUNCTION_ARGUMENT;
    if (answer != CURLSTS_OK || code != CURLE_OK) break;
    said.name = name;
    HstsEntry entry;
    if (read_entry(said, entry)) entries.push_back(std::move(entry));
  }
  add(entries);
  return Status(code);
}

bool HandleHsts::covers(std::string_view name) noexcept {
  return UsedCache(easy_, own_)->covers(name, wall_clock());
}

void HandleHsts::learn(std::string_view name, const HstsPolicy& policy) {
  UsedCache(easy_, own_)->learn(name, policy, wall_clock());
}

void HandleHsts::tell_application(const std::vector<HstsEntry>& entries) noexcept {
  const auto write = easy_.options.function<curl_hstswrite_callback>(Opt::hstswritefunction);
  if (write == nullptr) return;
  void* const data = easy_.options.pointer(Opt::hstswritedata);
  curl_index index{0, entries.size()};
  for (const HstsEntry& entry : entries) {
    char name[kHstsHostMax + 1] = {};
    entry.host.copy(name, kHstsHostMax);
    curl_hstsentry said{name, entry.host.size(), entry.subdomains ? 1u : 0u, {}};
    const HstsStamp stamp = format_hsts_stamp(entry.expires);
    std::copy(stamp.begin(), stamp.end(), said.expire);
    if (write(easy_.handle(), &said, &index, data) != CURLSTS_OK) return;
    ++index.index;
  }
}

void HandleHsts::save() {
  const Options& options = easy_.options;
  const std::vector<HstsEntry> entries = UsedCache(easy_, own_)->entries(wall_clock());
  tell_application(entries);
  const char* const last = last_file(options);
  const bool read_only = (options.number(Opt::hsts_ctrl) & CURLHSTS_READONLYFILE) != 0;
  if (read_only || save_to_.empty() || (last != nullptr && *last == '\0')) return;
  static_cast<void>(save_hsts_file(save_to_.c_str(), entries));
}

HandleHsts::~HandleHsts() {
  const bool off = easy_.options.has(Opt::hsts_ctrl) && !hsts_wanted(easy_);
  if (dropped_ || off) return;
  try {
    save();
  } catch (const std::bad_alloc&) {
    // The old file is there still, and there is nobody to tell.
  }
}

bool hsts_wanted(const Easy& easy) noexcept {
  const Options& options = easy.options;
  if (options.has(Opt::hsts_ctrl)) return (options.number(Opt::hsts_ctrl) & CURLHSTS_ENABLE) != 0;
  if (easy.share != nullptr && easy.share->shares(CURL_LOCK_DATA_HSTS)) return true;
  const EasyParts* const parts = parts_if_any(easy);
  return parts != nullptr && parts->hsts != nullptr && parts->hsts->asked_for();
}

void drop_hsts_if_off(Easy& easy) noexcept {
  EasyParts* const parts = parts_if_any(easy);
  if (parts == nullptr || parts->hsts == nullptr) return;
  if (!easy.options.has(Opt::hsts_ctrl) || hsts_wanted(easy)) return;
  parts->hsts->forget();
  parts->hsts.reset();
}

UrlResult make_secure(Url& url) {
  if (url.has_port() && url.port() == 80) {
    const UrlResult cleared = url.clear(CURLUPART_PORT);
    if (!cleared.ok()) return cleared;
  }
  return url.set(CURLUPART_SCHEME, "https", 0);
}

}  // namespace hiper
