#include "dns/cache.hpp"

#include <charconv>
#include <vector>

#include "dns/text.hpp"

namespace hiper {
namespace {

bool too_old(Nanos stored_at, CacheSeconds timeout, Nanos now) noexcept {
  if (timeout < 0) return false;
  return (now - stored_at) / kSecond >= timeout;
}

/// Takes what is left of `separator` from the front of `rest`; false if there is no separator.
bool take_until(std::string_view& rest, char separator, std::string_view& out) noexcept {
  const std::size_t at = rest.find(separator);
  if (at == rest.npos) return false;
  out = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return true;
}

/// Takes "HOST:" or "[HOST]:".
bool take_host(std::string_view& rest, std::string_view& out) noexcept {
  if (!rest.starts_with('[')) return take_until(rest, ':', out) && !out.empty();
  rest.remove_prefix(1);
  if (!take_until(rest, ']', out) || out.empty() || !rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  return true;
}

bool parse_port(std::string_view text, std::uint16_t& out) noexcept {
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && last == end;
}

std::string override_key(std::string_view host, std::uint16_t port) {
  char digits[8];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), port);
  std::string key;
  key.reserve(host.size() + 8);
  dns::append_lower(key, host);
  key.push_back(':');
  key.append(digits, end);
  return key;
}

bool parse_addresses(std::string_view text, std::vector<Address>& out) {
  for (bool more = true; more;) {
    std::string_view one = text;
    more = take_until(text, ',', one);
    if (one.empty()) continue;
    if (one.size() > 2 && one.front() == '[' && one.back() == ']') one = one.substr(1, one.size() - 2);
    Address address;
    if (!parse_address(one, address)) return false;
    out.push_back(address);
  }
  return !out.empty();
}

}  // namespace

std::string DnsCache::make_key(std::string_view host, int family, std::string_view config) {
  std::string key;
  key.reserve(host.size() + config.size() + 2);
  key.push_back(family == AF_INET ? '4' : family == AF_INET6 ? '6' : '*');
  dns::append_lower(key, host);
  if (!config.empty()) key.append(1, '\n').append(config);
  return key;
}

AddressList DnsCache::find(std::string_view key, CacheSeconds timeout, Nanos now) {
  const auto at = timeout == 0 ? names_.end() : names_.find(key);
  if (at == names_.end() || too_old(at->second.stored_at, timeout, now)) return {};
  at->second.unlink();
  by_use_.push_back(at->second);
  return handed_out(at->second.addresses);
}

void DnsCache::store(std::string_view key, const AddressList& addresses, Nanos now) {
  AddressList kept = handed_out(addresses);
  const auto [at, added] = names_.try_emplace(std::string(key));
  Name& name = at->second;
  name.key = &at->first;
  name.addresses = std::move(kept);
  name.stored_at = now;
  name.unlink();
  by_use_.push_back(name);
  if (names_.size() > kMaxNames) names_.erase(names_.find(*by_use_.front().key));
}

CURLcode DnsCache::apply_resolve_list(const curl_slist* list, Nanos now, const char** rejected) noexcept {
  try {
    for (; list != nullptr; list = list->next) {
      if (list->data == nullptr || apply(list->data, now)) continue;
      if (rejected != nullptr) *rejected = list->data;
      return CURLE_SETOPT_OPTION_SYNTAX;
    }
    return CURLE_OK;
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

bool DnsCache::apply(std::string_view entry, Nanos now) {
  if (entry.starts_with('-')) {
    remove(entry.substr(1));
    return true;
  }
  const bool ages = entry.starts_with('+');
  if (ages) entry.remove_prefix(1);
  std::string_view host;
  std::string_view digits;
  std::uint16_t port = 0;
  std::vector<Address> addresses;
  if (!take_host(entry, host) || !take_until(entry, ':', digits) || !parse_port(digits, port)) return false;
  if (!parse_addresses(entry, addresses)) return false;
  AddressList list(addresses);
  overrides_.insert_or_assign(override_key(host, port), Override{std::move(list), now, ages});
  return true;
}

// The man page promises that "-HOST:PORT" also forgets what was resolved.
void DnsCache::remove(std::string_view entry) {
  std::string_view host;
  std::uint16_t port = 0;
  if (!take_host(entry, host) || !parse_port(entry, port)) return;
  overrides_.erase(override_key(host, port));
  for (const int family : {AF_UNSPEC, AF_INET, AF_INET6}) names_.erase(make_key(host, family, {}));
}

AddressList DnsCache::find_override(std::string_view host, std::uint16_t port, int family,
                                    CacheSeconds timeout, Nanos now) {
  if (overrides_.empty()) return {};
  AddressList exact = overridden(override_key(host, port), family, timeout, now);
  if (!exact.empty()) return exact;
  return overridden(override_key("*", port), family, timeout, now);
}

AddressList DnsCache::overridden(std::string_view key, int family, CacheSeconds timeout, Nanos now) {
  const auto at = overrides_.find(key);
  if (at == overrides_.end()) return {};
  const Override& entry = at->second;
  if (entry.ages && too_old(entry.stored_at, timeout, now)) {
    overrides_.erase(at);
    return {};
  }
  return handed_out(entry.addresses.of_family(family));
}

}  // namespace hiper
