#include "parse/date.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

struct Observed {
  const char* text;
  std::int64_t seconds;
};
constexpr Observed kObserved[] = {
#include "date_table.inc"
};

TEST(Date, AnswersAsTheInstalledLibraryDoes) {
  for (const Observed& observed : kObserved) {
    EXPECT_EQ(hiper::date_or_minus_one(observed.text), observed.seconds) << observed.text;
  }
}

TEST(Date, TellsMinusOneSecondFromFailure) {
  const hiper::DateResult date = hiper::parse_date("Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_TRUE(date.ok);
  EXPECT_EQ(date.seconds, -1);
  EXPECT_FALSE(hiper::parse_date("31 Dec").ok);
}

TEST(Date, EveryPrefixOfADateIsHarmless) {
  const std::string text = "Sunday, 06-Nov-1994 08:49:37 +0200";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string prefix = text.substr(0, length);
    const hiper::DateResult date = hiper::parse_date(std::string_view(prefix.data(), prefix.size()));
    EXPECT_EQ(date.ok, length >= std::string("Sunday, 06-Nov-1994").size() && length != 22) << prefix;
  }
}

TEST(Date, TheLargestYearDoesNotOverflow) {
  const hiper::DateResult date = hiper::parse_date("31 Dec 2147483647 23:59:60 -1400");
  EXPECT_TRUE(date.ok);
  EXPECT_GT(date.seconds, std::int64_t{67767976233532799});
  EXPECT_FALSE(hiper::parse_date("31 Dec 2147483648").ok);
  EXPECT_FALSE(hiper::parse_date("31 Dec 99999999999999999999999999999999").ok);
}

}  // namespace
