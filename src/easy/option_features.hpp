// Which optional features of libcurl this build has, for options that a build without them refuses. A room
// that starts to work flips its line here (what curl_version_info says is in base/features.cc).
#pragma once
#include <curl/curl.h>

#include <cstdint>

namespace hiper {

/// The `feature` column of option_table.inc. Options of protocols that only add their own behaviour (ftp,
/// mail, proxies, cookies, HTTP/2 …) are `any`: they are kept whether or not something reads them yet.
enum class OptionFeature : std::uint8_t {
  any,
  cares,    ///< the resolver is c-ares
  ssh,      ///< SCP and SFTP
  hsts,     ///< RFC 6797
  altsvc,   ///< RFC 7838
  httpsig,  ///< RFC 9421
  ech,      ///< encrypted client hello
  tls_srp,  ///< RFC 5054
  rtsp,
  gssapi,
  doh,  ///< RFC 8484
};

/// What setopt answers for an option of `feature`: CURLE_OK if it is built in, else the code named in the
/// option's man page, RETURN VALUE.
constexpr CURLcode availability(OptionFeature feature) noexcept {
  switch (feature) {
    case OptionFeature::any:
    case OptionFeature::cares:
    case OptionFeature::hsts:
      return CURLE_OK;
    case OptionFeature::ssh:
    case OptionFeature::altsvc:
    case OptionFeature::httpsig:
    case OptionFeature::ech:
    case OptionFeature::tls_srp:
    case OptionFeature::rtsp:
    case OptionFeature::gssapi:
    case OptionFeature::doh:
      return CURLE_UNKNOWN_OPTION;
  }
  return CURLE_UNKNOWN_OPTION;
}

/// The authentication methods that CURLOPT_HTTPAUTH and PROXYAUTH may ask for; other bits are dropped.
inline constexpr std::uint32_t kAuthMethods = static_cast<std::uint32_t>(CURLAUTH_BASIC | CURLAUTH_BEARER);

/// The highest CURL_HTTP_VERSION_* that CURLOPT_HTTP_VERSION may ask for. HTTP/2 by negotiation
/// may be asked for in any build, where it cannot be had HTTP/1.1 is spoken; without negotiation there is no
/// way back.
inline constexpr long kHighestHttpVersion = CURL_HTTP_VERSION_2TLS;

}  // namespace hiper
