// What a run says at its end.
#pragma once
#include "client/meter.hpp"
#include "client/options.hpp"

namespace hiper::bench {

/// One line of JSON, or one line per figure, on stdout. `idle_bytes` is what park_idle returned.
void report(const Options& options, const Meter& meter, double idle_bytes, long fewest_in_flight);

}  // namespace hiper::bench
