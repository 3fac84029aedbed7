// The option table as data: how an option number is checked and stored. For set_option*.cc only.
#pragma once
#include <curl/curl.h>

#include <cstdint>

#include "easy/option_features.hpp"
#include "easy/options.hpp"

namespace hiper {

/// The `setter` column: how the argument is read, checked and stored.
enum class Setter : std::uint8_t {
  // Numbers. "range" is low … high of the row.
  number,         ///< outside of the range: CURLE_BAD_FUNCTION_ARGUMENT
  saturated,      ///< below the range: refused, above: the highest
  masked,         ///< negative where low is 0: refused; only the bits of `high` are kept
  flag,           ///< 0 or 1
  seconds,        ///< stored as milliseconds
  buffer_size,    ///< moved into the range; below 1 is the default
  follow,         ///< a mode of the range, anything else that is not 0 is CURLFOLLOW_ALL
  verify_host,    ///< 0 or 2
  stream_weight,  ///< outside of the range: ignored
  socks_auth,     ///< other bits than `high`: CURLE_NOT_BUILT_IN
  auth,           ///< CURLOPT_HTTPAUTH, PROXYAUTH
  tls_version,    ///< CURL_SSLVERSION_* and CURL_SSLVERSION_MAX_*
  http_version,   ///< CURL_HTTP_VERSION_*
  protocols,      ///< CURLPROTO_* bits
  post_size,      ///< CURLOPT_POSTFIELDSIZE, _LARGE
  hsts_ctrl,      ///< CURLHSTS_* bits
  httpget,
  post,
  upload,
  nobody,
  refused_flag,  ///< CURLE_NOT_BUILT_IN
  // Texts.
  text,
  userpwd,         ///< split into `slot` and its password
  protocols_text,  ///< comma separated scheme names
  cookiefile,
  cookiejar,
  cookielist,
  hsts_file,
  dns_servers,
  ip_address,
  tls_engine,
  tlsauth_type,
  // The rest.
  list,
  pointer,
  function,
  blob,
  httppost,
  mimepost,
  postfields,
  copypostfields,
  errorbuffer,
  share,
  ignored,  ///< accepted without effect
  unknown,  ///< CURLE_UNKNOWN_OPTION
};

/// One option number (aliases share that of their option).
struct OptionRow {
  std::int64_t low;
  std::int64_t high;
  std::int32_t id;
  Opt slot;
  Setter setter;
  OptionFeature feature;
};

/// The row of `id`; nullptr for numbers that are no option.
const OptionRow* find_option_row(std::uint32_t id) noexcept;

}  // namespace hiper
