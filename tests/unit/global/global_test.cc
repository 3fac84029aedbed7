// curl_global_init and its kin: counting, memory functions, threads.
#include "api/global.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "base/memory.hpp"

namespace {

std::atomic<int> calls_a{0};
std::atomic<int> calls_b{0};

template <std::atomic<int>& calls>
void* counted_malloc(std::size_t size) {
  ++calls;
  return std::malloc(size);
}
template <std::atomic<int>& calls>
void counted_free(void* p) {
  ++calls;
  std::free(p);
}
template <std::atomic<int>& calls>
void* counted_realloc(void* p, std::size_t size) {
  ++calls;
  return std::realloc(p, size);
}
template <std::atomic<int>& calls>
char* counted_strdup(const char* s) {
  ++calls;
  return ::strdup(s);
}
template <std::atomic<int>& calls>
void* counted_calloc(std::size_t n, std::size_t size) {
  ++calls;
  return std::calloc(n, size);
}

template <std::atomic<int>& calls>
CURLcode init_counted() {
  return curl_global_init_mem(CURL_GLOBAL_ALL, counted_malloc<calls>, counted_free<calls>,
                              counted_realloc<calls>, counted_strdup<calls>, counted_calloc<calls>);
}

/// Who answers an allocation now: 'a', 'b', or '-' for neither.
char answering() {
  calls_a = calls_b = 0;
  curl_free(hiper::allocate(10));
  if (calls_a == 2) return 'a';
  return calls_b == 2 ? 'b' : '-';
}

class Global : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
    curl_global_cleanup();
    ASSERT_EQ(answering(), '-');
  }
};

TEST_F(Global, OnlyTheFirstUserChoosesTheMemoryFunctions) {
  ASSERT_EQ(init_counted<calls_a>(), CURLE_OK);
  EXPECT_EQ(answering(), 'a');
  ASSERT_EQ(init_counted<calls_b>(), CURLE_OK);
  EXPECT_EQ(answering(), 'a');
  curl_global_cleanup();
  EXPECT_EQ(answering(), 'a');
  curl_global_cleanup();
}

TEST_F(Global, MemoryFunctionsStayAfterTheLastCleanupUntilTheNextInit) {
  ASSERT_EQ(init_counted<calls_a>(), CURLE_OK);
  curl_global_cleanup();
  EXPECT_EQ(answering(), 'a');
  ASSERT_EQ(init_counted<calls_b>(), CURLE_OK);
  EXPECT_EQ(answering(), 'b');
  curl_global_cleanup();
  ASSERT_EQ(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
  EXPECT_EQ(answering(), '-');
  curl_global_cleanup();
}

TEST_F(Global, AMissingMemoryFunctionIsRefusedAndNotCounted) {
  const auto init_without = [](int missing) {
    return curl_global_init_mem(
        CURL_GLOBAL_ALL, missing == 0 ? nullptr : counted_malloc<calls_a>,
        missing == 1 ? nullptr : counted_free<calls_a>, missing == 2 ? nullptr : counted_realloc<calls_a>,
        missing == 3 ? nullptr : counted_strdup<calls_a>, missing == 4 ? nullptr : counted_calloc<calls_a>);
  };
  for (int missing = 0; missing < 5; ++missing)
    EXPECT_EQ(init_without(missing), CURLE_FAILED_INIT) << missing;
  EXPECT_EQ(answering(), '-');
  ASSERT_EQ(init_counted<calls_b>(), CURLE_OK);
  EXPECT_EQ(answering(), 'b') << "one of the refused calls was counted";
  EXPECT_EQ(init_without(2), CURLE_FAILED_INIT) << "also when there is a user already";
  curl_global_cleanup();
}

TEST_F(Global, SurplusCleanupsDoNothing) {
  curl_global_cleanup();
  curl_global_cleanup();
  ASSERT_EQ(init_counted<calls_a>(), CURLE_OK);
  EXPECT_EQ(answering(), 'a');
  curl_global_cleanup();
}

TEST_F(Global, FirstUseInitialisesWithTheDefaultFunctionsAndCountsOnce) {
  ASSERT_EQ(hiper::ensure_global_init(), CURLE_OK);
  ASSERT_EQ(hiper::ensure_global_init(), CURLE_OK);
  ASSERT_EQ(init_counted<calls_a>(), CURLE_OK);
  EXPECT_EQ(answering(), '-');
  curl_global_cleanup();
  curl_global_cleanup();
  ASSERT_EQ(init_counted<calls_b>(), CURLE_OK);
  EXPECT_EQ(answering(), 'b') << "first use was counted more than once";
  curl_global_cleanup();
}

TEST_F(Global, ManyThreadsInitialiseAndCleanUpTogether) {
  std::atomic<int> errors{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&errors] {
      for (int round = 0; round < 200; ++round) {
        if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) ++errors;
        if (hiper::ensure_global_init() != CURLE_OK) ++errors;
        curl_global_cleanup();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors, 0);
  ASSERT_EQ(init_counted<calls_a>(), CURLE_OK);
  EXPECT_EQ(answering(), 'a') << "the count did not come back to zero";
  curl_global_cleanup();
}

TEST_F(Global, FreeIgnoresNull) { curl_free(nullptr); }

TEST_F(Global, TraceIgnoresNamesItDoesNotKnow) {
  EXPECT_EQ(curl_global_trace("all,-no-such-component"), CURLE_OK);
  EXPECT_EQ(curl_global_trace(""), CURLE_OK);
  EXPECT_EQ(curl_global_trace(nullptr), CURLE_OK);
}

}  // namespace
