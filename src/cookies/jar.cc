#include "cookies/jar.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

bool goes_first(const Cookie* a, const Cookie* b) noexcept {
  const auto rank = [](const Cookie& c) {
    return std::tuple(c.path.size(), c.domain.size(), c.name.size(), c.number);
  };
  return rank(*a) > rank(*b);
}

}  // namespace

/// Visits the cookies of `host` (in lower case) and of the domains above it.
template <class Visit>
void CookieJar::for_each_bucket(std::string_view host, Visit visit) const {
  for (;;) {
    const auto found = buckets_.find(host);
    if (found != buckets_.end()) visit(found->second);
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return;
    host.remove_prefix(dot + 1);
  }
}

template <class Goes>
void CookieJar::erase_where(Goes goes) noexcept {
  first_expiry_ = kNone;
  for (auto at = buckets_.begin(); at != buckets_.end();) {
    Bucket& bucket = at->second;
    size_ -= std::erase_if(bucket, goes);
    for (const Cookie& cookie : bucket) {
      if (!cookie.is_session()) first_expiry_ = std::min(first_expiry_, cookie.expires);
    }
    at = bucket.empty() ? buckets_.erase(at) : std::next(at);
  }
}

void CookieJar::erase_all() noexcept {
  buckets_.clear();
  size_ = 0;
  first_expiry_ = kNone;
}

void CookieJar::erase_session() noexcept {
  erase_where([](const Cookie& cookie) { return cookie.is_session(); });
}

void CookieJar::erase_expired(std::int64_t now) noexcept {
  if (first_expiry_ >= now) return;
  erase_where([now](const Cookie& cookie) { return cookie.is_expired(now); });
}

// There is a cookie with Secure of the same name, for the same domain or one above it, that goes to some of
// the same requests. Cookies of hosts below the domain are not looked for, as in libcurl: that would mean to
// look at all.
bool CookieJar::hides_secure(const Cookie& cookie) const {
  const auto hides = [&cookie](const Bucket& bucket) {
    return std::any_of(bucket.begin(), bucket.end(), [&cookie](const Cookie& other) {
      return other.secure && other.name == cookie.name &&
             (other.subdomains || equals_ignore_case(cookie.domain, other.domain)) &&
             path_matches(cookie.effective_path(), other.effective_path());
    });
  };
  bool found = false;
  const std::string domain = lowered(cookie.domain);
  for_each_bucket(domain, [&](const Bucket& bucket) { found = found || hides(bucket); });
  return found;
}

void CookieJar::drop_oldest(Bucket& bucket) noexcept {
  const auto oldest = std::min_element(bucket.begin(), bucket.end(),
                                       [](const Cookie& a, const Cookie& b) { return a.number < b.number; });
  bucket.erase(oldest);
  --size_;
}

// Some other domain loses its oldest cookie: to know the oldest of all would cost more than it is worth.
void CookieJar::make_room(const Bucket& keep) noexcept {
  auto at = buckets_.begin();
  if (&at->second == &keep && std::next(at) != buckets_.end()) ++at;
  drop_oldest(at->second);
  if (at->second.empty()) buckets_.erase(at);
}

void CookieJar::insert(Bucket& bucket, Cookie&& cookie, bool limited) {
  bucket.push_back(std::move(cookie));
  ++size_;
  if (limited && bucket.size() > kPerDomainMax) drop_oldest(bucket);
  if (limited && size_ > kTotalMax) make_room(bucket);
}

void CookieJar::add(Cookie&& cookie, const CookieOrigin* origin, std::int64_t now) {
  erase_expired(now);
  if (origin != nullptr && !origin->secure && !cookie.secure && hides_secure(cookie)) return;
  const std::int64_t expires = cookie.expires;
  std::string domain = lowered(cookie.domain);
  const auto found = buckets_.find(domain);
  Bucket* bucket = found != buckets_.end() ? &found->second : nullptr;
  if (bucket != nullptr) {
    const auto same = std::find_if(bucket->begin(), bucket->end(),
                                   [&cookie](const Cookie& other) { return other.same_identity(cookie); });
    if (same != bucket->end()) {
      if (cookie.from_file && !same->from_file) return;
      cookie.number = same->number;
      *same = std::move(cookie);
      if (expires != 0) first_expiry_ = std::min(first_expiry_, expires);
      return;
    }
  } else {
    Bucket fresh;
    fresh.reserve(1);
    bucket = &buckets_.emplace(std::move(domain), std::move(fresh)).first->second;
  }
  cookie.number = next_number_++;
  insert(*bucket, std::move(cookie), origin != nullptr);
  if (expires != 0) first_expiry_ = std::min(first_expiry_, expires);
}

void CookieJar::append_header(const CookieOrigin& request, std::int64_t now, std::size_t room,
                              std::string& text) {
  erase_expired(now);
  if (empty()) return;
  std::vector<const Cookie*> chosen;
  for_each_bucket(lowered(request.host), [&](const Bucket& bucket) {
    for (const Cookie& cookie : bucket) {
      if (cookie.goes_to(request)) chosen.push_back(&cookie);
    }
  });
  std::sort(chosen.begin(), chosen.end(), goes_first);
  if (chosen.size() > kCookiesPerRequestMax) chosen.resize(kCookiesPerRequestMax);
  bool first = true;
  for (const Cookie* const cookie : chosen) {
    const std::size_t length = cookie->name.size() + 1 + cookie->value.size() + (first ? 0 : 2);
    if (length > room) return;
    room -= length;
    if (!std::exchange(first, false)) text += "; ";
    text.append(cookie->name).append("=").append(cookie->value);
  }
}

std::vector<const Cookie*> CookieJar::in_order() const {
  std::vector<const Cookie*> all;
  all.reserve(size_);
  for (const auto& [domain, bucket] : buckets_) {
    for (const Cookie& cookie : bucket) all.push_back(&cookie);
  }
  std::sort(all.begin(), all.end(), [](const Cookie* a, const Cookie* b) { return a->number < b->number; });
  return all;
}

}  // namespace hiper
