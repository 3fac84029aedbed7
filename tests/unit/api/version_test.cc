#include <ares.h>
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <idn2.h>
#include <libpsl.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "parse/scheme.hpp"

namespace {

std::vector<std::string> names(const char* const* list) {
  std::vector<std::string> result;
  for (; *list != nullptr; ++list) result.emplace_back(*list);
  return result;
}

TEST(Version, LineNamesTheLibraryFirstAndTheLibrariesInUse) {
  const std::string line = curl_version();
  EXPECT_EQ(line.rfind("libcurl/" LIBCURL_VERSION " hiper/", 0), 0u) << line;
  EXPECT_NE(line.find(" OpenSSL/"), std::string::npos);
  EXPECT_NE(line.find(std::string(" zlib/") + zlibVersion()), std::string::npos);
  EXPECT_NE(line.find(std::string(" c-ares/") + ares_version(nullptr)), std::string::npos);
  const std::string psl = psl_get_version();
  const std::string libraries =
      std::string(" libidn2/") + idn2_check_version(nullptr) + " libpsl/" + psl.substr(0, psl.find(' '));
  EXPECT_TRUE(line.ends_with(libraries)) << line;
  EXPECT_EQ(curl_version(), curl_version());
}

TEST(Version, EveryAgeGetsTheNewestStruct) {
  for (int age = CURLVERSION_FIRST; age <= CURLVERSION_NOW; ++age) {
    const curl_version_info_data* const info = curl_version_info(static_cast<CURLversion>(age));
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->age, CURLVERSION_NOW);
  }
}

TEST(Version, NumbersAndTextsAgree) {
  const curl_version_info_data* const info = curl_version_info(CURLVERSION_NOW);
  EXPECT_STREQ(info->version, LIBCURL_VERSION);
  EXPECT_EQ(info->version_num, static_cast<unsigned>(LIBCURL_VERSION_NUM));
  EXPECT_NE(std::string(curl_version()).find(info->ssl_version), std::string::npos);
  EXPECT_EQ(info->ssl_version_num, 0);
  EXPECT_STREQ(info->libz_version, zlibVersion());
  int number = 0;
  EXPECT_STREQ(info->ares, ares_version(&number));
  EXPECT_EQ(info->ares_num, number);
  EXPECT_NE(info->host, nullptr);
  EXPECT_NE(info->cainfo, nullptr);
}

TEST(Version, FeatureNamesAreSortedAndMatchTheBits) {
  const curl_version_info_data* const info = curl_version_info(CURLVERSION_NOW);
  const std::vector<std::string> features = names(info->feature_names);
  for (std::size_t i = 1; i < features.size(); ++i) {
    EXPECT_LT(strcasecmp(features[i - 1].c_str(), features[i].c_str()), 0) << features[i];
  }
  const auto has = [&](const char* name) {
    return std::find(features.begin(), features.end(), name) != features.end();
  };
  EXPECT_EQ(has("SSL"), (info->features & CURL_VERSION_SSL) != 0);
  EXPECT_EQ(has("HTTP2"), (info->features & CURL_VERSION_HTTP2) != 0);
  EXPECT_EQ(has("AsynchDNS"), (info->features & CURL_VERSION_ASYNCHDNS) != 0);
  EXPECT_EQ(has("PSL"), (info->features & CURL_VERSION_PSL) != 0);
  EXPECT_EQ(has("HSTS"), (info->features & CURL_VERSION_HSTS) != 0);
  EXPECT_TRUE(has("PSL") && has("HSTS"));
}

TEST(Version, ProtocolsAreTheSchemesThatWork) {
  const std::vector<std::string> protocols = names(curl_version_info(CURLVERSION_NOW)->protocols);
  std::vector<std::string> schemes;
  for (const hiper::Scheme& scheme : hiper::known_schemes()) {
    if (hiper::is_supported(scheme)) schemes.emplace_back(scheme.name);
  }
  std::sort(schemes.begin(), schemes.end());
  EXPECT_EQ(protocols, schemes);
}

}  // namespace
