// Which authentication scheme a request uses: the one that was asked for, or after a 401 the best of those
// that the server offers (RFC 9110, section 11; CURLOPT_HTTPAUTH(3)). No I/O. Used by transfer/.
#pragma once
#include <string_view>

namespace hiper {

/// The schemes named in the value of WWW-Authenticate or Proxy-Authenticate, as CURLAUTH_* bits; unknown ones
/// are skipped.
long challenged_schemes(std::string_view value) noexcept;

/// What a first request sends. `wanted` is CURLOPT_HTTPAUTH, `possible` what there are credentials for. With
/// a choice among several schemes nothing is sent until the server has said which it knows.
long first_auth(long wanted, long possible) noexcept;

/// The best of `offered`, 0 for none.
long best_auth(long offered) noexcept;

}  // namespace hiper
