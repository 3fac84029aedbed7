// Options whose text has a meaning when it is set: credentials, protocol lists, cookies, addresses.
#include <arpa/inet.h>

#include <cstring>
#include <string_view>

#include "easy/cookie_doors.hpp"
#include "easy/set_option.hpp"
#include "easy/setters.hpp"
#include "parse/ascii.hpp"
#include "parse/scheme.hpp"

namespace hiper::setters {
namespace {

/// `text` as a NUL-terminated numeric address of `family`.
bool is_address(int family, std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN];
  unsigned char bytes[sizeof(in6_addr)];
  if (text.empty() || text.size() >= sizeof(copy)) return false;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return inet_pton(family, copy, bytes) == 1;
}

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + (c - '0');
  }
  return port > 0 && port <= 0xffff;
}

/// `address`, `ipv4:port` or `[ipv6]:port` (CURLOPT_DNS_SERVERS(3)); an interface name may follow a '%'.
bool is_dns_server(std::string_view text) noexcept {
  std::string_view host = text;
  std::string_view port = "53";
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    if (end + 1 < text.size() && text[end + 1] != ':') return false;
    if (end + 1 < text.size()) port = text.substr(end + 2);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && colon == text.rfind(':')) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  host = host.substr(0, host.find('%'));
  return is_port(port) && (is_address(AF_INET, host) || is_address(AF_INET6, host));
}

/// Calls `visit` with each piece of `text` between commas; stops when it answers false.
template <class Visit>
bool for_each_piece(std::string_view text, Visit visit) noexcept {
  while (true) {
    const std::size_t comma = text.find(',');
    if (!visit(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

CURLcode userpwd(Options& options, Opt user, const char* text) noexcept {
  const Opt password = user == Opt::username ? Opt::password : Opt::proxypassword;
  if (text == nullptr) {
    options.erase(user);
    options.erase(password);
    return CURLE_OK;
  }
  const std::string_view both = text;
  const std::size_t colon = both.find(':');
  const std::string_view secret = colon == std::string_view::npos ? "" : both.substr(colon + 1);
  const CURLcode result = options.set_text(password, secret);
  if (result != CURLE_OK) return result;
  return options.set_text(user, both.substr(0, colon));
}

CURLcode protocols_text(Options& options, Opt slot, const char* names) noexcept {
  if (names == nullptr || *names == '\0') return CURLE_BAD_FUNCTION_ARGUMENT;
  std::uint64_t mask = 0;
  const bool good = for_each_piece(names, [&mask](std::string_view name) noexcept {
    if (equals_ignore_case(name, "all")) {
      mask = ~std::uint64_t{0};
      return true;
    }
    const Scheme* const scheme = find_scheme(name);
    if (scheme == nullptr || !is_supported(*scheme)) return false;
    mask |= scheme->protocol;
    return true;
  });
  if (!good) return CURLE_UNSUPPORTED_PROTOCOL;
  return options.set_number(slot, static_cast<std::int64_t>(mask));
}

/// The files are read when a transfer begins. NULL switches the cookie engine off again and forgets the files
/// (CURLOPT_COOKIEFILE(3)).
CURLcode cookiefile(Easy& easy, const char* name) noexcept {
  if (name != nullptr) return easy.options.append_text(Opt::cookiefile, name);
  easy.options.erase(Opt::cookiefile);
  return disable_cookies(easy);
}

/// Also without a file the engine is on from now on, as in libcurl.
CURLcode cookiejar(Easy& easy, const char* name) noexcept {
  const CURLcode result = easy.options.set_text(Opt::cookiejar, name);
  return result == CURLE_OK ? enable_cookies(easy) : result;
}

/// Any name switches HSTS on, "" and NULL without a file (CURLOPT_HSTS(3)). The last one counts for writing.
CURLcode hsts_file(Options& options, const char* name) noexcept {
  const std::string_view file = name != nullptr ? name : "";
  const curl_slist* last = options.list(Opt::hsts);
  while (last != nullptr && last->next != nullptr) last = last->next;
  if (last == nullptr || file != last->data) {
    const CURLcode result = options.append_text(Opt::hsts, file.data());
    if (result != CURLE_OK) return result;
  }
  return options.set_number(Opt::hsts_ctrl, options.number(Opt::hsts_ctrl) | CURLHSTS_ENABLE);
}

CURLcode dns_servers(Options& options, const char* servers) noexcept {
  const bool some = servers != nullptr && *servers != '\0';
  if (some && !for_each_piece(servers, is_dns_server)) return CURLE_BAD_FUNCTION_ARGUMENT;
  return options.set_text(Opt::dns_servers, servers);
}

CURLcode ip_address(Options& options, Opt slot, const char* address) noexcept {
  const int family = slot == Opt::dns_local_ip4 ? AF_INET : AF_INET6;
  const bool some = address != nullptr && *address != '\0';
  if (some && !is_address(family, address)) return CURLE_BAD_FUNCTION_ARGUMENT;
  return options.set_text(slot, some ? address : nullptr);
}

/// OpenSSL engines are gone; only "none" can be asked for.
CURLcode tls_engine(Options& options, const char* name) noexcept {
  if (name != nullptr && *name != '\0') return CURLE_SSL_ENGINE_NOTFOUND;
  return options.set_text(Opt::sslengine, name);
}

CURLcode tlsauth_type(Options& options, Opt slot, const char* type) noexcept {
  if (type != nullptr && !equals_ignore_case(type, "SRP")) return CURLE_BAD_FUNCTION_ARGUMENT;
  return options.set_text(slot, type);
}

}  // namespace hiper::setters
