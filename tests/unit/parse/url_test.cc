// Parsing, building, editing and resolving URLs. The tables hold what libcurl answers, apart from what newer
// versions of it changed on purpose.
#include "parse/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parse/scheme.hpp"

namespace hiper {
namespace {

constexpr unsigned kAny = CURLU_NON_SUPPORT_SCHEME;

/// The whole URL after a parse, or `!` and the code.
std::string reparsed(std::string_view text, unsigned flags = 0, unsigned get_flags = 0) {
  Url url;
  std::string out;
  UrlResult result = Url::parse(text, flags, url);
  if (result.ok()) result = url.to_string(get_flags, out);
  return result.ok() ? out : "!" + std::to_string(result.code());
}

/// One part, or `!` and the code.
std::string part(const Url& url, CURLUPart what, unsigned flags = 0) {
  std::string scratch;
  std::string_view out;
  const UrlResult result = url.get(what, flags, scratch, out);
  return result.ok() ? std::string(out) : "!" + std::to_string(result.code());
}

Url parsed(std::string_view text, unsigned flags = kAny) {
  Url url;
  EXPECT_TRUE(Url::parse(text, flags, url).ok()) << text;
  return url;
}

std::string refusal(CURLUcode code) { return "!" + std::to_string(code); }

struct Good {
  const char* text;
  unsigned flags;
  const char* whole;
};

constexpr Good kGood[] = {
    {"http://h", 0, "http://h/"},
    {"http:/h/p", 0, "http://h/p"},
    {"http:///h/p", 0, "http://h/p"},
    {"HTTP://H/P", 0, "http://H/P"},
    {"http://h:", 0, "http://h/"},
    {"http://h:/", 0, "http://h/"},
    {"http://h:80", 0, "http://h:80/"},
    {"http://h:080/", 0, "http://h:80/"},
    {"http://h:0/", 0, "http://h:0/"},
    {"http://h:65535/", 0, "http://h:65535/"},
    {"http://h:0000000000000000000000080/", 0, "http://h:80/"},
    {"http://h?q", 0, "http://h/?q"},
    {"http://h#f", 0, "http://h/#f"},
    {"http://h:80?-123", 0, "http://h:80/?-123"},
    {"http://h/?a#b?c#d", 0, "http://h/?a#b?c#d"},
    {"http://h/?", 0, "http://h/"},
    {"http://h/p?#", 0, "http://h/p"},
    {"a+b-c.d://h", kAny, "a+b-c.d://h/"},
    {"FOO://h", kAny, "foo://h/"},
    // the login
    {"http://@h/", 0, "http://@h/"},
    {"http://:@h/", 0, "http://:@h/"},
    {"http://u:@h/", 0, "http://u:@h/"},
    {"http://:p@h/", 0, "http://:p@h/"},
    {"http://u:80@h:", 0, "http://u:80@h/"},
    {"http://a:b:c@d/", 0, "http://a:b:c@d/"},
    {"http://u;o@h", 0, "http://u;o@h/"},
    {"http://a\\b@c/", 0, "http://a\\b@c/"},
    {"imap://u;o:p@h/", kAny, "imap://u:p;o@h/"},
    {"imap://u:p;o;x@h/", kAny, "imap://u:p;o;x@h/"},
    {"imap://u;@h/", kAny, "imap://u@h/"},
    {"imap://;o@h/", kAny, "imap://;o@h/"},
    {"u;o@imap.h", CURLU_GUESS_SCHEME, "imap://u;o@imap.h/"},
    // numbers that are IPv4 addresses, and such that only look alike
    {"http://1/", 0, "http://0.0.0.1/"},
    {"http://1.2/", 0, "http://1.0.0.2/"},
    {"http://1.2.3/", 0, "http://1.2.0.3/"},
    {"http://0x7f.1/", 0, "http://127.0.0.1/"},
    {"http://0X7F000001/", 0, "http://127.0.0.1/"},
    {"http://017700000001/", 0, "http://127.0.0.1/"},
    {"http://4294967295/", 0, "http://255.255.255.255/"},
    {"http://1.2.65535/", 0, "http://1.2.255.255/"},
    {"http://4294967296/", 0, "http://4294967296/"},
    {"http://1.2.65536/", 0, "http://1.2.65536/"},
    {"http://256.1/", 0, "http://256.1/"},
    {"http://1.2.3.4.5/", 0, "http://1.2.3.4.5/"},
    {"http://1.2.3.4./", 0, "http://1.2.3.4./"},
    {"http://1.2.3.08/", 0, "http://1.2.3.08/"},
    {"http://0x/", 0, "http://0x/"},
    {"http://1e3/", 0, "http://1e3/"},
    {"http://192.168.0.1.com/", 0, "http://192.168.0.1.com/"},
    {"http://%31%2e2/", 0, "http://1.2/"},
    // IPv6
    {"http://[::1]:80", 0, "http://[::1]:80/"},
    {"http://[::1]:", 0, "http://[::1]/"},
    {"http://[0:0:0:0:0:0:0:1]/", 0, "http://[::1]/"},
    {"http://[01:0002::]/", 0, "http://[1:2::]/"},
    {"http://[ABCD::1]/", 0, "http://[ABCD::1]/"},
    {"http://[::ffff:0102:0304]/", 0, "http://[::ffff:1.2.3.4]/"},
    {"http://[fe80::1%25eth0]/", 0, "http://[fe80::1%25eth0]/"},
    {"http://[fe80::1%eth0]/", 0, "http://[fe80::1%25eth0]/"},
    {"http://[::1%25]/", 0, "http://[::1%2525]/"},
    {"http://[::1%252]/", 0, "http://[::1%252]/"},
    {"http://[::1%25aaaaaaaaaaaaaaa]/", 0, "http://[::1%25aaaaaaaaaaaaaaa]/"},
    // names
    {"http://a_b/", 0, "http://a_b/"},
    {"http://a|b~/", 0, "http://a|b~/"},
    {"http://../", 0, "http://../"},
    {"http://a%41b/", 0, "http://aAb/"},
    {"http://a%zz/", 0, "http://a%25zz/"},
    {"http://\xc3\xa5.se/", 0, "http://\xc3\xa5.se/"},
    {"http://a%7fb/", 0,
     "http://a\x7f"
     "b/"},
    // dot segments
    {"http://h/a/../b", 0, "http://h/b"},
    {"http://h/a/./b/", 0, "http://h/a/b/"},
    {"http://h/../../a", 0, "http://h/a"},
    {"http://h/a/..", 0, "http://h/"},
    {"http://h/a/.", 0, "http://h/a/"},
    {"http://h/a//..", 0, "http://h/a/"},
    {"http://h//..", 0, "http://h/"},
    {"http://h/..//a", 0, "http://h//a"},
    {"http://h/...", 0, "http://h/..."},
    {"http://h/a/..b/b./.c", 0, "http://h/a/..b/b./.c"},
    {"http://h/a;/../b", 0, "http://h/b"},
    {"http://h/a/%2e%2E/b/%2e/c", 0, "http://h/b/c"},
    {"http://h/a/.%2e/b", 0, "http://h/b"},
    {"http://h/a?x/../y", 0, "http://h/a?x/../y"},
    {"http://h/a/../b", CURLU_PATH_AS_IS, "http://h/a/../b"},
    // spaces and bytes above 127
    {"http://h/a b", CURLU_ALLOW_SPACE, "http://h/a b"},
    {"http://h/a b?c d#e f", CURLU_URLENCODE, "http://h/a%20b?c+d#e%20f"},
    {"http://h/\xc3\xa5?\xc3\xa5#\xc3\xa5", 0, "http://h/\xc3\xa5?\xc3\xa5#\xc3\xa5"},
    {"http://h/\xc3\xa5?\xc3\xa5", CURLU_URLENCODE, "http://h/%C3%A5?%C3%A5"},
    {"http://h/%41%2f%zz", CURLU_URLENCODE, "http://h/%41%2f%zz"},
    {"http://u b:p c@h/", CURLU_ALLOW_SPACE, "http://u b:p c@h/"},
    // no scheme
    {"h", CURLU_DEFAULT_SCHEME, "https://h/"},
    {"h/p", CURLU_GUESS_SCHEME, "http://h/p"},
    {"h:80", CURLU_GUESS_SCHEME, "http://h:80/"},
    {"h:80?q", CURLU_DEFAULT_SCHEME | CURLU_GUESS_SCHEME, "https://h:80/?q"},
    {"FTP.h/p", CURLU_GUESS_SCHEME, "ftp://FTP.h/p"},
    {"u@dict.x", CURLU_GUESS_SCHEME, "dict://u@dict.x/"},
    {"ldap.x", CURLU_GUESS_SCHEME, "ldap://ldap.x/"},
    {"smtp.x", CURLU_GUESS_SCHEME, "smtp://smtp.x/"},
    {"pop3.x", CURLU_GUESS_SCHEME, "pop3://pop3.x/"},
    {"ftpx.h", CURLU_GUESS_SCHEME, "http://ftpx.h/"},
    {"ftp", CURLU_GUESS_SCHEME, "http://ftp/"},
    {"a//h", CURLU_GUESS_SCHEME, "http://a//h"},
    // no host
    {"http://", CURLU_NO_AUTHORITY, "http:///"},
    {"http:///?q", CURLU_NO_AUTHORITY, "http:///?q"},
    {"foo:///", CURLU_NO_AUTHORITY | kAny, "foo:///"},
    // file
    {"file:///p", kAny, "file:///p"},
    {"file:/p", kAny, "file:///p"},
    {"FILE:////p", kAny, "file:////p"},
    {"file://LocalHost/p", kAny, "file:///p"},
    {"file://127.0.0.1/p?q#f", kAny, "file:///p?q#f"},
    {"file:///", kAny, "file:///"},
    {"file:///a/../b/./c", kAny, "file:///b/c"},
};

TEST(Url, IsNormalizedWhenParsed) {
  for (const Good& c : kGood) EXPECT_EQ(reparsed(c.text, c.flags), c.whole) << c.text;
}

struct Bad {
  const char* text;
  unsigned flags;
  CURLUcode code;
};

constexpr Bad kBad[] = {
    {"", 0, CURLUE_MALFORMED_INPUT},
    {"", CURLU_GUESS_SCHEME, CURLUE_MALFORMED_INPUT},
    {"h", 0, CURLUE_BAD_SCHEME},
    {"/p", 0, CURLUE_BAD_SCHEME},
    {"//h/p", CURLU_GUESS_SCHEME, CURLUE_NO_HOST},
    {"1http://h", kAny, CURLUE_BAD_SCHEME},
    {"a_b://h", kAny, CURLUE_BAD_SCHEME},
    {" http://h", 0, CURLUE_BAD_SCHEME},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa://h", kAny, CURLUE_BAD_SCHEME},
    {"foo://h", 0, CURLUE_UNSUPPORTED_SCHEME},
    {"localhost:80", 0, CURLUE_UNSUPPORTED_SCHEME},
    {"http:h/p", 0, CURLUE_BAD_SLASHES},
    {"http:////h", 0, CURLUE_BAD_SLASHES},
    {"http:", 0, CURLUE_BAD_SLASHES},
    {"http:\\\\h", 0, CURLUE_BACKSLASH},
    {"http:\\\\h", CURLU_GUESS_SCHEME, CURLUE_BACKSLASH},
    {"http://h:80\\p", 0, CURLUE_BACKSLASH},
    {"http://h\\p", 0, CURLUE_BACKSLASH},
    {"http://", 0, CURLUE_NO_HOST},
    {"http://?q", 0, CURLUE_NO_HOST},
    {"http://@/", CURLU_NO_AUTHORITY, CURLUE_NO_HOST},
    {"http://u@:80/", 0, CURLUE_NO_HOST},
    {"http://:x/", 0, CURLUE_BAD_PORT_NUMBER},
    {"http://h:65536/", 0, CURLUE_BAD_PORT_NUMBER},
    {"http://h:99999999999999999999/", 0, CURLUE_BAD_PORT_NUMBER},
    {"http://h:-1/", 0, CURLUE_BAD_PORT_NUMBER},
    {"http://h:+1/", 0, CURLUE_BAD_PORT_NUMBER},
    {"http://h: 80/", CURLU_ALLOW_SPACE, CURLUE_BAD_PORT_NUMBER},
    {"http://h:80:80/", 0, CURLUE_BAD_PORT_NUMBER},
    {"h:", CURLU_GUESS_SCHEME, CURLUE_BAD_PORT_NUMBER},
    {"http:h/p", CURLU_GUESS_SCHEME, CURLUE_BAD_PORT_NUMBER},
    {"http://[::1]x", 0, CURLUE_BAD_PORT_NUMBER},
    {"http://[::1", 0, CURLUE_BAD_IPV6},
    {"http://[]", 0, CURLUE_BAD_IPV6},
    {"http://[::g]", 0, CURLUE_BAD_IPV6},
    {"http://[1:2:3:4:5:6:7:8:9]", 0, CURLUE_BAD_IPV6},
    {"http://[::1%]", 0, CURLUE_BAD_IPV6},
    {"http://[::1%25aaaaaaaaaaaaaaaa]", 0, CURLUE_BAD_IPV6},
    {"http://[::1%25a b]/", 0, CURLUE_BAD_HOSTNAME},
    {"http://a@b@c/", 0, CURLUE_BAD_HOSTNAME},
    {"http://a b/", CURLU_ALLOW_SPACE, CURLUE_BAD_HOSTNAME},
    {"http://a%20b/", 0, CURLUE_BAD_HOSTNAME},
    {"http://a%2fb/", 0, CURLUE_BAD_HOSTNAME},
    {"http://a%00b/", 0, CURLUE_BAD_HOSTNAME},
    {"http://a\x01/", 0, CURLUE_BAD_HOSTNAME},
    {"http://a;b/", 0, CURLUE_BAD_HOSTNAME},
    {"http://u\x01:p\x01@h:99999/", 0, CURLUE_BAD_USER},
    {"http://u:p\x01@h\x01/", 0, CURLUE_BAD_PASSWORD},
    {"imap://u;o\x01@h/", kAny, CURLUE_BAD_LOGIN},
    {"http://u@h:x/", CURLU_DISALLOW_USER, CURLUE_USER_NOT_ALLOWED},
    {"http://@h/", CURLU_DISALLOW_USER, CURLUE_USER_NOT_ALLOWED},
    {"http://h/a b", 0, CURLUE_BAD_PATH},
    {"http://h:99999/\x01", CURLU_URLENCODE, CURLUE_BAD_PATH},
    {"http://h/\x01?\x01", 0, CURLUE_BAD_QUERY},
    {"http://h/\x01?\x01#\x7f", 0, CURLUE_BAD_FRAGMENT},
    {"file://h/p", kAny, CURLUE_BAD_FILE_URL},
    {"file://localhost", kAny, CURLUE_BAD_FILE_URL},
    {"file:///c:/x", kAny, CURLUE_BAD_FILE_URL},
    {"file:p", kAny, CURLUE_BAD_FILE_URL},
};

TEST(Url, IsRefusedWithTheCodeOfItsFirstFault) {
  for (const Bad& c : kBad) EXPECT_EQ(reparsed(c.text, c.flags), refusal(c.code)) << c.text;
}

TEST(Url, RefusedTextLeavesTheOldUrl) {
  Url url = parsed("http://u@h/p?q");
  EXPECT_FALSE(Url::parse("http://h:99999/", 0, url).ok());
  EXPECT_EQ(part(url, CURLUPART_URL), "http://u@h/p?q");
}

TEST(Url, EveryPartIsFound) {
  const Url url = parsed("imap://us:pw;op@[fe80::1%25en]:99/p/q?a=b#fr");
  EXPECT_EQ(url.scheme(), "imap");
  EXPECT_EQ(url.user(), "us");
  EXPECT_EQ(url.password(), "pw");
  EXPECT_EQ(url.options(), "op");
  EXPECT_EQ(url.host(), "[fe80::1]");
  EXPECT_EQ(url.zone(), "en");
  EXPECT_EQ(url.port(), 99);
  EXPECT_EQ(url.path(), "/p/q");
  EXPECT_EQ(url.query(), "a=b");
  EXPECT_EQ(url.fragment(), "fr");
  EXPECT_EQ(url.path_and_query(), "/p/q?a=b");
  EXPECT_TRUE(url.host_is_ipv6());
}

TEST(Url, MissingPartsHaveTheirOwnCodes) {
  const Url url;
  EXPECT_EQ(part(url, CURLUPART_URL), refusal(CURLUE_NO_HOST));
  EXPECT_EQ(part(url, CURLUPART_SCHEME), refusal(CURLUE_NO_SCHEME));
  EXPECT_EQ(part(url, CURLUPART_USER), refusal(CURLUE_NO_USER));
  EXPECT_EQ(part(url, CURLUPART_PASSWORD), refusal(CURLUE_NO_PASSWORD));
  EXPECT_EQ(part(url, CURLUPART_OPTIONS), refusal(CURLUE_NO_OPTIONS));
  EXPECT_EQ(part(url, CURLUPART_HOST), refusal(CURLUE_NO_HOST));
  EXPECT_EQ(part(url, CURLUPART_PORT), refusal(CURLUE_NO_PORT));
  EXPECT_EQ(part(url, CURLUPART_PATH), "/");
  EXPECT_EQ(part(url, CURLUPART_QUERY), refusal(CURLUE_NO_QUERY));
  EXPECT_EQ(part(url, CURLUPART_FRAGMENT), refusal(CURLUE_NO_FRAGMENT));
  EXPECT_EQ(part(url, CURLUPART_ZONEID), refusal(CURLUE_NO_ZONEID));
  EXPECT_EQ(part(url, static_cast<CURLUPart>(11)), refusal(CURLUE_UNKNOWN_PART));
}

TEST(Url, PortIsTheDefaultOneUnlessGiven) {
  EXPECT_EQ(parsed("http://h").port(), 80);
  EXPECT_EQ(parsed("https://h").port(), 443);
  EXPECT_EQ(parsed("https://h:8443").port(), 8443);
  EXPECT_EQ(parsed("foo://h").port(), 0);
  EXPECT_EQ(part(parsed("ftp://h"), CURLUPART_PORT), refusal(CURLUE_NO_PORT));
  EXPECT_EQ(part(parsed("ftp://h"), CURLUPART_PORT, CURLU_DEFAULT_PORT), "21");
  EXPECT_EQ(part(parsed("ftp://h:21"), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT), refusal(CURLUE_NO_PORT));
  EXPECT_EQ(reparsed("https://h:443/", 0, CURLU_NO_DEFAULT_PORT), "https://h/");
  EXPECT_EQ(reparsed("https://h:444/", 0, CURLU_NO_DEFAULT_PORT), "https://h:444/");
  EXPECT_EQ(reparsed("https://h/", 0, CURLU_DEFAULT_PORT | CURLU_NO_DEFAULT_PORT), "https://h:443/");
}

TEST(Url, EmptyQueryAndFragmentAreShownOnDemand) {
  const Url url = parsed("http://h/p?#");
  EXPECT_EQ(part(url, CURLUPART_URL), "http://h/p");
  EXPECT_EQ(part(url, CURLUPART_URL, CURLU_GET_EMPTY), "http://h/p?#");
  EXPECT_EQ(part(url, CURLUPART_QUERY), refusal(CURLUE_NO_QUERY));
  EXPECT_EQ(part(url, CURLUPART_QUERY, CURLU_GET_EMPTY), "");
  EXPECT_EQ(part(url, CURLUPART_FRAGMENT, CURLU_GET_EMPTY), "");
  EXPECT_EQ(part(parsed("http://h/"), CURLUPART_QUERY, CURLU_GET_EMPTY), refusal(CURLUE_NO_QUERY));
}

TEST(Url, GuessedSchemeCanBeHidden) {
  const Url guessed = parsed("example.com/p", CURLU_GUESS_SCHEME);
  EXPECT_TRUE(guessed.scheme_guessed());
  EXPECT_EQ(part(guessed, CURLUPART_URL), "http://example.com/p");
  EXPECT_EQ(part(guessed, CURLUPART_URL, CURLU_NO_GUESS_SCHEME), "example.com/p");
  EXPECT_EQ(part(guessed, CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME), refusal(CURLUE_NO_SCHEME));
  const Url written = parsed("http://example.com/p", CURLU_GUESS_SCHEME);
  EXPECT_EQ(part(written, CURLUPART_URL, CURLU_NO_GUESS_SCHEME), "http://example.com/p");
}

TEST(Url, PartsAreDecodedOnDemand) {
  const Url url = parsed("http://u%41:p%42@h/p%43%2f%zz?q%44+x%2b#f%45+");
  EXPECT_EQ(part(url, CURLUPART_USER, CURLU_URLDECODE), "uA");
  EXPECT_EQ(part(url, CURLUPART_PASSWORD, CURLU_URLDECODE), "pB");
  EXPECT_EQ(part(url, CURLUPART_PATH, CURLU_URLDECODE), "/pC/%zz");
  EXPECT_EQ(part(url, CURLUPART_QUERY, CURLU_URLDECODE), "qD x+");
  EXPECT_EQ(part(url, CURLUPART_FRAGMENT, CURLU_URLDECODE), "fE+");
  EXPECT_EQ(part(url, CURLUPART_QUERY, CURLU_URLDECODE | CURLU_URLENCODE), "qD+x+");
  EXPECT_EQ(part(parsed("http://h/%1f"), CURLUPART_PATH, CURLU_URLDECODE), refusal(CURLUE_URLDECODE));
  EXPECT_EQ(part(parsed("http://h/%00"), CURLUPART_PATH, CURLU_URLDECODE), refusal(CURLUE_URLDECODE));
  EXPECT_EQ(part(parsed("http://h/%7f"), CURLUPART_PATH, CURLU_URLDECODE), "/\x7f");
}

TEST(Url, HostIsConvertedOnDemand) {
  const Url url = parsed("http://fa\xc3\x9f.de/");
  EXPECT_EQ(part(url, CURLUPART_HOST), "fa\xc3\x9f.de");
  EXPECT_EQ(part(url, CURLUPART_HOST, CURLU_PUNYCODE), "xn--fa-hia.de");
  EXPECT_EQ(part(url, CURLUPART_URL, CURLU_PUNYCODE), "http://xn--fa-hia.de/");
  EXPECT_EQ(part(url, CURLUPART_URL, CURLU_PUNYCODE | CURLU_URLENCODE), "http://fa%C3%9F.de/");
  const Url puny = parsed("http://xn--4cab6c.se/");
  EXPECT_EQ(part(puny, CURLUPART_HOST, CURLU_PUNY2IDN), "\xc3\xa5\xc3\xa4\xc3\xb6.se");
  EXPECT_EQ(part(puny, CURLUPART_URL, CURLU_PUNY2IDN), "http://\xc3\xa5\xc3\xa4\xc3\xb6.se/");
  EXPECT_EQ(part(parsed("http://a\xff/"), CURLUPART_HOST, CURLU_PUNYCODE), refusal(CURLUE_BAD_HOSTNAME));
  EXPECT_EQ(part(parsed("http://xn--a-/"), CURLUPART_HOST, CURLU_PUNY2IDN), refusal(CURLUE_BAD_HOSTNAME));
}

TEST(Url, AsciiHostIsTheNameForDns) {
  std::string scratch;
  std::string_view host;
  const Url plain = parsed("http://Example.com/");
  ASSERT_TRUE(plain.ascii_host(scratch, host).ok());
  EXPECT_EQ(host, "Example.com");
  EXPECT_EQ(host.data(), plain.host().data());
  const Url idn = parsed("http://\xc3\x85.se/");
  ASSERT_TRUE(idn.ascii_host(scratch, host).ok());
  EXPECT_EQ(host, "xn--5ca.se");
  EXPECT_EQ(parsed("http://\xff.se/").ascii_host(scratch, host).code(), CURLUE_BAD_HOSTNAME);
}

TEST(Url, RequestTargetKeepsAnEmptyQueryAndEncodesThePath) {
  std::string target = "GET ";
  parsed("http://h/p?").append_request_target(target);
  EXPECT_EQ(target, "GET /p?");
  target.clear();
  parsed("http://h/\xc3\xa5?\xc3\xa5#f").append_request_target(target);
  EXPECT_EQ(target, "/%C3%A5?\xc3\xa5");
  target.clear();
  parsed("http://h").append_request_target(target);
  EXPECT_EQ(target, "/");
}

struct Relative {
  const char* base;
  const char* reference;
  unsigned flags;
  const char* whole;
};

constexpr const char* kBase = "http://u:p@a:80/b/c/d;p?q#f";

constexpr Relative kRelative[] = {
    {kBase, "", 0, "http://u:p@a:80/b/c/d;p?q"},
    {kBase, "g", 0, "http://u:p@a:80/b/c/g"},
    {kBase, "./g", 0, "http://u:p@a:80/b/c/g"},
    {kBase, "g/", 0, "http://u:p@a:80/b/c/g/"},
    {kBase, "/g", 0, "http://u:p@a:80/g"},
    {kBase, "//g", 0, "http://g/"},
    {kBase, "//x:y@g:8/x?q#f", 0, "http://x:y@g:8/x?q#f"},
    {kBase, "///g", 0, "http://g/"},
    {kBase, "?y", 0, "http://u:p@a:80/b/c/d;p?y"},
    {kBase, "?a?b", 0, "http://u:p@a:80/b/c/d;p?a?b"},
    {kBase, "g?y#s", 0, "http://u:p@a:80/b/c/g?y#s"},
    {kBase, "#s", 0, "http://u:p@a:80/b/c/d;p?q#s"},
    {kBase, ";x", 0, "http://u:p@a:80/b/c/;x"},
    {kBase, ".", 0, "http://u:p@a:80/b/c/"},
    {kBase, "..", 0, "http://u:p@a:80/b/"},
    {kBase, "../g", 0, "http://u:p@a:80/b/g"},
    {kBase, "../../../g", 0, "http://u:p@a:80/g"},
    {kBase, "/../g", 0, "http://u:p@a:80/g"},
    {kBase, "g;x=1/../y", 0, "http://u:p@a:80/b/c/y"},
    {kBase, "g?y/../x", 0, "http://u:p@a:80/b/c/g?y/../x"},
    {kBase, "../g", CURLU_PATH_AS_IS, "http://u:p@a:80/b/g"},
    {kBase, "g/../h", CURLU_PATH_AS_IS, "http://u:p@a:80/b/c/g/../h"},
    {kBase, "http://x/y", 0, "http://x/y"},
    {kBase, "http:/g", 0, "http://g/"},
    {kBase, "/http://x/", 0, "http://u:p@a:80/http://x/"},
    {kBase, "g:80/x", CURLU_GUESS_SCHEME, "http://u:p@a:80/b/c/g:80/x"},
    {kBase, "a b?c d#e", 0, "http://u:p@a:80/b/c/a%20b?c+d#e"},
    {kBase, "\xc3\xa5", 0, "http://u:p@a:80/b/c/%C3%A5"},
    {kBase, "//\xc3\xa5/\xc3\xa5", 0, "http://\xc3\xa5/%C3%A5"},
    {"http://a", "g", 0, "http://a/g"},
    {"http://a?x/y", "g", 0, "http://a/g"},
    {"http://a/b#f/g", "h", 0, "http://a/h"},
    {"http://a/b#f", "?y", 0, "http://a/b?y"},
    {"http://[fe80::1%25e]:80/a/b", "g", 0, "http://[fe80::1%25e]:80/a/g"},
    {"http://a%25/b", "c", 0, "http://a%25/c"},
    {"file:///a/b?q", "g", kAny, "file:///a/g"},
    {"file:///a/b", "/g", kAny, "file:///g"},
    {"imap://u;o:p@a/b/c", "g", kAny, "imap://u:p;o@a/b/g"},
};

TEST(Url, RelativeReferencesAreResolved) {
  for (const Relative& c : kRelative) {
    Url url = parsed(c.base);
    EXPECT_TRUE(Url::resolve(url, c.reference, c.flags, url).ok()) << c.base << " + " << c.reference;
    EXPECT_EQ(part(url, CURLUPART_URL), c.whole) << c.base << " + " << c.reference;
  }
}

TEST(Url, UnusableReferencesAreRefusedAndTheBaseStays) {
  constexpr Bad kUnusable[] = {
      {"foo://x", 0, CURLUE_UNSUPPORTED_SCHEME},
      {"http:g", 0, CURLUE_BAD_SLASHES},
      {"//", 0, CURLUE_NO_HOST},
      {"//h h/", 0, CURLUE_BAD_HOSTNAME},
      {"/a\x01", 0, CURLUE_BAD_PATH},
      {"http://x/a b", 0, CURLUE_BAD_PATH},
      {"////g", 0, CURLUE_BAD_SLASHES},
      {"x", CURLU_DISALLOW_USER, CURLUE_USER_NOT_ALLOWED},
  };
  for (const Bad& c : kUnusable) {
    Url url = parsed(kBase);
    EXPECT_EQ(url.set(CURLUPART_URL, c.text, c.flags).code(), c.code) << c.text;
    EXPECT_EQ(part(url, CURLUPART_URL), kBase) << c.text;
  }
}

TEST(Url, ReferenceToAnUnsupportedBaseNeedsTheFlagAgain) {
  Url url = parsed("foo://h/a");
  EXPECT_EQ(url.set(CURLUPART_URL, "b", 0).code(), CURLUE_UNSUPPORTED_SCHEME);
  EXPECT_TRUE(url.set(CURLUPART_URL, "b", kAny).ok());
  EXPECT_EQ(part(url, CURLUPART_URL), "foo://h/b");
}

TEST(Url, ReferenceToAnIncompleteBaseIsParsedAlone) {
  Url url;
  ASSERT_TRUE(url.set(CURLUPART_HOST, "h", 0).ok());
  EXPECT_EQ(url.set(CURLUPART_URL, "x", 0).code(), CURLUE_BAD_SCHEME);
  ASSERT_TRUE(url.set(CURLUPART_URL, "x", CURLU_DEFAULT_SCHEME).ok());
  EXPECT_EQ(part(url, CURLUPART_URL), "https://h/x");
  EXPECT_EQ(Url().set(CURLUPART_URL, "", 0).code(), CURLUE_MALFORMED_INPUT);
}

struct Edit {
  CURLUPart what;
  const char* text;
  unsigned flags;
  const char* whole;
};

constexpr Edit kEdits[] = {
    {CURLUPART_SCHEME, "https", 0, "https://u:p@h:80/p?q#f"},
    {CURLUPART_SCHEME, "foo", kAny, "foo://u:p@h:80/p?q#f"},
    {CURLUPART_USER, "a b/\xc3\xa5", CURLU_URLENCODE, "http://a%20b%2F%C3%A5:p@h:80/p?q#f"},
    {CURLUPART_USER, "a%2f", 0, "http://a%2F:p@h:80/p?q#f"},
    {CURLUPART_USER, "", 0, "http://:p@h:80/p?q#f"},
    {CURLUPART_PASSWORD, "", CURLU_URLENCODE, "http://u@h:80/p?q#f"},
    {CURLUPART_OPTIONS, "o", 0, "http://u:p@h:80/p?q#f"},
    {CURLUPART_HOST, "x.y", 0, "http://u:p@x.y:80/p?q#f"},
    {CURLUPART_HOST, "[0:0::1]", 0, "http://u:p@[::1]:80/p?q#f"},
    {CURLUPART_HOST, "[::1%25z]", 0, "http://u:p@[::1%25z]:80/p?q#f"},
    {CURLUPART_HOST, "", CURLU_NO_AUTHORITY, "http://u:p@:80/p?q#f"},
    {CURLUPART_PORT, "0", 0, "http://u:p@h:0/p?q#f"},
    {CURLUPART_PORT, "0443", 0, "http://u:p@h:443/p?q#f"},
    {CURLUPART_PATH, "a/b", 0, "http://u:p@h:80/a/b?q#f"},
    {CURLUPART_PATH, "", 0, "http://u:p@h:80/?q#f"},
    {CURLUPART_PATH, "/a/../b", 0, "http://u:p@h:80/a/../b?q#f"},
    {CURLUPART_PATH, "/ !$&'(){}[]*+,;=:@?#%", CURLU_URLENCODE,
     "http://u:p@h:80/%20!$&'(){}[]*+,;=:@%3F%23%25?q#f"},
    {CURLUPART_QUERY, "a b+c=d&e", CURLU_URLENCODE, "http://u:p@h:80/p?a+b%2Bc%3Dd%26e#f"},
    {CURLUPART_QUERY, "x=1", CURLU_APPENDQUERY, "http://u:p@h:80/p?q&x=1#f"},
    {CURLUPART_QUERY, "x=1=2&3", CURLU_APPENDQUERY | CURLU_URLENCODE, "http://u:p@h:80/p?q&x=1%3D2%263#f"},
    {CURLUPART_QUERY, "", CURLU_APPENDQUERY | CURLU_URLENCODE, "http://u:p@h:80/p?q#f"},
    {CURLUPART_QUERY, "", 0, "http://u:p@h:80/p#f"},
    {CURLUPART_FRAGMENT, "a b#", CURLU_URLENCODE, "http://u:p@h:80/p?q#a%20b%23"},
    {CURLUPART_FRAGMENT, "", 0, "http://u:p@h:80/p?q"},
    {CURLUPART_ZONEID, "z", 0, "http://u:p@h:80/p?q#f"},
};

TEST(Url, PartsCanBeReplaced) {
  for (const Edit& c : kEdits) {
    Url url = parsed("http://u:p@h:80/p?q#f");
    EXPECT_TRUE(url.set(c.what, c.text, c.flags).ok()) << c.what << " " << c.text;
    EXPECT_EQ(part(url, CURLUPART_URL), c.whole) << c.what << " " << c.text;
  }
}

TEST(Url, UnfitPartsAreRefusedAndNothingChanges) {
  struct Unfit {
    CURLUPart what;
    const char* text;
    CURLUcode code;
  };
  constexpr Unfit kUnfit[] = {
      {CURLUPART_SCHEME, "", CURLUE_BAD_SCHEME},
      {CURLUPART_SCHEME, "foo", CURLUE_UNSUPPORTED_SCHEME},
      {CURLUPART_PORT, "", CURLUE_BAD_PORT_NUMBER},
      {CURLUPART_PORT, " 80", CURLUE_BAD_PORT_NUMBER},
      {CURLUPART_PORT, "+80", CURLUE_BAD_PORT_NUMBER},
      {CURLUPART_PORT, "65536", CURLUE_BAD_PORT_NUMBER},
      {CURLUPART_HOST, "", CURLUE_BAD_HOSTNAME},
      {CURLUPART_HOST, "a b", CURLUE_BAD_HOSTNAME},
      {CURLUPART_HOST, "a/b", CURLUE_BAD_HOSTNAME},
      {CURLUPART_HOST, "a:80", CURLUE_BAD_HOSTNAME},
      {CURLUPART_HOST, "a%2fb", CURLUE_BAD_HOSTNAME},
      {CURLUPART_HOST, "[::g]", CURLUE_BAD_HOSTNAME},
      {CURLUPART_HOST, "[::1]:80", CURLUE_BAD_HOSTNAME},
      {static_cast<CURLUPart>(15), "", CURLUE_UNKNOWN_PART},
  };
  for (const Unfit& c : kUnfit) {
    Url url = parsed("http://u:p@[::1%25z]:80/p?q#f");
    EXPECT_EQ(url.set(c.what, c.text, 0).code(), c.code) << c.what << " " << c.text;
    EXPECT_EQ(part(url, CURLUPART_URL), "http://u:p@[::1%25z]:80/p?q#f");
  }
  Url url;
  EXPECT_EQ(url.set(CURLUPART_SCHEME, "1a", kAny).code(), CURLUE_BAD_SCHEME);
  EXPECT_EQ(url.set(CURLUPART_HOST, "[::1]", CURLU_URLENCODE).code(), CURLUE_BAD_HOSTNAME);
}

TEST(Url, PartsCanBeRemovedOneByOne) {
  Url url = parsed("http://u:p@[::1%25x]:80/p?q#f");
  const std::pair<CURLUPart, const char*> kSteps[] = {
      {CURLUPART_QUERY, "http://u:p@[::1%25x]:80/p#f"},
      {CURLUPART_FRAGMENT, "http://u:p@[::1%25x]:80/p"},
      {CURLUPART_PATH, "http://u:p@[::1%25x]:80/"},
      {CURLUPART_PORT, "http://u:p@[::1%25x]/"},
      {CURLUPART_ZONEID, "http://u:p@[::1]/"},
      {CURLUPART_USER, "http://:p@[::1]/"},
      {CURLUPART_PASSWORD, "http://[::1]/"},
  };
  for (const auto& [what, whole] : kSteps) {
    EXPECT_TRUE(url.clear(what).ok());
    EXPECT_EQ(part(url, CURLUPART_URL), whole);
  }
  EXPECT_TRUE(url.clear(CURLUPART_SCHEME).ok());
  EXPECT_EQ(part(url, CURLUPART_URL), refusal(CURLUE_NO_SCHEME));
  EXPECT_EQ(part(url, CURLUPART_URL, CURLU_DEFAULT_SCHEME), "https://[::1]/");
  EXPECT_TRUE(url.clear(CURLUPART_URL).ok());
  EXPECT_EQ(part(url, CURLUPART_HOST), refusal(CURLUE_NO_HOST));
  EXPECT_EQ(url.clear(static_cast<CURLUPart>(11)).code(), CURLUE_UNKNOWN_PART);
}

TEST(Url, CanBePutTogetherFromPartsInAnyOrder) {
  const std::pair<CURLUPart, const char*> kParts[] = {{CURLUPART_FRAGMENT, "f"}, {CURLUPART_QUERY, "q"},
                                                      {CURLUPART_PATH, "p"},     {CURLUPART_PORT, "99"},
                                                      {CURLUPART_OPTIONS, "o"},  {CURLUPART_HOST, "[::1]"},
                                                      {CURLUPART_ZONEID, "z"},   {CURLUPART_PASSWORD, "w"},
                                                      {CURLUPART_USER, "u"},     {CURLUPART_SCHEME, "imap"}};
  for (std::size_t first = 0; first < std::size(kParts); ++first) {
    Url url;
    for (std::size_t i = 0; i < std::size(kParts); ++i) {
      const auto& [what, text] = kParts[(first + i) % std::size(kParts)];
      // A host takes the zone of the one before with it.
      ASSERT_TRUE(url.set(what, text, kAny).ok());
      if (what == CURLUPART_HOST) {
        ASSERT_TRUE(url.set(CURLUPART_ZONEID, "z", 0).ok());
      }
    }
    EXPECT_EQ(part(url, CURLUPART_URL), "imap://u:w;o@[::1%25z]:99/p?q#f") << first;
  }
}

TEST(Url, NewHostDropsTheZone) {
  Url url = parsed("http://[::1%25z]/");
  ASSERT_TRUE(url.set(CURLUPART_HOST, "[::2]", 0).ok());
  EXPECT_EQ(part(url, CURLUPART_ZONEID), refusal(CURLUE_NO_ZONEID));
}

TEST(Url, LongTextIsRefused) {
  const std::string longest = "http://h/" + std::string(kMaxUrlLength - 9, 'a');
  Url url;
  ASSERT_TRUE(Url::parse(longest, 0, url).ok());
  EXPECT_EQ(part(url, CURLUPART_URL), longest);
  EXPECT_EQ(Url::parse(longest + "a", 0, url).code(), CURLUE_MALFORMED_INPUT);
  EXPECT_EQ(url.set(CURLUPART_QUERY, longest + "a", 0).code(), CURLUE_MALFORMED_INPUT);
  ASSERT_TRUE(url.set(CURLUPART_QUERY, longest, 0).ok());
  EXPECT_EQ(part(url, CURLUPART_URL), refusal(CURLUE_TOO_LARGE));
  EXPECT_EQ(url.set(CURLUPART_QUERY, "a", CURLU_APPENDQUERY).code(), CURLUE_TOO_LARGE);
  EXPECT_EQ(Url::parse("http://h/" + std::string(3000000, ' '), CURLU_URLENCODE, url).code(),
            CURLUE_TOO_LARGE);
}

TEST(Url, IsSmall) { EXPECT_LE(sizeof(Url), 80u); }

TEST(Url, RefusalsBecomeTransferCodes) {
  EXPECT_EQ(UrlResult().curl_code(), CURLE_OK);
  EXPECT_EQ(UrlResult(CURLUE_BAD_PORT_NUMBER).curl_code(), CURLE_URL_MALFORMAT);
  EXPECT_EQ(UrlResult(CURLUE_UNSUPPORTED_SCHEME).curl_code(), CURLE_UNSUPPORTED_PROTOCOL);
  EXPECT_EQ(UrlResult(CURLUE_USER_NOT_ALLOWED).curl_code(), CURLE_LOGIN_DENIED);
  EXPECT_EQ(UrlResult(CURLUE_OUT_OF_MEMORY).curl_code(), CURLE_OUT_OF_MEMORY);
}

/// What is accepted once must come out the same when its own text is parsed again.
TEST(Url, GarbageNeverCrashesAndWhatIsAcceptedIsStable) {
  constexpr std::string_view kAlphabet = "http:://///[]@.%25?#a1;\\ \xc3\xa5\x7f\x01&=ftpile:0x";
  unsigned seed = 12345;
  const auto next = [&seed] { return seed = seed * 1664525u + 1013904223u, seed >> 8; };
  unsigned accepted = 0;
  for (int i = 0; i < 30000; ++i) {
    std::string text = i % 3 == 0 ? "http://" : i % 3 == 1 ? "imap://u;o:p@h" : "";
    for (unsigned n = next() % 24; n > 0; --n) text.push_back(kAlphabet[next() % kAlphabet.size()]);
    const unsigned flags = next() & 0xffff & ~unsigned{CURLU_PATH_AS_IS | CURLU_NO_AUTHORITY};
    Url url;
    if (!Url::parse(text, flags, url).ok()) continue;
    ++accepted;
    std::string whole;
    if (!url.to_string(0, whole).ok() || url.scheme() == "file") continue;
    EXPECT_EQ(reparsed(whole, kAny | CURLU_ALLOW_SPACE), whole) << text;
    Url other;
    (void)Url::resolve(url, text, flags, other);
    for (int what = 0; what <= 11; ++what) {
      (void)part(url, static_cast<CURLUPart>(what), next() & 0xffff);
      (void)other.set(static_cast<CURLUPart>(what), text, next() & 0xffff);
    }
  }
  EXPECT_GT(accepted, 1000u);
}

}  // namespace
}  // namespace hiper
