#include "parse/chunked.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hiper {
namespace {

using Event = ChunkedParser::Event;

struct Decoded {
  std::string data;
  Event event = Event::need_more;
  std::size_t left = 0;  ///< bytes behind the last chunk's line
  bool operator==(const Decoded&) const = default;
};

Decoded decode(const std::vector<std::string>& pieces) {
  ChunkedParser parser;
  Decoded result;
  for (const std::string& piece : pieces) {
    const std::vector<char> exact(piece.begin(), piece.end());
    std::span<const char> bytes(exact);
    if (result.event == Event::last) {
      result.left += bytes.size();
      continue;
    }
    while ((result.event = parser.next(bytes)) == Event::data) {
      const std::size_t count = parser.available(bytes.size());
      EXPECT_GT(count, 0u);
      result.data.append(bytes.data(), count);
      parser.taken(count);
      bytes = bytes.subspan(count);
    }
    if (result.event == Event::bad_size || result.event == Event::bad_end) return result;
    result.left += bytes.size();
  }
  return result;
}

std::vector<std::string> bytewise(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

void expect_however_split(const std::string& text, const std::string& data, Event event) {
  const Decoded whole = decode({text});
  EXPECT_EQ(whole.data, data) << text;
  EXPECT_EQ(whole.event, event) << text;
  EXPECT_EQ(decode(bytewise(text)).data, data) << text;
  EXPECT_EQ(decode(bytewise(text)).event, event) << text;
  for (std::size_t i = 1; i < text.size(); ++i) {
    EXPECT_EQ(decode({text.substr(0, i), text.substr(i)}), whole) << text << " cut at " << i;
  }
}

TEST(Chunked, DecodesHoweverSplit) {
  expect_however_split("5\r\nhello\r\n0\r\n", "hello", Event::last);
  expect_however_split("5\nhello\n0\n", "hello", Event::last);
  expect_however_split("A\r\nhellohello\r\na;x=y\r\nworldworld\r\n000\r\n", "hellohelloworldworld",
                       Event::last);
  expect_however_split("5 ;a=\"b\"\r\nhello\r\n0;x\r\n", "hello", Event::last);
  expect_however_split("5\t \r\nhello\r\n0\r\n", "hello", Event::last);
  expect_however_split("0000000000000005\r\nhello\r\n0\r\n", "hello", Event::last);
  expect_however_split("1\r\n\n\r\n1\r\n\r\r\n0\r\n", "\n\r", Event::last);
}

TEST(Chunked, LeavesWhatFollowsTheLastChunk) { EXPECT_EQ(decode({"1\r\nx\r\n0\r\n\r\nHTTP/1.1"}).left, 10u); }

TEST(Chunked, RefusesBadSizes) {
  for (const char* text : {"x\r\n", "\r\n5\r\n", " 5\r\n", "-5\r\n", "+5\r\n", "0x5\r\nhello", "5g\r\nhello",
                           ";a\r\n", "00000000000000005\r\nhello", "8000000000000000\r\nh",
                           "ffffffffffffffff\r\nh", "fffffffffffffffff\r\nh", "5\rXhello"}) {
    expect_however_split(text, "", Event::bad_size);
  }
  EXPECT_EQ(decode({"7fffffffffffffff\r\nhello"}).data, "hello");
}

TEST(Chunked, RefusesDataThatDoesNotEndWhereItShould) {
  expect_however_split("5\r\nhello0\r\n", "hello", Event::bad_end);
  expect_however_split("5\r\nhelloX\r\n", "hello", Event::bad_end);
  expect_however_split("5\r\nhello\rX", "hello", Event::bad_end);
}

TEST(Chunked, SkipsExtensionsButNotForEver) {
  EXPECT_EQ(decode({"5;" + std::string(20000, 'a') + "\r\nhello\r\n0\r\n"}).data, "hello");
  EXPECT_EQ(decode({"5;" + std::string(200000, 'a')}).event, Event::bad_end);
}

std::size_t extent_of(const std::vector<std::string>& pieces, bool* ended = nullptr, Event* error = nullptr) {
  ChunkedExtent extent;
  std::size_t taken = 0;
  for (const std::string& piece : pieces) taken += extent.take(piece);
  if (ended != nullptr) *ended = extent.ended();
  if (error != nullptr) *error = extent.error();
  return taken;
}

TEST(Chunked, ExtentFindsTheEndBehindTheTrailers) {
  const std::string text = "5\r\nhello\r\n0\r\nX: 1\r\nY: 2\n\r\nNEXT";
  bool ended = false;
  EXPECT_EQ(extent_of({text}, &ended), text.size() - 4);
  EXPECT_TRUE(ended);
  EXPECT_EQ(extent_of(bytewise(text), &ended), text.size() - 4);
  EXPECT_TRUE(ended);
  EXPECT_EQ(extent_of({"0\r\n\r\n"}, &ended), 5u);
  EXPECT_TRUE(ended);
  Event error = Event::need_more;
  EXPECT_EQ(extent_of({"2\r\nab\r\nzz"}, &ended, &error), 7u);
  EXPECT_FALSE(ended);
  EXPECT_EQ(error, Event::bad_size);
}

}  // namespace
}  // namespace hiper
