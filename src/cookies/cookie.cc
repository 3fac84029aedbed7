#include "cookies/cookie.hpp"

#include <arpa/inet.h>

#include <cstring>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

bool is_address_of(int family, std::string_view host) noexcept {
  char copy[INET6_ADDRSTRLEN];
  unsigned char bytes[sizeof(in6_addr)];
  if (host.empty() || host.size() >= sizeof(copy)) return false;
  std::memcpy(copy, host.data(), host.size());
  copy[host.size()] = '\0';
  return inet_pton(family, copy, bytes) == 1;
}

}  // namespace

bool is_trustworthy(std::string_view host) noexcept {
  return equals_ignore_case(host, "localhost") || host == "127.0.0.1" || host == "::1";
}

std::string lowered(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

bool is_numeric_host(std::string_view host) noexcept {
  return is_address_of(AF_INET, host) || is_address_of(AF_INET6, host);
}

bool domain_matches(std::string_view host, std::string_view domain) noexcept {
  if (equals_ignore_case(host, domain)) return true;
  if (domain.find('.') == std::string_view::npos || host.size() <= domain.size()) return false;
  const std::size_t rest = host.size() - domain.size();
  return host[rest - 1] == '.' && equals_ignore_case(host.substr(rest), domain) && !is_numeric_host(host);
}

bool path_matches(std::string_view request, std::string_view cookie) noexcept {
  if (!request.starts_with('/')) request = "/";
  if (!request.starts_with(cookie)) return false;
  return request.size() == cookie.size() || cookie.ends_with('/') || request[cookie.size()] == '/';
}

std::string_view Cookie::effective_path() const noexcept {
  std::string_view text = path;
  if (text.starts_with('"')) text.remove_prefix(1);
  if (text.ends_with('"')) text.remove_suffix(1);
  if (!text.starts_with('/')) return "/";
  if (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  return text;
}

bool Cookie::goes_to(const CookieOrigin& request) const noexcept {
  if (secure && !request.secure) return false;
  const bool host =
      subdomains ? domain_matches(request.host, domain) : equals_ignore_case(request.host, domain);
  return host && path_matches(request.path, effective_path());
}

bool Cookie::same_identity(const Cookie& other) const noexcept {
  return name == other.name && subdomains == other.subdomains && equals_ignore_case(domain, other.domain) &&
         effective_path() == other.effective_path();
}

}  // namespace hiper
