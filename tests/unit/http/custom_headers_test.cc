// CURLOPT_HTTPHEADER lines.
#include "http/custom_headers.hpp"

#include <gtest/gtest.h>

#include "base/slist.hpp"

namespace {

using hiper::CustomHeader;
using hiper::find_custom_header;
using hiper::read_custom_header;
using Kind = hiper::CustomHeader::Kind;

TEST(CustomHeaders, ANameWithAValueIsSent) {
  const CustomHeader header = read_custom_header("X-A:  one two ");
  EXPECT_EQ(header.kind, Kind::send);
  EXPECT_EQ(header.text, "X-A:  one two ");
  EXPECT_EQ(header.name, "X-A");
  EXPECT_EQ(header.raw, "  one two ");
  EXPECT_EQ(header.value, "one two");
}

TEST(CustomHeaders, ANameWithoutAValueRemoves) {
  EXPECT_EQ(read_custom_header("Accept:").kind, Kind::remove);
  EXPECT_EQ(read_custom_header("Accept: \t ").kind, Kind::remove);
  EXPECT_EQ(read_custom_header("Accept: \r\n").kind, Kind::remove);
}

TEST(CustomHeaders, ASemicolonAtTheEndSendsAnEmptyHeader) {
  const CustomHeader header = read_custom_header("X-Empty;");
  EXPECT_EQ(header.kind, Kind::send_empty);
  EXPECT_EQ(header.name, "X-Empty");
  EXPECT_EQ(read_custom_header("X-Empty;x").kind, Kind::invalid);
  EXPECT_EQ(read_custom_header("X-Empty; ").kind, Kind::invalid);
}

TEST(CustomHeaders, AColonWinsOverASemicolon) {
  const CustomHeader header = read_custom_header("X-I; x:v;");
  EXPECT_EQ(header.kind, Kind::send);
  EXPECT_EQ(header.name, "X-I; x");
  EXPECT_EQ(header.value, "v;");
}

TEST(CustomHeaders, LinesWithoutANameAreInvalid) {
  for (const char* const line : {"", "\r\n", "nocolon", ":value", ";", ":"}) {
    EXPECT_EQ(read_custom_header(line).kind, Kind::invalid) << line;
  }
}

TEST(CustomHeaders, LineBreaksAtTheEndAreNotPartOfTheLine) {
  EXPECT_EQ(read_custom_header("X-A: 1\r\n").text, "X-A: 1");
  EXPECT_EQ(read_custom_header("X-A: 1\n\r\n\r").value, "1");
}

TEST(CustomHeaders, SeveralHeadersInOneItemAreSentAsTheyAre) {
  for (const char* const line : {"X-A: 1\r\nX-B: 2", "X-A: 1\nX-B: 2", "X-A: 1\r\n folded"}) {
    EXPECT_EQ(read_custom_header(line).kind, Kind::send) << line;
    EXPECT_EQ(read_custom_header(line).text, line);
  }
}

TEST(CustomHeaders, ABlankLineInsideBreaksTheHeader) {
  for (const char* const line : {"X-A: 1\r\n\r\nGET /", "X-A: 1\n\nbody", "X-A: 1\n\r\nbody"}) {
    EXPECT_EQ(read_custom_header(line).kind, Kind::broken) << line;
  }
}

TEST(CustomHeaders, TheFirstLineAboutANameIsFoundInAnyCase) {
  const hiper::OwnedSlist list(hiper::slist_append(nullptr, "X-Other: 0"));
  ASSERT_NE(hiper::slist_append(list.get(), "host"), nullptr);
  ASSERT_NE(hiper::slist_append(list.get(), "hOST: a"), nullptr);
  ASSERT_NE(hiper::slist_append(list.get(), "Host: b"), nullptr);
  EXPECT_EQ(find_custom_header(list.get(), "Host").value, "a");
  EXPECT_EQ(find_custom_header(list.get(), "Hos").kind, Kind::invalid);
  EXPECT_EQ(find_custom_header(list.get(), "Accept").kind, Kind::invalid);
  EXPECT_EQ(find_custom_header(nullptr, "Host").kind, Kind::invalid);
}

}  // namespace
