#include "cookies/jar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>

#include "cookies.hpp"
#include "support/failing_new.hpp"

namespace hiper {
namespace {

using testing::at;
using testing::give;
using testing::kNow;
using testing::line_of;
using testing::receive;
using testing::sent;

std::string all(const CookieJar& jar) {
  std::string text;
  for (const Cookie* const cookie : jar.in_order()) text += cookie->name + "=" + cookie->value + " ";
  return text;
}

TEST(CookieJar, LongPathsComeFirstThenLongDomainsLongNamesAndTheNewest) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com", "/a/b");
  for (const char* const header : {"root=1;path=/", "x=2;path=/a", "y=3;path=/a", "long=4;path=/a",
                                   "up=5;path=/a;domain=example.com", "deep=6"}) {
    EXPECT_TRUE(receive(jar, origin, header));
  }
  EXPECT_EQ(sent(jar, origin), "deep=6; long=4; y=3; x=2; up=5; root=1");
}

TEST(CookieJar, AReplacedCookieKeepsItsAge) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com");
  for (const char* const header : {"x=1", "y=2", "x=3"}) receive(jar, origin, header);
  EXPECT_EQ(sent(jar, origin), "y=2; x=3");
  EXPECT_EQ(all(jar), "x=3 y=2 ");
}

TEST(CookieJar, NameDomainAndPathTellCookiesApart) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com");
  for (const char* const header : {"x=1", "X=2", "x=3;domain=www.example.com", "x=4;domain=WWW.example.COM",
                                   "x=5;path=/a", "x=6;path=/a/", "x=7;path=/A", "x=8;domain=example.com"}) {
    receive(jar, origin, header);
  }
  EXPECT_EQ(all(jar), "x=1 X=2 x=4 x=6 x=7 x=8 ");
}

TEST(CookieJar, ExpiredCookiesGoWithTheNextLook) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com");
  receive(jar, origin, "x=1;max-age=10");
  receive(jar, origin, "y=2;max-age=20");
  receive(jar, origin, "z=3");
  EXPECT_EQ(sent(jar, origin, kNow + 10), "z=3; y=2; x=1");
  EXPECT_EQ(sent(jar, origin, kNow + 11), "z=3; y=2");
  EXPECT_EQ(jar.size(), 2u);
  receive(jar, origin, "y=;max-age=0", kNow + 12);
  EXPECT_EQ(jar.size(), 2u) << "listed until then";
  EXPECT_EQ(sent(jar, origin, kNow + 12), "z=3");
  EXPECT_EQ(jar.size(), 1u);
  jar.erase_session();
  EXPECT_TRUE(jar.empty());
}

// RFC 6265bis, section 5.7.
TEST(CookieJar, AnInsecureServerDoesNotHideSecureCookies) {
  struct Case {
    const char* secure;
    const char* insecure;
    bool refused;
  };
  const Case cases[] = {
      {"x=1;secure", "x=2", true},
      {"x=1;secure", "x=2;path=/a", true},
      {"x=1;secure", "x=2;path=/;max-age=0", true},
      {"x=1;secure", "x=2;domain=www.example.com", true},
      {"x=1;secure", "X=2", false},
      {"x=1;secure", "y=2", false},
      {"x=1;secure;path=/a", "x=2", false},
      {"x=1;secure;path=/a", "x=2;path=/a/b", true},
      {"x=1;secure;path=/a", "x=2;path=/ab", false},
      {"x=1;secure;domain=example.com", "x=2", true},
      {"x=1;secure;domain=example.com", "x=2;domain=example.com", true},
      {"x=1;secure;domain=example.com;path=/a", "x=2;path=/b", false},
      {"x=1", "x=2", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.secure) + " then " + c.insecure);
    CookieJar jar;
    receive(jar, at("www.example.com", "/", true), c.secure);
    const std::string before = line_of(*jar.in_order()[0]);
    receive(jar, at("www.example.com"), c.insecure);
    const auto cookies = jar.in_order();
    EXPECT_EQ(cookies.size() == 1 && line_of(*cookies[0]) == before, c.refused);
    // A secure one may, and so may the application.
    receive(jar, at("www.example.com", "/", true), c.secure);
    EXPECT_TRUE(give(jar, "www.example.com\tFALSE\t/\tFALSE\t0\tx\t9"));
    EXPECT_NE(all(jar).find("x=9"), std::string::npos);
  }
  CookieJar jar;
  receive(jar, at("localhost"), "x=1;secure");
  receive(jar, at("localhost"), "x=2");
  EXPECT_EQ(all(jar), "x=2 ");
}

TEST(CookieJar, AFileDoesNotReplaceWhatCameLater) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com");
  const auto load = [&jar](const char* value) {
    Cookie cookie;
    ASSERT_TRUE(
        parse_cookie_line("www.example.com\tFALSE\t/\tFALSE\t0\tx\t" + std::string(value), kNow, cookie));
    cookie.from_file = true;
    jar.add(std::move(cookie), nullptr, kNow);
  };
  load("1");
  load("2");
  EXPECT_EQ(sent(jar, origin), "x=2");
  receive(jar, origin, "x=3");
  load("4");
  EXPECT_EQ(sent(jar, origin), "x=3");
}

TEST(CookieJar, CookiesForTopDomainsGoNowhere) {
  CookieJar jar;
  give(jar, ".com\tTRUE\t/\tFALSE\t0\tx\t1");
  give(jar, "Set-Cookie: y=1; domain=com");
  EXPECT_EQ(jar.size(), 2u);
  EXPECT_EQ(sent(jar, at("example.com")), "");
}

TEST(CookieJar, ARequestHasAtMost150CookiesInOneLineOf8190Bytes) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com");
  for (int i = 0; i < 240; ++i) receive(jar, origin, "c" + std::to_string(i) + "=1");
  const std::string many = sent(jar, origin);
  EXPECT_EQ(std::count(many.begin(), many.end(), '='), 150);
  jar.erase_all();
  for (int i = 10; i < 22; ++i) receive(jar, origin, "d" + std::to_string(i) + "=" + std::string(1000, 'v'));
  std::string long_line;
  jar.append_header(origin, kNow, kCookieHeaderMax - 8, long_line);
  EXPECT_EQ(long_line.size(), 8 * 1004u + 7 * 2);
  std::string exact;
  jar.append_header(origin, kNow, 2 * 1004 + 2, exact);
  EXPECT_EQ(exact.size(), 2 * 1004u + 2);
  std::string less;
  jar.append_header(origin, kNow, 2 * 1004 + 1, less);
  EXPECT_EQ(less.size(), 1004u);
}

TEST(CookieJar, AServerCannotFillItForEver) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com");
  for (std::size_t i = 0; i < CookieJar::kPerDomainMax + 10; ++i) {
    receive(jar, origin, "c" + std::to_string(i) + "=1");
  }
  EXPECT_EQ(jar.size(), CookieJar::kPerDomainMax);
  EXPECT_EQ(jar.in_order().front()->name, "c10") << "the oldest went";
  for (std::size_t i = 0; i < CookieJar::kTotalMax + 10; ++i) {
    receive(jar, at("h" + std::to_string(i) + ".example.com"), "x=1");
  }
  EXPECT_EQ(jar.size(), CookieJar::kTotalMax);
  EXPECT_EQ(jar.in_order().back()->domain, "h" + std::to_string(CookieJar::kTotalMax + 9) + ".example.com");
  EXPECT_EQ(sent(jar, at(jar.in_order().back()->domain)), "x=1");
}

/// The same with a list and no index.
class PlainJar {
 public:
  void add(Cookie cookie, std::int64_t now) {
    cookies_.remove_if([now](const Cookie& c) { return c.is_expired(now); });
    for (Cookie& other : cookies_) {
      if (!other.same_identity(cookie)) continue;
      cookie.number = other.number;
      other = cookie;
      return;
    }
    cookie.number = ++number_;
    cookies_.push_back(cookie);
  }
  std::vector<std::string> matching(const CookieOrigin& request, std::int64_t now) {
    cookies_.remove_if([now](const Cookie& c) { return c.is_expired(now); });
    std::vector<std::string> found;
    for (const Cookie& c : cookies_) {
      if (c.goes_to(request)) found.push_back(c.name + "=" + c.value);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  std::size_t size() const { return cookies_.size(); }
  void erase_session() {
    cookies_.remove_if([](const Cookie& c) { return c.is_session(); });
  }

 private:
  std::list<Cookie> cookies_;
  std::uint64_t number_ = 0;
};

TEST(CookieJar, BehavesLikeAListOfAllCookies) {
  const char* const hosts[] = {"example.com", "www.example.com", "a.www.example.com", "other.org",
                               "Example.COM", "127.0.0.1",       "localhost",         "example.org"};
  const char* const paths[] = {"/", "/a", "/a/b", "/ab", "/a/"};
  std::mt19937 random(11);
  const auto pick = [&random](const auto& from) { return from[random() % std::size(from)]; };
  CookieJar jar;
  PlainJar model;
  std::int64_t now = kNow;
  for (int i = 0; i < 20000; ++i) {
    now += random() % 4 == 0 ? 1 : 0;
    if (random() % 500 == 0) {
      jar.erase_session();
      model.erase_session();
    }
    const CookieOrigin origin = at(pick(hosts), pick(paths), true);
    if (random() % 2 == 0) {
      std::string header = std::string(1, static_cast<char>('a' + random() % 4)) + "=" + std::to_string(i);
      if (random() % 2 == 0) header += std::string("; path=") + pick(paths);
      if (random() % 2 == 0) header += std::string("; domain=") + pick(hosts);
      if (random() % 2 == 0) header += "; max-age=" + std::to_string(random() % 30);
      Cookie cookie;
      if (!parse_set_cookie(header, &origin, now, cookie)) continue;
      model.add(cookie, now);
      jar.add(std::move(cookie), &origin, now);
    } else {
      std::string text = sent(jar, origin, now);
      std::vector<std::string> found;
      while (!text.empty()) {
        const std::size_t end = std::min(text.find("; "), text.size());
        found.push_back(text.substr(0, end));
        text.erase(0, end + 2);
      }
      std::sort(found.begin(), found.end());
      ASSERT_EQ(found, model.matching(origin, now));
    }
    ASSERT_EQ(jar.size(), model.size());
  }
}

TEST(CookieJar, AFailedAllocationLeavesItAsItWas) {
  const CookieOrigin origin = at("www.example-with-a-long-name.com");
  const CookieOrigin other = at("another-with-a-long-name.example.com");
  int failures = 0;
  for (long n = 1;; ++n) {
    CookieJar jar;
    receive(jar, origin, "name-that-needs-memory=value-that-needs-memory");
    bool struck = false;
    {
      const FailingNew failing(n);
      try {
        receive(jar, origin, "another-that-needs-memory=value-that-needs-memory");
        receive(jar, other, "name-that-needs-memory=value-that-needs-memory");
        std::string text;
        jar.append_header(origin, kNow, 1000, text);
      } catch (const std::bad_alloc&) {
        ++failures;
      }
      struck = failing.struck();
    }
    EXPECT_EQ(jar.size(), jar.in_order().size());
    EXPECT_NE(sent(jar, origin).find("name-that-needs-memory=value-that-needs-memory"), std::string::npos);
    jar.erase_expired(kNow);
    receive(jar, other, "x=1");
    EXPECT_NE(sent(jar, other).find("x=1"), std::string::npos);
    if (!struck) break;
  }
  EXPECT_GT(failures, 8);
}

}  // namespace
}  // namespace hiper
