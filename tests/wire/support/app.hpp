// An honest application of the multi-socket interface: it waits for exactly what it was told, with a one-shot
// timer, and holds the library to its promises (the contract in docs/architecture.md): after every call and
// inside every callback they are checked, and a breach fails the test.
#pragma once
#include <curl/curl.h>
#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "wire/support/handle.hpp"

namespace hiper::wire {

class App {
 public:
  enum class Reading { all, one_per_event, none };

  App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  ~App();

  CURLM* multi() const noexcept { return multi_; }
  /// Waits with an epoll set of its own from now on, edge-triggered: registers sockets in the socket callback
  /// only, as it is told there, and hears of every edge once. Before the first handle is added.
  void use_edges();
  Reading reading = Reading::all;  ///< how many messages are read after a call
  bool hooks_close = true;         ///< sets CURLOPT_CLOSESOCKETFUNCTION of handles that are added
  bool assigns = true;             ///< gives every socket a pointer when it is announced
  bool expects_shortage = false;   ///< calls may answer CURLM_OUT_OF_MEMORY
  int socket_answer = 0;           ///< of the socket callback
  int timer_answer = 0;            ///< of the timer callback
  std::function<void(int fd, int what)> on_socket;  ///< inside the callback
  std::function<void(long ms)> on_timer;

  // Calls into the library, each followed by the checks.
  CURLMcode add(Handle& handle);
  CURLMcode remove(Handle& handle);
  CURLMcode socket_action(curl_socket_t fd, int events);
  CURLMcode fire_timer();
  CURLMcode perform();
  CURLcode pause(Handle& handle, int what);
  CURLMcode cleanup();
  /// The handle is about to be cleaned up although it is added.
  void forget(const Handle& handle) { added_.erase(handle.curl); }

  /// What was called since the last trace: "timer:0 a:OUT a:IN+ a:REMOVE+", where "a" is the first socket,
  /// and
  /// "+" tells that the pointer given to curl_multi_assign came along. Timers are 0, -1 or "later".
  std::string trace();
  const std::string& whole_trace() const noexcept { return whole_trace_; }

  // What it knows.
  int running() const noexcept { return running_; }
  int num_calls() const noexcept { return num_calls_; }
  int num_socket_calls() const noexcept { return num_socket_calls_; }
  int num_timer_calls() const noexcept { return num_timer_calls_; }
  std::size_t num_announced() const noexcept { return lives_.size(); }
  /// The only announced socket, or -1.
  int only_socket() const noexcept { return lives_.size() == 1 ? lives_.begin()->first : -1; }
  /// What it was told to wait for; 0 for unknown sockets.
  int interest(int fd) const noexcept;
  /// The socket, announced now or before, whose local port this is; or -1.
  int socket_at_port(int port) const;
  bool timer_armed() const noexcept { return timer_ms_ >= 0; }
  /// As told last; -1: none.
  long timer_ms() const noexcept { return timer_ms_; }
  /// Milliseconds until the timer strikes, 0 if it should have; -1: none.
  int timer_left() const noexcept;

  // For the loop.
  void add_to(std::vector<pollfd>& set) const;
  void dispatch(const std::vector<pollfd>& ready);

 private:
  struct Life {
    int what = 0;
    int number = 0;
    int port = 0;
    ino_t inode = 0;
    void* pointer = nullptr;
  };
  static int socket_callback(CURL* easy, curl_socket_t fd, int what, void* self, void* pointer);
  static int timer_callback(CURLM* multi, long ms, void* self);
  static int close_callback(void* self, curl_socket_t fd);
  void begin_life(int fd, void* pointer);
  void watch_edges(int fd, int before, int what) const;
  void dispatch_edges();
  void socket_called(CURL* easy, int fd, int what, void* pointer);
  void note(const std::string& text);
  void after_call(bool counts_running);
  void check_sockets();
  void check_timeout();
  void check_running();
  void read_messages();
  void expect_ok(CURLMcode code) const;
  std::string name(int number) const;

  CURLM* multi_;
  std::map<int, Life> lives_;    ///< announced now
  std::map<int, int> ports_;     ///< local port → descriptor, of all that were announced
  std::map<CURL*, bool> added_;  ///< done?
  std::string trace_;
  std::string whole_trace_;
  int num_lives_ = 0;
  int num_calls_ = 0;
  int num_socket_calls_ = 0;
  int num_timer_calls_ = 0;
  int edges_ = -1;  ///< the epoll set of use_edges()
  int running_ = 0;
  long timer_ms_ = -1;
  long last_told_ = -1;         ///< -1 must not come twice
  bool spent_ = false;          ///< the timer struck: it may be told again
  std::int64_t timer_due_ = 0;  ///< microseconds
  std::int64_t call_began_ = 0;
  std::int64_t timer_lag_ = 0;  ///< how long after its call began the timer was told
};

/// curl_multi_get_offt(3), which must know.
curl_off_t num_handles(CURLM* multi, CURLMinfo_offt what);

}  // namespace hiper::wire
