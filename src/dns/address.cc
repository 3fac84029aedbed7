#include "dns/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>

#include "base/clock.hpp"

namespace hiper {

Address Address::v4(const in_addr& ip) noexcept {
  Address address;
  address.in_.sin_family = AF_INET;
  address.in_.sin_addr = ip;
  return address;
}

Address Address::v6(const in6_addr& ip, std::uint32_t scope) noexcept {
  Address address;
  address.in6_.sin6_family = AF_INET6;
  address.in6_.sin6_addr = ip;
  address.in6_.sin6_scope_id = scope;
  return address;
}

Address Address::from_sockaddr(const sockaddr* source, socklen_t length) noexcept {
  Address address;
  if (source == nullptr || length < offsetof(sockaddr, sa_data)) return address;
  socklen_t wanted = 0;
  if (source->sa_family == AF_INET) wanted = sizeof(sockaddr_in);
  if (source->sa_family == AF_INET6) wanted = sizeof(sockaddr_in6);
  if (wanted == 0 || length < wanted) return address;
  std::memcpy(&address.in6_, source, wanted);
  return address;
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(in_.sin_port);
  return family() == AF_INET6 ? ntohs(in6_.sin6_port) : std::uint16_t{0};
}

Address Address::with_port(std::uint16_t port) const noexcept {
  Address copy = *this;
  if (family() == AF_INET) copy.in_.sin_port = htons(port);
  if (family() == AF_INET6) copy.in6_.sin6_port = htons(port);
  return copy;
}

bool operator==(const Address& a, const Address& b) noexcept {
  if (a.family() != b.family() || a.port() != b.port() || a.scope() != b.scope()) return false;
  if (a.family() == AF_INET) return a.ip4().s_addr == b.ip4().s_addr;
  return a.family() != AF_INET6 || std::memcmp(&a.ip6(), &b.ip6(), sizeof(in6_addr)) == 0;
}

namespace {

bool parse_scope(std::string_view text, std::uint32_t& out) noexcept {
  if (text.size() > 2 && text.starts_with("25")) text.remove_prefix(2);
  if (text.empty() || text.size() >= IF_NAMESIZE) return false;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, out);
  if (error == std::errc() && last == end) return true;
  char name[IF_NAMESIZE] = {};
  std::memcpy(name, text.data(), text.size());
  out = if_nametoindex(name);
  return out != 0;
}

}  // namespace

bool parse_address(std::string_view text, Address& out) noexcept {
  std::uint32_t scope = 0;
  const std::size_t percent = text.find('%');
  const std::string_view digits = text.substr(0, percent);
  char buffer[INET6_ADDRSTRLEN] = {};
  if (digits.empty() || digits.size() >= sizeof(buffer) || digits.find('\0') != digits.npos) return false;
  std::memcpy(buffer, digits.data(), digits.size());
  in_addr ip4;
  if (percent == text.npos && inet_pton(AF_INET, buffer, &ip4) == 1) {
    out = Address::v4(ip4);
    return true;
  }
  in6_addr ip6;
  if (inet_pton(AF_INET6, buffer, &ip6) != 1) return false;
  if (percent != text.npos && !parse_scope(text.substr(percent + 1), scope)) return false;
  out = Address::v6(ip6, scope);
  return true;
}

AddressText ip_text(const Address& address) noexcept {
  AddressText text;
  const void* const ip = address.family() == AF_INET ? static_cast<const void*>(&address.ip4())
                                                     : static_cast<const void*>(&address.ip6());
  if (address.family() != AF_UNSPEC) {
    inet_ntop(address.family(), ip, text.text_.data(), static_cast<socklen_t>(text.text_.size()));
  }
  return text;
}

AddressText endpoint_text(const Address& address) noexcept {
  AddressText text;
  if (address.family() == AF_UNSPEC) return text;
  const AddressText ip = ip_text(address);
  const char* const format = address.family() == AF_INET6 ? "[%s]:%u" : "%s:%u";
  std::snprintf(text.text_.data(), text.text_.size(), format, ip.c_str(), unsigned{address.port()});
  return text;
}

bool ipv6_available() noexcept {
  static std::atomic<int> answer{-1};
  int known = answer.load(std::memory_order_relaxed);
  if (known >= 0) return known != 0;
  const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) close(fd);
  known = fd >= 0 ? 1 : 0;
  answer.store(known, std::memory_order_relaxed);
  return known != 0;
}

AddressList::AddressList(std::span<const Address> addresses) {
  if (addresses.empty()) return;
  void* const room = ::operator new(sizeof(Block) + addresses.size_bytes());
  block_ = new (room) Block{1, static_cast<std::uint32_t>(addresses.size())};
  std::memcpy(static_cast<void*>(block_ + 1), addresses.data(), addresses.size_bytes());
}

Address* AddressList::items(Block* block) noexcept {
  return static_cast<Address*>(static_cast<void*>(block + 1));
}

std::span<const Address> AddressList::view() const noexcept {
  if (block_ == nullptr) return {};
  return {items(block_), block_->count};
}

void AddressList::drop() noexcept {
  if (block_ != nullptr && --block_->refs == 0) ::operator delete(block_);
}

AddressList AddressList::of_family(int family) const {
  std::size_t num_matching = 0;
  for (const Address& address : *this) {
    if (family == AF_UNSPEC || address.family() == family) ++num_matching;
  }
  if (num_matching == size()) return *this;
  AddressList matching;
  if (num_matching == 0) return matching;
  matching = clone();
  Address* last = items(matching.block_);
  for (const Address& address : *this) {
    if (address.family() == family) *last++ = address;
  }
  matching.block_->count = static_cast<std::uint32_t>(num_matching);
  return matching;
}

namespace {

// splitmix64: enough to spread load; nothing secret depends on it.
std::uint64_t next_random(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

void AddressList::shuffle(std::uint64_t seed) {
  if (size() < 2) return;
  if (block_->refs > 1) *this = clone();
  Address* const all = items(block_);
  for (std::size_t left = size(); left > 1; --left) {
    const auto pick = static_cast<std::size_t>(next_random(seed) % left);
    std::swap(all[left - 1], all[pick]);
  }
}

std::uint64_t random_seed() noexcept {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
    seed = static_cast<std::uint64_t>(monotonic_now());
  }
  return seed;
}

}  // namespace hiper
