// The head of an HTTP/1.x request: request line and headers as one text, from the options of a handle (RFC
// 9112, sections 3 and 5; CURLOPT_HTTPHEADER(3)). No I/O. Called by transfer/plan.cc.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <string_view>

#include "base/status.hpp"
#include "base/text_buffer.hpp"
#include "easy/options.hpp"
#include "parse/url.hpp"

namespace hiper {

/// What the options alone do not say.
struct RequestContext {
  RequestContext(const Options& request_options, const Url& request_url, std::string_view request_host)
      : options(request_options), url(request_url), host(request_host) {}
  const Options& options;
  const Url& url;
  std::string_view host;            ///< for the Host header: ASCII, IPv6 in brackets
  Method method = Method::get;      ///< after the method rules of redirects
  bool drop_custom_method = false;  ///< a redirect turned the request into another one
  bool dropped_body = false;        ///< … and took its body away, with the headers that speak about it
  bool own_origin =
      true;  ///< the URL has the origin that the application's credentials are for, or may have them
  bool own_host = true;   ///< the URL has the host name that a Host header of the application is for
  long auth = 0;          ///< CURLAUTH_BASIC or CURLAUTH_BEARER: sent with this request; 0: none
  std::string_view user;  ///< for CURLAUTH_BASIC: decoded
  std::string_view password;
  const char* referer = nullptr;  ///< nullptr: none
  bool has_body = false;
  curl_off_t body_size = -1;   ///< -1: unknown
  std::string_view body_type;  ///< Content-Type of the body; empty: none
  bool body_is_mime = false;  ///< body_type counts, whatever the application's list says: it has the boundary
  bool http10 = false;
  bool avoid_expect = false;  ///< the server has refused an Expect header
};

/// What the head promises about the request.
struct RequestHead {
  TextBuffer text;
  const char* method_name = "GET";  ///< static or the option's text
  bool expect_continue = false;
  bool chunked = false;  ///< the body goes in chunks
  /// Where cookies belong: the line with CURLOPT_COOKIE, or the empty range where it would be.
  std::uint32_t cookie_begin = 0;
  std::uint32_t cookie_end = 0;
  std::uint32_t auth_used = 0;  ///< CURLAUTH_*
};

/// Throws std::bad_alloc. CURLE_UPLOAD_FAILED when HTTP/1.0 is asked for with a body of unknown size;
/// CURLE_BAD_FUNCTION_ARGUMENT when an option or header holds a line break that would end its line.
Status write_request_head(const RequestContext& context, RequestHead& head);

}  // namespace hiper
