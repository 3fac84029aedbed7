// c-ares' process-wide state: initialised once, with memory from the library's own door. Called by
// curl_global_init and curl_global_cleanup (api/global.cc), after the memory functions are set.
#pragma once
#include <curl/curl.h>

namespace hiper {

/// Must run before the first Resolver asks the network, and after base/memory's functions are set. Answers
/// CURLE_FAILED_INIT when c-ares refuses; each success needs one dns_global_cleanup().
CURLcode dns_global_init() noexcept;

/// Undoes one dns_global_init(). All resolvers must be gone.
void dns_global_cleanup() noexcept;

}  // namespace hiper
