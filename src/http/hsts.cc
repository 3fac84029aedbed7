#include "http/hsts.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>

#include "parse/ascii.hpp"
#include "parse/host.hpp"
#include "parse/idn.hpp"

namespace hiper {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

bool take(std::string_view& text, char c) noexcept {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes `name` if it stands there and ends there.
bool take_name(std::string_view& text, std::string_view name) noexcept {
  if (!starts_with_ignore_case(text, name)) return false;
  const std::string_view rest = text.substr(name.size());
  const bool ends = rest.empty() || is_blank(rest.front()) || rest.front() == ';' || rest.front() == '=';
  if (ends) text = rest;
  return ends;
}

/// Up to the next directive; a ';' between double quotes does not end one.
void skip_directive(std::string_view& text) noexcept {
  bool quoted = false;
  while (!text.empty()) {
    const char c = text.front();
    if (c == ';' && !quoted) return;
    text.remove_prefix(c == '\\' && quoted && text.size() > 1 ? 2 : 1);
    if (c == '"') quoted = !quoted;
  }
}

/// `= number` or `= "number"`.
bool take_max_age(std::string_view& text, std::int64_t& seconds) noexcept {
  skip_blanks(text);
  if (!take(text, '=')) return false;
  skip_blanks(text);
  const bool quoted = take(text, '"');
  if (text.empty() || !is_digit(text.front())) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc::result_out_of_range) seconds = std::numeric_limits<std::int64_t>::max();
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return !quoted || take(text, '"');
}

std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

bool parse_hsts_policy(std::string_view value, HstsPolicy& policy) noexcept {
  HstsPolicy said;
  bool has_age = false;
  for (;;) {
    while (!value.empty() && (is_blank(value.front()) || value.front() == ';')) value.remove_prefix(1);
    if (value.empty()) break;
    if (take_name(value, "max-age")) {
      if (has_age || !take_max_age(value, said.max_age)) return false;
      has_age = true;
    } else if (take_name(value, "includesubdomains")) {
      if (said.subdomains) return false;
      said.subdomains = true;
    } else {
      skip_directive(value);
    }
  }
  if (has_age) policy = said;
  return has_age;
}

bool hsts_name(std::string_view host, std::string& name) {
  name.clear();
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.starts_with('.') || host.ends_with('.')) return false;
  if (has_non_ascii(host)) {
    if (!idn_to_ascii(host, name)) return false;
  } else {
    if (host.size() > kHstsHostMax || host.find(':') != host.npos) return false;
    name = host;
  }
  std::string numeric;
  const bool good = name.size() <= kHstsHostMax && std::none_of(name.begin(), name.end(), is_control) &&
                    is_acceptable_host_name(name) && !normalize_ipv4(name, numeric);
  if (!good) {
    name.clear();
    return false;
  }
  std::transform(name.begin(), name.end(), name.begin(), to_lower);
  return true;
}

HstsCache::HstsCache() noexcept : id_(next_id()) {}

void HstsCache::learn(std::string_view host, const HstsPolicy& policy, std::int64_t now) {
  if (policy.max_age > 0) {
    put(host, policy.max_age > kHstsLastSecond - now ? kHstsForever : now + policy.max_age, policy.subdomains,
        now);
  } else if (const auto found = known_.find(host); found != known_.end()) {
    known_.erase(found);
  }
}

void HstsCache::add(const HstsEntry& entry, std::int64_t now) {
  if (entry.expires <= now) return;
  const auto found = known_.find(entry.host);
  if (found != known_.end() && found->second.expires > entry.expires) return;
  put(entry.host, entry.expires > kHstsLastSecond ? kHstsForever : entry.expires, entry.subdomains, now);
}

void HstsCache::put(std::string_view host, std::int64_t expires, bool subdomains, std::int64_t now) {
  if (const auto found = known_.find(host); found != known_.end()) {
    found->second.expires = expires;
    found->second.subdomains = subdomains;
  } else {
    if (!make_room(now)) return;
    known_.emplace(host, Known{expires, num_added_, subdomains});
    ++num_added_;
  }
  earliest_ = std::min(earliest_, expires);
}

// Looking at all entries pays only if one of them has expired since the last time.
bool HstsCache::make_room(std::int64_t now) noexcept {
  if (known_.size() < kEntriesMax) return true;
  if (earliest_ > now) return false;
  std::erase_if(known_, [now](const Map::value_type& entry) { return entry.second.expires <= now; });
  earliest_ = kHstsForever;
  for (const auto& [host, known] : known_) earliest_ = std::min(earliest_, known.expires);
  return known_.size() < kEntriesMax;
}

bool HstsCache::covers(std::string_view host, std::int64_t now) const noexcept {
  if (known_.empty()) return false;
  for (bool exact = true; !host.empty(); exact = false) {
    const auto found = known_.find(host);
    if (found != known_.end() && found->second.expires > now && (exact || found->second.subdomains))
      return true;
    const std::size_t dot = host.find('.');
    if (dot == host.npos) return false;
    host.remove_prefix(dot + 1);
  }
  return false;
}

std::vector<HstsEntry> HstsCache::entries(std::int64_t now) const {
  std::vector<const Map::value_type*> alive;
  alive.reserve(known_.size());
  for (const auto& entry : known_) {
    if (entry.second.expires > now) alive.push_back(&entry);
  }
  std::sort(alive.begin(), alive.end(), [](const Map::value_type* a, const Map::value_type* b) {
    return a->second.order < b->second.order;
  });
  std::vector<HstsEntry> entries;
  entries.reserve(alive.size());
  for (const Map::value_type* const entry : alive) {
    entries.push_back({entry->first, entry->second.expires, entry->second.subdomains});
  }
  return entries;
}

}  // namespace hiper
