// Global initialisation that nobody asked for, from many threads at once, in fresh processes (lazy_init.cc).
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace {

class LazyInit : public testing::TestWithParam<const char*> {};

TEST_P(LazyInit, SixteenThreadsMayBeTheFirst) {
  for (int run = 0; run < 3; ++run) {
    std::string program = HIPER_LAZY_INIT;
    std::string door = GetParam();
    char* const arguments[] = {program.data(), door.data(), nullptr};
    pid_t child = 0;
    ASSERT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ), 0) << program;
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
}

INSTANTIATE_TEST_SUITE_P(Doors, LazyInit,
                         testing::Values("easy_init", "multi_init", "share_init", "global_init", "perform",
                                         "global_init_mem", "version", "everything"),
                         [](const auto& door) { return std::string(door.param); });

}  // namespace
