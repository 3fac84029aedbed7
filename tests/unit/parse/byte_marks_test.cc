#include "parse/byte_marks.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace hiper {
namespace {

/// Places of the marked bytes, found one by one.
std::vector<std::size_t> expected(const std::vector<char>& text) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == ':' || text[i] == '\0') places.push_back(i);
  }
  return places;
}

std::vector<std::size_t> found(const std::vector<char>& text) {
  const char* const end = text.data() + text.size();
  HeadMarks marks(text.data(), end);
  std::vector<std::size_t> places;
  for (const char* at = marks.next(); at != end; at = marks.next()) {
    places.push_back(static_cast<std::size_t>(at - text.data()));
  }
  EXPECT_EQ(marks.next(), end);
  return places;
}

TEST(HeadMarks, FindsEveryMarkInTextsOfAnyLength) {
  std::mt19937 random(1);
  const char alphabet[] = {'a', ' ', ':', '\n', '\r', '\0', ';', '\x0b', '\xba', '\x8a'};
  for (std::size_t size = 0; size < 300; ++size) {
    std::vector<char> text(size);
    for (char& c : text) c = alphabet[random() % sizeof alphabet];
    EXPECT_EQ(found(text), expected(text)) << "length " << size;
  }
}

TEST(HeadMarks, FindsOneMarkAtAnyPlace) {
  for (std::size_t place = 0; place < 200; ++place) {
    for (const char mark : {':', '\n', '\0'}) {
      std::vector<char> text(200, 'x');
      text[place] = mark;
      EXPECT_EQ(found(text), std::vector<std::size_t>{place});
    }
  }
}

TEST(HeadMarks, NothingIsFoundWhereNothingIs) { EXPECT_TRUE(found(std::vector<char>(129, '\r')).empty()); }

}  // namespace
}  // namespace hiper
