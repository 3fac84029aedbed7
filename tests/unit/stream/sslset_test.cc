// curl_global_sslset: expectations were observed on libcurl 7.88.1, before and after global init.
#include <curl/curl.h>
#include <gtest/gtest.h>

extern "C" CURLsslset curl_global_sslset_gnutls(curl_sslbackend id, const char* name,
                                                const curl_ssl_backend*** available);

namespace {

const auto kNone =
    static_cast<curl_sslbackend>(CURLSSLBACKEND_RUSTLS + 1);  // fits the enum, unlike the usual -1

TEST(Sslset, TheOnlyBackendIsFoundByIdOrByNameAsOftenAsAsked) {
  EXPECT_EQ(curl_global_sslset(CURLSSLBACKEND_OPENSSL, nullptr, nullptr), CURLSSLSET_OK);
  EXPECT_EQ(curl_global_sslset(CURLSSLBACKEND_OPENSSL, "gnutls", nullptr), CURLSSLSET_OK);
  EXPECT_EQ(curl_global_sslset(kNone, "OpEnSsL", nullptr), CURLSSLSET_OK);
  EXPECT_EQ(curl_global_sslset(CURLSSLBACKEND_GNUTLS, "openssl", nullptr), CURLSSLSET_OK);
}

TEST(Sslset, OthersAreUnknownAndTheListIsGiven) {
  const curl_ssl_backend** list = nullptr;
  EXPECT_EQ(curl_global_sslset(kNone, nullptr, &list), CURLSSLSET_UNKNOWN_BACKEND);
  ASSERT_NE(list, nullptr);
  ASSERT_NE(list[0], nullptr);
  EXPECT_EQ(list[0]->id, CURLSSLBACKEND_OPENSSL);
  EXPECT_STREQ(list[0]->name, "openssl");
  EXPECT_EQ(list[1], nullptr);
  EXPECT_EQ(curl_global_sslset(CURLSSLBACKEND_GNUTLS, nullptr, nullptr), CURLSSLSET_UNKNOWN_BACKEND);
  EXPECT_EQ(curl_global_sslset(CURLSSLBACKEND_NONE, nullptr, nullptr), CURLSSLSET_UNKNOWN_BACKEND);
}

TEST(Sslset, GnutlsFlavourAnswersToItsOwnName) {
  const curl_ssl_backend** list = nullptr;
  EXPECT_EQ(curl_global_sslset_gnutls(kNone, "gnutls", &list), CURLSSLSET_OK);
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list[0]->id, CURLSSLBACKEND_GNUTLS);
  EXPECT_EQ(curl_global_sslset_gnutls(CURLSSLBACKEND_GNUTLS, nullptr, nullptr), CURLSSLSET_OK);
  EXPECT_EQ(curl_global_sslset_gnutls(kNone, "openssl", nullptr), CURLSSLSET_UNKNOWN_BACKEND);
}

}  // namespace
