// The rules of redirects without a transfer.
#include "transfer/redirect.hpp"

#include <gtest/gtest.h>

#include <string>

#include "easy/setting.hpp"

namespace {

using hiper::Easy;
using hiper::Method;
using hiper::redirected_method;
using hiper::testing::set;

std::string resolved(const char* base, const char* location, const Easy& easy = Easy()) {
  hiper::Url url;
  const hiper::UrlResult parsed = hiper::Url::parse(base, 0, url);
  EXPECT_TRUE(parsed.ok());
  return resolve_redirect(url, location, easy.options);
}

TEST(Location, IsResolvedAgainstTheRequest) {
  const char* const base = "http://h:81/dir/x?q#f";
  EXPECT_EQ(resolved(base, "/n"), "http://h:81/n");
  EXPECT_EQ(resolved(base, "n"), "http://h:81/dir/n");
  EXPECT_EQ(resolved(base, "../n"), "http://h:81/n");
  EXPECT_EQ(resolved(base, "?r"), "http://h:81/dir/x?r");
  EXPECT_EQ(resolved(base, "//other/n"), "http://other/n");
  EXPECT_EQ(resolved(base, "HTTPS://Other/n#g"), "https://Other/n#g");
  EXPECT_EQ(resolved(base, "a b"), "http://h:81/dir/a%20b");
}

TEST(Location, ThatIsNoUrlStaysAsItIs) {
  EXPECT_EQ(resolved("http://h/", "http://["), "http://[");
  EXPECT_EQ(resolved("http://h/", "mailto:x@y"), "mailto:x@y");
}

TEST(Location, KeepsDotsIfAskedTo) {
  Easy easy;
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  EXPECT_EQ(resolved("http://h/", "/a/../b", easy), "http://h/a/../b");
  EXPECT_EQ(resolved("http://h/", "/a/../b"), "http://h/b");
}

struct Case {
  int status;
  Method method;
  long keep;
  Method next;
};

TEST(RedirectedMethod, FollowsTheStatus) {
  const Case cases[] = {
      {301, Method::post, 0, Method::get},
      {302, Method::post, 0, Method::get},
      {303, Method::post, 0, Method::get},
      {307, Method::post, 0, Method::post},
      {308, Method::post, 0, Method::post},
      {300, Method::post, 0, Method::post},
      {301, Method::post, CURL_REDIR_POST_301, Method::post},
      {302, Method::post, CURL_REDIR_POST_301, Method::get},
      {302, Method::post, CURL_REDIR_POST_302, Method::post},
      {303, Method::post, CURL_REDIR_POST_302, Method::get},
      {303, Method::post, CURL_REDIR_POST_303, Method::post},
      {301, Method::post_mime, 0, Method::get},
      {302, Method::post_form, CURL_REDIR_POST_ALL, Method::post_form},
      {301, Method::put, 0, Method::put},
      {302, Method::put, 0, Method::put},
      {303, Method::put, 0, Method::get},
      {303, Method::put, CURL_REDIR_POST_ALL, Method::get},
      {307, Method::put, 0, Method::put},
      {303, Method::head, 0, Method::head},
      {301, Method::head, 0, Method::head},
      {303, Method::get, 0, Method::get},
  };
  for (const Case& c : cases) {
    Easy easy;
    set(easy, CURLOPT_FOLLOWLOCATION, 1L);
    set(easy, CURLOPT_POSTREDIR, c.keep);
    const hiper::RedirectedMethod next = redirected_method(c.status, c.method, easy.options);
    EXPECT_EQ(next.method, c.next) << c.status << " " << static_cast<int>(c.method) << " " << c.keep;
    EXPECT_FALSE(next.drop_custom) << "CURLOPT_CUSTOMREQUEST stays, with CURLFOLLOW_ALL";
  }
}

bool drops(long follow, int status, Method method) {
  Easy easy;
  set(easy, CURLOPT_FOLLOWLOCATION, follow);
  return redirected_method(status, method, easy.options).drop_custom;
}

TEST(RedirectedMethod, OfTheApplicationEndsWhereTheStatusSaysSo) {
  EXPECT_TRUE(drops(CURLFOLLOW_OBEYCODE, 302, Method::post));
  EXPECT_TRUE(drops(CURLFOLLOW_OBEYCODE, 303, Method::get));
  EXPECT_TRUE(drops(CURLFOLLOW_OBEYCODE, 303, Method::put));
  EXPECT_FALSE(drops(CURLFOLLOW_OBEYCODE, 302, Method::get));
  EXPECT_FALSE(drops(CURLFOLLOW_OBEYCODE, 307, Method::post));
}

TEST(RedirectedMethod, OfTheApplicationCanBeForTheFirstRequestOnly) {
  EXPECT_TRUE(drops(CURLFOLLOW_FIRSTONLY, 307, Method::post));
  EXPECT_TRUE(drops(CURLFOLLOW_FIRSTONLY, 301, Method::get));
}

TEST(RetryAfter, IsSecondsOrADate) {
  using hiper::retry_after_seconds;
  EXPECT_EQ(retry_after_seconds("120", 1000), 120);
  EXPECT_EQ(retry_after_seconds("Thu, 01 Jan 1970 00:20:00 GMT", 1000), 200);
  EXPECT_EQ(retry_after_seconds("Thu, 01 Jan 1970 00:10:00 GMT", 1000), 0);
  EXPECT_EQ(retry_after_seconds("99999999", 1000), 6 * 60 * 60);
  EXPECT_EQ(retry_after_seconds("soon", 1000), 0);
  EXPECT_EQ(retry_after_seconds("-5", 1000), 0);
}

}  // namespace
