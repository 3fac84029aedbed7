#include "client/report.hpp"

#include <curl/curl.h>

#include <cstdio>

namespace hiper::bench {
namespace {

struct Figure {
  const char* name;
  int digits;
  double value;
};

Figure count(const char* name, std::uint64_t value) { return {name, 0, static_cast<double>(value)}; }
Figure count(const char* name, long value) { return {name, 0, static_cast<double>(value)}; }

}  // namespace

void report(const Options& options, const Meter& meter, double idle_bytes, long fewest_in_flight) {
  const Counters counted = meter.end.counters - meter.begin.counters;
  const Usage used = meter.end.usage - meter.begin.usage;
  const double requests = static_cast<double>(counted.requests), us = 1e6 / requests;
  const Figure figures[] = {
      count("requests", counted.requests),
      count("errors", counted.errors),
      count("connects", counted.connects),
      count("bytes", counted.bytes),
      {"wall_s", 6, used.wall_s},
      {"user_s", 6, used.user_s},
      {"sys_s", 6, used.sys_s},
      {"req_per_s", 1, requests / used.wall_s},
      {"user_us_per_req", 3, used.user_s * us},
      {"sys_us_per_req", 3, used.sys_s * us},
      {"cpu_us_per_req", 3, used.cpu_s() * us},
      count("socket_cb", counted.socket_calls),
      count("timer_cb", counted.timer_calls),
      count("epoll_ctl", counted.epoll_ctls),
      count("waits", counted.waits),
      count("action_fd", counted.events),
      count("action_timeout", counted.timeouts),
      {"p50_us", 1, meter.latencies.quantile(0.50)},
      {"p99_us", 1, meter.latencies.quantile(0.99)},
      count("peak_rss_kb", status_kb("VmHWM:")),
      {"rss_per_idle", 0, idle_bytes},
      count("concurrency", options.in_flight),
      count("fewest_in_flight", fewest_in_flight),
      count("idle", options.idle),
  };
  if (!options.text) {
    const char* const version = curl_version_info(CURLVERSION_NOW)->version;
    std::printf("{\"libcurl\":\"%s\",\"api\":\"%s\"", version, options.poll ? "poll" : "socket");
  }
  for (const Figure& figure : figures) {
    if (options.text) {
      std::printf("%s %.*f\n", figure.name, figure.digits, figure.value);
    } else {
      std::printf(",\"%s\":%.*f", figure.name, figure.digits, figure.value);
    }
  }
  if (!options.text) std::puts("}");
  std::fflush(stdout);  // whoever waits for the figures need not wait for what is left to be freed
}

}  // namespace hiper::bench
