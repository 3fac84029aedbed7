#include "conn/proxy_choice.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace hiper {
namespace {

class ProxyChoice : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      unsetenv(name);
    }
  }
  void TearDown() override { SetUp(); }
  Options options_;
};

TEST_F(ProxyChoice, NothingAskedForMeansDirect) {
  EXPECT_FALSE(proxy_wanted(options_, "http", "example.com"));
}

TEST_F(ProxyChoice, TheOptionAsksForOneAndAnEmptyOneForNone) {
  setenv("http_proxy", "http://elsewhere:3128", 1);
  ASSERT_EQ(options_.set_text(Opt::proxy, "http://proxy:3128"), CURLE_OK);
  EXPECT_TRUE(proxy_wanted(options_, "http", "example.com"));
  ASSERT_EQ(options_.set_text(Opt::proxy, ""), CURLE_OK);
  EXPECT_FALSE(proxy_wanted(options_, "http", "example.com"));
}

TEST_F(ProxyChoice, TheEnvironmentIsReadPerScheme) {
  setenv("https_proxy", "http://proxy:3128", 1);
  EXPECT_TRUE(proxy_wanted(options_, "https", "example.com"));
  EXPECT_FALSE(proxy_wanted(options_, "http", "example.com"));
  setenv("all_proxy", "http://proxy:3128", 1);
  EXPECT_TRUE(proxy_wanted(options_, "http", "example.com"));
}

TEST_F(ProxyChoice, ExceptionsOfTheOptionWinOverTheEnvironment) {
  setenv("http_proxy", "http://proxy:3128", 1);
  setenv("no_proxy", "example.com", 1);
  EXPECT_FALSE(proxy_wanted(options_, "http", "www.example.com"));
  ASSERT_EQ(options_.set_text(Opt::noproxy, "other.org"), CURLE_OK);
  EXPECT_TRUE(proxy_wanted(options_, "http", "www.example.com"));
}

TEST(ProxyExceptions, NameTheHostAndWhatIsBelow) {
  EXPECT_TRUE(excluded_from_proxy("a.org, example.com", "example.com"));
  EXPECT_TRUE(excluded_from_proxy(".example.com", "www.Example.com."));
  EXPECT_TRUE(excluded_from_proxy("*", "anything"));
  EXPECT_TRUE(excluded_from_proxy("[::1],127.0.0.1", "[::1]"));
  EXPECT_FALSE(excluded_from_proxy("example.com", "badexample.com"));
  EXPECT_FALSE(excluded_from_proxy("www.example.com", "example.com"));
  EXPECT_FALSE(excluded_from_proxy("", "example.com"));
}

}  // namespace
}  // namespace hiper
