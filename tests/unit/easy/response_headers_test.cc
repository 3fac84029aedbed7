#include "easy/response_headers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hiper {
namespace {

constexpr unsigned kAll = CURLH_HEADER | CURLH_TRAILER | CURLH_CONNECT | CURLH_1XX | CURLH_PSEUDO;

LineKind kind_of(std::string_view line) {
  if (line.starts_with("HTTP/")) return LineKind::status;
  return line == "\r\n" ? LineKind::blank : LineKind::header;
}

/// Records a head given as one text.
void add_head(ResponseHeaders& headers, std::string_view text, bool connect = false) {
  const bool interim = text.starts_with("HTTP/1.1 1");
  while (!text.empty()) {
    const std::size_t size = text.find('\n') + 1;
    const std::string line(text.substr(0, size));
    headers.add({line, {}, kind_of(line), HeaderName::other, interim}, connect);
    text.remove_prefix(size);
  }
}

void add_trailer(ResponseHeaders& headers, const std::string& line) {
  headers.add({line, {}, LineKind::trailer, HeaderName::other, false});
}

/// "name=value/amount/index/origin" of all headers in that scope.
std::vector<std::string> list(ResponseHeaders& headers, unsigned origin, int request) {
  std::vector<std::string> all;
  const curl_header* header = nullptr;
  while ((header = headers.next(origin, request, header)) != nullptr) {
    all.push_back(std::string(header->name) + "=" + header->value + "/" + std::to_string(header->amount) +
                  "/" + std::to_string(header->index) + "/" + std::to_string(header->origin & kAll));
  }
  return all;
}

using Strings = std::vector<std::string>;

TEST(ResponseHeaders, ListsInOrderWithAmountAndIndex) {
  ResponseHeaders headers;
  add_head(headers, "HTTP/1.1 200 OK: fine\r\nX-A: 1\r\nX-B:  v  \r\nx-a:\t3\r\nX-Empty:\r\n\r\n");
  EXPECT_EQ(list(headers, CURLH_HEADER, -1),
            (Strings{"X-A=1/2/0/1", "X-B=v/1/0/1", "x-a=3/2/1/1", "X-Empty=/1/0/1"}));
  EXPECT_EQ(list(headers, CURLH_HEADER, 0), list(headers, kAll, -1));
  EXPECT_EQ(list(headers, CURLH_TRAILER, -1), Strings{});
}

TEST(ResponseHeaders, LinesRecordedTogetherAreLikeLinesOneByOne) {
  const std::string early = "HTTP/1.1 103 Early\r\nX-A: i\r\n\r\n";
  const std::string head = "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B:  v  \r\n";
  const std::string tail = "x-a:\t3\r\nX-Empty:\r\n\r\n";
  ResponseHeaders one_by_one;
  for (const std::string& text : {early, head, tail}) add_head(one_by_one, text);
  ResponseHeaders together;
  together.add(HeadLines{early, true, true});
  together.add(HeadLines{head, true, false});
  add_head(together, "X-Alone: x\r\n");
  together.add(HeadLines{tail, false, false});
  Strings wanted = list(one_by_one, kAll, -1);
  wanted.insert(wanted.begin() + 3, "X-Alone=x/1/0/1");
  EXPECT_EQ(list(together, kAll, -1), wanted);
  EXPECT_EQ(together.view({static_cast<std::uint32_t>(head.find("X-B")), 3}), "X-B");
}

TEST(ResponseHeaders, OriginsAreAMask) {
  ResponseHeaders headers;
  add_head(headers, "HTTP/1.1 200 Conn\r\nX-A: c\r\n\r\n", true);
  add_head(headers, "HTTP/1.1 103 Hints\r\nX-A: i\r\nLink: l\r\n\r\n");
  headers.add(":status", "200", CURLH_PSEUDO);
  add_head(headers, "HTTP/1.1 200 OK\r\nX-A: f\r\n\r\n");
  add_trailer(headers, "X-A: t\r\n");
  EXPECT_EQ(list(headers, kAll, -1), (Strings{"X-A=c/4/0/4", "X-A=i/4/1/8", "Link=l/1/0/8",
                                              ":status=200/1/0/16", "X-A=f/4/2/1", "X-A=t/4/3/2"}));
  EXPECT_EQ(list(headers, CURLH_HEADER | CURLH_TRAILER, 0), (Strings{"X-A=f/2/0/1", "X-A=t/2/1/2"}));
  EXPECT_EQ(list(headers, CURLH_CONNECT, 0), (Strings{"X-A=c/1/0/4"}));
}

TEST(ResponseHeaders, RequestsAreCountedOverRedirects) {
  ResponseHeaders headers;
  add_head(headers, "HTTP/1.1 301 Moved\r\nX-A: first\r\n\r\n");
  headers.next_request();
  add_head(headers, "HTTP/1.1 200 OK\r\nX-A: one\r\nx-a: two\r\n\r\n");
  curl_header* header = nullptr;
  EXPECT_EQ(headers.find("x-A", 0, CURLH_HEADER, 0, &header), CURLHE_OK);
  EXPECT_STREQ(header->value, "first");
  EXPECT_EQ(headers.find("x-A", 1, CURLH_HEADER, 0, &header), CURLHE_BADINDEX);
  EXPECT_EQ(headers.find("X-A", 1, CURLH_HEADER, 1, &header), CURLHE_OK);
  EXPECT_STREQ(header->name, "x-a");
  EXPECT_STREQ(header->value, "two");
  EXPECT_EQ(header->amount, 2u);
  EXPECT_EQ(header->index, 1u);
  EXPECT_EQ(headers.find("X-A", 0, CURLH_HEADER, -1, &header), CURLHE_OK);
  EXPECT_STREQ(header->value, "one");
  EXPECT_EQ(headers.find("X-A", 2, CURLH_HEADER, -1, &header), CURLHE_BADINDEX);
  EXPECT_EQ(headers.find("X-A", 0, CURLH_HEADER, 2, &header), CURLHE_NOREQUEST);
  EXPECT_EQ(headers.find("Nope", 7, CURLH_HEADER, 1, &header), CURLHE_MISSING);
  EXPECT_EQ(headers.find("X-A", 0, CURLH_TRAILER, 1, &header), CURLHE_MISSING);
}

TEST(ResponseHeaders, BadArgumentsAndNoHeaders) {
  ResponseHeaders headers;
  curl_header* header = nullptr;
  EXPECT_EQ(headers.find("X", 0, CURLH_HEADER, -1, &header), CURLHE_NOHEADERS);
  EXPECT_EQ(headers.find("X", 0, CURLH_HEADER, 5, &header), CURLHE_NOHEADERS);
  EXPECT_EQ(headers.find("X", 0, 0, -1, &header), CURLHE_BAD_ARGUMENT);
  EXPECT_EQ(headers.find("X", 0, 0x20, -1, &header), CURLHE_BAD_ARGUMENT);
  EXPECT_EQ(headers.find("X", 0, 0x101, -1, &header), CURLHE_BAD_ARGUMENT);
  EXPECT_EQ(headers.find("X", 0, CURLH_HEADER, -2, &header), CURLHE_BAD_ARGUMENT);
  EXPECT_EQ(headers.find(nullptr, 0, CURLH_HEADER, -1, &header), CURLHE_BAD_ARGUMENT);
  EXPECT_EQ(headers.find("X", 0, CURLH_HEADER, -1, nullptr), CURLHE_BAD_ARGUMENT);
  EXPECT_EQ(headers.next(CURLH_HEADER, 0, nullptr), nullptr);
  EXPECT_EQ(headers.next(0, 0, nullptr), nullptr);
  add_head(headers, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(headers.find("X", 0, CURLH_HEADER, -1, &header), CURLHE_NOHEADERS);
  curl_header strange{};
  EXPECT_EQ(headers.next(CURLH_HEADER, 0, &strange), nullptr);
}

TEST(ResponseHeaders, AnsweredTextStaysValidWhileMoreArrives) {
  ResponseHeaders headers;
  add_head(headers, "HTTP/1.1 200 OK\r\nX-First: 1\r\n");
  curl_header* header = nullptr;
  ASSERT_EQ(headers.find("x-first", 0, CURLH_HEADER, -1, &header), CURLHE_OK);
  const char* const value = header->value;
  for (int i = 0; i < 500; ++i) {
    add_head(headers,
             "X-" + std::to_string(i) + ": " + std::string(static_cast<std::size_t>(i), 'v') + "\r\n");
    if (i % 50 == 0) {
      ASSERT_EQ(headers.find(("x-" + std::to_string(i)).c_str(), 0, CURLH_HEADER, -1, &header), CURLHE_OK);
      EXPECT_EQ(std::string(header->value).size(), static_cast<std::size_t>(i));
    }
  }
  EXPECT_STREQ(value, "1");
  EXPECT_EQ(list(headers, CURLH_HEADER, -1).size(), 501u);
}

TEST(ResponseHeaders, SlicesAreFoundAlsoWhenTheHeadSpansSegments) {
  ResponseHeaders headers;
  add_head(headers, "HTTP/1.1 103 Early\r\nX: y\r\n\r\n");
  std::string head = "HTTP/1.1 302 Found\r\n";
  std::vector<HeadSlice> slices;
  for (int i = 0; i < 200; ++i) {
    const std::string value = "value" + std::to_string(i);
    head += "X-" + std::to_string(i) + ": ";
    slices.push_back({static_cast<std::uint32_t>(head.size()), static_cast<std::uint32_t>(value.size())});
    head += value + "\r\n";
  }
  add_head(headers, head + "\r\n");
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < slices.size(); ++i)
      EXPECT_EQ(headers.view(slices[i]), "value" + std::to_string(i));
    EXPECT_EQ(list(headers, CURLH_HEADER, -1).size(), 200u);  // indexing must not disturb them
  }
  EXPECT_EQ(headers.view({1000000, 5}), "");
}

TEST(ResponseHeaders, ValuesOfTheCurrentHead) {
  ResponseHeaders headers;
  add_head(headers, "HTTP/1.1 401 No\r\nWWW-Authenticate: Old\r\n\r\n");
  headers.next_request();
  add_head(
      headers,
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nA: b\r\nwww-authenticate: Digest\r\n\r\n");
  std::size_t cursor = 0;
  EXPECT_STREQ(headers.value("WWW-Authenticate", cursor), "Basic realm=\"x\"");
  EXPECT_STREQ(headers.value("WWW-Authenticate", cursor), "Digest");
  EXPECT_EQ(headers.value("WWW-Authenticate", cursor), nullptr);
}

TEST(ResponseHeaders, ClearForgetsAndIsReady) {
  ResponseHeaders headers;
  for (int round = 0; round < 5; ++round) {
    headers.clear();
    add_head(headers, "HTTP/1.1 200 OK\r\nX-A: " + std::to_string(round) + "\r\n");
    add_head(headers, "X-Big: " + std::string(static_cast<std::size_t>(round) * 3000, 'b') + "\r\n\r\n");
    curl_header* header = nullptr;
    ASSERT_EQ(headers.find("X-A", 0, CURLH_HEADER, 0, &header), CURLHE_OK);
    EXPECT_EQ(header->value, std::to_string(round));
    EXPECT_EQ(header->amount, 1u);
    EXPECT_EQ(headers.find("X-A", 0, CURLH_HEADER, 1, &header), CURLHE_NOREQUEST);
    headers.next_request();
  }
}

}  // namespace
}  // namespace hiper
