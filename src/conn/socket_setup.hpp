// Making one socket ready for connect(): the options of the handle, binding, and the application's callbacks.
#pragma once
#include <curl/curl.h>

#include "base/report.hpp"
#include "base/status.hpp"
#include "dns/address.hpp"
#include "easy/options.hpp"
#include "flow/reactor.hpp"

namespace hiper {

/// A new socket, not connected yet.
struct NewSocket {
  int fd = -1;                     ///< open if `status` is CURLE_OK
  bool already_connected = false;  ///< CURL_SOCKOPT_ALREADY_CONNECTED
  int os_error = 0;
  CURLcode code = CURLE_OK;
};

/// Opens a non-blocking socket for `family` by CURLOPT_OPENSOCKETFUNCTION or socket(2), sets what the handle
/// asks for and calls CURLOPT_SOCKOPTFUNCTION. `address` is where it will connect to; the open callback may
/// change it.
NewSocket open_socket(const Options& options, sockaddr_storage& address, socklen_t& length, int protocol,
                      Report& report) noexcept;

/// How sockets of this handle are closed (CURLOPT_CLOSESOCKETFUNCTION).
SocketCloser closer_of(const Options& options) noexcept;

}  // namespace hiper
