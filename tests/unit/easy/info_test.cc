#include "easy/info.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "easy/cookie_doors.hpp"
#include "setting.hpp"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace hiper {
namespace {

using testing::CountedMemory;
using testing::set;

/// What getinfo stores for a value of type T; fails the test if it answers an error.
template <class T>
T ask(Easy& easy, CURLINFO id) {
  T value;
  std::memset(&value, 0x55, sizeof(value));
  EXPECT_EQ(get_info(easy, id, &value), CURLE_OK) << id;
  return value;
}
long number(Easy& easy, CURLINFO id) { return ask<long>(easy, id); }
curl_off_t offset(Easy& easy, CURLINFO id) { return ask<curl_off_t>(easy, id); }
double real(Easy& easy, CURLINFO id) { return ask<double>(easy, id); }
const char* text(Easy& easy, CURLINFO id) { return ask<const char*>(easy, id); }

TEST(GetInfo, AFreshHandleAnswersAsLibcurlDoes) {
  Easy easy;
  for (const CURLINFO id :
       {CURLINFO_RESPONSE_CODE,    CURLINFO_HTTP_CONNECTCODE, CURLINFO_HEADER_SIZE,
        CURLINFO_REQUEST_SIZE,     CURLINFO_SSL_VERIFYRESULT, CURLINFO_REDIRECT_COUNT,
        CURLINFO_HTTPAUTH_AVAIL,   CURLINFO_PROXYAUTH_AVAIL,  CURLINFO_OS_ERRNO,
        CURLINFO_NUM_CONNECTS,     CURLINFO_CONDITION_UNMET,  CURLINFO_RTSP_CLIENT_CSEQ,
        CURLINFO_RTSP_SERVER_CSEQ, CURLINFO_RTSP_CSEQ_RECV,   CURLINFO_PRIMARY_PORT,
        CURLINFO_LOCAL_PORT,       CURLINFO_HTTP_VERSION,     CURLINFO_PROXY_SSL_VERIFYRESULT,
        CURLINFO_PROTOCOL,         CURLINFO_PROXY_ERROR,      CURLINFO_USED_PROXY,
        CURLINFO_HTTPAUTH_USED,    CURLINFO_PROXYAUTH_USED}) {
    EXPECT_EQ(number(easy, id), 0) << id;
  }
  EXPECT_EQ(number(easy, CURLINFO_FILETIME), -1);
  EXPECT_EQ(number(easy, CURLINFO_LASTSOCKET), -1);
  for (const CURLINFO id :
       {CURLINFO_SIZE_UPLOAD_T, CURLINFO_SIZE_DOWNLOAD_T, CURLINFO_SPEED_DOWNLOAD_T, CURLINFO_SPEED_UPLOAD_T,
        CURLINFO_TOTAL_TIME_T, CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T,
        CURLINFO_APPCONNECT_TIME_T, CURLINFO_PRETRANSFER_TIME_T, CURLINFO_STARTTRANSFER_TIME_T,
        CURLINFO_REDIRECT_TIME_T, CURLINFO_RETRY_AFTER, CURLINFO_QUEUE_TIME_T, CURLINFO_POSTTRANSFER_TIME_T,
        CURLINFO_EARLYDATA_SENT_T, CURLINFO_SIZE_DELIVERED}) {
    EXPECT_EQ(offset(easy, id), 0) << id;
  }
  for (const CURLINFO id : {CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, CURLINFO_CONTENT_LENGTH_UPLOAD_T,
                            CURLINFO_FILETIME_T, CURLINFO_XFER_ID, CURLINFO_CONN_ID}) {
    EXPECT_EQ(offset(easy, id), -1) << id;
  }
  for (const CURLINFO id :
       {CURLINFO_TOTAL_TIME, CURLINFO_NAMELOOKUP_TIME, CURLINFO_CONNECT_TIME, CURLINFO_PRETRANSFER_TIME,
        CURLINFO_SIZE_UPLOAD, CURLINFO_SIZE_DOWNLOAD, CURLINFO_SPEED_DOWNLOAD, CURLINFO_SPEED_UPLOAD,
        CURLINFO_STARTTRANSFER_TIME, CURLINFO_REDIRECT_TIME, CURLINFO_APPCONNECT_TIME}) {
    EXPECT_EQ(real(easy, id), 0.0) << id;
  }
  EXPECT_EQ(real(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD), -1.0);
  EXPECT_EQ(real(easy, CURLINFO_CONTENT_LENGTH_UPLOAD), -1.0);
  for (const CURLINFO id : {CURLINFO_CONTENT_TYPE, CURLINFO_REDIRECT_URL, CURLINFO_FTP_ENTRY_PATH,
                            CURLINFO_RTSP_SESSION_ID, CURLINFO_SCHEME, CURLINFO_REFERER, CURLINFO_PRIVATE}) {
    EXPECT_EQ(text(easy, id), nullptr) << id;
  }
  for (const CURLINFO id : {CURLINFO_EFFECTIVE_URL, CURLINFO_PRIMARY_IP, CURLINFO_LOCAL_IP}) {
    EXPECT_STREQ(text(easy, id), "") << id;
  }
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_METHOD), "GET");
  EXPECT_STREQ(text(easy, CURLINFO_CAINFO), kDefaultCaFile);
  EXPECT_STREQ(text(easy, CURLINFO_CAPATH), kDefaultCaPath);
  EXPECT_EQ(ask<void*>(easy, CURLINFO_COOKIELIST), nullptr);
  EXPECT_EQ(ask<void*>(easy, CURLINFO_SSL_ENGINES), nullptr);
  EXPECT_EQ(ask<curl_certinfo*>(easy, CURLINFO_CERTINFO)->num_of_certs, 0);
  EXPECT_EQ(ask<curl_socket_t>(easy, CURLINFO_ACTIVESOCKET), CURL_SOCKET_BAD);
  for (const CURLINFO id : {CURLINFO_TLS_SESSION, CURLINFO_TLS_SSL_PTR}) {
    const auto* const session = ask<curl_tlssessioninfo*>(easy, id);
    EXPECT_EQ(session->backend, CURLSSLBACKEND_OPENSSL);
    EXPECT_EQ(session->internals, nullptr);
  }
}

TEST(GetInfo, EveryNumberUpToTheLastOneIsKnownInItsTypesOnly) {
  Easy easy;
  int known = 0;
  for (const int type : {CURLINFO_STRING, CURLINFO_LONG, CURLINFO_DOUBLE, CURLINFO_SLIST, CURLINFO_SOCKET,
                         CURLINFO_OFF_T, 0, 0x700000}) {
    for (int i = 0; i <= CURLINFO_LASTONE + 3; ++i) {
      char untouched[16];
      std::memset(untouched, 0x55, sizeof(untouched));
      const CURLcode code = get_info(easy, static_cast<std::uint32_t>(type + i), untouched);
      if (code == CURLE_OK) {
        ++known;
        EXPECT_NE(i, 0);
        EXPECT_LE(i, CURLINFO_LASTONE);
      } else {
        EXPECT_EQ(code, CURLE_UNKNOWN_OPTION);
        for (const char byte : untouched) EXPECT_EQ(byte, 0x55);
      }
    }
  }
  EXPECT_EQ(known, 78);
}

TEST(GetInfo, ANullAnswerIsRefused) {
  Easy easy;
  EXPECT_EQ(get_info(easy, CURLINFO_RESPONSE_CODE, nullptr), CURLE_UNKNOWN_OPTION);
  EXPECT_EQ(get_info(easy, CURLINFO_EFFECTIVE_URL, nullptr), CURLE_UNKNOWN_OPTION);
}

TEST(GetInfo, TimesAreMicrosecondsAndSeconds) {
  Easy easy;
  easy.info.times.total = 1'500'000'999;
  easy.info.numbers.size_download = 3'000'000;
  EXPECT_EQ(offset(easy, CURLINFO_TOTAL_TIME_T), 1'500'000);
  EXPECT_DOUBLE_EQ(real(easy, CURLINFO_TOTAL_TIME), 1.5);
  EXPECT_EQ(offset(easy, CURLINFO_SPEED_DOWNLOAD_T), 2'000'000);
  EXPECT_DOUBLE_EQ(real(easy, CURLINFO_SPEED_DOWNLOAD), 2e6);
  easy.info.numbers.size_upload = curl_off_t{1} << 60;
  EXPECT_GT(offset(easy, CURLINFO_SPEED_UPLOAD_T), 0) << "no overflow";
}

TEST(GetInfo, TextsFallBackToTheOptions) {
  Easy easy;
  set(easy, CURLOPT_URL, "http://a/");
  set(easy, CURLOPT_REFERER, "ref");
  set(easy, CURLOPT_PRIVATE, &easy);
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "http://a/");
  EXPECT_STREQ(text(easy, CURLINFO_REFERER), "ref");
  EXPECT_EQ(ask<void*>(easy, CURLINFO_PRIVATE), &easy);
  ASSERT_TRUE(easy.info.redirect_to("http://b/"));
  ASSERT_TRUE(easy.info.content_type.assign("text/html"));
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "http://b/");
  EXPECT_STREQ(text(easy, CURLINFO_CONTENT_TYPE), "text/html");
  easy.info.begin();
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "http://a/");
  EXPECT_EQ(text(easy, CURLINFO_CONTENT_TYPE), nullptr);
}

bool parses(const char* text, Url& url) {
  const UrlResult parsed = Url::parse(text, 0, url);
  return parsed.ok();
}

TEST(GetInfo, ThePlannedUrlCountsUntilARedirectSaysOtherwise) {
  Easy easy;
  set(easy, CURLOPT_URL, "a");
  Url planned;
  ASSERT_TRUE(parses("http://a", planned));
  easy.info.planned_url = &planned;
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "http://a/");
  set(easy, CURLOPT_URL, "b");
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "http://a/");
  ASSERT_TRUE(easy.info.redirect_to("http://c/"));
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "http://c/");
  easy.info.begin();
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_URL), "b");
}

TEST(GetInfo, TheContentTypeIsCopiedFromTheHeadersWhenAskedFor) {
  Easy easy;
  const std::string_view head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
  easy.headers.add(HeadLines{head, true, false});
  easy.info.content_type_at = {static_cast<std::uint32_t>(head.find("text")), 9};
  const char* const type = text(easy, CURLINFO_CONTENT_TYPE);
  EXPECT_STREQ(type, "text/html");
  curl_header* header = nullptr;  // cuts the recorded lines up
  EXPECT_EQ(easy.headers.find("content-type", 0, CURLH_HEADER, -1, &header), CURLHE_OK);
  EXPECT_STREQ(header->value, "text/html");
  EXPECT_EQ(text(easy, CURLINFO_CONTENT_TYPE), type);
  EXPECT_STREQ(type, "text/html");
  easy.info.begin();
  EXPECT_EQ(text(easy, CURLINFO_CONTENT_TYPE), nullptr);
}

TEST(GetInfo, TheMethodIsTheCustomOneOrTheChosenOne) {
  Easy easy;
  set(easy, CURLOPT_UPLOAD, 1L);
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_METHOD), "PUT");
  set(easy, CURLOPT_POSTFIELDS, &easy);
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_METHOD), "POST");
  set(easy, CURLOPT_NOBODY, 1L);
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_METHOD), "HEAD");
  set(easy, CURLOPT_CUSTOMREQUEST, "FOO");
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_METHOD), "FOO");
  easy.info.effective_method = "GET";
  EXPECT_STREQ(text(easy, CURLINFO_EFFECTIVE_METHOD), "GET");
}

class FakeConnection final : public ConnectionInfo {
 public:
  curl_socket_t active_socket() const noexcept override { return 77; }
  Endpoint local_endpoint() const noexcept override {
    ++asked;
    Endpoint endpoint;
    endpoint.family = Endpoint::Family::ipv6;
    endpoint.port = 4321;
    endpoint.bytes[15] = 1;
    return endpoint;
  }
  void* tls_pointer() const noexcept override { return const_cast<int*>(&tls); }
  void* tls_context() const noexcept override { return const_cast<int*>(&context); }
  mutable int asked = 0;
  int tls = 0;
  int context = 0;
};

TEST(GetInfo, TheConnectionIsAskedForWhatCostsASystemCall) {
  Easy easy;
  FakeConnection connection;
  easy.info.connection = &connection;
  EXPECT_EQ(connection.asked, 0);
  EXPECT_STREQ(text(easy, CURLINFO_LOCAL_IP), "::1");
  EXPECT_EQ(number(easy, CURLINFO_LOCAL_PORT), 4321);
  EXPECT_EQ(connection.asked, 1);
  EXPECT_EQ(ask<curl_socket_t>(easy, CURLINFO_ACTIVESOCKET), 77);
  EXPECT_EQ(number(easy, CURLINFO_LASTSOCKET), 77);
  EXPECT_EQ(ask<curl_tlssessioninfo*>(easy, CURLINFO_TLS_SSL_PTR)->internals, &connection.tls);
  EXPECT_EQ(ask<curl_tlssessioninfo*>(easy, CURLINFO_TLS_SESSION)->internals, &connection.context);
  easy.info.connection = nullptr;
  EXPECT_STREQ(text(easy, CURLINFO_LOCAL_IP), "::1") << "what was asked is kept";
  easy.info.last_socket = 5;
  EXPECT_EQ(number(easy, CURLINFO_LASTSOCKET), 5);
}

TEST(GetInfo, AddressesAreWrittenOutWhenAskedFor) {
  Easy easy;
  easy.info.primary.family = Endpoint::Family::ipv4;
  easy.info.primary.port = 443;
  easy.info.primary.bytes = {192, 0, 2, 17};
  EXPECT_STREQ(text(easy, CURLINFO_PRIMARY_IP), "192.0.2.17");
  EXPECT_EQ(number(easy, CURLINFO_PRIMARY_PORT), 443);
  easy.info.primary.family = Endpoint::Family::ipv6;
  easy.info.primary.bytes.fill(0xff);
  EXPECT_STREQ(text(easy, CURLINFO_PRIMARY_IP), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  easy.info.primary.family = Endpoint::Family::unix_path;
  EXPECT_STREQ(text(easy, CURLINFO_PRIMARY_IP), "");
}

TEST(GetInfo, CertificatesAreFreedWhenTheNextTransferBegins) {
  const CountedMemory memory;
  Easy easy;
  curl_certinfo& certinfo = easy.info.rare().certinfo;
  certinfo.certinfo = static_cast<curl_slist**>(allocate(sizeof(curl_slist*)));
  certinfo.certinfo[0] = static_cast<curl_slist*>(allocate(sizeof(curl_slist)));
  *certinfo.certinfo[0] = {duplicate("Subject:x"), nullptr};
  certinfo.num_of_certs = 1;
  EXPECT_STREQ(ask<curl_certinfo*>(easy, CURLINFO_CERTINFO)->certinfo[0]->data, "Subject:x");
  easy.info.begin();
  EXPECT_EQ(ask<curl_certinfo*>(easy, CURLINFO_CERTINFO)->num_of_certs, 0);
  EXPECT_EQ(CountedMemory::num_live(), 0);
}

TEST(GetInfo, CookiesComeFromTheRoomThatKeepsThem) {
  Easy easy;
  ASSERT_EQ(cookie_command(easy, "Set-Cookie: a=b; domain=example.com"), CURLE_OK);
  auto* const list = ask<curl_slist*>(easy, CURLINFO_COOKIELIST);
  ASSERT_NE(list, nullptr);
  EXPECT_STREQ(list->data, ".example.com\tTRUE\t/\tFALSE\t0\ta\tb");
  curl_slist_free_all(list);
}

TEST(TextBuffer, KeepsItsMemoryFromOneTextToTheNext) {
  const CountedMemory memory;
  {
    TextBuffer buffer;
    EXPECT_EQ(buffer.c_str(), nullptr);
    ASSERT_TRUE(buffer.assign("http://example.com/"));
    const char* const first = buffer.c_str();
    ASSERT_TRUE(buffer.assign(buffer.view().substr(7)));
    EXPECT_STREQ(buffer.c_str(), "example.com/");
    EXPECT_EQ(buffer.c_str(), first);
    buffer.clear();
    EXPECT_FALSE(buffer.set());
    ASSERT_TRUE(buffer.assign(""));
    EXPECT_STREQ(buffer.c_str(), "");
    EXPECT_EQ(CountedMemory::num_live(), 1);
  }
  EXPECT_EQ(CountedMemory::num_live(), 0);
}

TEST(TextBuffer, WithoutMemoryNothingIsSet) {
  const CountedMemory memory(1);
  TextBuffer buffer;
  EXPECT_FALSE(buffer.assign("x"));
  EXPECT_EQ(buffer.c_str(), nullptr);
}

}  // namespace
}  // namespace hiper
