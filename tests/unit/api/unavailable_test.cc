#include <curl/curl.h>
#include <gtest/gtest.h>

namespace {

TEST(Unavailable, WebSocketCallsSayNotBuiltIn) {
  char buffer[4];
  std::size_t count = 7;
  const curl_ws_frame* meta = reinterpret_cast<const curl_ws_frame*>(buffer);
  EXPECT_EQ(curl_ws_recv(nullptr, buffer, sizeof buffer, &count, &meta), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(meta, nullptr);
  EXPECT_EQ(curl_ws_recv(nullptr, buffer, sizeof buffer, nullptr, nullptr), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(curl_ws_send(nullptr, buffer, sizeof buffer, &count, 0, CURLWS_TEXT), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(curl_ws_start_frame(nullptr, CURLWS_TEXT, 4), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(curl_ws_meta(nullptr), nullptr);
}

TEST(Unavailable, TlsSessionsAreNeitherExportedNorImported) {
  EXPECT_EQ(curl_easy_ssls_export(nullptr, nullptr, nullptr), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(curl_easy_ssls_import(nullptr, "key", nullptr, 0, nullptr, 0), CURLE_NOT_BUILT_IN);
}

TEST(Unavailable, PushedStreamsHaveNoHeaders) {
  EXPECT_EQ(curl_pushheader_bynum(nullptr, 0), nullptr);
  EXPECT_EQ(curl_pushheader_byname(nullptr, ":path"), nullptr);
}

}  // namespace
