#include "parse/h1_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hiper {
namespace {

TEST(HeaderName, KnowsNamesInAnyLetterCase) {
  EXPECT_EQ(header_name("Content-Length"), HeaderName::content_length);
  EXPECT_EQ(header_name("content-length"), HeaderName::content_length);
  EXPECT_EQ(header_name("CONTENT-LENGTH"), HeaderName::content_length);
  EXPECT_EQ(header_name("ETag"), HeaderName::etag);
  EXPECT_EQ(header_name("Alt-Svc"), HeaderName::alt_svc);
  EXPECT_EQ(header_name("Trailer"), HeaderName::trailer);
  EXPECT_EQ(header_name("Upgrade"), HeaderName::upgrade);
  EXPECT_EQ(header_name("Location"), HeaderName::location);
  EXPECT_EQ(header_name("Connection"), HeaderName::connection);
  EXPECT_EQ(header_name("Set-Cookie"), HeaderName::set_cookie);
  EXPECT_EQ(header_name("Keep-Alive"), HeaderName::keep_alive);
  EXPECT_EQ(header_name("Retry-After"), HeaderName::retry_after);
  EXPECT_EQ(header_name("Content-Type"), HeaderName::content_type);
  EXPECT_EQ(header_name("Last-Modified"), HeaderName::last_modified);
  EXPECT_EQ(header_name("Content-Range"), HeaderName::content_range);
  EXPECT_EQ(header_name("Content-Encoding"), HeaderName::content_encoding);
  EXPECT_EQ(header_name("WWW-Authenticate"), HeaderName::www_authenticate);
  EXPECT_EQ(header_name("Proxy-Connection"), HeaderName::proxy_connection);
  EXPECT_EQ(header_name("Transfer-Encoding"), HeaderName::transfer_encoding);
  EXPECT_EQ(header_name("Proxy-Authenticate"), HeaderName::proxy_authenticate);
  EXPECT_EQ(header_name("Authentication-Info"), HeaderName::authentication_info);
  EXPECT_EQ(header_name("Strict-Transport-Security"), HeaderName::strict_transport_security);
}

TEST(HeaderName, IsNotFooledBySimilarNames) {
  for (const char* name :
       {"", "Content_Length", "Content-Lengthx", "ontent-Length", "Content\rLength", "Content-Length ",
        "Xtag", "ETaG1", "[onnection", "Transfer-Encodinh", "Strict-Transport-Securitx",
        "Strict-Transport_Security", "Proxy-Authenticatf", "Server", "Date"}) {
    EXPECT_EQ(header_name(name), HeaderName::other) << name;
  }
}

TEST(HeadText, ListMembersAreTrimmedAndEmptyOnesSkipped) {
  std::string_view list = " a ,, b\t,c;x=\"1\" ,\r\n";
  std::vector<std::string> members;
  std::string_view member;
  while (next_list_member(list, member)) members.emplace_back(member);
  EXPECT_EQ(members, (std::vector<std::string>{"a", "b", "c;x=\"1\""}));
}

TEST(StatusLine, PrefixIsDecidedAtTheFirstByteThatTells) {
  EXPECT_EQ(match_status_prefix("", nullptr), StatusPrefix::undecided);
  EXPECT_EQ(match_status_prefix("HTT", nullptr), StatusPrefix::undecided);
  EXPECT_EQ(match_status_prefix("http/", nullptr), StatusPrefix::http);
  EXPECT_EQ(match_status_prefix("HTTP 200", nullptr), StatusPrefix::foreign);
  EXPECT_EQ(match_status_prefix(" HTTP/1.1", nullptr), StatusPrefix::foreign);
  EXPECT_EQ(match_status_prefix("\r\nHTTP/1.1", nullptr), StatusPrefix::foreign);
}

TEST(StatusLine, AliasesCountAsStatusLines) {
  char icy[] = "ICY";
  char hello[] = "HELLO";
  curl_slist second{hello, nullptr};
  curl_slist first{icy, &second};
  EXPECT_EQ(match_status_prefix("IC", &first), StatusPrefix::undecided);
  EXPECT_EQ(match_status_prefix("icy 200 OK", &first), StatusPrefix::alias);
  EXPECT_EQ(match_status_prefix("HELLO", &first), StatusPrefix::alias);
  EXPECT_EQ(match_status_prefix("H", &first), StatusPrefix::undecided);
  EXPECT_EQ(match_status_prefix("HTTP/1.1", &first), StatusPrefix::http);
  EXPECT_EQ(match_status_prefix("FOO", &first), StatusPrefix::foreign);
}

struct StatusCase {
  const char* line;
  int status;  ///< 0: refused
  HttpVersion version;
};

TEST(StatusLine, AcceptsAndRefusesAsObserved) {
  const StatusCase cases[] = {
      {"HTTP/1.1 200 OK\r\n", 200, HttpVersion::v1_1},
      {"HTTP/1.0 404 Not Found\r\n", 404, HttpVersion::v1_0},
      {"HTTP/1.1 200\r\n", 200, HttpVersion::v1_1},
      {"HTTP/1.1 200 \n", 200, HttpVersion::v1_1},
      {"HTTP/1.1  200 OK\r\n", 200, HttpVersion::v1_1},
      {"HTTP/1.1 200OK\r\n", 200, HttpVersion::v1_1},
      {"HTTP/1.1 999 OK\r\n", 999, HttpVersion::v1_1},
      {"HTTP/2 200 OK\r\n", 200, HttpVersion::v2},
      {"HTTP/2.0 200 OK\r\n", 200, HttpVersion::v2},
      {"http/1.1 200 OK\r\n", 200, HttpVersion::v1_1},
      {"HTTP/1.2 200 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1 200 OK\r\n", 0, HttpVersion::none},
      {"HTTP/3 200 OK\r\n", 0, HttpVersion::none},
      {"HTTP/0.9 200 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1.15 200 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1.1\t200 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1.1 2000 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1.1 20 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1.1 099 OK\r\n", 0, HttpVersion::none},
      {"HTTP/1.1 abc\r\n", 0, HttpVersion::none},
      {"HTTP/1.1 -20\r\n", 0, HttpVersion::none},
      {"HTTP/1.1 \r\n", 0, HttpVersion::none},
      {"HTTP/\n", 0, HttpVersion::none},
  };
  for (const StatusCase& c : cases) {
    StatusLine parsed;
    const char* const why = parse_status_line(c.line, parsed);
    EXPECT_EQ(why == nullptr, c.status != 0) << c.line;
    if (c.status == 0) continue;
    EXPECT_EQ(parsed.status, c.status) << c.line;
    EXPECT_EQ(parsed.version, c.version) << c.line;
  }
}

/// All lines of `pieces`, given one after the other; "!" when one is too long.
std::vector<std::string> lines_of(const std::vector<std::string>& pieces, bool may_fold) {
  LineReader reader;
  std::vector<std::string> lines;
  for (const std::string& piece : pieces) {
    const std::vector<char> bytes(piece.begin(), piece.end());  // so that reading beyond the end is noticed
    std::span<const char> rest(bytes);
    LineReader::Result result = reader.next(rest, may_fold);
    for (; result == LineReader::Result::line; result = reader.next(rest, may_fold))
      lines.emplace_back(reader.line());
    if (result == LineReader::Result::too_long) lines.emplace_back("!");
    if (result == LineReader::Result::need_more) {
      EXPECT_TRUE(rest.empty());
    }
  }
  return lines;
}

std::vector<std::string> bytewise(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

void expect_lines_however_split(const std::string& text, const std::vector<std::string>& expected) {
  EXPECT_EQ(lines_of({text}, true), expected);
  EXPECT_EQ(lines_of(bytewise(text), true), expected);
  for (std::size_t i = 1; i < text.size(); ++i) {
    EXPECT_EQ(lines_of({text.substr(0, i), text.substr(i)}, true), expected) << i;
  }
}

TEST(LineReader, CutsLinesHoweverTheyAreSplit) {
  expect_lines_however_split("A: 1\r\nBb: 22\nC:3\r\n\r\n", {"A: 1\r\n", "Bb: 22\n", "C:3\r\n", "\r\n"});
}

TEST(LineReader, JoinsFoldedLines) {
  expect_lines_however_split("A: 1 \r\n  2\r\n\t\t3 \r\nB: 4\n \n 5\n\n",
                             {"A: 1 2 3 \r\n", "B: 4 5\n", "\n"});
  expect_lines_however_split("A:\r\n 5\r\n\r\n", {"A: 5\r\n", "\r\n"});
}

TEST(LineReader, DoesNotWaitAfterTheBlankLine) {
  EXPECT_EQ(lines_of({"A: 1\r\n\r\n"}, true), (std::vector<std::string>{"A: 1\r\n", "\r\n"}));
  EXPECT_EQ(lines_of({"A: 1\r\n"}, true), std::vector<std::string>{});
  EXPECT_EQ(lines_of({"A: 1\r\n"}, false), std::vector<std::string>{"A: 1\r\n"});
}

TEST(LineReader, LimitsALineHoweverItComes) {
  const std::string fits = std::string(kHeaderLineMax - 3, 'a') + "\r\n";
  const std::string too_long = std::string(kHeaderLineMax - 2, 'a') + "\r\n";
  EXPECT_EQ(lines_of({fits, "\n"}, true), (std::vector<std::string>{fits, "\n"}));
  EXPECT_EQ(lines_of({too_long + "B: 1\r\n\n"}, true).front(), "!");
  EXPECT_EQ(lines_of({too_long.substr(0, 7), too_long.substr(7)}, true).front(), "!");
  EXPECT_EQ(lines_of({std::string(kHeaderLineMax, 'a')}, true).front(), "!");
  std::string folded = "A: ";
  for (int i = 0; i < 11; ++i) folded += std::string(10000, 'b') + "\r\n ";
  EXPECT_EQ(lines_of({folded}, true).front(), "!");
}

}  // namespace
}  // namespace hiper
