#include "parse/scheme.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace hiper {
namespace {

TEST(Scheme, IsFoundInAnyCase) {
  const Scheme* https = find_scheme("HttpS");
  ASSERT_NE(https, nullptr);
  EXPECT_EQ(https->name, "https");
  EXPECT_EQ(https->default_port, 443);
  EXPECT_EQ(https->protocol, std::uint64_t{CURLPROTO_HTTPS});
  EXPECT_TRUE(https->has(kSchemeTls));
  EXPECT_EQ(find_scheme("httpx"), nullptr);
  EXPECT_EQ(find_scheme(""), nullptr);
}

TEST(Scheme, EveryBitAndNameIsUsedOnce) {
  std::uint64_t seen = 0;
  for (const Scheme& scheme : known_schemes()) {
    EXPECT_EQ(seen & scheme.protocol, 0u) << scheme.name;
    seen |= scheme.protocol;
    EXPECT_EQ(find_scheme(scheme.name), &scheme) << "shadowed by an earlier row";
    EXPECT_LE(scheme.name.size(), kMaxSchemeLength);
  }
}

TEST(Scheme, KnownIsNotTheSameAsSupported) {
  EXPECT_TRUE(is_supported_scheme("HTTP"));
  EXPECT_TRUE(is_supported_scheme("https"));
  EXPECT_FALSE(is_supported_scheme("foo"));
  for (const Scheme& scheme : known_schemes()) {
    EXPECT_EQ(is_supported(scheme), (supported_protocols() & scheme.protocol) != 0) << scheme.name;
  }
}

TEST(Scheme, TlsVariantsSayEs) {
  for (const Scheme& scheme : known_schemes()) {
    const bool ends_in_s = scheme.name.back() == 's';
    EXPECT_TRUE(ends_in_s || !scheme.has(kSchemeTls)) << scheme.name;
  }
}

}  // namespace
}  // namespace hiper
