// The doors of one easy handle, as an application calls them.
#include "easy/easy.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include "body/mime.hpp"

namespace {

TEST(EasyDoor, NullAndForeignHandlesAreRefused) {
  long code = 0;
  alignas(8) static char other[1024];
  for (CURL* const handle : {static_cast<CURL*>(nullptr), static_cast<CURL*>(other)}) {
    EXPECT_EQ(curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L), CURLE_BAD_FUNCTION_ARGUMENT);
    EXPECT_EQ(curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code), CURLE_BAD_FUNCTION_ARGUMENT);
    EXPECT_EQ(curl_easy_duphandle(handle), nullptr);
    curl_easy_reset(handle);
    curl_easy_cleanup(handle);
  }
}

TEST(EasyDoor, AHandleLivesFromInitToCleanup) {
  CURL* const easy = curl_easy_init();
  ASSERT_NE(easy, nullptr);
  EXPECT_EQ(curl_easy_setopt(easy, CURLOPT_URL, "http://a/"), CURLE_OK);
  char* url = nullptr;
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url), CURLE_OK);
  EXPECT_STREQ(url, "http://a/");
  CURL* const copy = curl_easy_duphandle(easy);
  ASSERT_NE(copy, nullptr);
  curl_easy_reset(easy);
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url), CURLE_OK);
  EXPECT_STREQ(url, "");
  EXPECT_EQ(curl_easy_getinfo(copy, CURLINFO_EFFECTIVE_URL, &url), CURLE_OK);
  EXPECT_STREQ(url, "http://a/");
  curl_easy_cleanup(easy);
  curl_easy_cleanup(copy);
}

TEST(EasyDoor, ADuplicateKeepsItsMimeWhenTheOriginalIsFreed) {
  CURL* const easy = curl_easy_init();
  curl_mime* const mime = curl_mime_init(easy);
  ASSERT_EQ(curl_mime_data(curl_mime_addpart(mime), "text", 4), CURLE_OK);
  ASSERT_EQ(curl_easy_setopt(easy, CURLOPT_MIMEPOST, mime), CURLE_OK);
  CURL* const copy = curl_easy_duphandle(easy);
  ASSERT_NE(copy, nullptr);
  curl_mime_free(mime);
  curl_easy_cleanup(easy);
  const auto* const cloned = hiper::Mime::from(
      static_cast<curl_mime*>(hiper::Easy::from(copy)->options.pointer(hiper::Opt::mimepost)));
  ASSERT_EQ(cloned->parts().size(), 1u);
  EXPECT_EQ(cloned->parts()[0]->data(), "text");
  curl_easy_cleanup(copy);
}

TEST(EasyDoor, NumbersThatAreNoOptionAreUnknown) {
  CURL* const easy = curl_easy_init();
  long answer = 5;
  EXPECT_EQ(curl_easy_setopt(easy, static_cast<CURLoption>(12), 1L), CURLE_UNKNOWN_OPTION);
  EXPECT_EQ(curl_easy_getinfo(easy, static_cast<CURLINFO>(CURLINFO_LONG + 99), &answer),
            CURLE_UNKNOWN_OPTION);
  EXPECT_EQ(answer, 5);
  curl_easy_cleanup(easy);
}

TEST(EasyDoor, AShareIsInUseUntilItsHandlesLeave) {
  CURLSH* const share = curl_share_init();
  CURL* const easy = curl_easy_init();
  ASSERT_NE(share, nullptr);
  EXPECT_EQ(curl_easy_setopt(easy, CURLOPT_SHARE, share), CURLE_OK);
  curl_easy_reset(easy);
  EXPECT_EQ(curl_share_cleanup(share), CURLSHE_IN_USE);
  curl_easy_cleanup(easy);
  EXPECT_EQ(curl_share_cleanup(share), CURLSHE_OK);
}

TEST(EasyDoor, OptionsAreFoundByNameAndNumber) {
  EXPECT_EQ(curl_easy_option_by_name("writedata")->id, CURLOPT_WRITEDATA);
  EXPECT_STREQ(curl_easy_option_by_id(CURLOPT_WRITEDATA)->name, "WRITEDATA");
  EXPECT_STREQ(curl_easy_option_next(nullptr)->name, "ABSTRACT_UNIX_SOCKET");
}

}  // namespace
