// The C functions of the URL API: handles, NULLs, ownership and lack of memory. What the functions mean is
// tested with the Url class (tests/unit/parse/url_test.cc).
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/memory.hpp"

namespace {

struct Cleanup {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, Cleanup>;

std::string get(const CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(url, what, &text, flags);
  const hiper::OwnedText owner(text);
  EXPECT_EQ(text == nullptr, code != CURLUE_OK);
  return text != nullptr ? text : "!" + std::to_string(code);
}

TEST(UrlApi, NullArgumentsHaveTheirCodes) {
  char* text = nullptr;
  const Handle url(curl_url());
  EXPECT_EQ(curl_url_set(nullptr, CURLUPART_HOST, "h", 0), CURLUE_BAD_HANDLE);
  EXPECT_EQ(curl_url_get(nullptr, CURLUPART_HOST, &text, 0), CURLUE_BAD_HANDLE);
  EXPECT_EQ(curl_url_get(url.get(), CURLUPART_HOST, nullptr, 0), CURLUE_BAD_PARTPOINTER);
  EXPECT_EQ(curl_url_set(url.get(), static_cast<CURLUPart>(15), nullptr, 0), CURLUE_UNKNOWN_PART);
  EXPECT_EQ(curl_url_dup(nullptr), nullptr);
  curl_url_cleanup(nullptr);
}

TEST(UrlApi, FailedGetClearsThePointer) {
  char dummy = 'x';
  char* text = &dummy;
  const Handle url(curl_url());
  EXPECT_EQ(curl_url_get(url.get(), CURLUPART_HOST, &text, 0), CURLUE_NO_HOST);
  EXPECT_EQ(text, nullptr);
}

TEST(UrlApi, DuplicateLivesOnItsOwn) {
  Handle url(curl_url());
  ASSERT_EQ(curl_url_set(url.get(), CURLUPART_URL, "http://u@h:8/p?q#f", 0), CURLUE_OK);
  const Handle copy(curl_url_dup(url.get()));
  ASSERT_EQ(curl_url_set(url.get(), CURLUPART_HOST, "other", 0), CURLUE_OK);
  url.reset();
  EXPECT_EQ(get(copy.get(), CURLUPART_URL), "http://u@h:8/p?q#f");
}

TEST(UrlApi, NullRemovesAPart) {
  const Handle url(curl_url());
  ASSERT_EQ(curl_url_set(url.get(), CURLUPART_URL, "http://u@h/p", 0), CURLUE_OK);
  EXPECT_EQ(curl_url_set(url.get(), CURLUPART_USER, nullptr, 0), CURLUE_OK);
  EXPECT_EQ(get(url.get(), CURLUPART_URL), "http://h/p");
}

TEST(UrlApi, SecondUrlIsRelativeToTheFirst) {
  const Handle url(curl_url());
  ASSERT_EQ(curl_url_set(url.get(), CURLUPART_URL, "http://h/a/b?c", 0), CURLUE_OK);
  ASSERT_EQ(curl_url_set(url.get(), CURLUPART_URL, "../d?e", 0), CURLUE_OK);
  EXPECT_EQ(get(url.get(), CURLUPART_URL), "http://h/d?e");
}

void* no_memory(std::size_t) { return nullptr; }

TEST(UrlApi, LackOfMemoryForTheAnswerIsACode) {
  const Handle url(curl_url());
  ASSERT_EQ(curl_url_set(url.get(), CURLUPART_URL, "http://h/", 0), CURLUE_OK);
  const hiper::MemoryFunctions saved = hiper::memory_functions;
  hiper::memory_functions.allocate = no_memory;
  char* text = nullptr;
  const CURLUcode code = curl_url_get(url.get(), CURLUPART_HOST, &text, 0);
  hiper::memory_functions = saved;
  EXPECT_EQ(code, CURLUE_OUT_OF_MEMORY);
  EXPECT_EQ(text, nullptr);
}

}  // namespace
