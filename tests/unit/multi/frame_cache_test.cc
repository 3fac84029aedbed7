#include "multi/frame_cache.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "support/failing_memory.hpp"

namespace hiper {
namespace {

using hiper::testing::FailingMemory;

TEST(FrameCache, RoomHasTheSizeAskedForAndIsAlignedForAnyObject) {
  FrameCache cache;
  for (const std::size_t size : {1UL, 63UL, 64UL, 65UL, 1000UL, 2495UL, 2496UL, 2497UL, 100'000UL}) {
    void* const room = cache.take(size);
    ASSERT_NE(room, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(room) % alignof(std::max_align_t), 0U);
    std::memset(room, 0x5a, size);
    cache.give(room, size);
  }
}

TEST(FrameCache, EverythingGoesBackToTheMemoryDoor) {
  const FailingMemory memory;
  {
    FrameCache cache;
    std::vector<std::pair<void*, std::size_t>> taken;
    std::mt19937 random(3);
    for (int i = 0; i < 5000; ++i) {
      if (taken.empty() || random() % 2 == 0) {
        const std::size_t size = 1 + random() % 4000;
        taken.emplace_back(cache.take(size), size);
        ASSERT_NE(taken.back().first, nullptr);
        std::memset(taken.back().first, 0x5a, size);
      } else {
        std::swap(taken[random() % taken.size()], taken.back());
        cache.give(taken.back().first, taken.back().second);
        taken.pop_back();
      }
    }
    for (const auto& [room, size] : taken) cache.give(room, size);
  }
  EXPECT_EQ(FailingMemory::num_live(), 0);
}

TEST(FrameCache, ABurstIsNotKeptForEver) {
  const FailingMemory memory;
  FrameCache cache;
  std::vector<void*> rooms(2000);
  for (void*& room : rooms) room = cache.take(200);
  EXPECT_EQ(FailingMemory::num_live(), 2000);
  for (void* const room : rooms) cache.give(room, 200);
  EXPECT_LE(FailingMemory::num_live(), 256);
}

TEST(FrameCache, AsManyAsTransfersMayEndAtOnceAreKept) {
  const FailingMemory memory;
  FrameCache cache;
  cache.keep_for(1000);
  std::vector<void*> rooms(2000);
  for (void*& room : rooms) room = cache.take(200);
  for (void* const room : rooms) cache.give(room, 200);
  EXPECT_EQ(FailingMemory::num_live(), FrameCache::kRecycles ? 1000 : 0);
  cache.keep_for(0);
  EXPECT_LE(FailingMemory::num_live(), 256);
}

TEST(FrameCache, LargeFramesAreNotKept) {
  const FailingMemory memory;
  FrameCache cache;
  cache.give(cache.take(10'000), 10'000);
  EXPECT_EQ(FailingMemory::num_live(), 0);
}

TEST(FrameCache, WithoutMemoryThereIsNoRoom) {
  const FailingMemory memory(1);
  FrameCache cache;
  EXPECT_EQ(cache.take(100), nullptr);
  EXPECT_EQ(cache.take(10'000), nullptr);
}

// The address sanitizer gets each frame as a block of its own, so there is nothing to see with it.
TEST(FrameCache, AFrameOfTheSameClassIsRecycled) {
  FrameCache cache;
  void* const room = cache.take(100);
  cache.give(room, 100);
  const FailingMemory memory(1);
  void* const again = cache.take(104);
  if (!FrameCache::kRecycles) GTEST_SKIP() << "recycling is off in this build";
  ASSERT_EQ(again, room);
  EXPECT_EQ(cache.take(105), nullptr) << "another class";
  cache.give(again, 104);
}

}  // namespace
}  // namespace hiper
