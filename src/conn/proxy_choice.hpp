// Whether a transfer is meant to go through a proxy (CURLOPT_PROXY(3), CURLOPT_NOPROXY(3) and the
// environment). Used by transfer/: as long as proxies are not built in, such a transfer fails instead of
// going around its proxy.
#pragma once
#include <string_view>

#include "easy/options.hpp"

namespace hiper {

/// `scheme` and `host` (ASCII, IPv6 in brackets) of the URL.
bool proxy_wanted(const Options& options, std::string_view scheme, std::string_view host) noexcept;

/// Whether `list` (CURLOPT_NOPROXY: names, domains, addresses, "*", split by comma or blank) names `host`.
bool excluded_from_proxy(std::string_view list, std::string_view host) noexcept;

}  // namespace hiper
