// curl_strequal, curl_getenv, curl_slist_*, curl_easy_(un)escape and curl_getdate as doors.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/memory.hpp"
#include "support/failing_memory.hpp"

namespace {

using hiper::testing::FailingMemory;

std::string taken(char* text) {
  if (text == nullptr) return "(null)";
  std::string copy(text);
  hiper::release(text);
  return copy;
}

TEST(TextApi, StringsAreEqualWithoutCaseOfAscii) {
  EXPECT_EQ(curl_strequal("abc", "ABC"), 1);
  EXPECT_EQ(curl_strequal("abc", "abd"), 0);
  EXPECT_EQ(curl_strequal("a", ""), 0);
  EXPECT_EQ(curl_strequal("\xc4", "\xe4"), 0);
  EXPECT_EQ(curl_strequal("[", "{"), 0);
  EXPECT_EQ(curl_strnequal("abcd", "ABCe", 3), 1);
  EXPECT_EQ(curl_strnequal("ab", "abc", 3), 0);
  EXPECT_EQ(curl_strnequal("ab", "ab", 30), 1);
  EXPECT_EQ(curl_strnequal("a", "", 0), 1);
}

TEST(TextApi, MissingStringsCompareAsObserved) {
  EXPECT_EQ(curl_strequal(nullptr, nullptr), 1);
  EXPECT_EQ(curl_strequal(nullptr, "a"), 0);
  EXPECT_EQ(curl_strequal("a", nullptr), 0);
  EXPECT_EQ(curl_strnequal(nullptr, nullptr, 0), 0);
  EXPECT_EQ(curl_strnequal(nullptr, nullptr, 3), 1);
  EXPECT_EQ(curl_strnequal(nullptr, "a", 0), 0);
}

TEST(TextApi, EmptyVariablesOfTheEnvironmentAreUnset) {
  ASSERT_EQ(setenv("HIPER_TEST_SET", "value", 1), 0);
  ASSERT_EQ(setenv("HIPER_TEST_EMPTY", "", 1), 0);
  EXPECT_EQ(taken(curl_getenv("HIPER_TEST_SET")), "value");
  EXPECT_EQ(curl_getenv("HIPER_TEST_EMPTY"), nullptr);
  EXPECT_EQ(curl_getenv("HIPER_TEST_MISSING"), nullptr);
  EXPECT_EQ(curl_getenv(nullptr), nullptr);
}

TEST(SlistApi, AppendsCopiesInOrder) {
  char text[] = "one";
  curl_slist* list = curl_slist_append(nullptr, text);
  text[0] = 'X';
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(curl_slist_append(list, ""), list);
  EXPECT_EQ(curl_slist_append(list, "three"), list);
  EXPECT_STREQ(list->data, "one");
  EXPECT_STREQ(list->next->data, "");
  EXPECT_STREQ(list->next->next->data, "three");
  EXPECT_EQ(list->next->next->next, nullptr);
  EXPECT_EQ(curl_slist_append(list, nullptr), nullptr);
  curl_slist_free_all(list);
  curl_slist_free_all(nullptr);
}

TEST(SlistApi, LackOfMemoryKeepsTheList) {
  for (int fail_at = 1; fail_at <= 2; ++fail_at) {
    curl_slist* const list = curl_slist_append(nullptr, "one");
    {
      const FailingMemory memory(fail_at);
      EXPECT_EQ(curl_slist_append(list, "two"), nullptr);
      EXPECT_EQ(FailingMemory::num_live(), 0);
    }
    EXPECT_EQ(list->next, nullptr);
    curl_slist_free_all(list);
  }
}

TEST(EscapeApi, KeepsUnreservedBytesAndEncodesTheRest) {
  EXPECT_EQ(taken(curl_easy_escape(nullptr, "a b/c?&%~-._\xff\x01", 0)), "a%20b%2Fc%3F%26%25~-._%FF%01");
  EXPECT_EQ(taken(curl_escape("a b", 0)), "a%20b");
  EXPECT_EQ(taken(curl_easy_escape(nullptr, "abc", 2)), "ab");
  EXPECT_EQ(taken(curl_easy_escape(nullptr, "a\0b", 3)), "a%00b");
  EXPECT_EQ(taken(curl_easy_escape(nullptr, "", 0)), "");
}

TEST(EscapeApi, RefusesWhatIsNoText) {
  EXPECT_EQ(curl_easy_escape(nullptr, "abc", -1), nullptr);
  EXPECT_EQ(curl_easy_escape(nullptr, nullptr, 0), nullptr);
  EXPECT_EQ(curl_easy_unescape(nullptr, nullptr, 3, nullptr), nullptr);
  const std::string huge(24'000'000, 'a');
  EXPECT_EQ(curl_easy_escape(nullptr, huge.data(), static_cast<int>(huge.size())), nullptr);
  int length = -7;
  EXPECT_EQ(curl_easy_unescape(nullptr, "abc", -1, &length), nullptr);
  EXPECT_EQ(length, -7);
}

TEST(EscapeApi, UnescapesWholeTripletsOnly) {
  EXPECT_EQ(taken(curl_easy_unescape(nullptr, "%zz%2", 0, nullptr)), "%zz%2");
  EXPECT_EQ(taken(curl_unescape("%41%42", 4)), "A%");
  EXPECT_EQ(taken(curl_unescape("a+b%", 0)), "a+b%");
  EXPECT_EQ(taken(curl_unescape("%4g%G1%2f%2F", 0)), "%4g%G1//");
}

TEST(EscapeApi, SaysTheLengthOfTextWithNul) {
  int length = 0;
  char* const text = curl_easy_unescape(nullptr, "a%20b%00c", 0, &length);
  ASSERT_NE(text, nullptr);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(length)), std::string("a b\0c", 5));
  hiper::release(text);
}

TEST(EscapeApi, LackOfMemoryIsNull) {
  const FailingMemory memory(1);
  EXPECT_EQ(curl_easy_escape(nullptr, "abc", 0), nullptr);
  int length = 0;
  EXPECT_EQ(curl_easy_unescape(nullptr, "abc", 0, &length), nullptr);
}

TEST(GetdateApi, AnswersSecondsOrMinusOne) {
  EXPECT_EQ(curl_getdate("Sun, 06 Nov 1994 08:49:37 GMT", nullptr), 784111777);
  EXPECT_EQ(curl_getdate("not a date", nullptr), -1);
  EXPECT_EQ(curl_getdate("Wed, 31 Dec 1969 23:59:59 GMT", nullptr), 0);
  EXPECT_EQ(curl_getdate(nullptr, nullptr), -1);
}

}  // namespace
