// The command to run the simulator by hand:
//
//   simulate --seeds N [--from S] [--jobs J]   runs the seeds S … S+N-1 and tells which ones failed, and why
//   simulate --replay SEED [--from S]          runs one seed, after S … SEED-1, and prints everything that
//   happens simulate --check SEED                      runs one seed twice: both must be the same to the last
//   step
//
// The simulator makes a world from a seed (run.cc), in which the library runs against a simulated kernel
// (kernel.hpp) with virtual time, servers that do all that servers can do wrong (http_server.cc,
// dns_server.cc), and an application that does everything an application may do, at any moment (app.hpp). The
// contract of docs/architecture.md is checked after every call and inside every callback (view.hpp). A
// failing seed is a bug that can be replayed as often as it takes to understand it: change nothing but the
// printing, and it happens again.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "wire/simulator/run.hpp"

namespace {

using hiper::sim::run_seed;
using hiper::sim::RunResult;

struct Arguments {
  std::uint64_t num_seeds = 1000;
  std::uint64_t from = 0;  ///< 0: not given
  std::uint64_t jobs = 1;
  std::uint64_t replay = 0;
  std::uint64_t check = 0;
};

bool parse(int count, char** words, Arguments& out) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::uint64_t value = std::strtoull(words[i + 1], nullptr, 10);
    const std::string name = words[i];
    if (name == "--seeds") {
      out.num_seeds = value;
    } else if (name == "--from") {
      out.from = value;
    } else if (name == "--jobs") {
      out.jobs = value;
    } else if (name == "--replay") {
      out.replay = value;
    } else if (name == "--check") {
      out.check = value;
    } else {
      return false;
    }
  }
  return count % 2 == 1 && out.jobs > 0;
}

int tell(std::uint64_t seed, const RunResult& result) {
  for (const std::string& complaint : result.complaints) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), complaint.c_str());
  }
  std::fflush(stdout);
  return result.complaints.empty() ? 0 : 1;
}

/// Every `step`th seed from `first` on; the number of failures, at most 100.
int run_some(const Arguments& arguments, std::uint64_t first, std::uint64_t step) {
  int failures = 0;
  for (std::uint64_t i = first; i < arguments.num_seeds; i += step) {
    failures += tell(arguments.from + i, run_seed(arguments.from + i));
    if (failures == 100) break;
  }
  return failures;
}

int run_jobs(const Arguments& arguments) {
  for (std::uint64_t job = 0; job < arguments.jobs; ++job) {
    if (fork() == 0) _exit(run_some(arguments, job, arguments.jobs) == 0 ? 0 : 1);
  }
  int failed = 0;
  int status = 0;
  while (wait(&status) > 0) failed |= status;
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fprintf(stderr,
                 "usage: simulate [--seeds N] [--from S] [--jobs J] | --replay SEED | --check SEED\n");
    return 2;
  }
  for (std::uint64_t seed = arguments.from; arguments.from != 0 && seed < arguments.replay; ++seed)
    run_seed(seed);
  if (arguments.replay != 0) return tell(arguments.replay, run_seed(arguments.replay, true));
  if (arguments.check != 0) {
    const RunResult once = run_seed(arguments.check);
    const bool same = once.hash == run_seed(arguments.check).hash;
    std::printf("%s\n", same ? "the same" : "different");
    return same ? 0 : 1;
  }
  if (arguments.from == 0) arguments.from = 1;
  const auto start = std::chrono::steady_clock::now();
  const int failed = arguments.jobs > 1 ? run_jobs(arguments) : run_some(arguments, 0, 1) != 0;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%llu seeds, %.1f seconds\n", static_cast<unsigned long long>(arguments.num_seeds),
              took.count());
  return failed;
}
