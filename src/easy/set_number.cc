// Options that are numbers: ranges, bits, enumerations.
#include <algorithm>

#include "easy/setters.hpp"

namespace hiper::setters {
namespace {

CURLcode auth(Options& options, Opt slot, std::int64_t value) noexcept {
  const auto asked = static_cast<std::uint32_t>(value);
  std::uint32_t methods = asked & kAuthMethods;
  if (asked != CURLAUTH_NONE && methods == 0) return CURLE_NOT_BUILT_IN;
  if ((methods & CURLAUTH_DIGEST_IE) != 0) methods |= static_cast<std::uint32_t>(CURLAUTH_DIGEST);
  // CURLAUTH_ANY has the top bit too: there it does not say "only".
  const bool one = (methods & (methods - 1)) == 0;
  if (one && (asked & CURLAUTH_ONLY) != 0) methods |= static_cast<std::uint32_t>(CURLAUTH_ONLY);
  return options.set_number(slot, methods);
}

/// CURLOPT_SSLVERSION(3): the lowest version in the low 16 bits, the highest above them.
CURLcode tls_version(Options& options, Opt slot, std::int64_t value) noexcept {
  const std::int64_t lowest = value & 0xffff;
  const std::int64_t highest = value >> 16;
  const bool broken = lowest == CURL_SSLVERSION_SSLv2 || lowest == CURL_SSLVERSION_SSLv3;
  if (value < 0 || broken || lowest > CURL_SSLVERSION_TLSv1_3) return CURLE_BAD_FUNCTION_ARGUMENT;
  if (highest > CURL_SSLVERSION_MAX_TLSv1_3 >> 16) return CURLE_BAD_FUNCTION_ARGUMENT;
  return options.set_number(slot, value);
}

CURLcode http_version(Options& options, Opt slot, std::int64_t value) noexcept {
  if (value < 0) return CURLE_BAD_FUNCTION_ARGUMENT;
  if (value > kHighestHttpVersion) return CURLE_UNSUPPORTED_PROTOCOL;
  if (value == CURL_HTTP_VERSION_NONE) value = initial_of(slot);
  return options.set_number(slot, value);
}

/// CURLPROTO_ALL, given as int or long, means everything; bits above the constants are schemes that only
/// CURLOPT_PROTOCOLS_STR can name.
CURLcode protocols(Options& options, Opt slot, std::int64_t value) noexcept {
  constexpr std::int64_t all = 0xffffffff;
  constexpr std::int64_t named = 0x3fffffff;
  return options.set_number(slot, (value & all) == all ? -1 : value & named);
}

CURLcode buffer_size(Options& options, const OptionRow& row, std::int64_t value) noexcept {
  if (value < 1) value = initial_of(row.slot);
  return options.set_number(row.slot, std::clamp(value, row.low, row.high));
}

CURLcode stream_weight(Options& options, const OptionRow& row, std::int64_t value) noexcept {
  if (value < row.low || value > row.high) return CURLE_OK;
  return options.set_number(row.slot, value);
}

/// Without CURLHSTS_ENABLE HSTS is off, and a file named before is forgotten.
CURLcode hsts_ctrl(Options& options, std::int64_t bits) noexcept {
  const std::int64_t known = bits & (CURLHSTS_ENABLE | CURLHSTS_READONLYFILE);
  const CURLcode result = options.set_number(Opt::hsts_ctrl, known);
  if (result == CURLE_OK && (bits & CURLHSTS_ENABLE) == 0) options.erase(Opt::hsts);
  return result;
}

CURLcode in_range(Options& options, const OptionRow& row, std::int64_t value) noexcept {
  if (value < row.low) return CURLE_BAD_FUNCTION_ARGUMENT;
  switch (row.setter) {
    case Setter::saturated:
      return options.set_number(row.slot, std::min(value, row.high));
    case Setter::masked:
      return options.set_number(row.slot, value & row.high);
    case Setter::seconds:
      if (value > row.high) return CURLE_BAD_FUNCTION_ARGUMENT;
      return options.set_number(row.slot, value * 1000);
    default:
      if (value > row.high) return CURLE_BAD_FUNCTION_ARGUMENT;
      return options.set_number(row.slot, value);
  }
}

}  // namespace

CURLcode number(Options& options, const OptionRow& row, std::int64_t value) noexcept {
  const bool on = value != 0;
  switch (row.setter) {
    case Setter::flag:
      return options.set_number(row.slot, on ? 1 : 0);
    case Setter::verify_host:
      return options.set_number(row.slot, on ? 2 : 0);
    case Setter::follow:
      return options.set_number(row.slot, value >= row.low && value <= row.high ? value : CURLFOLLOW_ALL);
    case Setter::buffer_size:
      return buffer_size(options, row, value);
    case Setter::stream_weight:
      return stream_weight(options, row, value);
    case Setter::socks_auth:
      if ((value & ~row.high) != 0) return CURLE_NOT_BUILT_IN;
      return options.set_number(row.slot, value);
    case Setter::auth:
      return auth(options, row.slot, value);
    case Setter::tls_version:
      return tls_version(options, row.slot, value);
    case Setter::http_version:
      return http_version(options, row.slot, value);
    case Setter::protocols:
      return protocols(options, row.slot, value);
    case Setter::post_size:
      return post_size(options, row, value);
    case Setter::hsts_ctrl:
      return hsts_ctrl(options, value);
    case Setter::httpget:
      return httpget(options, on);
    case Setter::post:
      return post(options, on);
    case Setter::upload:
      return upload(options, on);
    case Setter::nobody:
      return nobody(options, on);
    case Setter::refused_flag:
      return CURLE_NOT_BUILT_IN;
    case Setter::ignored:
      return CURLE_OK;
    default:
      return in_range(options, row, value);
  }
}

}  // namespace hiper::setters
