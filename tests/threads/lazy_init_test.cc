// What happens when a process calls the library for the first time, in fresh processes: many threads do
// (lazy_init.cc), or it forks just then (first_fork.cc).
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace {

/// The wait status of the program.
int run(std::string program, std::string argument = {}) {
  char* const arguments[] = {program.data(), argument.empty() ? nullptr : argument.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ), 0) << program;
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

/// The thread that initialises holds a lock that the child would find taken for ever.
TEST(FirstFork, TheChildMayUseTheLibrary) { EXPECT_EQ(run(HIPER_FIRST_FORK), 0); }

class LazyInit : public testing::TestWithParam<const char*> {};

TEST_P(LazyInit, SixteenThreadsMayBeTheFirst) {
  for (int round = 0; round < 3; ++round) EXPECT_EQ(run(HIPER_LAZY_INIT, GetParam()), 0);
}

INSTANTIATE_TEST_SUITE_P(Doors, LazyInit,
                         testing::Values("easy_init", "multi_init", "share_init", "global_init", "perform",
                                         "global_init_mem", "version", "everything"),
                         [](const auto& door) { return std::string(door.param); });

}  // namespace
