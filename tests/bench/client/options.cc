#include "client/options.hpp"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "support/die.hpp"

namespace hiper::bench {
namespace {

constexpr char kUsage[] =
    "usage: client [option]... URL        (URL may hold a range: http://127.0.0.[1-20]/)\n"
    "  -n, --requests N          that count\n"
    "  -c, --concurrency N       transfers in flight\n"
    "  -w, --warmup N            requests before they count (as many as are in flight)\n"
    "  -o, --output json|text\n"
    "      --api socket|poll     curl_multi_socket_action with epoll, or curl_multi_poll\n"
    "      --fresh               a new connection for each request\n"
    "      --new-handle          a new easy handle for each request\n"
    "      --idle K              K transfers more, which wait on --idle-url for ever\n"
    "      --idle-url URL        of a server that never answers\n"
    "      --steady              starts transfers until the last counted one has ended\n"
    "      --window-s S          counts for S seconds at most\n"
    "      --max-host-conns N    CURLMOPT_MAX_HOST_CONNECTIONS\n"
    "      --max-total-conns N   CURLMOPT_MAX_TOTAL_CONNECTIONS\n"
    "      --max-connects N      CURLMOPT_MAXCONNECTS (room for all; 0: the library's default)\n"
    "      --timeout-ms N        CURLOPT_TIMEOUT_MS\n"
    "      --buffer N            CURLOPT_BUFFERSIZE\n"
    "      --insecure            verifies no certificate\n"
    "      --cacert FILE\n"
    "      --body-size N         a body of another size is an error\n"
    "      --dump                copies the bodies to stderr\n";

[[noreturn]] void explain() {
  std::fputs(kUsage, stderr);
  std::exit(2);
}

long number(const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < 0) die("not a number: %s", text);
  return value;
}

/// True if `text` is `yes`, false if it is `no`.
bool choice(std::string_view text, std::string_view yes, std::string_view no) {
  if (text != yes && text != no) explain();
  return text == yes;
}

/// An option is a flag, or has a number or text, which goes to one member of Options.
struct Row {
  const char* name;
  char letter;
  bool Options::*flag;
  long Options::*number;
  const char* Options::*text;
};
constexpr Row flag(const char* name, bool Options::*member) { return {name, 0, member, nullptr, nullptr}; }
constexpr Row count(const char* name, long Options::*member, char letter = 0) {
  return {name, letter, nullptr, member, nullptr};
}
constexpr Row text(const char* name, const char* Options::*member) {
  return {name, 0, nullptr, nullptr, member};
}

constexpr Row kRows[] = {
    count("requests", &Options::requests, 'n'),
    count("concurrency", &Options::in_flight, 'c'),
    count("warmup", &Options::warm_up, 'w'),
    count("idle", &Options::idle),
    count("window-s", &Options::window_s),
    count("max-host-conns", &Options::max_host_connections),
    count("max-total-conns", &Options::max_total_connections),
    count("max-connects", &Options::max_kept),
    count("timeout-ms", &Options::timeout_ms),
    count("buffer", &Options::buffer_size),
    count("body-size", &Options::body_size),
    text("idle-url", &Options::idle_url),
    text("cacert", &Options::ca_file),
    flag("fresh", &Options::fresh),
    flag("new-handle", &Options::new_handle),
    flag("steady", &Options::steady),
    flag("insecure", &Options::insecure),
    flag("dump", &Options::dump),
};
constexpr int kNumRows = std::size(kRows);
constexpr int kFirstRow = 256, kApi = kFirstRow + kNumRows, kHelp = kApi + 1, kOutput = 'o';

void store(Options& options, const Row& row, const char* argument) {
  if (row.flag != nullptr) {
    options.*row.flag = true;
  } else if (row.number != nullptr) {
    options.*row.number = number(argument);
  } else {
    options.*row.text = argument;
  }
}

void read_arguments(Options& options, int argc, char** argv) {
  option longs[kNumRows + 4] = {};
  for (int i = 0; i < kNumRows; ++i) {
    longs[i] = {kRows[i].name, kRows[i].flag == nullptr, nullptr, kFirstRow + i};
  }
  longs[kNumRows] = {"api", 1, nullptr, kApi};
  longs[kNumRows + 1] = {"output", 1, nullptr, kOutput};
  longs[kNumRows + 2] = {"help", 0, nullptr, kHelp};
  for (int c; (c = getopt_long(argc, argv, "n:c:w:o:", longs, nullptr)) != -1;) {
    if (c == kApi) {
      options.poll = choice(optarg, "poll", "socket");
    } else if (c == kOutput) {
      options.text = choice(optarg, "text", "json");
    } else if (c == kHelp) {
      std::fputs(kUsage, stdout);
      std::exit(0);
    } else if (c >= kFirstRow) {
      store(options, kRows[c - kFirstRow], optarg);
    } else {
      const Row* found = nullptr;
      for (const Row& row : kRows) found = row.letter == c ? &row : found;
      if (found == nullptr) explain();
      store(options, *found, optarg);
    }
  }
  if (optind + 1 != argc) explain();
  options.url = argv[optind];
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  read_arguments(options, argc, argv);
  if (options.requests == 0 || options.in_flight == 0) explain();
  if (options.idle != 0 && options.idle_url == nullptr) die("--idle needs --idle-url");
  if (options.warm_up < 0) options.warm_up = options.in_flight;
  if (options.max_kept < 0) options.max_kept = 2 * options.in_flight + options.idle;
  return options;
}

}  // namespace hiper::bench
