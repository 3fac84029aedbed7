#include "transfer/plan.hpp"

#include <cstdlib>
#include <span>

#include "conn/tls_layer.hpp"
#include "http/auth.hpp"
#include "parse/ascii.hpp"
#include "parse/percent.hpp"
#include "parse/url_handle.hpp"
#include "transfer/netrc_login.hpp"

namespace hiper {
namespace {

Status url_failure(UrlResult result, std::string_view text, Report& report) {
  report.failuref("Bad URL: %s", curl_url_strerror(result.code()));
  static_cast<void>(text);
  return Status(result.curl_code());
}

Status parse_url(std::string_view text, unsigned flags, Report& report, Url& url) {
  const UrlResult parsed = Url::parse(text, flags, url);
  return parsed.ok() ? Status() : url_failure(parsed, text, report);
}

Status read_url(const Options& options, const PlanChanges& changes, Report& report, Url& url) {
  const unsigned flags = CURLU_NON_SUPPORT_SCHEME | (options.flag(Opt::path_as_is) ? CURLU_PATH_AS_IS : 0u) |
                         (options.flag(Opt::disallow_username_in_url) ? CURLU_DISALLOW_USER : 0u);
  if (changes.redirected) {
    const std::string_view target = changes.url;
    const bool foreign = target.find(':') < target.find_first_of("/?#[") &&
                         target.find("://") == std::string_view::npos &&
                         !is_supported_scheme(target.substr(0, target.find(':')));
    if (!foreign) return parse_url(target, flags, report, url);
    report.failuref("Cannot follow the redirect to %s", changes.url.c_str());  // mailto:, javascript: …
    return Status(CURLE_UNSUPPORTED_PROTOCOL);
  }
  if (options.pointer(Opt::curlu) != nullptr) {
    url = static_cast<const Curl_URL*>(options.pointer(Opt::curlu))->url;
    std::string whole;  // it may lack a part
    const UrlResult complete = url.to_string(0, whole);
    return complete.ok() ? Status() : url_failure(complete, "", report);
  }
  const char* const given = options.text(Opt::url);
  const std::string_view text = given != nullptr ? given : "";
  if (text.empty()) {
    report.failure("No URL was given");
    return Status(CURLE_URL_MALFORMAT);
  }
  const char* const default_scheme = options.text(Opt::default_protocol);
  if (default_scheme != nullptr && text.find("://") == std::string_view::npos) {
    return parse_url(std::string(default_scheme).append("://").append(text), flags | CURLU_GUESS_SCHEME,
                     report, url);
  }
  return parse_url(text, flags | CURLU_GUESS_SCHEME, report, url);
}

/// http becomes https for hosts that want it (RFC 6797, section 8.3), before anything else looks at the
/// scheme: so CURLOPT_PROTOCOLS is about what is really used.
Status apply_hsts(HstsView hsts, bool stay_secure, Report& report, Plan& plan) {
  plan.hsts = hsts.on() ? Plan::Hsts::unconcerned : Plan::Hsts::off;
  std::string name;
  if (!hsts.on() || plan.url.scheme() != "http" || !hsts_name(plan.url.host(), name)) return Status();
  plan.hsts = Plan::Hsts::plain;
  if (!stay_secure && !hsts.covers(name)) return Status();
  plan.hsts = Plan::Hsts::secured;
  if (report.verbose()) report.infof("HSTS: %s is asked by https", name.c_str());
  const UrlResult secured = make_secure(plan.url);
  return secured.ok() ? Status() : url_failure(secured, "", report);
}

/// CURLOPT_PORT, for the first URL. CURLINFO_EFFECTIVE_URL goes on to tell the URL as it was.
Status apply_port(const Options& options, const PlanChanges& changes, Report& report, Plan& plan) {
  plan.url_asked.reset();
  const long port = options.number(Opt::port);
  const bool no_tls_port = plan.hsts == Plan::Hsts::secured && port == 80;  // as if the URL had named it
  if (port == 0 || no_tls_port || changes.redirected) return Status();
  plan.url_asked = std::make_unique<const Url>(plan.url);
  const UrlResult set = plan.url.set(CURLUPART_PORT, std::to_string(port), 0);
  return set.ok() ? Status() : url_failure(set, "", report);
}

Status check_scheme(const Options& options, const PlanChanges& changes, Report& report, Plan& plan) {
  plan.scheme = find_scheme(plan.url.scheme());
  const auto refuse = [&](const char* why) {
    report.failuref("Protocol \"%s\" %s", std::string(plan.url.scheme()).c_str(), why);
    return Status(CURLE_UNSUPPORTED_PROTOCOL);
  };
  if (plan.scheme == nullptr || !is_supported(*plan.scheme))
    return refuse("is not supported by this library");
  const auto allowed = static_cast<std::uint64_t>(options.offset(Opt::protocols));
  if ((plan.scheme->protocol & allowed) == 0) return refuse("is disabled");
  const auto redirect = static_cast<std::uint64_t>(options.offset(Opt::redir_protocols));
  if (changes.redirected && (plan.scheme->protocol & redirect) == 0)
    return refuse("is disabled after a redirect");
  return Status();
}

/// "HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT", empty fields match, or leave, anything
/// (CURLOPT_CONNECT_TO(3)).
bool apply_connect_to(std::string_view entry, std::string_view host, std::uint16_t port,
                      ConnectTarget& target) {
  const auto take = [&entry]() {
    std::size_t end;
    if (entry.starts_with('[')) {
      end = entry.find(']');
      end = end == std::string_view::npos ? entry.size() : end + 1;
    } else {
      end = std::min(entry.find(':'), entry.size());
    }
    const std::string_view field = entry.substr(0, end);
    entry.remove_prefix(std::min(end + 1, entry.size()));
    return field;
  };
  const auto bare = [](std::string_view name) {
    return name.starts_with('[') && name.ends_with(']') ? name.substr(1, name.size() - 2) : name;
  };
  const std::string_view match_host = take();
  const std::string_view match_port = take();
  const std::string_view new_host = take();
  const std::string_view new_port = take();
  if (!match_host.empty() && !equals_ignore_case(bare(match_host), bare(host))) return false;
  if (!match_port.empty() && std::to_string(port) != match_port) return false;
  if (!new_host.empty()) target.host = bare(new_host);
  if (!new_port.empty()) {
    target.port = static_cast<std::uint16_t>(std::strtoul(std::string(new_port).c_str(), nullptr, 10));
  }
  return true;
}

ConnectTarget target_of(const Options& options, std::string_view ascii_host, const Plan& plan) {
  ConnectTarget target;
  std::string_view host = ascii_host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  target.host = host;
  if (!plan.url.zone().empty()) target.host.append("%").append(plan.url.zone());
  target.port = plan.url.port();
  for (const curl_slist* item = options.list(Opt::connect_to); item != nullptr; item = item->next) {
    if (apply_connect_to(item->data, ascii_host, target.port, target)) break;
  }
  if (const char* const path = options.text(Opt::abstract_unix_socket)) {
    target.unix_path = path;
    target.unix_abstract = true;
  } else if (const char* const socket = options.text(Opt::unix_socket_path)) {
    target.unix_path = socket;
  }
  if (!plan.scheme->has(kSchemeTls)) return target;
  target.tls = std::make_unique<TlsTarget>();
  target.tls->name = host;
  target.tls->config = tls_config_of(options);
  target.tls->key = target.tls->config.cache_key();
  target.tls->http_alpn = options.number(Opt::http_version) != CURL_HTTP_VERSION_1_0;
  return target;
}

// Everything that shapes a connection goes into the key; see tests/unit/transfer/connection_key_test.cc,
// which changes each option and names those that have no say.

constexpr Opt kSocketOptions[] = {
    Opt::interface,           Opt::dns_servers,       Opt::dns_interface,      Opt::dns_local_ip4,
    Opt::dns_local_ip6,       Opt::haproxy_client_ip, Opt::localport,          Opt::localportrange,
    Opt::address_scope,       Opt::ipresolve,         Opt::connect_only,       Opt::tcp_nodelay,
    Opt::tcp_keepalive,       Opt::tcp_keepidle,      Opt::tcp_keepintvl,      Opt::tcp_keepcnt,
    Opt::tcp_fastopen,        Opt::haproxyprotocol,   Opt::opensocketfunction, Opt::sockoptfunction,
    Opt::closesocketfunction, Opt::opensocketdata,    Opt::sockoptdata,        Opt::closesocketdata};
constexpr Opt kProxyOptions[] = {Opt::proxy,
                                 Opt::pre_proxy,
                                 Opt::noproxy,
                                 Opt::proxyusername,
                                 Opt::proxypassword,
                                 Opt::proxy_service_name,
                                 Opt::proxy_cainfo,
                                 Opt::proxy_capath,
                                 Opt::proxy_crlfile,
                                 Opt::proxy_issuercert,
                                 Opt::proxy_keypasswd,
                                 Opt::proxy_pinnedpublickey,
                                 Opt::proxy_sslcert,
                                 Opt::proxy_sslcerttype,
                                 Opt::proxy_sslkey,
                                 Opt::proxy_sslkeytype,
                                 Opt::proxy_ssl_cipher_list,
                                 Opt::proxy_tls13_ciphers,
                                 Opt::proxyport,
                                 Opt::proxytype,
                                 Opt::proxyauth,
                                 Opt::httpproxytunnel,
                                 Opt::proxy_sslversion,
                                 Opt::proxy_ssl_options,
                                 Opt::proxy_ssl_verifyhost,
                                 Opt::proxy_ssl_verifypeer,
                                 Opt::socks5_auth,
                                 Opt::socks5_gssapi_nec,
                                 Opt::proxy_cainfo_blob,
                                 Opt::proxy_issuercert_blob,
                                 Opt::proxy_sslcert_blob,
                                 Opt::proxy_sslkey_blob};

/// Adds those of `which` that say something, each behind its place in the list; 0 ends the list. Most are not
/// set.
void add_options(const Options& options, std::span<const Opt> which, KeyBuilder& shape) {
  for (std::size_t i = 0; i < which.size(); ++i) {
    const Opt option = which[i];
    if (!options.has(option)) continue;
    const auto place = static_cast<std::int64_t>(i + 1);
    switch (storage_of(option)) {
      case Storage::text:
        shape.add(place).add(options.text(option));
        break;
      case Storage::number:
        if (options.offset(option) != initial_of(option)) {
          shape.add(place).add(std::int64_t{options.offset(option)});
        }
        break;
      case Storage::function:
        shape.add(place).add(reinterpret_cast<const void*>(options.function<void (*)()>(option)));
        break;
      case Storage::pointer:
        if (const void* const data = options.pointer(option)) shape.add(place).add(data);
        break;
      case Storage::blob: {
        const curl_blob& blob = *options.blob(option);
        shape.add(place).add(std::string_view(static_cast<const char*>(blob.data), blob.len));
        break;
      }
      case Storage::list:
      case Storage::text_list:
        break;  // none of them shapes a connection
    }
  }
  shape.add(std::int64_t{0});
}

void add_proxy(const Options& options, KeyBuilder& shape) {
  if (options.text(Opt::proxy) == nullptr && options.text(Opt::pre_proxy) == nullptr) return;
  add_options(options, kProxyOptions, shape);
  for (const curl_slist* item = options.list(Opt::proxyheader); item != nullptr; item = item->next) {
    shape.add(static_cast<const char*>(item->data));
  }
}

ConnectionKey key_of(const Options& options, const Plan& plan, ConnectTarget&& target) {
  std::string host = target.host;
  host.append(":").append(std::to_string(target.port));
  KeyBuilder shape;
  shape.add(plan.scheme->name).add(plan.url.host()).add(std::int64_t{plan.url.port()});
  shape.add(target.unix_path).add(std::int64_t{target.unix_abstract});
  add_options(options, kSocketOptions, shape);
  if (target.tls) {
    TlsTarget& tls = *target.tls;
    shape.add(tls.key).add(std::int64_t{tls.http_alpn});
    tls.peer_key = KeyBuilder().add(host).add(tls.name).add(target.unix_path).take();
  }
  add_proxy(options, shape);
  return ConnectionKey(std::move(host), shape.take(), std::move(target));
}

bool may_have_credentials(const Options& options, const PlanChanges& changes) noexcept {
  return changes.own_origin || options.flag(Opt::unrestricted_auth);
}

/// User and password for this request.
struct Login {
  bool present = false;
  std::string user;
  std::string password;
};

// The options win over the URL where both say something, except that a user without a password does not
// replace a whole login of the URL. A redirect keeps what the first URL said.
Login find_login(const Options& options, const PlanChanges& changes, const Url& current) {
  Login login;
  if (!may_have_credentials(options, changes)) return login;
  const char* const user = options.text(Opt::username);
  const char* const password = options.text(Opt::password);
  const bool silent = !current.has_user() && !current.has_password();
  const Url& url = silent && changes.first_url != nullptr ? *changes.first_url : current;
  const bool url_speaks = url.has_user() || url.has_password();
  if (user != nullptr && (password != nullptr || !url_speaks)) {
    login.present = true;
    login.user = user;
    login.password = password != nullptr ? password : "";
    return login;
  }
  login.present = url_speaks && append_percent_decoded(login.user, url.user(), Decoded::anything) &&
                  append_percent_decoded(login.password, url.password(), Decoded::anything);
  if (password != nullptr) login.password = password;
  return login;
}

/// CURLOPT_NETRC: the file has a say about the host that is asked now, redirects included, unless the options
/// name a user for it. A login of the URL comes before it (CURL_NETRC_OPTIONAL) or after it
/// (CURL_NETRC_REQUIRED).
Status apply_netrc(const Options& options, const PlanChanges& changes, const Url& url, Report& report,
                   Login& login) {
  const long level = options.number(Opt::netrc);
  if (level == CURL_NETRC_IGNORED) return Status();
  if (may_have_credentials(options, changes) && options.text(Opt::username) != nullptr) return Status();
  if (level == CURL_NETRC_OPTIONAL && !login.password.empty()) return Status();
  std::optional<std::string_view> user;
  if (!login.user.empty()) user = login.user;
  NetrcLogin known;
  bool found = false;
  const Status looked_up = look_up_netrc(options, url.host(), user, report, found, known);
  if (!found) return looked_up;
  login.present = true;
  login.user = std::move(known.user);
  login.password = std::move(known.password);
  return looked_up;
}

std::uint32_t possible_auth(const Options& options, const PlanChanges& changes, const Login& login) {
  unsigned long possible = login.present ? CURLAUTH_BASIC : 0;
  if (options.text(Opt::xoauth2_bearer) != nullptr && may_have_credentials(options, changes))
    possible |= CURLAUTH_BEARER;
  return static_cast<std::uint32_t>(possible & static_cast<unsigned long>(options.number(Opt::httpauth)));
}

}  // namespace

bool same_host(const Url& a, const Url& b) { return equals_ignore_case(a.host(), b.host()); }

bool same_origin(const Url& a, const Url& b) {
  return a.scheme() == b.scheme() && a.port() == b.port() && same_host(a, b);
}

ReuseRules reuse_rules(const Options& options, Method method) noexcept {
  // Without these, the defaults of ReuseRules hold.
  static constexpr OptSet kReuseOptions{Opt::fresh_connect, Opt::maxage_conn, Opt::maxlifetime_conn};
  static_assert(ReuseRules().max_idle == initial_of(Opt::maxage_conn) * kSecond);
  static_assert(initial_of(Opt::maxlifetime_conn) == 0);
  ReuseRules rules;
  // A request that must not be sent twice looks before it leaps.
  rules.probe = method != Method::get && method != Method::head;
  if (!options.any_of(kReuseOptions)) return rules;
  rules.fresh = options.flag(Opt::fresh_connect);
  rules.max_idle = options.number(Opt::maxage_conn) * kSecond;
  const long lifetime = options.number(Opt::maxlifetime_conn);
  rules.max_lifetime = lifetime == 0 ? kNever : lifetime * kSecond;
  return rules;
}

namespace {

std::size_t mix(std::size_t seed, std::string_view text) noexcept {
  return (seed ^ std::hash<std::string_view>{}(text)) * 0x9e3779b97f4a7c15u;
}

std::size_t mix_list(std::size_t seed, const curl_slist* list) noexcept {
  for (; list != nullptr; list = list->next) seed = mix(seed, list->data);
  return seed + 1;  // the same lines in another list are something else
}

// Applications append to a list in place, after they have set it: what counts is what it holds when a
// transfer starts.
std::size_t fingerprint(const Options& options, const BodyPlan& body) {
  std::size_t seed = body.present ? mix(static_cast<std::size_t>(body.size) * 2 + 1, body.type) : 0;
  seed = mix_list(seed, options.list(Opt::httpheader));
  seed = mix_list(seed, options.list(Opt::connect_to));
  return mix_list(seed, options.list(Opt::proxyheader));
}

}  // namespace

bool plan_is_current(const Plan& plan, const Options& options, const BodyPlan& body) {
  return plan.generation == options.generation() && options.pointer(Opt::curlu) == nullptr &&
         plan.fingerprint == fingerprint(options, body);
}

bool same_hsts(const Plan& plan, HstsView hsts) {
  if (!hsts.on() || plan.hsts <= Plan::Hsts::unconcerned) return hsts.on() == (plan.hsts != Plan::Hsts::off);
  std::string name;
  return hsts_name(plan.url.host(), name) && hsts.covers(name) == (plan.hsts == Plan::Hsts::secured);
}

namespace {

Status write_head(const Options& options, const PlanChanges& changes, const BodyPlan& body,
                  std::string_view ascii_host, Report& report, Plan& plan) {
  Login login = find_login(options, changes, plan.url);
  if (const Status asked = apply_netrc(options, changes, plan.url, report, login); !asked.ok()) return asked;
  plan.auth_possible = possible_auth(options, changes, login);
  RequestContext context(options, plan.url, ascii_host);
  context.method = plan.method;
  context.drop_custom_method = changes.drop_custom_method;
  context.dropped_body = changes.dropped_body;
  context.own_origin = may_have_credentials(options, changes);
  context.own_host = changes.own_host;
  context.auth = changes.auth != 0 ? changes.auth & plan.auth_possible
                                   : first_auth(options.number(Opt::httpauth), plan.auth_possible);
  context.user = login.user;
  context.password = login.password;
  context.referer = !changes.referer.empty() ? changes.referer.c_str() : options.text(Opt::referer);
  context.has_body = body.present;
  context.body_size = body.size;
  context.body_type = body.type;
  context.body_is_mime = body.mime;
  context.http10 = options.number(Opt::http_version) == CURL_HTTP_VERSION_1_0;
  context.avoid_expect = changes.avoid_expect;
  return write_request_head(context, plan.head);
}

}  // namespace

Status make_plan(const Options& options, const PlanChanges& changes, const BodyPlan& body, Report& report,
                 Plan& plan, HstsView hsts) {
  plan.generation = 0;
  if (const Status read = read_url(options, changes, report, plan.url); !read.ok()) return read;
  if (const Status secured = apply_hsts(hsts, changes.stay_secure, report, plan); !secured.ok())
    return secured;
  if (const Status checked = check_scheme(options, changes, report, plan); !checked.ok()) return checked;
  std::string scratch;
  std::string_view ascii_host;
  if (const UrlResult host = plan.url.ascii_host(scratch, ascii_host); !host.ok()) {
    return url_failure(host, plan.url.host(), report);
  }
  if (const Status ported = apply_port(options, changes, report, plan); !ported.ok()) return ported;
  plan.key = key_of(options, plan, target_of(options, ascii_host, plan));
  plan.method = changes.method_changed ? changes.method : options.method();
  if (const Status written = write_head(options, changes, body, ascii_host, report, plan); !written.ok()) {
    report.failure(written.code() == CURLE_UPLOAD_FAILED ? "HTTP/1.0 cannot send a body of unknown size"
                                                         : "An option or header holds a line break");
    return written;
  }
  // What .netrc says may change at any time: such a plan serves once.
  const bool may_stay = options.number(Opt::netrc) == CURL_NETRC_IGNORED;
  plan.generation = may_stay ? options.generation() : 0;
  plan.fingerprint = fingerprint(options, body);
  return Status();
}

}  // namespace hiper
