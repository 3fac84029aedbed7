// The rules of redirects (RFC 9110, section 15.4; CURLOPT_FOLLOWLOCATION(3), CURLOPT_POSTREDIR(3)). No I/O.
// Used by transfer/.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "easy/options.hpp"
#include "parse/url.hpp"

namespace hiper {

/// `location` as an absolute URL; as it is if it cannot be made one: the transfer then fails when it goes
/// there. Throws std::bad_alloc.
std::string resolve_redirect(const Url& base, std::string_view location, const Options& options);

struct RedirectedMethod {
  Method method;
  bool drop_custom;  ///< CURLOPT_CUSTOMREQUEST does not apply any more
};
/// How a request goes on after `status`.
RedirectedMethod redirected_method(int status, Method method, const Options& options) noexcept;

/// Retry-After in seconds from `now` (RFC 9110, section 10.2.3), 0 if it says nothing, at most six hours.
std::int64_t retry_after_seconds(std::string_view text, std::int64_t now) noexcept;

}  // namespace hiper
