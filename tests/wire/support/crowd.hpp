// Many handles of one application, in the loop of a World, which are added again for ever. Without the checks
// of App, whose cost grows with the number of handles. Its calls into the library go through in_library(), so
// that what the library spends can be counted.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wire/support/handle.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {

class Crowd final : public Actor {
 public:
  enum class Api { socket_action, perform };

  explicit Crowd(World& world, Api api = Api::socket_action);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd();

  CURLM* multi() const noexcept { return multi_; }
  /// A new handle that belongs to the crowd, not added. Keeps no body.
  Handle& make(const std::string& url);
  void make(const std::string& url, int count) {
    for (int i = 0; i < count; ++i) make(url);
  }
  Handle& at(std::size_t number) { return *handles_.at(number); }
  std::size_t size() const noexcept { return handles_.size(); }
  void start(Handle& handle);
  void start_all();
  void stop(Handle& handle);
  /// Removes and adds those that have ended, while others are still added.
  void restart_all();
  /// The handle is cleaned up; it is not used any more.
  void destroy(Handle& handle);

  /// Handles that have ended are removed at once.
  bool removes = true;
  /// Called for each that has ended, after it was removed; nullptr: nothing happens. May start, make and
  /// destroy.
  std::function<void(Handle&)> on_done;
  /// `count` more transfers end. A failure of the test when nothing happens any more.
  void run(long count);
  /// Rounds of the loop until all that were started have ended.
  void run_to_the_end() { run(num_running_); }

  long num_done() const noexcept { return num_done_; }
  long num_failed() const noexcept { return num_failed_; }
  int num_running() const noexcept { return num_running_; }
  /// Calls of curl_multi_socket_action or curl_multi_perform.
  long num_calls() const noexcept { return num_calls_; }
  long num_socket_calls() const noexcept { return num_socket_calls_; }

  // Actor.
  void pump() override;
  void add_to(std::vector<pollfd>& set) const override;
  int timer_left() const override;

 private:
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* pointer);
  static int on_timer(CURLM* multi, long ms, void* self);
  void act(int fd, int bits);
  void perform();
  void read_messages();

  World& world_;
  Api api_;
  CURLM* multi_;
  std::vector<std::unique_ptr<Handle>> handles_;
  std::map<int, int> interest_;
  std::int64_t due_ = -1;
  int num_running_ = 0;
  long num_done_ = 0;
  long num_failed_ = 0;
  long num_calls_ = 0;
  long num_socket_calls_ = 0;
};

}  // namespace hiper::wire
