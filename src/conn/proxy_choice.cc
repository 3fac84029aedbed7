#include "conn/proxy_choice.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

std::string_view bare(std::string_view host) noexcept {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

/// "example.com" and ".example.com" both name the host itself and everything below it.
bool names(std::string_view entry, std::string_view host) noexcept {
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (equals_ignore_case(entry, host)) return true;
  if (host.size() <= entry.size() || host[host.size() - entry.size() - 1] != '.') return false;
  return equals_ignore_case(host.substr(host.size() - entry.size()), entry);
}

const char* set_variable(const char* name) noexcept {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

/// http_proxy only in lower case: HTTP_PROXY may come from a CGI request's "Proxy" header.
bool environment_names_proxy(std::string_view scheme) noexcept {
  if (scheme == "http")
    return set_variable("http_proxy") || set_variable("all_proxy") || set_variable("ALL_PROXY");
  return set_variable("https_proxy") || set_variable("HTTPS_PROXY") || set_variable("all_proxy") ||
         set_variable("ALL_PROXY");
}

}  // namespace

bool excluded_from_proxy(std::string_view list, std::string_view host) noexcept {
  host = bare(host);
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", \t"), list.size());
    const std::string_view entry = bare(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (entry == "*" || (!entry.empty() && names(entry, host))) return true;
  }
  return false;
}

bool proxy_wanted(const Options& options, std::string_view scheme, std::string_view host) noexcept {
  const char* const proxy = options.text(Opt::proxy);
  const bool by_option = proxy != nullptr ? *proxy != '\0' : options.text(Opt::pre_proxy) != nullptr;
  const bool by_environment = proxy == nullptr && environment_names_proxy(scheme);
  if (!by_option && !by_environment) return false;
  const char* except = options.text(Opt::noproxy);
  if (except == nullptr) except = set_variable("no_proxy");
  if (except == nullptr) except = set_variable("NO_PROXY");
  return except == nullptr || !excluded_from_proxy(except, host);
}

}  // namespace hiper
