// What an application of the multi-socket interface knows: the sockets that were announced to it, and its
// timer. It holds the library to the contract (docs/architecture.md, "What must be true at all times"): every
// callback and the end of every call is checked, and a breach becomes a complaint. It knows nothing of the
// library itself, so that its own tests can feed it with wrong sequences.
#pragma once
#include <curl/curl.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/clock.hpp"

namespace hiper::sim {

class View {
 public:
  struct Life {
    int what = 0;
    long kernel_life = 0;  ///< of the descriptor, so that two lives of a number are told apart
    void* pointer = nullptr;
    bool armed = false;  ///< edge-triggered: newly announced, its state was not seen yet
    unsigned seen_edges = 0;
  };
  /// The world around it.
  struct World {
    std::function<void(const std::string&)> complain;
    std::function<Nanos()> now;
    std::function<long(int fd)> socket_life;  ///< 0 if `fd` is no open socket
    std::function<bool(CURL*)> is_handle;     ///< a live handle of the application
  };
  explicit View(World world) : world_(std::move(world)) {}

  /// Callbacks run only below a call into the library.
  void begin_call(bool timeout_call);
  /// `timeout_ms`: what curl_multi_timeout says; `running`: the library's count, -1 if it did not tell.
  void end_call(long timeout_ms, int running, int expected_running);
  void socket_called(CURL* easy, int fd, int what, void* pointer);
  void timer_called(long ms);
  /// Before close(2) of any descriptor.
  void closing(int fd);
  /// After curl_multi_assign of an announced socket.
  void assigned(int fd, void* pointer);
  /// curl_multi_cleanup has returned.
  void cleaned_up();
  /// The application's one-shot timer strikes: nothing is armed any more.
  void timer_struck() noexcept { due_ = kNever; }
  /// Deadlines are not whole milliseconds: they are compared only roughly.
  bool rough_time = false;

  std::map<int, Life>& lives() noexcept { return lives_; }
  Nanos timer_due() const noexcept { return due_; }  ///< kNever: not armed
  long num_callbacks() const noexcept { return num_callbacks_; }

 private:
  void complain(const std::string& text) { world_.complain(text); }
  void check_call(const char* callback);
  void check_timeout(long timeout_ms);

  World world_;
  std::map<int, Life> lives_;
  bool in_call_ = false;
  bool dead_ = false;
  bool may_repeat_ = false;  ///< a CURL_SOCKET_TIMEOUT call, not yet followed by its announcement
  bool told_any_ = false;    ///< the last value told was not -1
  Nanos told_due_ = kNever;  ///< the deadline told last, struck or not
  Nanos told_at_ = 0;
  Nanos told_late_ = 0;  ///< how long the call had taken then: the deadline may be later by that much
  Nanos call_began_ = 0;
  Nanos due_ = kNever;
  long num_callbacks_ = 0;
};

}  // namespace hiper::sim
