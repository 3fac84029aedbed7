// CURLOPT_NETRC: the login that the user's .netrc file has for a host. Reads the file each time it is asked.
// Called by transfer/plan.cc.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/report.hpp"
#include "base/status.hpp"
#include "easy/options.hpp"
#include "parse/netrc.hpp"

namespace hiper {

/// No more bytes of such a file are looked at.
inline constexpr std::size_t kNetrcMax = 1 << 20;

/// Looks for `host` (and `user`, if given) in the file that CURLOPT_NETRC_FILE names, or ~/.netrc. A file
/// that does not exist, or has nothing to say, is no error: `found` is false then. CURLE_READ_ERROR for a
/// file that is none of this kind. Throws std::bad_alloc.
Status look_up_netrc(const Options& options, std::string_view host, std::optional<std::string_view> user,
                     Report& report, bool& found, NetrcLogin& login);

}  // namespace hiper
