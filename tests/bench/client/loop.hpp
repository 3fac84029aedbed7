// An event loop of one thread around a multi handle: an epoll set and curl_multi_socket_action, or
// curl_multi_poll.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "client/meter.hpp"
#include "client/options.hpp"

namespace hiper::bench {

/// Is told of each transfer that has ended, outside of the library's calls.
class Ended {
 public:
  virtual void ended(CURL* easy, CURLcode result) = 0;

 protected:
  ~Ended() = default;
};

class Loop {
 public:
  /// `meter` and `listener` are borrowed for life.
  Loop(const Options& options, Meter& meter, Ended& listener);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  CURLM* multi() const noexcept { return multi_; }
  /// Waits for what the library waits for, for `max_ms` at most, and lets it act.
  void turn(int max_ms);
  /// Lets the library act if its timer is due, without waiting.
  void act_if_due();

 private:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long ms, void* self);

  void set_limits(const Options& options);
  void watch(int fd, std::uint32_t events);
  void turn_with_epoll(int max_ms);
  void turn_with_poll(int max_ms);
  int until_due(int max_ms) const noexcept;
  void reap();

  Meter& meter_;
  Ended& listener_;
  bool poll_;
  CURLM* multi_;
  int epoll_ = -1;
  std::vector<std::uint32_t> watched_;  ///< by descriptor: what the epoll set waits for
  std::uint64_t due_ns_ = kNever;
};

}  // namespace hiper::bench
