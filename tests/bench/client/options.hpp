// The command line of the client.
#pragma once

namespace hiper::bench {

struct Options {
  const char* url = nullptr;  ///< may hold a range, as in expand_url
  const char* idle_url = nullptr;
  const char* ca_file = nullptr;
  long requests = 10000;  ///< counted ones
  long warm_up = -1;      ///< before they count; -1: one per transfer in flight
  long in_flight = 1;
  long idle = 0;         ///< transfers that never end, beside those
  long body_size = -1;   ///< bytes that each body must have; -1: any
  long buffer_size = 0;  ///< CURLOPT_BUFFERSIZE; 0: the library's default
  long timeout_ms = 0;   ///< CURLOPT_TIMEOUT_MS; 0: none
  long max_host_connections = 0;
  long max_total_connections = 0;
  long max_kept = -1;   ///< CURLMOPT_MAXCONNECTS; -1: room for all, 0: the library's default
  long window_s = 0;    ///< the requests count for so long at most; 0: without limit
  bool steady = false;  ///< as many are in flight at the end of the count as at its start
  bool fresh = false;
  bool new_handle = false;
  bool insecure = false;
  bool poll = false;  ///< curl_multi_poll instead of the socket interface
  bool text = false;  ///< no JSON
  bool dump = false;
};

/// Ends the program when it makes no sense.
Options parse_options(int argc, char** argv);

}  // namespace hiper::bench
