// The sequences below were sent by libcurl 7.88.1 to a server on loopback; the method is what arrived.
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "body/mime.hpp"
#include "setting.hpp"

namespace hiper {
namespace {

using testing::set;

struct Step {
  CURLoption option;
  long value;  ///< for texts and objects: 0 is NULL
};

bool takes_pointer(CURLoption option) { return static_cast<int>(option) >= CURLOPTTYPE_OBJECTPOINT; }

Method after(std::initializer_list<Step> steps) {
  Easy easy;
  const std::unique_ptr<Mime> mime = Mime::make();
  static char text[] = "abc";
  for (const Step& step : steps) {
    if (!takes_pointer(step.option)) {
      EXPECT_EQ(set(easy, step.option, step.value), CURLE_OK);
    } else if (step.option == CURLOPT_MIMEPOST) {
      EXPECT_EQ(set(easy, step.option, static_cast<curl_mime*>(mime.get())), CURLE_OK);
    } else {
      EXPECT_EQ(set(easy, step.option, step.value != 0 ? text : nullptr), CURLE_OK);
    }
  }
  return easy.options.method();
}

constexpr auto kGet = CURLOPT_HTTPGET;
constexpr auto kPost = CURLOPT_POST;
constexpr auto kFields = CURLOPT_POSTFIELDS;
constexpr auto kCopy = CURLOPT_COPYPOSTFIELDS;
constexpr auto kUpload = CURLOPT_UPLOAD;
constexpr auto kNobody = CURLOPT_NOBODY;
constexpr auto kMime = CURLOPT_MIMEPOST;
const auto kForm = static_cast<CURLoption>(10024);
const auto kPut = static_cast<CURLoption>(54);

TEST(SetMethod, PostDataMakesAPost) {
  EXPECT_EQ(after({{kPost, 1}}), Method::post);
  EXPECT_EQ(after({{kFields, 1}}), Method::post);
  EXPECT_EQ(after({{kFields, 0}}), Method::post);
  EXPECT_EQ(after({{kCopy, 0}}), Method::post);
  EXPECT_EQ(after({{kForm, 1}}), Method::post_form);
  EXPECT_EQ(after({{kForm, 0}}), Method::post_form);
  EXPECT_EQ(after({{kMime, 1}}), Method::post_mime);
  EXPECT_EQ(after({{kMime, 1}, {kFields, 1}}), Method::post);
  EXPECT_EQ(after({{kFields, 1}, {kMime, 1}}), Method::post_mime);
}

TEST(SetMethod, HttpgetReturnsToGetAndZeroDoesNothing) {
  EXPECT_EQ(after({{kFields, 1}, {kGet, 1}}), Method::get);
  EXPECT_EQ(after({{kFields, 1}, {kGet, 0}}), Method::post);
  EXPECT_EQ(after({{kUpload, 1}, {kGet, 1}}), Method::get);
  EXPECT_EQ(after({{kNobody, 1}, {kGet, 1}}), Method::get);
  EXPECT_EQ(after({{kNobody, 1}, {kGet, 0}}), Method::head);
  EXPECT_EQ(after({{kFields, 1}, {kGet, 1}, {kPost, 1}}), Method::post);
}

TEST(SetMethod, SwitchingAMethodOffMeansGet) {
  EXPECT_EQ(after({{kFields, 1}, {kPost, 0}}), Method::get);
  EXPECT_EQ(after({{kUpload, 1}, {kUpload, 0}}), Method::get);
  EXPECT_EQ(after({{kPut, 1}, {kPut, 0}}), Method::get);
  EXPECT_EQ(after({{kFields, 1}, {kUpload, 0}}), Method::get);
  EXPECT_EQ(after({{kForm, 1}, {kPost, 0}}), Method::get);
}

TEST(SetMethod, NobodyWinsUntilAMethodWithABodyIsChosen) {
  EXPECT_EQ(after({{kNobody, 1}}), Method::head);
  EXPECT_EQ(after({{kNobody, 1}, {kPost, 1}}), Method::post);
  EXPECT_EQ(after({{kNobody, 1}, {kPost, 0}}), Method::head);
  EXPECT_EQ(after({{kNobody, 1}, {kFields, 1}}), Method::head);
  EXPECT_EQ(after({{kNobody, 1}, {kUpload, 1}}), Method::put);
  EXPECT_EQ(after({{kNobody, 1}, {kUpload, 0}}), Method::head);
  EXPECT_EQ(after({{kNobody, 1}, {kForm, 1}}), Method::post_form);
  EXPECT_EQ(after({{kNobody, 1}, {kMime, 1}}), Method::post_mime);
  EXPECT_EQ(after({{kUpload, 1}, {kNobody, 1}}), Method::head);
}

TEST(SetMethod, NobodyOffMeansGetNotWhatWasBefore) {
  EXPECT_EQ(after({{kFields, 1}, {kNobody, 1}, {kNobody, 0}}), Method::get);
  EXPECT_EQ(after({{kUpload, 1}, {kNobody, 1}, {kNobody, 0}}), Method::get);
  EXPECT_EQ(after({{kUpload, 1}, {kNobody, 0}}), Method::put);
  EXPECT_EQ(after({{kNobody, 1}, {kFields, 1}, {kNobody, 0}}), Method::post);
}

std::string body(const Easy& easy) {
  const Options::PostBody post = easy.options.post_body();
  if (post.data == nullptr) return "(none)";
  return post.size < 0 ? post.data : std::string(post.data, static_cast<std::size_t>(post.size));
}

TEST(SetMethod, CopypostfieldsCopiesAsManyBytesAsTheSizeSays) {
  Easy easy;
  char data[] = "a\0bc";
  set(easy, CURLOPT_COPYPOSTFIELDS, data);
  data[0] = 'X';
  EXPECT_EQ(body(easy), "a");
  set(easy, CURLOPT_POSTFIELDSIZE, 4L);
  set(easy, CURLOPT_COPYPOSTFIELDS, data);
  EXPECT_EQ(body(easy), std::string("X\0bc", 4));
  set(easy, CURLOPT_POSTFIELDSIZE, 3L);
  EXPECT_EQ(body(easy), std::string("X\0b", 3));
  set(easy, CURLOPT_POSTFIELDSIZE, 0L);
  set(easy, CURLOPT_COPYPOSTFIELDS, data);
  EXPECT_EQ(body(easy), "");
}

TEST(SetMethod, ASizeBeyondTheCopyNeverReadsBehindIt) {
  Easy easy;
  set(easy, CURLOPT_COPYPOSTFIELDS, "abc");
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{1} << 40);
  EXPECT_EQ(body(easy), "abc");
}

TEST(SetMethod, TheLastPostDataCounts) {
  Easy easy;
  char data[] = "pointer";
  set(easy, CURLOPT_COPYPOSTFIELDS, "copy");
  set(easy, CURLOPT_POSTFIELDS, data);
  EXPECT_EQ(body(easy), "pointer");
  EXPECT_EQ(easy.options.post_body().data, data);
  set(easy, CURLOPT_COPYPOSTFIELDS, "copy");
  EXPECT_EQ(body(easy), "copy");
  set(easy, CURLOPT_COPYPOSTFIELDS, nullptr);
  EXPECT_EQ(body(easy), "(none)");
  set(easy, CURLOPT_COPYPOSTFIELDS, "copy");
  set(easy, CURLOPT_POSTFIELDS, nullptr);
  EXPECT_EQ(body(easy), "(none)");
}

}  // namespace
}  // namespace hiper
