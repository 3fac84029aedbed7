// Options that few applications set, each one alone: the library looks for several of them at once, so none
// of the others may be there when it is found. What each does is tested elsewhere, by handles that have more
// set.
#include <gtest/gtest.h>

#include <algorithm>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

struct Collected {
  std::string body;
  std::size_t max_piece = 0;
};

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* where) {
  Collected& collected = *static_cast<Collected*>(where);
  collected.body.append(bytes, size * count);
  collected.max_piece = std::max(collected.max_piece, size * count);
  return size * count;
}

int num_header_calls = 0;
std::size_t count_header(char*, std::size_t size, std::size_t count, void*) {
  ++num_header_calls;
  return size * count;
}

class LoneOption : public testing::Test {
 protected:
  /// The handle has its URL, a write function, and the option that the test sets.
  LoneOption() : get(peer.url()) {
    world.app().hooks_close = false;
    curl_easy_reset(get.curl);
    get.set(CURLOPT_URL, peer.url().c_str());
    get.set(CURLOPT_PROXY, "");
    get.set(CURLOPT_PRIVATE, &get);
    get.set(CURLOPT_WRITEFUNCTION, collect);
    get.set(CURLOPT_WRITEDATA, &received);
  }
  /// Answers `text` to one request on each connection, and closes.
  void answer_and_close(const std::string& text) { peer.otherwise({request(), send(text), close_it()}); }

  World world;
  Peer peer{world};
  Collected received;
  Handle get;
};

TEST_F(LoneOption, None) {
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, "ok");
}

TEST_F(LoneOption, HeaderFunction) {
  num_header_calls = 0;
  get.set(CURLOPT_HEADERFUNCTION, count_header);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_GE(num_header_calls, 2);
}

TEST_F(LoneOption, HeaderData) {
  Collected headers;
  get.set(CURLOPT_HEADERDATA, &headers);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_TRUE(headers.body.starts_with("HTTP/1.1 200 OK\r\n")) << headers.body;
  EXPECT_EQ(received.body, "ok");
}

TEST_F(LoneOption, Header) {
  get.set(CURLOPT_HEADER, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, response("ok"));
}

TEST_F(LoneOption, AcceptEncoding) {
  peer.otherwise(always(response(kGzipOfUnpacked, "Content-Encoding: gzip\r\n")));
  get.set(CURLOPT_ACCEPT_ENCODING, "gzip");
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, "unpacked");
}

TEST_F(LoneOption, HttpTransferDecoding) {
  peer.otherwise(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
  get.set(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, "2\r\nok\r\n0\r\n\r\n");
}

TEST_F(LoneOption, MaxFileSize) {
  peer.otherwise(always(response("0123456789")));
  get.set(CURLOPT_MAXFILESIZE, 5L);
  EXPECT_EQ(world.transfer(get), CURLE_FILESIZE_EXCEEDED);
}

TEST_F(LoneOption, BufferSize) {
  peer.otherwise(always(response(pattern(10000))));
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_GT(received.max_piece, 1024u);
  received = {};
  get.set(CURLOPT_BUFFERSIZE, 1024L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, pattern(10000));
  EXPECT_LE(received.max_piece, 1024u);
}

TEST_F(LoneOption, Http200Aliases) {
  answer_and_close("ICY 200 OK\r\n\r\nmusic");
  EXPECT_EQ(world.transfer(get), CURLE_UNSUPPORTED_PROTOCOL);
  curl_slist* const aliases = curl_slist_append(nullptr, "ICY 200 OK");
  get.set(CURLOPT_HTTP200ALIASES, aliases);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, "music");
  get.set(CURLOPT_HTTP200ALIASES, static_cast<curl_slist*>(nullptr));
  curl_slist_free_all(aliases);
}

TEST_F(LoneOption, Http09Allowed) {
  answer_and_close("no head at all");
  EXPECT_EQ(world.transfer(get), CURLE_UNSUPPORTED_PROTOCOL);
  get.set(CURLOPT_HTTP09_ALLOWED, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, "no head at all");
}

TEST_F(LoneOption, IgnoreContentLength) {
  answer_and_close("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore than that");
  get.set(CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(received.body, "more than that");
}

TEST_F(LoneOption, FreshConnect) {
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 1u);
  get.set(CURLOPT_FRESH_CONNECT, 1L);
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 2u);
}

}  // namespace
}  // namespace hiper::wire
