#include "cookies/set_cookie.hpp"

#include <gtest/gtest.h>

#include <random>

#include "cookies.hpp"
#include "parse/h1_head.hpp"

namespace hiper {
namespace {

using testing::at;
using testing::kNow;
using testing::line_of;
using testing::receive;
using testing::sent;

struct Row {
  bool secure;
  const char* host;
  const char* path;
  const char* header;
  const char* listed;
  const char* sent;
};
const Row kTable[] = {
#include "set_cookie_table.inc"
};

std::string after_first_dot(const std::string& host) { return host.substr(host.find('.') + 1); }

TEST(SetCookie, DoesWhatWasObserved) {
  for (const Row& row : kTable) {
    SCOPED_TRACE(std::string(row.host) + row.path + ": " + row.header);
    CookieJar jar;
    const CookieOrigin origin = at(row.host, row.path, row.secure);
    // The header line is trimmed before it comes here.
    receive(jar, origin, trim_blanks(row.header));
    const auto cookies = jar.in_order();
    EXPECT_EQ(cookies.empty() ? "" : line_of(*cookies[0]), row.listed);
    const std::string host = row.host;
    const bool name = is_numeric_host(host) == false;
    const std::string below = name ? "sub." + host : "sub.test";
    const std::string above =
        name && host.find('.') != std::string::npos ? after_first_dot(host) : "other.test";
    const CookieOrigin requests[] = {origin,
                                     at(host, "/", row.secure),
                                     at(host, "/a", row.secure),
                                     at(host, "/a/b/c", row.secure),
                                     at(host, "/ab", row.secure),
                                     at(below, row.path, row.secure),
                                     at(above, row.path, row.secure)};
    std::string flags;
    for (const CookieOrigin& request : requests) flags += sent(jar, request).empty() ? '0' : '1';
    EXPECT_EQ(flags, row.sent);
  }
}

/// The line as it would be listed, "" when refused.
std::string taken(std::string_view header, const CookieOrigin& origin = at("www.example.com"),
                  std::int64_t now = kNow) {
  Cookie cookie;
  return parse_set_cookie(header, &origin, now, cookie) ? line_of(cookie) : "";
}

std::int64_t expiry(std::string_view attributes) {
  Cookie cookie;
  const CookieOrigin origin = at("www.example.com");
  EXPECT_TRUE(parse_set_cookie("x=1;" + std::string(attributes), &origin, kNow, cookie)) << attributes;
  return cookie.expires;
}

TEST(SetCookie, MaxAgeCountsFromNowAndWinsOverExpires) {
  EXPECT_EQ(expiry("max-age=10"), kNow + 10);
  EXPECT_EQ(expiry("max-age=\"10\""), kNow + 10);
  EXPECT_EQ(expiry("max-age=+5"), kNow + 5);
  EXPECT_EQ(expiry("max-age=10s"), kNow + 10);
  EXPECT_EQ(expiry("max-age=1 0"), kNow + 1);
  EXPECT_EQ(expiry("max-age=10;max-age=20"), kNow + 20);
  EXPECT_EQ(expiry("max-age=10;expires=Wed, 21 Oct 2037 07:28:00 GMT"), kNow + 10);
  EXPECT_EQ(expiry("expires=Wed, 21 Oct 2037 07:28:00 GMT;max-age=10"), kNow + 10);
  EXPECT_EQ(expiry("max-age=9223372036854775807"), INT64_MAX);
  EXPECT_EQ(expiry("max-age=9223372035054775807"), INT64_MAX) << "the largest that fits";
  EXPECT_EQ(expiry("max-age=9223372035054775806"), INT64_MAX - 1);
}

// RFC 6265, section 5.2.1 has no exception for them; servers delete cookies like this.
TEST(SetCookie, ADateBefore1970HasPassed) {
  EXPECT_EQ(expiry("expires=Wed, 31 Dec 1969 23:59:59 GMT"), 1);
  EXPECT_EQ(expiry("expires=Mon, 01 Jan 1601 00:00:00 GMT"), 1);
}

TEST(SetCookie, SizesAreLimited) {
  const auto pair = [](std::size_t name, std::size_t value) {
    return !taken(std::string(name, 'n') + "=" + std::string(value, 'v')).empty();
  };
  EXPECT_TRUE(pair(4094, 2));
  EXPECT_FALSE(pair(4095, 0));
  EXPECT_FALSE(pair(4095, 1));
  EXPECT_TRUE(pair(1, 4094));
  EXPECT_FALSE(pair(1, 4095));
  EXPECT_TRUE(pair(2048, 2048));
  EXPECT_FALSE(pair(2049, 2048));
  const auto attribute = [](std::size_t size) {
    return !taken("x=1; path=/" + std::string(size - 1, 'p')).empty() &&
           !taken("x=1; foo=" + std::string(size, 'p')).empty() &&
           !taken("x=1; " + std::string(size, 'p') + "=3").empty();
  };
  EXPECT_TRUE(attribute(4094));
  EXPECT_FALSE(attribute(4095));
  EXPECT_FALSE(taken("x=1" + std::string(4995, ';')).empty());
  EXPECT_TRUE(taken("x=1" + std::string(4996, ';')).empty());
}

TEST(SetCookie, ControlCharactersAreRefusedAnywhere) {
  for (int c = 1; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const bool good = (c >= 0x20 && c != 0x7f) || c == '\t';
    if (byte == ';' || byte == '=') continue;
    EXPECT_EQ(taken(std::string("x=1; foo=a") + byte + "b").empty(), !good) << c;
    EXPECT_EQ(taken(std::string("x=a") + byte + "b").empty(), !good || c == '\t') << c;
    EXPECT_EQ(taken(std::string("x") + byte + "y=1").empty(), !good || c == '\t') << c;
    EXPECT_EQ(taken(std::string("x=1; path=/a") + byte + "b").empty(), !good || c == '\t') << c;
  }
  EXPECT_TRUE(taken(std::string_view("x=a\0b", 5)).empty());
  EXPECT_TRUE(taken(std::string_view("x=1; path=/\0", 12)).empty());
}

TEST(SetCookie, AHostThatIsAPublicSuffixSpeaksOnlyForItself) {
  EXPECT_EQ(taken("x=1; domain=github.io", at("github.io")), "github.io\tFALSE\t/\tFALSE\t0\tx\t1");
  EXPECT_EQ(taken("x=1; domain=co.uk", at("co.uk")), "co.uk\tFALSE\t/\tFALSE\t0\tx\t1");
  EXPECT_EQ(taken("x=1; domain=GitHub.IO", at("a.github.io")), "");
  EXPECT_EQ(taken("x=1; domain=a.github.io", at("b.a.github.io")), ".a.github.io\tTRUE\t/\tFALSE\t0\tx\t1");
  // A name that nobody has listed: an intranet.
  EXPECT_EQ(taken("x=1; domain=hiper-intranet", at("hiper-intranet")),
            ".hiper-intranet\tTRUE\t/\tFALSE\t0\tx\t1");
  EXPECT_EQ(taken("x=1; domain=hiper-intranet", at("www.hiper-intranet")), "");
}

TEST(SetCookie, AnApplicationMayNameAnyDomainButMustNameOne) {
  const auto own = [](std::string_view header) {
    Cookie cookie;
    return parse_set_cookie(header, nullptr, kNow, cookie) ? line_of(cookie) : "";
  };
  EXPECT_EQ(own("x=1"), "");
  EXPECT_EQ(own("x=1; domain=example.com"), ".example.com\tTRUE\t/\tFALSE\t0\tx\t1");
  EXPECT_EQ(own("x=1; domain=.co.uk; secure"), ".co.uk\tTRUE\t/\tTRUE\t0\tx\t1");
  EXPECT_EQ(own("x=1; domain=192.168.0.1"), "192.168.0.1\tFALSE\t/\tFALSE\t0\tx\t1");
  EXPECT_EQ(own("__Secure-x=1; domain=example.com"), "");
}

/// Bytes that lead into every corner of the grammar.
std::string noise(std::mt19937& random) {
  static const char* const kPieces[] = {
      "x",        "=",       ";",        " ",           "\t",
      "path",     "=/",      "domain",   ".",           "www.example.com",
      "com",      "max-age", "expires",  "Wed, 21 Oct", "secure",
      "httponly", "\x01",    "\x7f",     "\"",          "__Host-",
      "0",        "99",      "\xff\x80", "-",           "__Secure-",
      "example",  "\r\n",    "TRUE",     "/a",          "#HttpOnly_",
  };
  std::string text;
  const auto count = random() % 24;
  for (unsigned i = 0; i < count; ++i) {
    const auto choice = random() % (std::size(kPieces) + 1);
    if (choice == std::size(kPieces)) {
      text += static_cast<char>(random() % 256);
    } else {
      text += kPieces[choice];
    }
  }
  return text;
}

// Whatever comes: what is taken is good, and comes back from a file as it was.
TEST(SetCookie, NoiseMakesNoBadCookie) {
  std::mt19937 random(7);
  const CookieOrigin origins[] = {at("www.example.com", "/a/b"), at("localhost"),
                                  at("127.0.0.1", "/x", true)};
  int num_taken = 0;
  for (int i = 0; i < 60000; ++i) {
    const std::string header = noise(random);
    const CookieOrigin& origin = origins[random() % 3];
    Cookie cookie;
    if (!parse_set_cookie(header, &origin, kNow, cookie)) continue;
    ++num_taken;
    for (const std::string* text : {&cookie.name, &cookie.value, &cookie.path, &cookie.domain}) {
      for (const char c : *text) ASSERT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << header;
    }
    ASSERT_FALSE(cookie.name.empty());
    ASSERT_EQ(cookie.name.find_first_of(";="), std::string::npos);
    ASSERT_EQ(cookie.value.find(';'), std::string::npos);
    ASSERT_TRUE(domain_matches(origin.host, cookie.domain)) << header;
    ASSERT_FALSE(cookie.secure && !origin.secure);
    if (cookie.path.empty()) continue;  // its field would vanish between two tabs
    Cookie again;
    ASSERT_TRUE(parse_cookie_line(line_of(cookie), kNow, again)) << line_of(cookie);
    ASSERT_EQ(line_of(again), line_of(cookie));
  }
  EXPECT_GT(num_taken, 2000);
}

}  // namespace
}  // namespace hiper
