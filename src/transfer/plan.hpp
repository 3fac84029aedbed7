// What one request of a transfer needs, computed from the options once and kept with the handle while they
// stay the same: parsed URL, connection key, TLS configuration, request head. Called by transfer/.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/report.hpp"
#include "base/status.hpp"
#include "conn/key.hpp"
#include "conn/pool.hpp"
#include "easy/options.hpp"
#include "http/request_head.hpp"
#include "parse/scheme.hpp"
#include "parse/url.hpp"
#include "transfer/strict_transport.hpp"

namespace hiper {

/// What redirects and retries have changed compared with the options. A fresh one changes nothing.
struct PlanChanges {
  std::string url;              ///< empty: CURLOPT_URL or CURLOPT_CURLU
  std::string referer;          ///< empty: CURLOPT_REFERER (CURLOPT_AUTOREFERER)
  Method method = Method::get;  ///< if `method_changed`
  bool method_changed = false;
  bool drop_custom_method = false;
  bool dropped_body = false;  ///< a redirect turned a request with a body into one without
  const Url* first_url =
      nullptr;             ///< if `redirected`: where the transfer began; its credentials stay good there
  bool own_origin = true;  ///< the origin of the first URL: credentials may go there
  bool own_host = true;    ///< the host name of the first URL
  bool avoid_expect = false;
  bool redirected = false;   ///< CURLOPT_REDIR_PROTOCOLS counts beside CURLOPT_PROTOCOLS
  bool stay_secure = false;  ///< HSTS made the last request one of https; the same again stays one
  long auth = 0;             ///< CURLAUTH_* chosen after a 401; 0: none yet
};

/// The body that the request will have, as far as the head must tell.
struct BodyPlan {
  curl_off_t size = -1;
  std::string_view type;  ///< Content-Type, unless the application sets its own
  bool present = false;
  bool mime = false;  ///< `type` has the boundary and counts in any case
};

struct Plan {
  std::uint32_t generation = 0;  ///< of the options it was made from; 0: not valid
  std::size_t fingerprint = 0;   ///< of what may change without a new generation
  const Scheme* scheme = nullptr;
  /// What HSTS had to say: nothing, as it was off or for an https URL; http stays; http became https.
  enum class Hsts : std::uint8_t { off, unconcerned, plain, secured };
  Hsts hsts = Hsts::off;
  Method method = Method::get;
  std::uint32_t auth_possible = 0;  ///< CURLAUTH_* that were asked for and have credentials
  ConnectionKey key;
  RequestHead head;
  Url url;
  std::unique_ptr<const Url> url_asked;  ///< before CURLOPT_PORT changed it; nullptr: as `url`

  /// What CURLINFO_EFFECTIVE_URL tells.
  const Url& effective_url() const noexcept { return url_asked ? *url_asked : url; }
};

/// Makes `plan` from the options and `changes`. Reports what is wrong; the codes are those of
/// curl_easy_perform. Throws std::bad_alloc.
Status make_plan(const Options& options, const PlanChanges& changes, const BodyPlan& body, Report& report,
                 Plan& plan, HstsView hsts = {});

/// Whether `plan`, made without changes, is what make_plan() would make again.
bool plan_is_current(const Plan& plan, const Options& options, const BodyPlan& body);

/// Whether HSTS says the same as when `plan` was made. Throws std::bad_alloc.
bool same_hsts(const Plan& plan, HstsView hsts);

/// Whether two URLs have the same scheme, host and port.
bool same_origin(const Url& a, const Url& b);

/// Whether they have the same host name.
bool same_host(const Url& a, const Url& b);

/// CURLOPT_FRESH_CONNECT, CURLOPT_MAXAGE_CONN, CURLOPT_MAXLIFETIME_CONN.
ReuseRules reuse_rules(const Options& options, Method method) noexcept;

}  // namespace hiper
