#include "parse/date.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

TEST(Date, EveryPrefixOfADateIsReadWithinItsBounds) {
  const std::string text = "Sunday, 06-Nov-1994 08:49:37 +0200";
  // What the installed library says: '+' a date, '-' none.
  const std::string observed = "----------------++-++---+++++++---+";
  ASSERT_EQ(observed.size(), text.size() + 1);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::vector<char> prefix(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(hiper::parse_date({prefix.data(), length}).ok, observed[length] == '+') << length;
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
