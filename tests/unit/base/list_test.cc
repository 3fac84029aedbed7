#include "base/list.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace hiper {
namespace {

struct Item : ListNode<> {
  explicit Item(int item_value) : value(item_value) {}
  int value;
};

std::vector<int> values(List<Item>& list) {
  std::vector<int> result;
  for (Item* item = list.first(); item != nullptr; item = list.next(*item)) result.push_back(item->value);
  return result;
}
using Values = std::vector<int>;

TEST(List, StartsEmpty) {
  List<Item> list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.first(), nullptr);
}

TEST(List, KeepsTheOrderOfBothEnds) {
  List<Item> list;
  Item one(1), two(2), three(3);
  list.push_back(two);
  list.push_back(three);
  list.push_front(one);
  EXPECT_EQ(values(list), (Values{1, 2, 3}));
  EXPECT_EQ(list.front().value, 1);
  EXPECT_EQ(list.back().value, 3);
  EXPECT_EQ(&list.pop_front(), &one);
  EXPECT_FALSE(one.linked());
  EXPECT_EQ(values(list), (Values{2, 3}));
}

TEST(List, AnItemLeavesFromAnywhere) {
  List<Item> list;
  Item one(1), two(2), three(3);
  for (Item* const item : {&one, &two, &three}) list.push_back(*item);
  two.unlink();
  EXPECT_FALSE(two.linked());
  EXPECT_EQ(values(list), (Values{1, 3}));
  two.unlink();
  three.unlink();
  one.unlink();
  EXPECT_TRUE(list.empty());
  list.push_front(two);
  EXPECT_EQ(values(list), (Values{2}));
}

TEST(List, ADestroyedItemLeaves) {
  List<Item> list;
  Item one(1);
  list.push_back(one);
  {
    Item two(2);
    list.push_back(two);
    EXPECT_EQ(values(list), (Values{1, 2}));
  }
  EXPECT_EQ(values(list), (Values{1}));
}

TEST(List, ADestroyedListLetsItsItemsGo) {
  Item one(1), two(2);
  {
    List<Item> list;
    list.push_back(one);
    list.push_back(two);
  }
  EXPECT_FALSE(one.linked());
  EXPECT_FALSE(two.linked());
}

TEST(List, TakingAppendsAndEmptiesTheOther) {
  List<Item> list;
  List<Item> other;
  Item one(1), two(2), three(3);
  list.take(other);
  EXPECT_TRUE(list.empty());
  other.push_back(two);
  other.push_back(three);
  list.take(other);
  EXPECT_EQ(values(list), (Values{2, 3}));
  EXPECT_TRUE(other.empty());
  other.push_back(one);
  other.take(list);
  EXPECT_EQ(values(other), (Values{1, 2, 3}));
  list.take(other);
  list.take(other);
  EXPECT_EQ(values(list), (Values{1, 2, 3}));
}

struct Left;
struct Right;
struct Both : ListNode<Left>, ListNode<Right> {};

TEST(List, AnItemCanBeInOneListPerTag) {
  List<Both, Left> left;
  List<Both, Right> right;
  Both item;
  left.push_back(item);
  right.push_back(item);
  EXPECT_EQ(&left.front(), &item);
  EXPECT_EQ(&right.front(), &item);
  static_cast<ListNode<Left>&>(item).unlink();
  EXPECT_TRUE(left.empty());
  EXPECT_EQ(&right.pop_front(), &item);
}

TEST(List, RandomStepsAgreeWithADeque) {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 40; ++i) items.push_back(std::make_unique<Item>(i));
  List<Item> list;
  std::deque<int> model;
  for (int step = 0; step < 20'000; ++step) {
    Item& item = *items[random() % items.size()];
    if (item.linked()) {
      if (random() % 4 == 0) {
        Item& first = list.pop_front();
        ASSERT_EQ(first.value, model.front());
        model.pop_front();
      } else {
        item.unlink();
        std::erase(model, item.value);
      }
    } else if (random() % 2 == 0) {
      list.push_back(item);
      model.push_back(item.value);
    } else {
      list.push_front(item);
      model.push_front(item.value);
    }
    ASSERT_EQ(list.empty(), model.empty());
    ASSERT_EQ(values(list), Values(model.begin(), model.end()));
  }
}

}  // namespace
}  // namespace hiper
