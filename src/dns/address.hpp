// Socket addresses: one (Address), and what a name resolves to (AddressList). Values; no I/O. Used by the
// resolver, the connect flow and whoever prints an address.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace hiper {

/// An IPv4 or IPv6 endpoint, ready for socket() and connect(); 28 bytes. The port is 0 in what the resolver
/// answers: see with_port().
class Address {
 public:
  Address() noexcept : in6_{} {}  ///< family AF_UNSPEC, length 0
  static Address v4(const in_addr& ip) noexcept;
  static Address v6(const in6_addr& ip, std::uint32_t scope = 0) noexcept;
  /// Copies an AF_INET or AF_INET6 address (getpeername, accept); anything else, or a short one, gives
  /// AF_UNSPEC.
  static Address from_sockaddr(const sockaddr* source, socklen_t length) noexcept;

  int family() const noexcept { return generic_.sa_family; }
  int socktype() const noexcept { return SOCK_STREAM; }
  int protocol() const noexcept { return IPPROTO_TCP; }
  const sockaddr* raw() const noexcept { return &generic_; }
  socklen_t length() const noexcept {
    if (family() == AF_INET) return sizeof(in_);
    return family() == AF_INET6 ? sizeof(in6_) : 0;
  }

  std::uint16_t port() const noexcept;
  Address with_port(std::uint16_t port) const noexcept;
  std::uint32_t scope() const noexcept { return family() == AF_INET6 ? in6_.sin6_scope_id : 0; }
  /// CURLOPT_ADDRESS_SCOPE. No effect on IPv4.
  void set_scope(std::uint32_t scope) noexcept {
    if (family() == AF_INET6) in6_.sin6_scope_id = scope;
  }
  const in_addr& ip4() const noexcept { return in_.sin_addr; }
  const in6_addr& ip6() const noexcept { return in6_.sin6_addr; }

 private:
  union {
    sockaddr generic_;
    sockaddr_in in_;
    sockaddr_in6 in6_;
  };
};
static_assert(sizeof(Address) == 28);

/// Same family, address, scope and port.
bool operator==(const Address& a, const Address& b) noexcept;

/// Reads a numeric address, without port: "1.2.3.4" (exactly four decimal numbers), "::1", and "fe80::1%2" or
/// "fe80::1%eth0", where the percent sign may also be written %25 as in a URL (RFC 6874). No brackets.
/// Answers false, and leaves `out` alone, for anything else, an unknown interface included.
bool parse_address(std::string_view text, Address& out) noexcept;

/// Text of an address in place; always NUL-terminated.
class AddressText {
 public:
  const char* c_str() const noexcept { return text_.data(); }
  std::string_view view() const noexcept { return text_.data(); }

 private:
  friend AddressText ip_text(const Address&) noexcept;
  friend AddressText endpoint_text(const Address&) noexcept;
  std::array<char, INET6_ADDRSTRLEN + 10> text_{};
};
/// "1.2.3.4", "fe80::1": what CURLINFO_PRIMARY_IP shows; without scope. Empty for AF_UNSPEC.
AddressText ip_text(const Address& address) noexcept;
/// "1.2.3.4:80", "[::1]:80".
AddressText endpoint_text(const Address& address) noexcept;

/// Whether this host can make IPv6 sockets at all; asked once per process.
bool ipv6_available() noexcept;

/// The addresses of a name, in the order to try them; may be empty. Copies share one block, whose count is
/// not atomic: the copies of one list stay on one thread (clone() gives an independent one). 8 bytes.
class AddressList {
 public:
  AddressList() noexcept = default;
  explicit AddressList(std::span<const Address> addresses);  ///< throws std::bad_alloc
  AddressList(const AddressList& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) ++block_->refs;
  }
  AddressList(AddressList&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  AddressList& operator=(AddressList other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~AddressList() { drop(); }

  std::span<const Address> view() const noexcept;
  std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->count; }
  bool empty() const noexcept { return block_ == nullptr; }
  const Address& operator[](std::size_t at) const noexcept { return view()[at]; }
  const Address* begin() const noexcept { return view().data(); }
  const Address* end() const noexcept { return view().data() + size(); }

  /// AF_UNSPEC matches all. Shares the block when nothing has to be left out. Throws std::bad_alloc.
  AddressList of_family(int family) const;
  AddressList clone() const { return AddressList(view()); }  ///< throws std::bad_alloc
  /// CURLOPT_DNS_SHUFFLE_ADDRESSES. `seed` decides the order: see random_seed(). Throws std::bad_alloc when
  /// the block is shared.
  void shuffle(std::uint64_t seed);

 private:
  struct Block {
    std::uint32_t refs;
    std::uint32_t count;
  };
  static Address* items(Block* block) noexcept;
  void drop() noexcept;
  Block* block_ = nullptr;
};

/// A seed from the kernel.
std::uint64_t random_seed() noexcept;

}  // namespace hiper
