// HSTS: what the header says, which names count, and the cache.
#include "http/hsts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using hiper::HstsCache;
using hiper::HstsEntry;
using hiper::HstsPolicy;
using hiper::kHstsForever;
using hiper::kHstsLastSecond;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

struct HeaderCase {
  const char* value;
  std::int64_t max_age;  ///< -1: the header is ignored
  bool subdomains = false;
};

// In brackets: libcurl 7.88 does something else.
constexpr HeaderCase kHeaders[] = {
    {"max-age=1000", 1000},
    {"max-age=\"1000\"", 1000},
    {"MAX-AGE=1000", 1000},
    {"max-age=0", 0},
    {"max-age=\"0\"; includeSubDomains", 0, true},
    {"max-age=1000; includeSubDomains", 1000, true},
    {"includesubdomains;max-age=1000", 1000, true},
    {"INCLUDESUBDOMAINS ; max-age=1000 ; ", 1000, true},
    {"  max-age=1000\t;\tincludeSubDomains  ", 1000, true},
    {";;max-age=1000;;", 1000},
    {"max-age = 1000", 1000},     // [ignored]; RFC 6797, section 6.1: blanks may be there
    {"max-age= \"1000\"", 1000},  // [ignored]
    {"max-age=99999999999999999999999", kMost},
    {"max-age=9223372036854775807", kMost},
    {"max-age=9223372036854775808", kMost},
    {"max-age=00000000000000000000001000", 1000},
    // Directives that nobody knows.
    {"max-age=1000; preload", 1000},
    {"max-age=1000; foo=bar", 1000},
    {"max-age=1000; foo=\"a;includeSubDomains;b\"", 1000},
    {"max-age=1000; foo=\"a\\\";includeSubDomains\"", 1000},
    {"foo=\"max-age=5\"; max-age=1000", 1000},
    {"max-ages=5; max-age=1000", 1000},
    {"includeSubDomainsx; max-age=1000", 1000},  // [with subdomains]
    {"=; max-age=1000", 1000},
    {"max-age=1000; =; includeSubDomains", 1000, true},
    // What follows a value.
    {"max-age=1000x", 1000},
    {"max-age=1000 includeSubDomains", 1000, true},
    {"max-age=1000,max-age=5", 1000},
    {"max-age=\"1000\"x; includeSubDomains", 1000, true},
    {"max-age=1000; includeSubDomains=1", 1000, true},
    // No policy.
    {"", -1},
    {" ; ;", -1},
    {"includeSubDomains", -1},
    {"preload", -1},
    {"max-age", -1},
    {"max-age=", -1},
    {"max-age=;", -1},
    {"max-age=abc", -1},
    {"max-age=-5", -1},
    {"max-age=+5", -1},  // [5]
    {"max-age='5'", -1},
    {"max-age=\"1000", -1},
    {"max-age=\"\"", -1},
    {"max-age=\"1000 \"", -1},
    {"max-age 1000", -1},
    {"foo max-age=1000", -1},
    {"foo=\"; max-age=1000", -1},
    {"foo=\"\\", -1},
    {"max-age=1000; max-age=1000", -1},
    {"max-age=1000; includeSubDomains; includeSubDomains", -1},
    {"max-age=1000; max-age=x", -1},
};

TEST(HstsHeader, SaysWhatTheTableSays) {
  for (const HeaderCase& row : kHeaders) {
    SCOPED_TRACE(row.value);
    HstsPolicy policy{77, false};
    const bool good = parse_hsts_policy(row.value, policy);
    EXPECT_EQ(good, row.max_age >= 0);
    EXPECT_EQ(policy.max_age, good ? row.max_age : 77) << "what is ignored changes nothing";
    EXPECT_EQ(policy.subdomains, row.subdomains);
  }
}

TEST(HstsHeader, EveryBeginningOfAHeaderIsReadWithoutHarm) {
  for (const HeaderCase& row : kHeaders) {
    const std::string whole = row.value;
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      HstsPolicy policy;
      policy.max_age = -1;
      const bool good = parse_hsts_policy({exact.data(), exact.size()}, policy);
      EXPECT_EQ(good, policy.max_age >= 0) << whole.substr(0, length);
    }
  }
}

TEST(HstsName, IsTheHostAsDnsComparesIt) {
  const std::string longest(253, 'a');
  struct {
    std::string host;
    const char* name;  ///< nullptr: no such name
  } const cases[] = {
      {"host.test", "host.test"},
      {"HOST.Test", "host.test"},
      {"host.test.", "host.test"},
      {"localhost", "localhost"},
      {"b\xc3\xbc"
       "cher.test",
       "xn--bcher-kva.test"},
      {"XN--BCHER-KVA.test", "xn--bcher-kva.test"},
      {longest, longest.c_str()},
      {"", nullptr},
      {".", nullptr},
      {"host.test..", nullptr},
      {".host.test", nullptr},
      {"127.0.0.1", nullptr},
      {"127.0.0.1.", nullptr},
      {"0x7f.1", nullptr},
      {"2130706433", nullptr},
      {"[::1]", nullptr},
      {"::1", nullptr},
      {"host.test:80", nullptr},
      {"ho st.test", nullptr},
      {"host\n.test", nullptr},
      {"host\".test", nullptr},
      {std::string("ho\0st", 5), nullptr},
      {std::string(254, 'a'), nullptr},
      {std::string(100000, 'a'), nullptr},
  };
  for (const auto& [host, expected] : cases) {
    SCOPED_TRACE(host.substr(0, 80));
    std::string name = "before";
    EXPECT_EQ(hiper::hsts_name(host, name), expected != nullptr);
    EXPECT_EQ(name, expected != nullptr ? expected : "");
  }
}

TEST(HstsCache, CoversTheHostItselfOrWithItsSubdomains) {
  HstsCache cache;
  EXPECT_FALSE(cache.covers("host.test", kNow));
  cache.learn("exact.test", {100, false}, kNow);
  cache.learn("all.test", {100, true}, kNow);
  EXPECT_TRUE(cache.covers("exact.test", kNow));
  EXPECT_FALSE(cache.covers("www.exact.test", kNow));
  EXPECT_TRUE(cache.covers("all.test", kNow));
  EXPECT_TRUE(cache.covers("www.all.test", kNow));
  EXPECT_TRUE(cache.covers("a.b.c.all.test", kNow));
  EXPECT_FALSE(cache.covers("wwwall.test", kNow)) << "whole labels count";
  EXPECT_FALSE(cache.covers("test", kNow));
  EXPECT_FALSE(cache.covers("", kNow));
  EXPECT_FALSE(cache.covers("all.test.other", kNow));
}

TEST(HstsCache, ADomainAboveCountsBesideAnEntryOfTheHost) {
  HstsCache cache;
  cache.learn("test", {100, true}, kNow);
  cache.learn("host.test", {50, false}, kNow);
  EXPECT_TRUE(cache.covers("www.host.test", kNow)) << "RFC 6797, section 8.2: any domain above";
  cache.learn("host.test", {0, false}, kNow);
  EXPECT_TRUE(cache.covers("host.test", kNow));
  cache.learn("test", {0, true}, kNow);
  EXPECT_FALSE(cache.covers("host.test", kNow));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(HstsCache, EntriesExpire) {
  HstsCache cache;
  cache.learn("host.test", {100, true}, kNow);
  EXPECT_TRUE(cache.covers("host.test", kNow + 99));
  EXPECT_FALSE(cache.covers("host.test", kNow + 100));
  EXPECT_FALSE(cache.covers("www.host.test", kNow + 100));
  EXPECT_EQ(cache.entries(kNow + 99).size(), 1u);
  EXPECT_EQ(cache.entries(kNow + 100).size(), 0u);
}

TEST(HstsCache, ANewHeaderReplacesWhatWasKnown) {
  HstsCache cache;
  cache.learn("host.test", {1000, true}, kNow);
  cache.learn("host.test", {10, false}, kNow + 5);
  const std::vector<HstsEntry> entries = cache.entries(kNow);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].expires, kNow + 15);
  EXPECT_FALSE(entries[0].subdomains);
}

TEST(HstsCache, WhatWasKnownEarlierDoesNotShortenAnEntry) {
  HstsCache cache;
  cache.add({"host.test", kNow + 1000, true}, kNow);
  cache.add({"host.test", kNow + 10, false}, kNow);
  cache.add({"old.test", kNow, false}, kNow);
  ASSERT_EQ(cache.entries(kNow).size(), 1u);
  EXPECT_EQ(cache.entries(kNow)[0].expires, kNow + 1000);
  EXPECT_TRUE(cache.entries(kNow)[0].subdomains);
  cache.add({"host.test", kHstsForever, false}, kNow);
  EXPECT_EQ(cache.entries(kNow)[0].expires, kHstsForever);
}

TEST(HstsCache, TimesThatNoStampCanTellNeverCome) {
  HstsCache cache;
  cache.learn("a.test", {kMost, false}, kNow);
  cache.learn("b.test", {kHstsLastSecond - kNow, false}, kNow);
  cache.learn("c.test", {kHstsLastSecond - kNow + 1, false}, kNow);
  cache.add({"d.test", kHstsLastSecond + 1, false}, kNow);
  const std::vector<HstsEntry> entries = cache.entries(kNow);
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].expires, kHstsForever);
  EXPECT_EQ(entries[1].expires, kHstsLastSecond);
  EXPECT_EQ(entries[2].expires, kHstsForever);
  EXPECT_EQ(entries[3].expires, kHstsForever);
  EXPECT_TRUE(cache.covers("a.test", kMost - 1));
}

TEST(HstsCache, EntriesComeInTheOrderInWhichTheyWereLearnt) {
  HstsCache cache;
  for (const char* const host : {"c.test", "a.test", "b.test"}) cache.learn(host, {100, false}, kNow);
  cache.learn("c.test", {200, false}, kNow);
  std::string order;
  for (const HstsEntry& entry : cache.entries(kNow)) order += entry.host[0];
  EXPECT_EQ(order, "cab");
}

TEST(HstsCache, AFullOneKeepsWhatItKnowsUntilSomethingExpires) {
  HstsCache cache;
  for (std::size_t i = 0; i < HstsCache::kEntriesMax; ++i) {
    cache.learn("h" + std::to_string(i) + ".test", {i < 10 ? 100 : 1000, false}, kNow);
  }
  cache.learn("late.test", {1000, false}, kNow);
  EXPECT_EQ(cache.size(), HstsCache::kEntriesMax);
  EXPECT_FALSE(cache.covers("late.test", kNow));
  cache.learn("h7.test", {5000, true}, kNow);
  EXPECT_TRUE(cache.covers("www.h7.test", kNow)) << "a known host is brought up to date";
  cache.learn("late.test", {1000, false}, kNow + 100);
  EXPECT_TRUE(cache.covers("late.test", kNow + 100));
  EXPECT_EQ(cache.size(), HstsCache::kEntriesMax - 9 + 1);
}

TEST(HstsCache, NoTwoHaveTheSameId) {
  HstsCache one;
  HstsCache two;
  EXPECT_NE(one.id(), two.id());
  EXPECT_NE(one.id(), 0u);
}

}  // namespace
