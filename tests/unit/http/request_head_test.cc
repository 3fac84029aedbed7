// Request heads, byte for byte. What is expected here was seen on the wire from libcurl 7.88; where the
// expectation is ours, the test says why.
#include "http/request_head.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "base/slist.hpp"
#include "easy/setting.hpp"

namespace {

using hiper::Easy;
using hiper::Method;
using hiper::OwnedSlist;
using hiper::RequestContext;
using hiper::RequestHead;
using hiper::Url;
using hiper::testing::set;

class Head : public ::testing::Test {
 protected:
  void go_to(const char* text) {
    const hiper::UrlResult parsed = Url::parse(text, 0, url_);
    ASSERT_TRUE(parsed.ok());
  }
  void headers(std::initializer_list<const char*> lines) {
    for (const char* const line : lines) {
      curl_slist* const head = hiper::slist_append(list_.get(), line);
      if (list_ == nullptr) list_.reset(head);
    }
    ASSERT_EQ(set(easy_, CURLOPT_HTTPHEADER, list_.get()), CURLE_OK);
  }
  void body(Method method, curl_off_t size, const char* type = "") {
    context_.method = method;
    context_.has_body = true;
    context_.body_size = size;
    context_.body_type = type;
  }
  /// The whole head; lines end in "|".
  std::string write() {
    host_ = std::string(url_.host());
    context_.host = host_;
    const hiper::Status written = write_request_head(context_, head_);
    if (!written.ok()) return "error " + std::to_string(written.code());
    std::string text;
    for (const char c : head_.text.view()) {
      if (c == '\r') continue;
      text += c == '\n' ? '|' : c;
    }
    return text;
  }
  /// The head without what every request to this host begins with.
  std::string lines() {
    const std::string text = write();
    const std::string begin = "Host: h|Accept: */*|";
    const std::size_t at = text.find(begin);
    return at == std::string::npos ? text : text.substr(at + begin.size());
  }

  Easy easy_;
  Url url_;
  std::string host_;
  OwnedSlist list_;
  RequestContext context_{easy_.options, url_, host_};
  RequestHead head_;

  void SetUp() override { go_to("http://h/p?q#f"); }
};

TEST_F(Head, OfAPlainGet) {
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host: h|Accept: */*||");
  EXPECT_FALSE(head_.chunked);
  EXPECT_FALSE(head_.expect_continue);
  EXPECT_EQ(head_.auth_used, 0);
}

TEST_F(Head, NamesAPortThatIsNotTheDefault) {
  go_to("http://h:8080/");
  EXPECT_EQ(write(), "GET / HTTP/1.1|Host: h:8080|Accept: */*||");
  go_to("https://h:443/");
  EXPECT_EQ(write(), "GET / HTTP/1.1|Host: h|Accept: */*||");
  go_to("http://[::1]:81/");
  EXPECT_EQ(write(), "GET / HTTP/1.1|Host: [::1]:81|Accept: */*||");
}

TEST_F(Head, EverythingHasItsPlace) {
  set(easy_, CURLOPT_USERAGENT, "u");
  set(easy_, CURLOPT_COOKIE, "c");
  set(easy_, CURLOPT_ACCEPT_ENCODING, "gzip");
  set(easy_, CURLOPT_TRANSFER_ENCODING, 1L);
  set(easy_, CURLOPT_TIMECONDITION, 1L);
  set(easy_, CURLOPT_TIMEVALUE, 5L);
  set(easy_, CURLOPT_RANGE, "1-2");
  headers({"X: y"});
  context_.referer = "r";
  context_.auth = static_cast<long>(CURLAUTH_BASIC);
  context_.user = "u";
  context_.password = "p";
  body(Method::post, -1, "t/t");
  EXPECT_EQ(write(),
            "POST /p?q HTTP/1.1|Host: h|Authorization: Basic dTpw|Content-Range: bytes 1-2/*|User-Agent: "
            "u|Accept: */*|"
            "Connection: TE|TE: gzip|Accept-Encoding: gzip|Referer: r|Transfer-Encoding: chunked|Cookie: c|"
            "If-Modified-Since: Thu, 01 Jan 1970 00:00:05 GMT|X: y|Content-Type: t/t|Expect: 100-continue||");
  EXPECT_EQ(head_.auth_used, static_cast<long>(CURLAUTH_BASIC));
}

TEST_F(Head, CustomHeadersReplaceAndRemoveInPlace) {
  set(easy_, CURLOPT_USERAGENT, "me");
  headers({"User-Agent:", "accept: text/x", "X-Empty;", "X-Gone:", "nonsense", "Accept: second"});
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host: h|accept: text/x|X-Empty:|Accept: second||");
}

TEST_F(Head, ACustomHostIsWrittenFirstAndAsItIs) {
  headers({"X: y", "host:   other:99  ", "Host: second"});
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host:   other:99  |Accept: */*|X: y||");
}

TEST_F(Head, TheHostHeaderCanBeRemovedOrEmpty) {
  headers({"Host:"});
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Accept: */*||");
  list_.reset();
  headers({"Host;"});
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host:|Accept: */*||");
}

TEST_F(Head, ACustomHostStaysWithItsHostName) {
  context_.own_host = false;
  headers({"Host: private"});
  EXPECT_EQ(lines(), "|");
  list_.reset();
  headers({"Host:"});
  EXPECT_EQ(lines(), "|");
}

// libcurl writes them as they are, and the head ends early.
TEST_F(Head, LineBreaksAtTheEndOfATextAreDropped) {
  set(easy_, CURLOPT_USERAGENT, "me\r\n");
  headers({"X-A: 1\r\n", "X-B: 2\n"});
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host: h|User-Agent: me|Accept: */*|X-A: 1|X-B: 2||");
}

// libcurl writes them as they are, so that one option can add headers or a second request.
TEST_F(Head, ALineBreakInsideATextIsAnError) {
  const std::string refused = "error " + std::to_string(CURLE_BAD_FUNCTION_ARGUMENT);
  for (const CURLoption option : {CURLOPT_USERAGENT, CURLOPT_COOKIE, CURLOPT_RANGE, CURLOPT_ACCEPT_ENCODING,
                                  CURLOPT_CUSTOMREQUEST, CURLOPT_REQUEST_TARGET}) {
    set(easy_, option, "a\r\nX: y");
    EXPECT_EQ(write(), refused) << option;
    set(easy_, option, "a\nb");
    EXPECT_EQ(write(), refused) << option;
    set(easy_, option, nullptr);
  }
  context_.referer = "a\rb";
  EXPECT_EQ(write(), refused);
  context_.referer = nullptr;
  set(easy_, CURLOPT_XOAUTH2_BEARER, "a\r\nX: y");
  context_.auth = static_cast<long>(CURLAUTH_BEARER);
  EXPECT_EQ(write(), refused);
  context_.auth = 0;
  EXPECT_EQ(lines(), "|");
  headers({"X-A: 1\r\n\r\nGET / HTTP/1.1"});
  EXPECT_EQ(write(), refused);
}

TEST_F(Head, ALineBreakInTheTypeOfAMimeBodyIsAnError) {
  body(Method::post_mime, 3, "a\r\nX: y");
  context_.body_is_mime = true;
  EXPECT_EQ(write(), "error " + std::to_string(CURLE_BAD_FUNCTION_ARGUMENT));
}

TEST_F(Head, MethodsHaveTheirNames) {
  const std::pair<Method, const char*> names[] = {{Method::get, "GET"},        {Method::head, "HEAD"},
                                                  {Method::put, "PUT"},        {Method::post, "POST"},
                                                  {Method::post_form, "POST"}, {Method::post_mime, "POST"}};
  for (const auto& [method, name] : names) {
    context_.method = method;
    EXPECT_TRUE(write().starts_with(std::string(name) + " /p?q HTTP/1.1|")) << name;
    EXPECT_STREQ(head_.method_name, name);
  }
}

TEST_F(Head, ACustomMethodReplacesTheName) {
  set(easy_, CURLOPT_CUSTOMREQUEST, "PATCH");
  EXPECT_TRUE(write().starts_with("PATCH /p?q HTTP/1.1|"));
  context_.drop_custom_method = true;
  EXPECT_TRUE(write().starts_with("GET /p?q HTTP/1.1|"));
}

TEST_F(Head, TheRequestTargetCanBeChosen) {
  set(easy_, CURLOPT_REQUEST_TARGET, "*");
  EXPECT_TRUE(write().starts_with("GET * HTTP/1.1|Host: h|"));
}

TEST_F(Head, EmptyTextsSendNoHeader) {
  set(easy_, CURLOPT_USERAGENT, "");
  set(easy_, CURLOPT_COOKIE, "");
  context_.referer = "";
  EXPECT_EQ(lines(), "|");
}

TEST_F(Head, RangesAreForRequestsThatFetch) {
  set(easy_, CURLOPT_RANGE, "0-5");
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host: h|Range: bytes=0-5|Accept: */*||");
  set(easy_, CURLOPT_RESUME_FROM, 7L);
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host: h|Range: bytes=7-|Accept: */*||");
  headers({"Range: bytes=1-1"});
  EXPECT_EQ(lines(), "Range: bytes=1-1||");
}

TEST_F(Head, AnUploadSaysWhichRangeItIs) {
  set(easy_, CURLOPT_RANGE, "2-5");
  body(Method::put, 6);
  EXPECT_EQ(write(), "PUT /p?q HTTP/1.1|Host: h|Content-Range: bytes 2-5/6|Accept: */*|Content-Length: 6||");
  set(easy_, CURLOPT_RESUME_FROM, 5L);
  body(Method::put, 4);
  EXPECT_EQ(write(), "PUT /p?q HTTP/1.1|Host: h|Content-Range: bytes 5-8/9|Accept: */*|Content-Length: 4||");
  body(Method::post_mime, 4);
  EXPECT_EQ(write(), "POST /p?q HTTP/1.1|Host: h|Accept: */*|Content-Length: 4||");
}

TEST_F(Head, AnUploadThatResumesSomewhereStartsAtTheBeginning) {
  set(easy_, CURLOPT_RESUME_FROM, -1L);
  body(Method::put, 9);
  EXPECT_EQ(write(), "PUT /p?q HTTP/1.1|Host: h|Content-Range: bytes 0-8/9|Accept: */*|Content-Length: 9||");
}

TEST_F(Head, AllCodingsAreAskedForWithAnEmptyText) {
  set(easy_, CURLOPT_ACCEPT_ENCODING, "");
  EXPECT_EQ(lines(), "Accept-Encoding: deflate, gzip||");
  headers({"Accept-Encoding: x"});
  EXPECT_EQ(lines(), "Accept-Encoding: x||");
}

TEST_F(Head, TransferCodingsJoinAConnectionHeader) {
  set(easy_, CURLOPT_TRANSFER_ENCODING, 1L);
  headers({"Connection: close", "A: b"});
  EXPECT_EQ(lines(), "Connection: close, TE|TE: gzip|A: b||");
  list_.reset();
  headers({"Connection:"});
  EXPECT_EQ(lines(), "Connection: TE|TE: gzip||");
  list_.reset();
  headers({"TE: x"});
  EXPECT_EQ(lines(), "TE: x||");
}

TEST_F(Head, TimeConditionsHaveTheirHeaders) {
  set(easy_, CURLOPT_TIMEVALUE, 1000000000L);
  set(easy_, CURLOPT_TIMECONDITION, 2L);
  EXPECT_EQ(lines(), "If-Unmodified-Since: Sun, 09 Sep 2001 01:46:40 GMT||");
  set(easy_, CURLOPT_TIMECONDITION, 3L);
  EXPECT_EQ(lines(), "Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT||");
  set(easy_, CURLOPT_TIMECONDITION, 0L);
  EXPECT_EQ(lines(), "|");
}

TEST_F(Head, BasicCredentialsAreEncoded) {
  const std::pair<const char*, const char*> pairs[] = {
      {"", "Og=="}, {"a", "YTo="}, {"ab", "YWI6"}, {"abc", "YWJjOg=="}, {"\xff\xfe", "//46"}};
  context_.auth = static_cast<long>(CURLAUTH_BASIC);
  for (const auto& [user, encoded] : pairs) {
    context_.user = user;
    EXPECT_EQ(write(),
              std::string("GET /p?q HTTP/1.1|Host: h|Authorization: Basic ") + encoded + "|Accept: */*||");
  }
}

TEST_F(Head, ATokenIsSentAsItIs) {
  set(easy_, CURLOPT_XOAUTH2_BEARER, "tok");
  context_.auth = static_cast<long>(CURLAUTH_BEARER);
  EXPECT_EQ(write(), "GET /p?q HTTP/1.1|Host: h|Authorization: Bearer tok|Accept: */*||");
  EXPECT_EQ(head_.auth_used, static_cast<long>(CURLAUTH_BEARER));
}

TEST_F(Head, AnAuthorizationHeaderOfTheApplicationWins) {
  context_.auth = static_cast<long>(CURLAUTH_BASIC);
  headers({"Authorization: mine"});
  EXPECT_EQ(lines(), "Authorization: mine||");
  EXPECT_EQ(head_.auth_used, 0);
  list_.reset();
  headers({"Authorization:"});
  EXPECT_EQ(lines(), "|");
}

TEST_F(Head, SecretsStayWithTheirOrigin) {
  set(easy_, CURLOPT_COOKIE, "a=b");
  headers({"Authorization: A", "cookie: c", "X: y"});
  EXPECT_EQ(lines(), "Authorization: A|cookie: c|X: y||");
  context_.own_origin = false;
  EXPECT_EQ(lines(), "X: y||");
}

TEST_F(Head, ABodyHasALengthAndAType) {
  body(Method::post, 3, "t/t");
  EXPECT_EQ(lines(), "Content-Length: 3|Content-Type: t/t||");
  body(Method::put, 0);
  EXPECT_EQ(lines(), "Content-Length: 0||");
  headers({"Content-Type: mine", "Content-Length: 2"});
  body(Method::post, 3, "t/t");
  EXPECT_EQ(lines(), "Content-Type: mine|Content-Length: 2||");
}

TEST_F(Head, TheTypeOfAMimeBodyWinsOverTheList) {
  headers({"Content-Type: multipart/x", "X: y"});
  body(Method::post_mime, 3, "multipart/x; boundary=b");
  context_.body_is_mime = true;
  EXPECT_EQ(lines(), "X: y|Content-Length: 3|Content-Type: multipart/x; boundary=b||");
}

TEST_F(Head, ABodyOfUnknownSizeGoesInChunks) {
  body(Method::put, -1);
  EXPECT_EQ(lines(), "Transfer-Encoding: chunked|Expect: 100-continue||");
  EXPECT_TRUE(head_.chunked);
  EXPECT_TRUE(head_.expect_continue);
}

TEST_F(Head, ChunksCanBeAskedFor) {
  headers({"transfer-encoding: gzip, Chunked"});
  body(Method::post, 3);
  EXPECT_EQ(lines(), "transfer-encoding: gzip, Chunked||");
  EXPECT_TRUE(head_.chunked);
}

// RFC 9112, section 6.2: never both; libcurl sends both.
TEST_F(Head, ALengthIsLeftOutBesideChunks) {
  headers({"Content-Length: 3"});
  body(Method::put, -1);
  EXPECT_EQ(lines(), "Transfer-Encoding: chunked|Expect: 100-continue||");
}

TEST_F(Head, AnApplicationCanFrameItsBodyItself) {
  headers({"Transfer-Encoding:", "Content-Length: 5"});
  body(Method::put, -1);
  EXPECT_EQ(lines(), "Content-Length: 5|Expect: 100-continue||");
  EXPECT_FALSE(head_.chunked);
}

TEST_F(Head, OfHttp10) {
  context_.http10 = true;
  body(Method::put, 5);
  EXPECT_EQ(write(), "PUT /p?q HTTP/1.0|Host: h|Accept: */*|Content-Length: 5||");
  body(Method::put, -1);
  EXPECT_EQ(write(), "error " + std::to_string(CURLE_UPLOAD_FAILED));
  headers({"Content-Length: 5"});
  EXPECT_EQ(write(), "PUT /p?q HTTP/1.0|Host: h|Accept: */*|Content-Length: 5||");
  EXPECT_FALSE(head_.expect_continue);
}

// libcurl 8.22: from one megabyte on; 7.88 asks before any PUT.
TEST_F(Head, OnlyLargeBodiesAskBefore) {
  body(Method::post, 1024 * 1024);
  EXPECT_EQ(lines(), "Content-Length: 1048576||");
  body(Method::put, 1024 * 1024 + 1);
  EXPECT_EQ(lines(), "Content-Length: 1048577|Expect: 100-continue||");
  EXPECT_TRUE(head_.expect_continue);
  context_.avoid_expect = true;
  EXPECT_EQ(lines(), "Content-Length: 1048577||");
  EXPECT_FALSE(head_.expect_continue);
}

TEST_F(Head, TheApplicationDecidesAboutExpect) {
  body(Method::post, 3);
  headers({"Expect: 100-Continue"});
  EXPECT_EQ(lines(), "Expect: 100-Continue|Content-Length: 3||");
  EXPECT_TRUE(head_.expect_continue);
  context_.avoid_expect = true;
  EXPECT_EQ(lines(), "Content-Length: 3||");
  context_.avoid_expect = false;
  list_.reset();
  headers({"Expect:"});
  body(Method::post, -1);
  EXPECT_EQ(lines(), "Transfer-Encoding: chunked||");
  EXPECT_FALSE(head_.expect_continue);
}

// With libcurl 7.88 a server waits for a body that does not come.
TEST_F(Head, ARedirectThatDropsTheBodyDropsItsFraming) {
  headers({"Content-Length: 3", "Transfer-Encoding: chunked", "Expect: 100-continue", "X: y",
           "Content-Type: t/t"});
  context_.dropped_body = true;
  EXPECT_EQ(lines(), "X: y|Content-Type: t/t||");
}

TEST_F(Head, IsWrittenAnewEachTime) {
  body(Method::put, -1);
  static_cast<void>(write());
  context_.has_body = false;
  context_.method = Method::get;
  EXPECT_EQ(lines(), "|");
  EXPECT_FALSE(head_.chunked);
  EXPECT_FALSE(head_.expect_continue);
}

}  // namespace
