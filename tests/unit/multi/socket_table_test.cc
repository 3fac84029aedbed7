#include "multi/socket_table.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <map>
#include <memory>
#include <random>

#include "support/failing_new.hpp"
#include "support/fake_reactor.hpp"

namespace hiper {
namespace {

class SocketTableTest : public ::testing::Test {
 protected:
  std::unique_ptr<Watch> make(int fd) {
    return std::make_unique<Watch>(reactor, fd, SocketCloser{}, nullptr);
  }
  FakeReactor reactor;
  SocketTable table;
};

TEST_F(SocketTableTest, FindsWhatIsInItAndNothingElse) {
  const auto five = make(5);
  const auto far = make(100'000);
  EXPECT_EQ(table.find(5), nullptr);
  table.insert(*five);
  table.insert(*far);
  EXPECT_EQ(table.find(5), five.get());
  EXPECT_EQ(table.find(100'000), far.get());
  for (const int fd : {-1, -2, INT_MIN, 0, 4, 6, 99'999, 100'001, 1'000'000, INT_MAX}) {
    EXPECT_EQ(table.find(fd), nullptr) << fd;
  }
  table.erase(*five);
  EXPECT_EQ(table.find(5), nullptr);
  EXPECT_EQ(table.find(100'000), far.get());
}

TEST_F(SocketTableTest, ANumberCanHaveANewLife) {
  const auto first = make(7);
  const auto second = make(7);
  table.insert(*first);
  table.erase(*first);
  table.insert(*second);
  EXPECT_EQ(table.find(7), second.get());
}

// An open callback may hand out a number whose old watch still waits for its close callback.
TEST_F(SocketTableTest, ErasingTheOldLifeLeavesTheNewOneAlone) {
  const auto old = make(7);
  const auto next = make(7);
  table.insert(*old);
  table.insert(*next);
  table.erase(*old);
  EXPECT_EQ(table.find(7), next.get());
  table.erase(*next);
  EXPECT_EQ(table.find(7), nullptr);
}

TEST_F(SocketTableTest, WithoutMemoryNothingIsInserted) {
  const auto one = make(3);
  const auto far = make(5000);
  table.insert(*one);
  {
    const FailingNew failing(1);
    EXPECT_THROW(table.insert(*far), std::bad_alloc);
  }
  EXPECT_EQ(table.find(5000), nullptr);
  EXPECT_EQ(table.find(3), one.get());
}

TEST_F(SocketTableTest, RandomStepsAgreeWithAMap) {
  std::mt19937 random(11);
  std::map<int, std::unique_ptr<Watch>> model;
  for (int step = 0; step < 5000; ++step) {
    const int fd = static_cast<int>(random() % 300);
    if (model.contains(fd)) {
      table.erase(*model[fd]);
      model.erase(fd);
    } else {
      model[fd] = make(fd);
      table.insert(*model[fd]);
    }
    const int asked = static_cast<int>(random() % 300);
    ASSERT_EQ(table.find(asked), model.contains(asked) ? model[asked].get() : nullptr);
  }
  std::size_t num_visited = 0;
  table.for_each([&](Watch& watch) {
    EXPECT_EQ(model[watch.fd()].get(), &watch);
    ++num_visited;
  });
  EXPECT_EQ(num_visited, model.size());
}

}  // namespace
}  // namespace hiper
