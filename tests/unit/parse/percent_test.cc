#include "parse/percent.hpp"

#include <gtest/gtest.h>

namespace hiper {
namespace {

std::string decoded(std::string_view text, Decoded allowed = Decoded::anything) {
  std::string out;
  return append_percent_decoded(out, text, allowed) ? out : "refused";
}

TEST(Percent, UnreservedBytesAreKept) {
  std::string out = "x";
  append_percent_encoded(out, "aZ09-._~/ \xff%");
  EXPECT_EQ(out, "xaZ09-._~%2F%20%FF%25");
}

TEST(Percent, IncompleteTripletsStay) {
  EXPECT_EQ(decoded("%"), "%");
  EXPECT_EQ(decoded("%4"), "%4");
  EXPECT_EQ(decoded("%4g%g4%41%"), "%4g%g4A%");
  EXPECT_EQ(decoded("%2541"), "%41");
}

TEST(Percent, ControlBytesAreRefusedOnDemand) {
  EXPECT_EQ(decoded("a%00b"), std::string("a\0b", 3));
  EXPECT_EQ(decoded("%1F", Decoded::no_control), "refused");
  EXPECT_EQ(decoded("\n", Decoded::no_control), "refused");
  EXPECT_EQ(decoded("%20%7f", Decoded::no_control), " \x7f");
}

TEST(Percent, OnlySpacesAndHighBytesAreMadeAscii) {
  std::string out;
  append_made_ascii(out, "a b%zz\x80\"", "%20");
  EXPECT_EQ(out, "a%20b%zz%80\"");
}

TEST(Percent, OnlyTripletsGetUpperCase) {
  std::string text = "%ab%c%aG%%fe";
  upper_case_percent(text);
  EXPECT_EQ(text, "%AB%c%aG%%FE");
}

}  // namespace
}  // namespace hiper
