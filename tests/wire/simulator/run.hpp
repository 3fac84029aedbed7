// One run of the simulator: a world made from a seed, in which an application lives from its first transfer
// to curl_multi_cleanup.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace hiper::sim {

struct RunResult {
  std::vector<std::string> complaints;  ///< empty: all went well
  std::uint64_t hash = 0;               ///< of everything that happened
  std::uint64_t num_steps = 0;
};

/// `prints`: every step to standard output.
RunResult run_seed(std::uint64_t seed, bool prints = false);

}  // namespace hiper::sim
