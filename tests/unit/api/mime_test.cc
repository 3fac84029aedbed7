// Who has a mime: the one handle whose CURLOPT_MIMEPOST names it, or the one part that it is the content of;
// and that a handle never names one that is gone. The answers are those of libcurl 7.88.1.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include "easy/easy.hpp"

namespace {

using hiper::Easy;
using hiper::Method;
using hiper::Opt;

class MimeOfAHandle : public testing::Test {
 protected:
  ~MimeOfAHandle() override {
    curl_easy_cleanup(easy);
    curl_easy_cleanup(other);
    curl_mime_free(mime);
  }
  static CURLcode name(CURL* handle, curl_mime* what) {
    return curl_easy_setopt(handle, CURLOPT_MIMEPOST, what);
  }
  static void* named_by(CURL* handle) { return Easy::from(handle)->options.pointer(Opt::mimepost); }
  static Method method_of(CURL* handle) { return Easy::from(handle)->options.method(); }
  void free_mime() {
    curl_mime_free(mime);
    mime = nullptr;
  }

  CURL* easy = curl_easy_init();
  CURL* other = curl_easy_init();
  curl_mime* mime = curl_mime_init(easy);
};

TEST_F(MimeOfAHandle, IsForgottenWhenItIsFreedAndThePostStays) {
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  EXPECT_EQ(named_by(easy), mime);
  free_mime();
  EXPECT_EQ(named_by(easy), nullptr);
  EXPECT_EQ(method_of(easy), Method::post_mime);
  CURL* const copy = curl_easy_duphandle(easy);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(named_by(copy), nullptr);
  EXPECT_EQ(method_of(copy), Method::post_mime);
  curl_easy_cleanup(copy);
}

TEST_F(MimeOfAHandle, IsForgottenWhenItIsFreedWhileTheHandleDoesSomethingElse) {
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  EXPECT_EQ(name(other, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  free_mime();
  EXPECT_EQ(named_by(easy), nullptr);
  EXPECT_EQ(method_of(easy), Method::get);
}

TEST_F(MimeOfAHandle, MayBeNamedAgain) {
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  EXPECT_EQ(name(easy, mime), CURLE_OK);
  EXPECT_EQ(named_by(easy), mime);
  EXPECT_EQ(name(other, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  free_mime();
  EXPECT_EQ(named_by(easy), nullptr);
}

TEST_F(MimeOfAHandle, IsRefusedToAnotherOneWhichStaysAsItIs) {
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  EXPECT_EQ(name(other, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(method_of(other), Method::get);
  EXPECT_EQ(named_by(other), nullptr);
  curl_mime* const own = curl_mime_init(other);
  ASSERT_EQ(name(other, own), CURLE_OK);
  EXPECT_EQ(name(other, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(named_by(other), own);
  EXPECT_EQ(named_by(easy), mime);
  curl_mime_free(own);
  EXPECT_EQ(named_by(other), nullptr);
  EXPECT_EQ(named_by(easy), mime);
}

TEST_F(MimeOfAHandle, IsFreeAgainAfterAnotherOneOrNull) {
  curl_mime* const next = curl_mime_init(easy);
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  ASSERT_EQ(name(easy, next), CURLE_OK);
  EXPECT_EQ(name(other, mime), CURLE_OK);
  ASSERT_EQ(name(other, nullptr), CURLE_OK);
  EXPECT_EQ(method_of(other), Method::post_mime);
  free_mime();
  EXPECT_EQ(named_by(easy), next);
  EXPECT_EQ(name(other, next), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_mime_free(next);
}

TEST_F(MimeOfAHandle, IsFreeAgainAfterAReset) {
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  curl_easy_reset(easy);
  EXPECT_EQ(named_by(easy), nullptr);
  ASSERT_EQ(name(other, mime), CURLE_OK);
  EXPECT_EQ(name(easy, mime), CURLE_BAD_FUNCTION_ARGUMENT);
}

TEST_F(MimeOfAHandle, IsFreeAgainAfterTheHandleEnded) {
  ASSERT_EQ(name(other, mime), CURLE_OK);
  curl_easy_cleanup(other);
  other = nullptr;
  EXPECT_EQ(name(easy, mime), CURLE_OK);
  curl_easy_cleanup(easy);
  easy = nullptr;
}

TEST_F(MimeOfAHandle, IsNoPartOfAnotherMime) {
  curl_mime* const tree = curl_mime_init(easy);
  curl_mimepart* const part = curl_mime_addpart(tree);
  ASSERT_EQ(name(easy, mime), CURLE_OK);
  EXPECT_EQ(curl_mime_subparts(part, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  ASSERT_EQ(name(easy, tree), CURLE_OK);
  ASSERT_EQ(curl_mime_subparts(part, mime), CURLE_OK);
  EXPECT_EQ(name(other, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_mime_free(tree);
  mime = nullptr;
  EXPECT_EQ(named_by(easy), nullptr);
}

/// A part that says when it is freed.
class MimeOfADuplicate : public MimeOfAHandle {
 protected:
  MimeOfADuplicate() {
    curl_mime_data_cb(
        curl_mime_addpart(mime), 0, [](char*, std::size_t, std::size_t, void*) { return std::size_t{0}; },
        nullptr, [](void* count) { ++*static_cast<int*>(count); }, &num_freed);
    name(easy, mime);
    copy = curl_easy_duphandle(easy);
  }
  ~MimeOfADuplicate() override { curl_easy_cleanup(copy); }
  int num_freed = 0;
  CURL* copy = nullptr;
};

TEST_F(MimeOfADuplicate, IsACopyThatLivesWithTheDuplicate) {
  ASSERT_NE(copy, nullptr);
  EXPECT_NE(named_by(copy), mime);
  EXPECT_NE(named_by(copy), nullptr);
  EXPECT_EQ(name(copy, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  free_mime();
  EXPECT_EQ(num_freed, 1);
  EXPECT_EQ(named_by(easy), nullptr);
  EXPECT_NE(named_by(copy), nullptr);
  CURL* const second = curl_easy_duphandle(copy);
  ASSERT_NE(second, nullptr);
  EXPECT_NE(named_by(second), named_by(copy));
  curl_easy_cleanup(second);
  EXPECT_EQ(num_freed, 2);
  curl_easy_setopt(copy, CURLOPT_HTTPGET, 1L);
  EXPECT_EQ(num_freed, 2);
  curl_easy_cleanup(copy);
  copy = nullptr;
  EXPECT_EQ(num_freed, 3);
}

TEST_F(MimeOfADuplicate, GoesWithAReset) {
  curl_easy_reset(copy);
  EXPECT_EQ(named_by(copy), nullptr);
  EXPECT_EQ(num_freed, 1);
}

TEST_F(MimeOfADuplicate, GoesWhenAnotherOneIsNamed) {
  ASSERT_EQ(name(copy, nullptr), CURLE_OK);
  EXPECT_EQ(num_freed, 1);
  EXPECT_EQ(named_by(copy), nullptr);
  EXPECT_EQ(named_by(easy), mime);
}

}  // namespace
