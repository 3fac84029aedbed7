// The client of the benchmark: GETs through the multi interface of whichever libcurl.so.4 the dynamic linker
// finds, and what they cost this process. Only documented calls are used. See ../README.md for the rows that
// it is used for.
#include <curl/curl.h>

#include <cstdio>

#include "client/meter.hpp"
#include "client/options.hpp"
#include "client/report.hpp"
#include "client/transfers.hpp"
#include "support/die.hpp"

int main(int argc, char** argv) {
  using namespace hiper::bench;
  const Options options = parse_options(argc, argv);
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) die("the library does not start");
  Meter meter;
  {
    Transfers transfers(options, meter);
    const double idle_bytes = transfers.park_idle();
    transfers.run();
    report(options, meter, idle_bytes, transfers.fewest_in_flight());
  }
  curl_global_cleanup();
  return meter.end.counters.errors == meter.begin.counters.errors ? 0 : 1;
}
