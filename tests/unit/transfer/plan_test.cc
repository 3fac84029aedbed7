// What a request is planned to be: URL, credentials, what redirects change, and when an old plan serves
// again.
#include <curl/curl.h>

#include "parse/url_handle.hpp"
#include "transfer/planning.hpp"

namespace {

using hiper::Easy;
using hiper::kNever;
using hiper::kSecond;
using hiper::Method;
using hiper::reuse_rules;
using hiper::testing::Planned;
using hiper::testing::set;

constexpr const char* kAB = "Authorization: Basic YTpi";  // a:b
constexpr const char* kUP = "Authorization: Basic dTpw";  // u:p

/// The Authorization line for `url` with CURLOPT_USERNAME and CURLOPT_PASSWORD (nullptr: not set).
std::string login(const char* url, const char* user, const char* password) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, url);
  if (user != nullptr) set(planned.easy, CURLOPT_USERNAME, user);
  if (password != nullptr) set(planned.easy, CURLOPT_PASSWORD, password);
  EXPECT_EQ(planned.make(), CURLE_OK);
  return planned.line("Authorization");
}

TEST(Login, ComesFromTheOptionsOrTheUrl) {
  EXPECT_EQ(login("http://h/", nullptr, nullptr), "");
  EXPECT_EQ(login("http://h/", "u", "p"), kUP);
  EXPECT_EQ(login("http://h/", "u", nullptr), "Authorization: Basic dTo=");
  EXPECT_EQ(login("http://a:b@h/", nullptr, nullptr), kAB);
  EXPECT_EQ(login("http://a@h/", nullptr, nullptr), "Authorization: Basic YTo=");
  EXPECT_EQ(login("http://%61:%62@h/", nullptr, nullptr), kAB);
}

// All of it as libcurl 7.88 does.
TEST(Login, OptionsAndUrlComplementEachOther) {
  EXPECT_EQ(login("http://a:b@h/", "u", "p"), kUP);
  EXPECT_EQ(login("http://a:b@h/", "u", nullptr), kAB);
  EXPECT_EQ(login("http://a:x@h/", nullptr, "b"), kAB);
  EXPECT_EQ(login("http://a@h/", nullptr, "b"), kAB);
  EXPECT_EQ(login("http://h/", nullptr, "p"), "") << "a password without a user is none";
}

TEST(Login, WaitsForA401WhereThereIsAChoice) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://a:b@h/");
  set(planned.easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_ANY));
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), "");
  EXPECT_EQ(planned.plan.auth_possible, static_cast<long>(CURLAUTH_BASIC));
  planned.changes.auth = static_cast<long>(CURLAUTH_BASIC);
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), kAB);
  EXPECT_EQ(planned.plan.head.auth_used, static_cast<long>(CURLAUTH_BASIC));
}

TEST(Login, ATokenNeedsBearer) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://a:b@h/");
  set(planned.easy, CURLOPT_XOAUTH2_BEARER, "t");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), kAB);
  set(planned.easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), "Authorization: Bearer t");
}

/// A handle with secrets of all kinds, after a redirect to `target`.
void redirect_secrets(Planned& planned, const char* target) {
  set(planned.easy, CURLOPT_URL, "http://h:81/");
  set(planned.easy, CURLOPT_USERPWD, "u:p");
  set(planned.easy, CURLOPT_COOKIE, "c=d");
  planned.list(CURLOPT_HTTPHEADER, {"Cookie: e=f", "X-A: b", "Host: own"});
  ASSERT_EQ(planned.make(), CURLE_OK);
  planned.redirect_to(target);
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("X-A"), "X-A: b");
}

TEST(Redirect, KeepsSecretsWithinTheOrigin) {
  Planned planned;
  redirect_secrets(planned, "http://H:81/other");
  EXPECT_EQ(planned.request_line(), "GET /other HTTP/1.1");
  EXPECT_EQ(planned.line("Authorization"), kUP);
  EXPECT_EQ(planned.line("Cookie"), "Cookie: e=f");
  EXPECT_EQ(planned.line("Host"), "Host: own");
}

TEST(Redirect, TellsNoSecretToAnotherOrigin) {
  for (const char* const target :
       {"http://h:82/", "http://other:81/", "https://h:81/", "http://h/", "http://x.h:81/"}) {
    Planned planned;
    redirect_secrets(planned, target);
    EXPECT_EQ(planned.line("Authorization"), "") << target;
    EXPECT_EQ(planned.line("Cookie"), "") << target;
    EXPECT_EQ(planned.plan.auth_possible, 0) << target;
  }
}

TEST(Redirect, TellsSecretsEverywhereIfAskedTo) {
  Planned planned;
  set(planned.easy, CURLOPT_UNRESTRICTED_AUTH, 1L);
  redirect_secrets(planned, "http://other/");
  EXPECT_EQ(planned.line("Authorization"), kUP);
  EXPECT_EQ(planned.line("Cookie"), "Cookie: e=f");
  EXPECT_EQ(planned.line("Host"), "Host: other") << "the name is not a secret, it is wrong";
}

TEST(Redirect, MayComeBackToTheOrigin) {
  Planned planned;
  redirect_secrets(planned, "http://other/");
  planned.redirect_to("http://h:81/again");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), kUP);
}

TEST(Redirect, AnOwnHostHeaderGoesToThatHostOnly) {
  Planned port;
  redirect_secrets(port, "http://h:82/");
  EXPECT_EQ(port.line("Host"), "Host: own");
  Planned host;
  redirect_secrets(host, "http://other:82/");
  EXPECT_EQ(host.line("Host"), "Host: other:82");
}

TEST(Redirect, KeepsTheLoginOfTheFirstUrl) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://a:b@h/");
  ASSERT_EQ(planned.make(), CURLE_OK);
  planned.redirect_to("http://h/other");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), kAB);
  planned.redirect_to("http://u:p@h/other");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), kUP);
  planned.redirect_to("http://other/");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), "");
  planned.redirect_to("http://u:p@other/");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.line("Authorization"), "") << "a server does not choose what another one is told";
}

TEST(Redirect, ObeysItsProtocols) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://h/");
  set(planned.easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  ASSERT_EQ(planned.make(), CURLE_OK);
  planned.redirect_to("http://h/x");
  EXPECT_EQ(planned.make(), CURLE_UNSUPPORTED_PROTOCOL);
  planned.redirect_to("https://h/x");
  EXPECT_EQ(planned.make(), CURLE_OK);
  set(planned.easy, CURLOPT_PROTOCOLS_STR, "http");
  EXPECT_EQ(planned.make(), CURLE_UNSUPPORTED_PROTOCOL);
}

TEST(Redirect, ToNonsenseFails) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://h/");
  set(planned.easy, CURLOPT_DEFAULT_PROTOCOL, "http");
  ASSERT_EQ(planned.make(), CURLE_OK);
  planned.changes.redirected = true;
  for (const char* const target : {"http:rel", "http://", "http://[", "http://h:99999/", "/a\tb"}) {
    planned.changes.url = target;
    EXPECT_EQ(planned.make(), CURLE_URL_MALFORMAT) << target;
  }
  for (const char* const target :
       {"mailto:x@y", "javascript:x", "foo://bar/", "file:///etc/passwd", "ftp://h/"}) {
    planned.changes.url = target;
    EXPECT_EQ(planned.make(), CURLE_UNSUPPORTED_PROTOCOL) << target;
    EXPECT_NE(planned.note.said, "");
  }
}

TEST(Redirect, ToAGetHasNoBody) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://h/");
  set(planned.easy, CURLOPT_POSTFIELDS, "abc");
  planned.list(CURLOPT_HTTPHEADER, {"Content-Length: 3", "X-A: b"});
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.request_line(), "POST / HTTP/1.1");
  planned.redirect_to("http://h/n");
  planned.changes.method_changed = planned.changes.dropped_body = true;
  planned.changes.method = Method::get;
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.request_line(), "GET /n HTTP/1.1");
  EXPECT_EQ(planned.line("Content-Length"), "");
  EXPECT_EQ(planned.line("Content-Type"), "");
  EXPECT_EQ(planned.line("X-A"), "X-A: b");
}

TEST(Plan, APortOptionIsForTheFirstUrlOnly) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://h:1/x");
  set(planned.easy, CURLOPT_PORT, 99L);
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.plan.key.target().port, 99);
  EXPECT_EQ(planned.line("Host"), "Host: h:99");
  EXPECT_EQ(planned.effective_url(), "http://h:1/x");
  planned.redirect_to("http://h:2/x");
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.plan.key.target().port, 2);
}

TEST(Plan, AnUrlHandleCounts) {
  hiper::Url url;
  CURLU* const handle = curl_url();
  ASSERT_EQ(curl_url_set(handle, CURLUPART_URL, "http://h/from?handle", 0), CURLUE_OK);
  Planned planned;
  set(planned.easy, CURLOPT_CURLU, handle);
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_EQ(planned.request_line(), "GET /from?handle HTTP/1.1");
  EXPECT_FALSE(plan_is_current(planned.plan, planned.easy.options, planned.body.plan()))
      << "it may change unseen";
  curl_url_cleanup(handle);
}

TEST(Plan, SaysWhatIsWrong) {
  Planned planned;
  EXPECT_EQ(planned.make(), CURLE_URL_MALFORMAT);
  EXPECT_NE(planned.note.said, "");
  set(planned.easy, CURLOPT_URL, "http://h/");
  set(planned.easy, CURLOPT_USERAGENT, "a\nb");
  planned.note.said.clear();
  EXPECT_EQ(planned.make(), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_NE(planned.note.said, "");
  EXPECT_FALSE(plan_is_current(planned.plan, planned.easy.options, planned.body.plan()));
}

TEST(ReuseRules, EachOptionIsObeyedAlone) {
  Easy easy;
  const auto rules = [&easy](Method method = Method::get) { return reuse_rules(easy.options, method); };
  EXPECT_FALSE(rules().fresh);
  EXPECT_EQ(rules().max_idle, 118 * kSecond);
  EXPECT_EQ(rules().max_lifetime, kNever);
  EXPECT_FALSE(rules(Method::head).probe);
  EXPECT_TRUE(rules(Method::post).probe);
  set(easy, CURLOPT_MAXAGE_CONN, 7L);
  EXPECT_EQ(rules().max_idle, 7 * kSecond);
  easy.reset();
  set(easy, CURLOPT_MAXLIFETIME_CONN, 8L);
  EXPECT_EQ(rules().max_lifetime, 8 * kSecond);
  EXPECT_EQ(rules().max_idle, 118 * kSecond);
  EXPECT_TRUE(rules(Method::put).probe);
  easy.reset();
  set(easy, CURLOPT_FRESH_CONNECT, 1L);
  EXPECT_TRUE(rules().fresh);
}

TEST(PlanCache, ServesUntilSomethingChanges) {
  Planned planned;
  const auto current = [&planned] {
    return plan_is_current(planned.plan, planned.easy.options, planned.body.plan());
  };
  set(planned.easy, CURLOPT_URL, "http://h/");
  EXPECT_FALSE(current());
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_TRUE(current());
  set(planned.easy, CURLOPT_URL, "http://h/");
  set(planned.easy, CURLOPT_TIMEOUT, 5L);
  EXPECT_TRUE(current());
  set(planned.easy, CURLOPT_USERAGENT, "x");
  EXPECT_FALSE(current());
}

TEST(PlanCache, SeesWhatLiesBehindPointers) {
  char header[] = "X-A: 1";
  curl_slist item{header, nullptr};
  char text[] = "abc";
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://h/");
  set(planned.easy, CURLOPT_HTTPHEADER, &item);
  set(planned.easy, CURLOPT_POSTFIELDS, text);
  ASSERT_EQ(planned.make(), CURLE_OK);
  const auto current = [&planned] {
    planned.body.close();
    const hiper::Status prepared = planned.body.prepare(planned.easy, Method::post, planned.note);
    EXPECT_TRUE(prepared.ok());
    return plan_is_current(planned.plan, planned.easy.options, planned.body.plan());
  };
  EXPECT_TRUE(current());
  header[5] = '2';
  EXPECT_FALSE(current());
  header[5] = '1';
  EXPECT_TRUE(current());
  text[2] = '\0';
  EXPECT_FALSE(current());
}

TEST(PlanCache, TellsTheSameLineInTwoListsApart) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, "http://h/");
  planned.list(CURLOPT_HTTPHEADER, {"h:80:i:81"});
  ASSERT_EQ(planned.make(), CURLE_OK);
  const std::size_t first = planned.plan.fingerprint;
  set(planned.easy, CURLOPT_HTTPHEADER, nullptr);
  planned.list(CURLOPT_CONNECT_TO, {"h:80:i:81"});
  ASSERT_EQ(planned.make(), CURLE_OK);
  EXPECT_NE(planned.plan.fingerprint, first);
}

}  // namespace
