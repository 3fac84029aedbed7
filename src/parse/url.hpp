// A parsed URL: what curl_url() hands out, and what the transfer works with. RFC 3986 with libcurl's
// liberties (libcurl-url(3), curl_url_set(3), curl_url_get(3)). No I/O. Called by api/url.cc, by the settings
// (CURLOPT_URL, proxies) and by the transfer (first URL and redirects).
//
// The flags everywhere are the CURLU_ bits.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hiper {

class [[nodiscard]] UrlResult {
 public:
  constexpr UrlResult() noexcept = default;
  constexpr explicit UrlResult(CURLUcode code) noexcept : code_(code) {}

  constexpr bool ok() const noexcept { return code_ == CURLUE_OK; }
  constexpr CURLUcode code() const noexcept { return code_; }
  /// The code that a transfer ends with when its URL is refused like this.
  CURLcode curl_code() const noexcept;

 private:
  CURLUcode code_ = CURLUE_OK;
};

/// No text given or built is longer than this (curl_url_set(3)).
inline constexpr std::size_t kMaxUrlLength = 8000000;

/// One string holds all parts back to back, so a URL costs one allocation and copies cheaply. Views that the
/// accessors return live until the next change.
class Url {
 public:
  /// Parses an absolute URL (or, with CURLU_GUESS_SCHEME or CURLU_DEFAULT_SCHEME, one without a scheme).
  /// `out` changes only on success. Throws std::bad_alloc only, like everything here.
  static UrlResult parse(std::string_view text, unsigned flags, Url& out);

  /// Parses `reference`, absolute or relative to `base` (RFC 3986, 5.2); `out` may be `base`. Spaces and
  /// bytes above 127 in the path and query of a relative one are encoded, for the sake of Location headers.
  /// A base that is no complete URL is ignored.
  static UrlResult resolve(const Url& base, std::string_view reference, unsigned flags, Url& out);

  bool has_scheme() const noexcept { return has(kScheme); }
  bool has_user() const noexcept { return has(kUser); }
  bool has_password() const noexcept { return has(kPassword); }
  bool has_host() const noexcept { return has(kHost); }
  bool has_query() const noexcept { return has(kQuery); }
  bool has_fragment() const noexcept { return has(kFragment); }

  std::string_view scheme() const noexcept { return part(kScheme); }      ///< lower case after a parse
  std::string_view user() const noexcept { return part(kUser); }          ///< still percent-encoded
  std::string_view password() const noexcept { return part(kPassword); }  ///< still percent-encoded
  std::string_view options() const noexcept { return part(kOptions); }    ///< still percent-encoded
  /// Decoded; IPv6 in brackets, IPv4 dotted; may hold non-ASCII bytes: see ascii_host().
  std::string_view host() const noexcept { return part(kHost); }
  std::string_view zone() const noexcept { return part(kZone); }
  std::string_view path() const noexcept { return part(kPath); }  ///< at least "/"
  std::string_view query() const noexcept;                        ///< without `?`
  std::string_view fragment() const noexcept { return part(kFragment); }
  /// The path and, if there is a query (even an empty one), `?` and the query, as they are.
  std::string_view path_and_query() const noexcept;
  /// The port given, or else the scheme's default; 0 when there is neither.
  std::uint16_t port() const noexcept;
  bool has_port() const noexcept { return port_given_; }
  /// The scheme was guessed from the host name and not written.
  bool scheme_guessed() const noexcept { return scheme_guessed_; }
  bool host_is_ipv6() const noexcept { return host().starts_with('['); }

  /// The host as DNS and the Host header need it: ASCII, converted by IDNA where necessary. `out` views this
  /// URL or `scratch`. CURLUE_BAD_HOSTNAME when there is no such form.
  UrlResult ascii_host(std::string& scratch, std::string_view& out) const;

  /// Appends what a request line names: path and query, with spaces and non-ASCII bytes of the path encoded.
  void append_request_target(std::string& out) const;

  /// The whole URL; see curl_url_get(3) for the flags. `out` changes only on success.
  UrlResult to_string(unsigned flags, std::string& out) const;

  /// The rules of curl_url_get(3). `out` views this URL or `scratch`.
  UrlResult get(CURLUPart what, unsigned flags, std::string& scratch, std::string_view& out) const;

  /// The rules of curl_url_set(3) with text; nothing changes on failure.
  UrlResult set(CURLUPart what, std::string_view text, unsigned flags);

  /// The rules of curl_url_set(3) with NULL: the part is gone.
  UrlResult clear(CURLUPart what);

 private:
  // In the order in which they lie in text_. The query is kept with its `?`, so that path and query are one
  // piece.
  enum Part : unsigned {
    kScheme,
    kUser,
    kPassword,
    kOptions,
    kHost,
    kZone,
    kPath,
    kQuery,
    kFragment,
    kParts
  };

  friend class UrlParser;

  bool has(Part which) const noexcept { return ((present_ >> which) & 1u) != 0; }
  std::size_t begin(Part which) const noexcept { return which == 0 ? 0 : ends_[which - 1]; }
  std::string_view part(Part which) const noexcept {
    return std::string_view(text_).substr(begin(which), ends_[which] - begin(which));
  }
  void put(Part which, std::string_view text);
  void drop(Part which);
  void mark(Part which, bool present) noexcept;
  void set_port(std::uint16_t port) noexcept;
  void drop_port() noexcept;

  bool port_shown(std::string_view scheme_name, unsigned flags, std::uint16_t& port) const noexcept;
  void append_login(std::string_view scheme_name, std::string& out) const;
  UrlResult append_host(unsigned flags, std::string& out) const;
  /// Scheme, `://`, login, host and port.
  UrlResult append_origin(unsigned flags, std::string& out) const;
  UrlResult get_scheme(unsigned flags, std::string_view& out) const;
  UrlResult get_host(unsigned flags, std::string& scratch, std::string_view& out) const;
  UrlResult get_port(unsigned flags, std::string& scratch, std::string_view& out) const;

  UrlResult set_url(std::string_view text, unsigned flags);
  UrlResult set_scheme(std::string_view text, unsigned flags);
  UrlResult set_port_text(std::string_view text);
  UrlResult set_host(std::string_view text, unsigned flags);
  UrlResult append_query(std::string_view text, unsigned flags);

  std::string text_ = "/";
  std::uint32_t ends_[kParts] = {0, 0, 0, 0, 0, 0, 1, 1, 1};
  std::uint16_t present_ = 0;
  std::uint16_t port_ = 0;
  bool port_given_ = false;
  bool scheme_guessed_ = false;
};

/// Removes `.` and `..` segments, also as %2e, from the path that starts at `from` (RFC 3986, 5.2.4).
void remove_dot_segments(std::string& text, std::size_t from);

}  // namespace hiper
