// Many seeds, each a world of its own (run.cc). HIPER_SIMULATOR_SEEDS and HIPER_SIMULATOR_FROM choose other
// ones; `simulate --replay SEED` shows what happened in one that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "wire/simulator/run.hpp"

namespace hiper::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Simulator, EverySeedKeepsTheContract) {
  constexpr std::uint64_t kSeeds = 2000;
  const std::uint64_t from = from_environment("HIPER_SIMULATOR_FROM", 1);
  const std::uint64_t count = from_environment("HIPER_SIMULATOR_SEEDS", kSeeds);
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    EXPECT_THAT(run_seed(seed).complaints, testing::IsEmpty()) << "simulate --replay " << seed;
    if (HasFailure()) break;
  }
}

TEST(Simulator, ASeedIsOneExactRun) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult once = run_seed(seed);
    const RunResult again = run_seed(seed);
    ASSERT_EQ(once.hash, again.hash) << "seed " << seed;
    ASSERT_EQ(once.num_steps, again.num_steps);
  }
}

TEST(Simulator, SeedsDiffer) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) hashes.insert(run_seed(seed).hash);
  EXPECT_EQ(hashes.size(), 100u);
}

}  // namespace
}  // namespace hiper::sim
