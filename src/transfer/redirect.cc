#include "transfer/redirect.hpp"

#include <algorithm>
#include <charconv>

#include "parse/date.hpp"

namespace hiper {

std::string resolve_redirect(const Url& base, std::string_view location, const Options& options) {
  const unsigned flags =
      CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | (options.flag(Opt::path_as_is) ? CURLU_PATH_AS_IS : 0u);
  std::string target;
  Url resolved;
  if (Url::resolve(base, location, flags, resolved).ok() && resolved.to_string(0, target).ok()) return target;
  return std::string(location);
}

RedirectedMethod redirected_method(int status, Method method, const Options& options) noexcept {
  const long keep = options.number(Opt::postredir);
  const bool post = method == Method::post || method == Method::post_form || method == Method::post_mime;
  bool to_get = false;
  switch (status) {
    case 301:
      to_get = post && (keep & CURL_REDIR_POST_301) == 0;
      break;
    case 302:
      to_get = post && (keep & CURL_REDIR_POST_302) == 0;
      break;
    case 303:
      to_get = method != Method::head && (!post || (keep & CURL_REDIR_POST_303) == 0);
      break;
    default:
      break;
  }
  const long follow = options.number(Opt::followlocation);
  const bool drop_custom = follow == CURLFOLLOW_FIRSTONLY || (follow == CURLFOLLOW_OBEYCODE && to_get);
  return {to_get ? Method::get : method, drop_custom};
}

std::int64_t retry_after_seconds(std::string_view text, std::int64_t now) noexcept {
  constexpr std::int64_t kMost = 6 * 60 * 60;
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc()) {
    const DateResult date = parse_date(text);
    seconds = date.ok ? date.seconds - now : 0;
  }
  return std::clamp<std::int64_t>(seconds, 0, kMost);
}

}  // namespace hiper
