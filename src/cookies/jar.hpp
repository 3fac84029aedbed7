// The cookies of one handle, or of all handles of a share: kept by domain, so that a request finds its own
// without looking at the others. No I/O, no locks. Owned by cookies/engine.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cookies/cookie.hpp"

namespace hiper {

class CookieJar {
 public:
  /// What servers can fill. Applications and files may go beyond it.
  static constexpr std::size_t kPerDomainMax = 1000;
  static constexpr std::size_t kTotalMax = 50000;

  CookieJar() = default;
  CookieJar(const CookieJar&) = delete;
  CookieJar& operator=(const CookieJar&) = delete;

  /// Adds a cookie, or replaces the one with the same identity (which an expired one may do as well: it goes
  /// with the next look at the jar). Not done: to put a cookie of a file over a newer one, and, with `origin`
  /// not secure, to hide a cookie that has Secure (RFC 6265bis, section 5.7). `origin` nullptr: the
  /// application's own. Throws std::bad_alloc, and then the jar is as it was.
  void add(Cookie&& cookie, const CookieOrigin* origin, std::int64_t now);

  /// Appends "name=value; name=value" of the cookies that go to `request`: those with the longest path first,
  /// then as libcurl orders them, by length of domain and name and the newest first. Stops before the text
  /// has more than `room` bytes or kCookiesPerRequestMax cookies. Throws std::bad_alloc.
  void append_header(const CookieOrigin& request, std::int64_t now, std::size_t room, std::string& text);

  void erase_all() noexcept;
  void erase_session() noexcept;
  void erase_expired(std::int64_t now) noexcept;

  /// All cookies, oldest first; pointers are good until the jar changes. Throws std::bad_alloc.
  std::vector<const Cookie*> in_order() const;
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  using Bucket = std::vector<Cookie>;
  struct HashDomain {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Buckets = std::unordered_map<std::string, Bucket, HashDomain, std::equal_to<>>;

  bool hides_secure(const Cookie& cookie) const;
  void insert(Bucket& bucket, Cookie&& cookie, bool limited);
  void drop_oldest(Bucket& bucket) noexcept;
  void make_room(const Bucket& keep) noexcept;
  template <class Visit>
  void for_each_bucket(std::string_view host, Visit visit) const;
  template <class Goes>
  void erase_where(Goes goes) noexcept;

  Buckets buckets_;  ///< by domain in lower case; none is empty
  std::size_t size_ = 0;
  std::uint64_t next_number_ = 1;
  std::int64_t first_expiry_ = kNone;  ///< no cookie expires before
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
};

}  // namespace hiper
