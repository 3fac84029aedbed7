#include "easy/info.hpp"

#include <arpa/inet.h>

#include <limits>
#include <new>
#include <utility>

#include "base/features.hpp"
#include "base/memory.hpp"
#include "base/slist.hpp"
#include "easy/cookie_doors.hpp"
#include "easy/easy.hpp"

// Deprecated numbers are answered too.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace hiper {

void InfoRare::free_certinfo() noexcept {
  for (int i = 0; i < certinfo.num_of_certs; ++i) slist_free(certinfo.certinfo[i]);
  release(certinfo.certinfo);
  certinfo = {0, nullptr};
}

void Info::begin() noexcept {
  times = {};
  numbers = {};
  primary = {};
  local = {};
  if (was_redirected) forget_planned_url();
  planned_url = nullptr;  // whose text stays for as long as the plan does
  content_type_at = {};
  content_type.clear();
  effective_method = nullptr;
  scheme = nullptr;
  if (rare_ == nullptr) return;
  rare_->redirect_url.clear();
  rare_->referer.clear();
  rare_->filetime = -1;
  rare_->retry_after = 0;
  rare_->free_certinfo();
}

namespace {

constexpr Nanos kMicrosecond = 1'000;

struct TimeRow {
  CURLINFO seconds;       ///< the double, CURLINFO_NONE where there is none
  CURLINFO microseconds;  ///< the curl_off_t
  Nanos InfoTimes::*member;
};
constexpr TimeRow kTimes[] = {
    {CURLINFO_TOTAL_TIME, CURLINFO_TOTAL_TIME_T, &InfoTimes::total},
    {CURLINFO_NAMELOOKUP_TIME, CURLINFO_NAMELOOKUP_TIME_T, &InfoTimes::namelookup},
    {CURLINFO_CONNECT_TIME, CURLINFO_CONNECT_TIME_T, &InfoTimes::connect},
    {CURLINFO_APPCONNECT_TIME, CURLINFO_APPCONNECT_TIME_T, &InfoTimes::appconnect},
    {CURLINFO_PRETRANSFER_TIME, CURLINFO_PRETRANSFER_TIME_T, &InfoTimes::pretransfer},
    {CURLINFO_STARTTRANSFER_TIME, CURLINFO_STARTTRANSFER_TIME_T, &InfoTimes::starttransfer},
    {CURLINFO_REDIRECT_TIME, CURLINFO_REDIRECT_TIME_T, &InfoTimes::redirect},
    {CURLINFO_NONE, CURLINFO_QUEUE_TIME_T, &InfoTimes::queue},
    {CURLINFO_NONE, CURLINFO_POSTTRANSFER_TIME_T, &InfoTimes::posttransfer},
};

struct SizeRow {
  CURLINFO real;     ///< the double
  CURLINFO integer;  ///< the curl_off_t
  curl_off_t InfoNumbers::*member;
};
constexpr SizeRow kSizes[] = {
    {CURLINFO_SIZE_DOWNLOAD, CURLINFO_SIZE_DOWNLOAD_T, &InfoNumbers::size_download},
    {CURLINFO_SIZE_UPLOAD, CURLINFO_SIZE_UPLOAD_T, &InfoNumbers::size_upload},
    {CURLINFO_CONTENT_LENGTH_DOWNLOAD, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
     &InfoNumbers::content_length_download},
    {CURLINFO_CONTENT_LENGTH_UPLOAD, CURLINFO_CONTENT_LENGTH_UPLOAD_T, &InfoNumbers::content_length_upload},
    {CURLINFO_NONE, CURLINFO_SIZE_DELIVERED, &InfoNumbers::size_delivered},
    {CURLINFO_NONE, CURLINFO_CONN_ID, &InfoNumbers::conn_id},
};

/// Bytes per second over the whole transfer.
curl_off_t speed(const Info& info, curl_off_t size) noexcept {
  const Nanos time = info.times.total / kMicrosecond;
  if (time <= 0) return 0;
  if (size <= std::numeric_limits<curl_off_t>::max() / 1'000'000) return size * 1'000'000 / time;
  return size / time * 1'000'000;
}

curl_off_t filetime_of(const Info& info) noexcept {
  const InfoRare* const rare = info.rare_if_any();
  return rare != nullptr ? rare->filetime : -1;
}

bool find_offset(const Info& info, std::uint32_t id, curl_off_t& answer) noexcept {
  for (const TimeRow& row : kTimes) {
    if (row.microseconds != id) continue;
    answer = info.times.*row.member / kMicrosecond;
    return true;
  }
  for (const SizeRow& row : kSizes) {
    if (row.integer != id) continue;
    answer = info.numbers.*row.member;
    return true;
  }
  switch (id) {
    case CURLINFO_SPEED_DOWNLOAD_T:
      answer = speed(info, info.numbers.size_download);
      return true;
    case CURLINFO_SPEED_UPLOAD_T:
      answer = speed(info, info.numbers.size_upload);
      return true;
    case CURLINFO_XFER_ID:
      answer = info.xfer_id;
      return true;
    case CURLINFO_FILETIME_T:
      answer = filetime_of(info);
      return true;
    case CURLINFO_RETRY_AFTER:
      answer = info.rare_if_any() != nullptr ? info.rare_if_any()->retry_after : 0;
      return true;
    case CURLINFO_EARLYDATA_SENT_T:  // no early data is sent
      answer = 0;
      return true;
    default:
      return false;
  }
}

bool find_double(const Info& info, std::uint32_t id, double& answer) noexcept {
  for (const TimeRow& row : kTimes) {
    if (row.seconds != id) continue;
    answer = static_cast<double>(info.times.*row.member / kMicrosecond) / 1e6;
    return true;
  }
  for (const SizeRow& row : kSizes) {
    if (row.real != id) continue;
    answer = static_cast<double>(info.numbers.*row.member);
    return true;
  }
  if (id != CURLINFO_SPEED_DOWNLOAD && id != CURLINFO_SPEED_UPLOAD) return false;
  const bool down = id == CURLINFO_SPEED_DOWNLOAD;
  answer = static_cast<double>(speed(info, down ? info.numbers.size_download : info.numbers.size_upload));
  return true;
}

/// Our own address: a connection that still lives is asked, so that nobody pays for it unasked.
const Endpoint& local_endpoint(Info& info) noexcept {
  if (!info.local.known() && info.connection != nullptr) info.local = info.connection->local_endpoint();
  return info.local;
}

curl_socket_t active_socket(const Info& info) noexcept {
  return info.connection != nullptr ? info.connection->active_socket() : info.last_socket;
}

/// Answers a CURLINFO_LONG question.
using NumberReader = long (*)(Info& info) noexcept;

template <auto member>
long number(Info& info) noexcept {
  return static_cast<long>(info.numbers.*member);
}
/// About what is not built in: proxies, RTSP.
long zero(Info&) noexcept { return 0; }
long filetime(Info& info) noexcept { return static_cast<long>(filetime_of(info)); }
long protocol(Info& info) noexcept {
  return info.scheme != nullptr ? static_cast<long>(info.scheme->protocol) : 0;
}
long primary_port(Info& info) noexcept { return info.primary.port; }
long local_port(Info& info) noexcept { return local_endpoint(info).port; }
long last_socket(Info& info) noexcept { return active_socket(info); }

/// By the number of the question, without its type.
constexpr auto kNumbers = [] {
  std::array<NumberReader, CURLINFO_LASTONE + 1> readers{};
  const auto add = [&readers](CURLINFO id, NumberReader reader) { readers[id & CURLINFO_MASK] = reader; };
  add(CURLINFO_RESPONSE_CODE, number<&InfoNumbers::response_code>);
  add(CURLINFO_HTTP_CONNECTCODE, zero);
  add(CURLINFO_HTTP_VERSION, number<&InfoNumbers::http_version>);
  add(CURLINFO_HEADER_SIZE, number<&InfoNumbers::header_size>);
  add(CURLINFO_REQUEST_SIZE, number<&InfoNumbers::request_size>);
  add(CURLINFO_REDIRECT_COUNT, number<&InfoNumbers::redirect_count>);
  add(CURLINFO_NUM_CONNECTS, number<&InfoNumbers::num_connects>);
  add(CURLINFO_OS_ERRNO, number<&InfoNumbers::os_errno>);
  add(CURLINFO_FILETIME, filetime);
  add(CURLINFO_CONDITION_UNMET, number<&InfoNumbers::condition_unmet>);
  add(CURLINFO_PRIMARY_PORT, primary_port);
  add(CURLINFO_LOCAL_PORT, local_port);
  add(CURLINFO_LASTSOCKET, last_socket);
  add(CURLINFO_PROTOCOL, protocol);
  add(CURLINFO_SSL_VERIFYRESULT, number<&InfoNumbers::ssl_verifyresult>);
  add(CURLINFO_PROXY_SSL_VERIFYRESULT, zero);
  add(CURLINFO_PROXY_ERROR, zero);
  add(CURLINFO_USED_PROXY, zero);
  add(CURLINFO_HTTPAUTH_AVAIL, number<&InfoNumbers::httpauth_avail>);
  add(CURLINFO_PROXYAUTH_AVAIL, zero);
  add(CURLINFO_HTTPAUTH_USED, number<&InfoNumbers::httpauth_used>);
  add(CURLINFO_PROXYAUTH_USED, zero);
  add(CURLINFO_RTSP_CLIENT_CSEQ, zero);
  add(CURLINFO_RTSP_SERVER_CSEQ, zero);
  add(CURLINFO_RTSP_CSEQ_RECV, zero);
  return readers;
}();

NumberReader number_reader(std::uint32_t id) noexcept {
  const std::uint32_t index = id - static_cast<std::uint32_t>(CURLINFO_LONG);
  return index < kNumbers.size() ? kNumbers[index] : nullptr;
}

/// The address as text, written into `buffer`; "" when there is none.
const char* address_text(const Endpoint& endpoint, std::array<char, 48>& buffer) noexcept {
  const int family = endpoint.family == Endpoint::Family::ipv4 ? AF_INET : AF_INET6;
  const bool numeric = endpoint.family == Endpoint::Family::ipv4 || endpoint.family == Endpoint::Family::ipv6;
  if (!numeric) return "";
  const char* const text =
      inet_ntop(family, endpoint.bytes.data(), buffer.data(), static_cast<socklen_t>(buffer.size()));
  return text != nullptr ? text : "";
}

const char* method_name(const Options& options) noexcept {
  if (const char* const custom = options.text(Opt::customrequest)) return custom;
  switch (options.method()) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::put:
      return "PUT";
    case Method::post:
    case Method::post_form:
    case Method::post_mime:
      return "POST";
  }
  return "GET";
}

/// nullptr while there is no other than CURLOPT_URL.
const char* effective_url(Info& info) {
  if (!info.was_redirected) {
    if (info.planned_url == nullptr) return nullptr;
    if (info.effective_url.set()) return info.effective_url.c_str();
    std::string text;
    if (info.planned_url->to_string(0, text).ok() && !info.effective_url.assign(text)) throw std::bad_alloc();
  }
  return info.effective_url.c_str();
}

const char* content_type(Easy& easy) {
  Info& info = easy.info;
  if (!info.content_type_at.empty()) {
    const std::string_view text = easy.headers.view(std::exchange(info.content_type_at, {}));
    if (!info.content_type.assign(text)) throw std::bad_alloc();
  }
  return info.content_type.c_str();
}

bool find_text(Easy& easy, std::uint32_t id, const char*& answer) {
  Info& info = easy.info;
  const Options& options = easy.options;
  const InfoRare* const rare = info.rare_if_any();
  const auto say = [&answer](const char* text) noexcept {
    answer = text;
    return true;
  };
  switch (id) {
    case CURLINFO_EFFECTIVE_URL: {
      const char* const asked = options.text(Opt::url);
      const char* const reached = effective_url(info);
      return say(reached != nullptr ? reached : asked != nullptr ? asked : "");
    }
    case CURLINFO_EFFECTIVE_METHOD:
      return say(info.effective_method != nullptr ? info.effective_method : method_name(options));
    case CURLINFO_CONTENT_TYPE:
      return say(content_type(easy));
    case CURLINFO_REDIRECT_URL:
      return say(rare != nullptr ? rare->redirect_url.c_str() : nullptr);
    case CURLINFO_REFERER:
      return say(rare != nullptr && rare->referer.set() ? rare->referer.c_str() : options.text(Opt::referer));
    case CURLINFO_SCHEME:
      return say(info.scheme != nullptr ? info.scheme->name.data() : nullptr);
    case CURLINFO_PRIMARY_IP:
      return say(info.primary.known() ? address_text(info.primary, info.rare().primary_ip) : "");
    case CURLINFO_LOCAL_IP:
      return say(local_endpoint(info).known() ? address_text(info.local, info.rare().local_ip) : "");
    case CURLINFO_PRIVATE:
      return say(static_cast<const char*>(options.pointer(Opt::private_)));
    case CURLINFO_CAINFO:
      return say(kDefaultCaFile);
    case CURLINFO_CAPATH:
      return say(kDefaultCaPath);
    case CURLINFO_FTP_ENTRY_PATH:
    case CURLINFO_RTSP_SESSION_ID:
      return say(nullptr);  // not built in
    default:
      return false;
  }
}

const curl_tlssessioninfo* tls_session(Info& info, bool context) {
  curl_tlssessioninfo& session = info.rare().tls_session;
  session.backend = CURLSSLBACKEND_OPENSSL;
  session.internals = nullptr;
  if (info.connection != nullptr) {
    session.internals = context ? info.connection->tls_context() : info.connection->tls_pointer();
  }
  return &session;
}

/// Lists and structures. Those without an owner (`certinfo`, the session) live until the next transfer.
bool find_pointer(Easy& easy, std::uint32_t id, const void*& answer) {
  switch (id) {
    case CURLINFO_SSL_ENGINES:
      answer = nullptr;
      return true;
    case CURLINFO_COOKIELIST:
      answer = list_cookies(easy);
      return true;
    case CURLINFO_CERTINFO:
      answer = &easy.info.rare().certinfo;
      return true;
    case CURLINFO_TLS_SESSION:
    case CURLINFO_TLS_SSL_PTR:
      answer = tls_session(easy.info, id == CURLINFO_TLS_SESSION);
      return true;
    default:
      return false;
  }
}

/// Stores what `find` answers; the application's variable stays untouched when there is no answer.
template <class T, class Find>
CURLcode store(void* answer, Find find) {
  T value{};
  if (!find(value)) return CURLE_UNKNOWN_OPTION;
  *static_cast<T*>(answer) = value;
  return CURLE_OK;
}

/// All but the numbers, which are asked for most and stay a few instructions that way.
[[gnu::noinline]] CURLcode get_other(Easy& easy, std::uint32_t id, void* answer) {
  Info& info = easy.info;
  switch (id & CURLINFO_TYPEMASK) {
    case CURLINFO_STRING:
      return store<const char*>(answer, [&](const char*& text) { return find_text(easy, id, text); });
    case CURLINFO_DOUBLE:
      return store<double>(answer, [&](double& value) { return find_double(info, id, value); });
    case CURLINFO_OFF_T:
      return store<curl_off_t>(answer, [&](curl_off_t& value) { return find_offset(info, id, value); });
    case CURLINFO_SLIST:
      return store<const void*>(answer, [&](const void*& list) { return find_pointer(easy, id, list); });
    case CURLINFO_SOCKET:
      return store<curl_socket_t>(answer, [&](curl_socket_t& socket) {
        socket = active_socket(info);
        return id == CURLINFO_ACTIVESOCKET;
      });
    default:
      return CURLE_UNKNOWN_OPTION;
  }
}

}  // namespace

CURLcode get_info(Easy& easy, std::uint32_t id, void* answer) {
  if (answer == nullptr) return CURLE_UNKNOWN_OPTION;
  if ((id & CURLINFO_TYPEMASK) != CURLINFO_LONG) return get_other(easy, id, answer);
  const NumberReader reader = number_reader(id);
  if (reader == nullptr) return CURLE_UNKNOWN_OPTION;
  *static_cast<long*>(answer) = reader(easy.info);
  return CURLE_OK;
}

}  // namespace hiper
