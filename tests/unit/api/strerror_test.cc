#include <curl/curl.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

const std::string kUnknown = curl_easy_strerror(static_cast<CURLcode>(120));

TEST(Strerror, EveryCodeInUseHasItsOwnText) {
  std::set<std::string> texts;
  const std::set<int> retired = {20, 24, 29, 32, 40, 44, 46, 50, 51, 57, 62, 75, 76};
  for (int code = 0; code < CURL_LAST; ++code) {
    const std::string text = curl_easy_strerror(static_cast<CURLcode>(code));
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text == kUnknown, retired.count(code) == 1) << code;
    texts.insert(text);
  }
  // The retired ones share a text.
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(CURL_LAST) - retired.size() + 1);
}

// contract: 16.3
TEST(Strerror, MultiShareAndUrlCodesHaveTexts) {
  for (int code = CURLM_CALL_MULTI_PERFORM; code < CURLM_LAST; ++code) {
    EXPECT_NE(curl_multi_strerror(static_cast<CURLMcode>(code)), kUnknown) << code;
  }
  for (int code = 0; code < CURLSHE_LAST; ++code) {
    EXPECT_NE(curl_share_strerror(static_cast<CURLSHcode>(code)), kUnknown) << code;
  }
  for (int code = 0; code < CURLUE_LAST; ++code) {
    EXPECT_NE(curl_url_strerror(static_cast<CURLUcode>(code)), kUnknown) << code;
  }
}

// contract: 16.3
TEST(Strerror, OtherNumbersGetAnAnswerToo) {
  EXPECT_EQ(curl_easy_strerror(CURL_LAST), kUnknown);
  EXPECT_EQ(curl_multi_strerror(static_cast<CURLMcode>(-2)), kUnknown);
  EXPECT_EQ(curl_multi_strerror(CURLM_LAST), kUnknown);
  EXPECT_EQ(curl_share_strerror(CURLSHE_LAST), kUnknown);
  EXPECT_EQ(curl_url_strerror(CURLUE_LAST), kUnknown);
}

}  // namespace
