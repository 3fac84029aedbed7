#include "parse/host.hpp"

#include <gtest/gtest.h>

#include "parse/idn.hpp"

namespace hiper {
namespace {

TEST(Host, ZoneIsSplitFromTheAddress) {
  Ipv6Host host;
  ASSERT_TRUE(parse_ipv6_host("[fe80::0001%25eth0]", host));
  EXPECT_EQ(host.bracketed, "[fe80::1]");
  EXPECT_EQ(host.zone, "eth0");
  ASSERT_TRUE(parse_ipv6_host("[::1]", host));
  EXPECT_TRUE(host.zone.empty());
}

TEST(Host, BracketsAloneAreNoAddress) {
  Ipv6Host host;
  for (const char* text : {"", "[", "]", "[]", "[%25z]", "[::1%]", "[::1", "::1]", "[1.2.3.4]"}) {
    EXPECT_FALSE(parse_ipv6_host(text, host)) << text;
  }
  EXPECT_FALSE(parse_ipv6_host("[" + std::string(100, '0') + "]", host));
}

TEST(Host, NameWithoutTheFirstDigitIsNoAddress) {
  std::string dotted = "old";
  for (const char* text : {"", ".1", "a", "1.", "-1", "1..2", "0x100000000"}) {
    EXPECT_FALSE(normalize_ipv4(text, dotted)) << text;
  }
  EXPECT_EQ(dotted, "old");
}

TEST(Idn, NamesGoThereAndBack) {
  std::string text;
  ASSERT_TRUE(idn_to_ascii("\xc3\xa5\xc3\xa4\xc3\xb6.se", text));
  EXPECT_EQ(text, "xn--4cab6c.se");
  ASSERT_TRUE(idn_to_unicode("xn--4cab6c.se", text));
  EXPECT_EQ(text, "\xc3\xa5\xc3\xa4\xc3\xb6.se");
}

TEST(Idn, SharpSIsKeptAsNonTransitionalProcessingAsks) {
  std::string text;
  ASSERT_TRUE(idn_to_ascii("fa\xc3\x9f.de", text));
  EXPECT_EQ(text, "xn--fa-hia.de");
}

TEST(Idn, BrokenNamesAreRefused) {
  std::string text;
  EXPECT_FALSE(idn_to_ascii("a\xff", text));
  EXPECT_FALSE(idn_to_ascii(std::string("\xc3\xa5") + std::string(70, 'a'), text));
  EXPECT_FALSE(idn_to_ascii(std::string_view("\xc3\xa5\0b", 4), text));
}

TEST(Idn, PunycodeIsFoundInAnyLabel) {
  EXPECT_TRUE(has_punycode_label("xn--a.b"));
  EXPECT_TRUE(has_punycode_label("a.XN--b"));
  EXPECT_FALSE(has_punycode_label("axn--b.c"));
  EXPECT_FALSE(has_punycode_label(""));
}

}  // namespace
}  // namespace hiper
