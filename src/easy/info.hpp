// What happened: the results of a handle's last transfer, as curl_easy_getinfo tells them. Written by the
// transfer and the rooms below it (plain members), read by get_info() and by the application's progress.
#pragma once
#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/text_buffer.hpp"
#include "parse/h1_head.hpp"
#include "parse/scheme.hpp"
#include "parse/url.hpp"

namespace hiper {

/// An address of the peer or of our side, in a form that costs nothing to keep.
struct Endpoint {
  enum class Family : std::uint8_t { none, ipv4, ipv6, unix_path };
  Family family = Family::none;
  std::uint16_t port = 0;                ///< host byte order
  std::array<std::uint8_t, 16> bytes{};  ///< network byte order; IPv4 in the first four

  bool known() const noexcept { return family != Family::none; }
};

/// What only the connection of a transfer knows, asked for when an application wants it. Implemented by the
/// transfer room; Info::connection points to it while there is one and is nulled before it dies.
class ConnectionInfo {
 public:
  /// The socket for CURLINFO_ACTIVESOCKET; CURL_SOCKET_BAD when there is none (any more).
  virtual curl_socket_t active_socket() const noexcept = 0;
  /// Our side's address (getsockname); not known() when there is none.
  virtual Endpoint local_endpoint() const noexcept = 0;
  /// The SSL* in use (CURLINFO_TLS_SSL_PTR), nullptr without TLS.
  virtual void* tls_pointer() const noexcept = 0;
  /// Its SSL_CTX* (CURLINFO_TLS_SESSION).
  virtual void* tls_context() const noexcept = 0;

 protected:
  ~ConnectionInfo() = default;
};

/// Durations count from the start of the transfer (of the first request when redirects are followed), in
/// nanoseconds; 0 means not reached.
struct InfoTimes {
  Nanos namelookup = 0;
  Nanos connect = 0;
  Nanos appconnect = 0;
  Nanos redirect = 0;
  Nanos queue = 0;
  Nanos pretransfer = 0;
  Nanos posttransfer = 0;
  Nanos starttransfer = 0;
  Nanos total = 0;  ///< up to now while the transfer runs
};

/// Numbers of the last transfer; the default values are what getinfo answers before any transfer.
struct InfoNumbers {
  curl_off_t size_download = 0;   ///< body bytes as they came over the wire
  curl_off_t size_delivered = 0;  ///< body bytes given to the application (after decoding)
  curl_off_t content_length_download = -1;
  std::int32_t response_code = 0;
  std::uint32_t header_size = 0;
  std::uint8_t http_version = 0;  ///< CURL_HTTP_VERSION_*, 0 unknown
  bool condition_unmet = false;
  std::uint32_t request_size = 0;
  curl_off_t conn_id = -1;
  curl_off_t size_upload = 0;  ///< body bytes sent
  curl_off_t content_length_upload = -1;
  std::uint32_t httpauth_used = 0;   ///< CURLAUTH_*
  std::uint32_t httpauth_avail = 0;  ///< CURLAUTH_*
  std::int32_t redirect_count = 0;
  std::int32_t num_connects = 0;
  std::int32_t os_errno = 0;
  std::int32_t ssl_verifyresult = 0;
};

/// Results that few transfers have, in memory of their own (Info::rare()).
struct InfoRare {
  TextBuffer redirect_url;   ///< where a redirect that was not followed leads
  TextBuffer referer;        ///< unset: CURLOPT_REFERER is told
  curl_off_t filetime = -1;  ///< seconds since 1970
  curl_off_t retry_after = 0;
  curl_certinfo certinfo{0, nullptr};  ///< owned: lists from curl_slist_append, the array from base/memory
  std::array<char, 48> primary_ip{};   ///< built when asked for
  std::array<char, 48> local_ip{};
  curl_tlssessioninfo tls_session{CURLSSLBACKEND_NONE, nullptr};

  InfoRare() noexcept = default;
  InfoRare(const InfoRare&) = delete;
  InfoRare& operator=(const InfoRare&) = delete;
  ~InfoRare() { free_certinfo(); }
  void free_certinfo() noexcept;
};

class Easy;

/// curl_easy_getinfo: stores the answer to `id` (a CURLINFO, or what an application takes for one) through
/// `answer` (its type is in the number of `id`). CURLE_UNKNOWN_OPTION for other numbers and for a NULL
/// answer, which is then left alone. May throw std::bad_alloc.
CURLcode get_info(Easy& easy, std::uint32_t id, void* answer);

struct Info {
  // What is written when a response comes lies together, with what every request writes around it.
  InfoTimes times;
  ConnectionInfo* connection = nullptr;
  HeadSlice content_type_at;  ///< where it lies in Easy::headers, copied when somebody asks
  TextBuffer content_type;    ///< unset: NULL is told
  InfoNumbers numbers;
  Endpoint primary;
  Endpoint local;                    ///< may stay unknown while `connection` is set: it is asked then
  const Url* planned_url = nullptr;  ///< of the handle's plan, which keeps it; nullptr: CURLOPT_URL is told
  const Scheme* scheme = nullptr;
  const char* effective_method = nullptr;  ///< static text, set after a redirect changed it; nullptr: what
                                           ///< the options say
  TextBuffer effective_url;  ///< after a redirect; before one, the text of planned_url once it was asked for
  curl_off_t xfer_id = -1;
  curl_socket_t last_socket = CURL_SOCKET_BAD;  ///< of CONNECT_ONLY transfers: survives begin()
  bool was_redirected = false;                  ///< effective_url is that of a later request

  /// CURLINFO_EFFECTIVE_URL of a request that is not the planned one. False when memory is out.
  [[nodiscard]] bool redirect_to(std::string_view url) noexcept {
    was_redirected = true;
    return effective_url.assign(url);
  }
  /// The handle's plan is made anew.
  void forget_planned_url() noexcept {
    planned_url = nullptr;
    effective_url.clear();
    was_redirected = false;
  }
  /// A transfer starts: forgets the results of the last one, keeps buffers. xfer_id, connection and
  /// last_socket are the caller's to set.
  void begin() noexcept;
  /// Throws std::bad_alloc when it is asked for the first time.
  InfoRare& rare() {
    if (!rare_) rare_ = std::make_unique<InfoRare>();
    return *rare_;
  }
  InfoRare* rare_if_any() const noexcept { return rare_.get(); }

 private:
  std::unique_ptr<InfoRare> rare_;
};

}  // namespace hiper
