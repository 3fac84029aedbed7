// Racing the addresses of one host (RFC 8305): attempts start one after the other, a short delay apart or as
// soon as one fails; the first that connects wins and the others are given up. Called by conn/connect.cc.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <vector>

#include "base/report.hpp"
#include "base/status.hpp"
#include "dns/address.hpp"
#include "easy/options.hpp"
#include "flow/flow.hpp"

namespace hiper {

struct RaceJob {
  const Options& options;
  std::vector<Address> addresses;  ///< with port, in the order to try
  CURL* easy;
  Report& report;
  Nanos deadline;
  OwnedWatch winner{};  ///< the connected socket
  Address remote{};
  int os_error = 0;  ///< of the last attempt that failed
};

/// CURLE_OK with a winner; CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, or what a callback caused.
Flow<Status> race_flow(Task& task, RaceJob& job);

/// Families in turn, starting with that of the first address, else in the given order (RFC 8305, section 4).
std::vector<Address> interleave(std::span<const Address> addresses, std::uint16_t port);

}  // namespace hiper
