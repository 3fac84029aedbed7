// A mime that is freed while its handle names it, and what is sent then: what libcurl 7.88.1 sends.
#include <gtest/gtest.h>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class FreedMime : public testing::Test {
 protected:
  /// The request of the next transfer.
  std::string sent_by(Handle& handle) {
    peer.requests.clear();
    handle.clear();
    EXPECT_EQ(world.transfer(handle), CURLE_OK) << handle.error;
    return peer.requests.size() == 1 ? peer.requests[0] : std::string("no request");
  }
  curl_mime* name_mime(Handle& handle, const char* text) {
    curl_mime* const mime = curl_mime_init(handle.curl);
    curl_mime_data(curl_mime_addpart(mime), text, std::string_view(text).size());
    EXPECT_EQ(handle.set(CURLOPT_MIMEPOST, mime), CURLE_OK);
    return mime;
  }
  static void expect_empty_post(const std::string& request) {
    EXPECT_TRUE(request.starts_with("POST / HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("\r\nContent-Length: 0\r\n"), std::string::npos) << request;
    EXPECT_EQ(request.find("Content-Type"), std::string::npos) << request;
    EXPECT_TRUE(request.ends_with("\r\n\r\n")) << request;
  }
  World world;
  Peer peer{world};
};

TEST_F(FreedMime, LeavesAnEmptyPostUntilThereIsAnotherOne) {
  Handle post(peer.url("/"));
  curl_mime* mime = name_mime(post, "first");
  EXPECT_NE(sent_by(post).find("\r\n\r\nfirst\r\n"), std::string::npos);
  curl_mime_free(mime);
  expect_empty_post(sent_by(post));
  mime = name_mime(post, "second");
  EXPECT_NE(sent_by(post).find("\r\n\r\nsecond\r\n"), std::string::npos);
  curl_mime_free(mime);
  expect_empty_post(sent_by(post));
}

TEST_F(FreedMime, LeavesAnEmptyPostWhenItGoesBetweenAddHandleAndTheFirstTurn) {
  Handle post(peer.url("/"));
  curl_mime* const mime = name_mime(post, "never sent");
  world.app().add(post);
  curl_mime_free(mime);
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK) << post.error;
  ASSERT_EQ(peer.requests.size(), 1u);
  expect_empty_post(peer.requests[0]);
}

}  // namespace
}  // namespace hiper::wire
