// The doors curl_share_*.
#include "easy/share.hpp"

// The C signature names the enum, whose promotion clang finds worth a warning.
#pragma GCC diagnostic ignored "-Wvarargs"

#include <curl/curl.h>

#include <cstdarg>
#include <new>

#include "api/global.hpp"
#include "transfer/shared.hpp"

namespace {

CURLSHcode start_sharing(hiper::Share& share, int kind) noexcept {
  const CURLSHcode code = share.start_sharing(kind);
  return code == CURLSHE_OK ? hiper::make_shared_data(share, kind) : code;
}

CURLSHcode set_option(hiper::Share& share, CURLSHoption option, va_list arguments) noexcept {
  if (share.in_use()) return CURLSHE_IN_USE;
  switch (option) {
    case CURLSHOPT_SHARE:
      return start_sharing(share, va_arg(arguments, int));
    case CURLSHOPT_UNSHARE:
      return share.stop_sharing(va_arg(arguments, int));
    case CURLSHOPT_LOCKFUNC:
      return share.set_lock(va_arg(arguments, curl_lock_function));
    case CURLSHOPT_UNLOCKFUNC:
      return share.set_unlock(va_arg(arguments, curl_unlock_function));
    case CURLSHOPT_USERDATA:
      return share.set_user_data(va_arg(arguments, void*));
    default:
      return CURLSHE_BAD_OPTION;
  }
}

}  // namespace

extern "C" {

CURLSH* curl_share_init(void) {
  if (hiper::ensure_global_init() != CURLE_OK) return nullptr;
  auto* const share = new (std::nothrow) hiper::Share;
  return share == nullptr ? nullptr : share->handle();
}

#undef curl_share_setopt
CURLSHcode curl_share_setopt(CURLSH* sh, CURLSHoption option, ...) {
  hiper::Share* const share = hiper::Share::from(sh);
  if (share == nullptr) return CURLSHE_INVALID;
  va_list arguments;
  va_start(arguments, option);
  const CURLSHcode code = set_option(*share, option, arguments);
  va_end(arguments);
  return code;
}

CURLSHcode curl_share_cleanup(CURLSH* sh) {
  hiper::Share* const share = hiper::Share::from(sh);
  if (share == nullptr) return CURLSHE_INVALID;
  if (share->in_use_locked()) return CURLSHE_IN_USE;
  delete share;
  return CURLSHE_OK;
}

}  // extern "C"
