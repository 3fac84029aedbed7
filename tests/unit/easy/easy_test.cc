#include "easy/easy.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "setting.hpp"

namespace hiper {
namespace {

using testing::CountedMemory;
using testing::set;

TEST(Easy, IsSmall) {
  // design.md, section 7: 2000 bytes for an idle transfer with its connection.
  EXPECT_LE(sizeof(Options), 104u);
  EXPECT_LE(sizeof(Info), 352u);
  // With the 96 bytes of ten options: 600 for a handle.
  EXPECT_LE(sizeof(Easy) - sizeof(ResponseHeaders), 504u);
}

TEST(Easy, TenOptionsCostLittleMoreThanTheirTexts) {
  const CountedMemory memory;
  Easy easy;
  for (const CURLoption option : {CURLOPT_NOSIGNAL, CURLOPT_FOLLOWLOCATION, CURLOPT_MAXREDIRS,
                                  CURLOPT_TIMEOUT_MS, CURLOPT_CONNECTTIMEOUT_MS, CURLOPT_NOPROGRESS}) {
    set(easy, option, 1L);
  }
  for (const CURLoption option :
       {CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_ERRORBUFFER}) {
    set(easy, option, &easy);
  }
  EXPECT_EQ(easy.options.size(), 10u);
  EXPECT_EQ(CountedMemory::num_live(), 1);
  EXPECT_LE(CountedMemory::largest_block(), 100u);
}

TEST(Easy, IsKnownByItsMark) {
  Easy easy;
  EXPECT_EQ(Easy::from(easy.handle()), &easy);
  EXPECT_EQ(Easy::from(nullptr), nullptr);
  alignas(Easy) static unsigned char other[sizeof(Easy)]{};
  EXPECT_EQ(Easy::from(other), nullptr);
}

TEST(Easy, DetachIsCalledWhileTheHandleIsStillValid) {
  static int calls;
  calls = 0;
  {
    Easy easy;
    easy.detach = [](Easy& leaving) noexcept {
      EXPECT_EQ(Easy::from(leaving.handle()), &leaving);
      ++calls;
    };
  }
  EXPECT_EQ(calls, 1);
}

TEST(Easy, ErrorTextsAreCutToTheBuffer) {
  Easy easy;
  easy.set_error_text("nobody listens");
  char buffer[CURL_ERROR_SIZE + 1];
  buffer[CURL_ERROR_SIZE] = '#';
  set(easy, CURLOPT_ERRORBUFFER, buffer);
  easy.set_error_text("short");
  EXPECT_STREQ(buffer, "short");
  easy.set_error_text(std::string(1000, 'x'));
  EXPECT_EQ(std::strlen(buffer), CURL_ERROR_SIZE - 1u);
  EXPECT_EQ(buffer[CURL_ERROR_SIZE], '#');
  easy.clear_error_text();
  EXPECT_STREQ(buffer, "");
}

TEST(Easy, ADuplicateHasTheOptionsAndNothingElse) {
  Easy parent;
  std::unique_ptr<Easy> copy;
  {
    Easy easy;
    easy.detach = [](Easy&) noexcept {};
    set(easy, CURLOPT_URL, "http://a/");
    set(easy, CURLOPT_PRIVATE, &parent);
    set(easy, CURLOPT_COPYPOSTFIELDS, "body");
    easy.info.numbers.response_code = 200;
    copy.reset(easy.duplicate());
  }
  ASSERT_NE(copy, nullptr);
  EXPECT_STREQ(copy->options.text(Opt::url), "http://a/");
  EXPECT_EQ(copy->options.pointer(Opt::private_), &parent);
  EXPECT_EQ(std::string(copy->options.post_body().data, 4), "body");
  EXPECT_EQ(copy->options.method(), Method::post);
  EXPECT_EQ(copy->info.numbers.response_code, 0);
  EXPECT_EQ(copy->detach, nullptr);
  EXPECT_EQ(copy->share, nullptr);
}

TEST(Easy, ResetForgetsOptionsAndResults) {
  Easy easy;
  set(easy, CURLOPT_URL, "http://a/");
  set(easy, CURLOPT_UPLOAD, 1L);
  easy.info.numbers.response_code = 200;
  easy.info.xfer_id = 4;
  const std::uint32_t before = easy.options.generation();
  easy.reset();
  EXPECT_EQ(easy.options.size(), 0u);
  EXPECT_EQ(easy.options.method(), Method::get);
  EXPECT_EQ(easy.info.numbers.response_code, 0);
  EXPECT_EQ(easy.info.xfer_id, 4);
  EXPECT_NE(easy.options.generation(), before);
  EXPECT_EQ(set(easy, CURLOPT_URL, "http://b/"), CURLE_OK);
}

TEST(Easy, ADuplicateWithoutMemoryIsNone) {
  for (int n = 1;; ++n) {
    const CountedMemory memory;
    Easy easy;
    set(easy, CURLOPT_URL, "http://a/");
    set(easy, CURLOPT_USERPWD, "a:b");
    const int live = CountedMemory::num_live();
    bool failed = false;
    {
      const CountedMemory failing(n);
      const std::unique_ptr<Easy> copy(easy.duplicate());
      failed = CountedMemory::has_failed();
      EXPECT_EQ(copy == nullptr, failed);
    }
    EXPECT_GT(live, 0);
    if (!failed) break;
  }
}

}  // namespace
}  // namespace hiper
