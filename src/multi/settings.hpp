// What curl_multi_setopt stores. Written by api/multi.cc, read by the engine.
#pragma once
#include <curl/curl.h>

namespace hiper {

struct MultiSettings {
  /// Nothing is collected for a callback that is not there (curl_multi_notify_enable(3)).
  bool notifies(unsigned number) const noexcept {
    return notify_function != nullptr && (notifications & 1u << number) != 0;
  }

  curl_socket_callback socket_function = nullptr;
  void* socket_data = nullptr;
  curl_multi_timer_callback timer_function = nullptr;
  void* timer_data = nullptr;
  curl_push_callback push_function = nullptr;
  void* push_data = nullptr;
  curl_notify_callback notify_function = nullptr;
  void* notify_data = nullptr;
  unsigned notifications = 0;  ///< bit n: CURLMNOTIFY_ number n is enabled
  long max_connects = 0;       ///< 0: four times the handles added
  long max_host_connections = 0;
  long max_total_connections = 0;
  long max_concurrent_streams = 100;
};

}  // namespace hiper
