#include "conn/key.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <set>
#include <string>

namespace hiper {
namespace {

TEST(ConnectionKey, EqualMeansEqualHostAndShape) {
  const ConnectionKey key("a.test:80", "shape");
  EXPECT_EQ(key, ConnectionKey("a.test:80", "shape"));
  EXPECT_EQ(key.hash(), ConnectionKey("a.test:80", "shape").hash());
  EXPECT_FALSE(key == ConnectionKey("a.test:81", "shape"));
  EXPECT_FALSE(key == ConnectionKey("a.test:80", "Shape"));
  EXPECT_FALSE(key == ConnectionKey("a.test:8", "0shape"));
  EXPECT_FALSE(key == ConnectionKey());
}

TEST(ConnectionKey, HostAndShapeChangeTheHashEachForItself) {
  const ConnectionKey key("a", "b");
  EXPECT_NE(key.hash(), ConnectionKey("a", "c").hash());
  EXPECT_NE(key.hash(), ConnectionKey("c", "b").hash());
  EXPECT_NE(key.hash(), ConnectionKey("b", "a").hash());
  EXPECT_NE(ConnectionKey("a", "a").hash(), ConnectionKey("b", "b").hash());
}

TEST(ConnectionKey, KeysOfOneHostShareTheHostHash) {
  EXPECT_EQ(ConnectionKey("a", "b").host_hash(), ConnectionKey("a", "c").host_hash());
  EXPECT_NE(ConnectionKey("a", "b").host_hash(), ConnectionKey("b", "b").host_hash());
}

TEST(ConnectionKey, ACopyIsEqualAndOutlivesTheOriginal) {
  ConnectionKey copy;
  {
    const ConnectionKey key("a.test:80", std::string(100, 's'));
    copy = key;
    EXPECT_EQ(copy, key);
  }
  EXPECT_EQ(copy.host(), "a.test:80");
  EXPECT_EQ(copy.shape(), std::string(100, 's'));
}

TEST(ConnectionKey, BytesOfAnyValueCount) {
  EXPECT_FALSE(ConnectionKey("a", std::string("x\0y", 3)) == ConnectionKey("a", std::string("x\0z", 3)));
  EXPECT_FALSE(ConnectionKey("a", std::string("x\0", 2)) == ConnectionKey("a", "x"));
}

TEST(KeyBuilder, DifferentSequencesOfFieldsGiveDifferentTexts) {
  std::set<std::string> texts;
  std::size_t num_sequences = 0;
  const auto add = [&](KeyBuilder&& builder) {
    texts.insert(builder.take());
    ++num_sequences;
  };
  add(KeyBuilder());
  add(std::move(KeyBuilder().add("")));
  add(std::move(KeyBuilder().add("").add("")));
  add(std::move(KeyBuilder().add(static_cast<const char*>(nullptr))));
  add(std::move(KeyBuilder().add("a")));
  add(std::move(KeyBuilder().add("ab")));
  add(std::move(KeyBuilder().add("a").add("b")));
  add(std::move(KeyBuilder().add("b").add("a")));
  add(std::move(KeyBuilder().add("").add("ab")));
  add(std::move(KeyBuilder().add("ab").add("")));
  add(std::move(KeyBuilder().add(std::int64_t{1})));
  add(std::move(KeyBuilder().add(std::int64_t{1}).add("a")));
  add(std::move(KeyBuilder().add(std::int64_t{256})));
  add(std::move(KeyBuilder().add(&texts)));
  EXPECT_EQ(texts.size(), num_sequences);
}

TEST(KeyBuilder, DifferentNumbersGiveDifferentTexts) {
  std::set<std::string> texts;
  const std::int64_t numbers[] = {0,   1,   -1,   2,    -2,         63,          64,        -64,
                                  -65, 127, 8191, 8192, 4294967295, -4294967295, INT64_MAX, INT64_MIN};
  for (const std::int64_t number : numbers) texts.insert(KeyBuilder().add(number).take());
  EXPECT_EQ(texts.size(), std::size(numbers));
}

TEST(KeyBuilder, OneFieldIsNotTheBeginningOfAnother) {
  // Else the fields behind them could make up for the difference.
  const std::string small = KeyBuilder().add(std::int64_t{64}).take();
  const std::string large = KeyBuilder().add(std::int64_t{8192}).take();
  EXPECT_FALSE(large.starts_with(small));
  EXPECT_FALSE(KeyBuilder().add(std::string(200, 'a')).take().starts_with(KeyBuilder().add("a").take()));
}

TEST(KeyBuilder, WhatIsNotSetTakesLittle) {
  KeyBuilder builder;
  for (int i = 0; i < 10; ++i) builder.add(static_cast<const char*>(nullptr)).add(std::int64_t{i});
  EXPECT_LE(builder.take().size(), 20u);
}

TEST(KeyBuilder, TheSameFieldsGiveTheSameText) {
  const auto build = [] {
    return KeyBuilder().add("host").add(std::int64_t{-1}).add(static_cast<const char*>(nullptr)).take();
  };
  EXPECT_EQ(build(), build());
}

TEST(KeyBuilder, AFieldCanHoldAnyBytes) {
  const std::string_view with_nul("a\0b", 3);
  EXPECT_NE(KeyBuilder().add(with_nul).take(), KeyBuilder().add("a").take());
}

}  // namespace
}  // namespace hiper
