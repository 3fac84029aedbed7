#include "easy/share.hpp"

#include "easy/easy.hpp"

namespace hiper {
namespace {

/// What this build can share, one bit per curl_lock_data. A room whose data can be shared adds its kind here.
/// The public suffix list needs no state of ours (libpsl has it built in): sharing it is allowed and does
/// nothing.
constexpr std::uint32_t kShareable = 1u << CURL_LOCK_DATA_DNS | 1u << CURL_LOCK_DATA_SSL_SESSION |
                                     1u << CURL_LOCK_DATA_CONNECT | 1u << CURL_LOCK_DATA_HSTS |
                                     1u << CURL_LOCK_DATA_PSL | 1u << CURL_LOCK_DATA_COOKIE;

}  // namespace

CURLSHcode Share::check(int kind) const noexcept {
  if (in_use()) return CURLSHE_IN_USE;
  if (kind <= CURL_LOCK_DATA_SHARE || kind >= CURL_LOCK_DATA_LAST) return CURLSHE_BAD_OPTION;
  return (kShareable >> kind & 1u) != 0 ? CURLSHE_OK : CURLSHE_NOT_BUILT_IN;
}

CURLSHcode Share::start_sharing(int kind) noexcept {
  const CURLSHcode code = check(kind);
  if (code == CURLSHE_OK) kinds_ |= 1u << kind;
  return code;
}

CURLSHcode Share::stop_sharing(int kind) noexcept {
  const CURLSHcode code = check(kind);
  if (code != CURLSHE_OK) return code;
  kinds_ &= ~(1u << kind);
  data_[static_cast<std::size_t>(kind)].reset();
  return CURLSHE_OK;
}

CURLSHcode Share::set_lock(curl_lock_function function) noexcept {
  if (in_use()) return CURLSHE_IN_USE;
  lock_ = function;
  return CURLSHE_OK;
}

CURLSHcode Share::set_unlock(curl_unlock_function function) noexcept {
  if (in_use()) return CURLSHE_IN_USE;
  unlock_ = function;
  return CURLSHE_OK;
}

CURLSHcode Share::set_user_data(void* data) noexcept {
  if (in_use()) return CURLSHE_IN_USE;
  user_data_ = data;
  return CURLSHE_OK;
}

bool Share::in_use_locked() noexcept {
  const ShareLock locked(*this, nullptr, CURL_LOCK_DATA_SHARE, CURL_LOCK_ACCESS_SINGLE);
  return in_use();
}

void Share::join(CURL* easy) noexcept {
  const ShareLock locked(*this, easy, CURL_LOCK_DATA_SHARE, CURL_LOCK_ACCESS_SINGLE);
  num_users_.fetch_add(1, std::memory_order_acq_rel);
}

void Share::leave(CURL* easy) noexcept {
  const ShareLock locked(*this, easy, CURL_LOCK_DATA_SHARE, CURL_LOCK_ACCESS_SINGLE);
  num_users_.fetch_sub(1, std::memory_order_acq_rel);
}

void Share::lock(CURL* easy, curl_lock_data kind, curl_lock_access access) noexcept {
  if (lock_ != nullptr) lock_(easy, kind, access, user_data_);
}

void Share::unlock(CURL* easy, curl_lock_data kind) noexcept {
  if (unlock_ != nullptr) unlock_(easy, kind, user_data_);
}

namespace {

/// CURLOPT_SHARE(3): such a share takes the place of the handle's own cookies, and its going ends them.
bool has_cookies(const Share* share) noexcept {
  return share != nullptr && share->shares(CURL_LOCK_DATA_COOKIE);
}

}  // namespace

CURLcode attach_share(Easy& easy, void* handle) noexcept {
  Share* const next = Share::from(handle);
  if (handle != nullptr && next == nullptr) return CURLE_BAD_FUNCTION_ARGUMENT;
  if (next != easy.share && (has_cookies(easy.share) || has_cookies(next))) easy.cookies.reset();
  if (easy.share != nullptr) easy.share->leave(easy.handle());
  easy.share = next;
  if (next != nullptr) next->join(easy.handle());
  return CURLE_OK;
}

}  // namespace hiper
