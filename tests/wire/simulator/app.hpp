// The simulated application: it drives a multi handle in one of several ways, more or less well-behaved, does
// things to its transfers at random moments, and checks what the library says and does after every call.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

#include "wire/simulator/client.hpp"
#include "wire/simulator/view.hpp"

namespace hiper::sim {

enum class Driver { level, edge, poll, wait, fdset, easy };

/// What the application of a run is like; chances in percent.
struct AppMood {
  Driver driver = Driver::level;
  bool reads_all = true;  ///< all messages after each call, or one
  bool callbacks = true;  ///< sets the socket and timer callbacks
  bool batches = false;   ///< delivers events that it has collected, also for sockets that have gone since
  std::size_t vague = 0;  ///< events with other bits than the ready ones
  std::size_t late = 0;   ///< sleeps before it looks at its events
  std::size_t assigns = 50;
  std::size_t failing = 0;  ///< socket and timer callbacks that answer -1
  std::size_t slow = 0;     ///< callbacks of transfers that take some time
  std::size_t probes = 0;   ///< calls from inside the socket and timer callbacks
  std::size_t num_operations = 0;
  std::size_t num_transfers = 1;
  Nanos busy_time = 300 * kMillisecond;  ///< operations happen within this time
  bool calm = false;                     ///< of all transfers: nothing may fail
  bool quits = false;                    ///< cleans up in the middle
};

class App {
 public:
  App(Kernel& kernel, Book& book, const AppMood& mood, const ClientMood& clients,
      std::vector<std::string> origins);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  void run();

 private:
  friend struct Operations;
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* pointer);
  static int on_timer(CURLM* multi, long ms, void* self);

  // Calls into the library, each followed by the checks.
  void begin(const char* name, bool timeout_call = false, long a = 0, long b = 0);
  void end(CURLMcode code, int running);
  void end_quietly() { end(CURLM_OK, -1); }
  void act(int fd, int bits);
  void timeout_call();
  void perform();
  void add(Client& client);
  void remove(Client& client);
  void pause(Client& client, int bits);
  void read_messages(int& left);
  int expected_running(int left) const;
  void check_message(const CURLMsg& message);

  // The loop.
  bool turn();
  bool dispatch();
  void dispatch_all(std::vector<std::pair<int, int>> ready);
  std::vector<std::pair<int, int>> ready_sockets();
  bool turn_blocking();
  void run_easy();
  void wait_by_fdset(int ms);
  void check_spinning();
  bool pass_time();
  bool quiet_for_ever() const noexcept;
  bool unlock();
  bool explained(const Client& client);
  bool all_done() const;
  void operate();
  void finish();
  Client& any_client() { return *clients_[dice_.below(clients_.size())]; }
  bool by_sockets() const noexcept { return mood_.driver == Driver::level || mood_.driver == Driver::edge; }
  void complain(const std::string& text) { kernel_.trace().complain(text); }

  Kernel& kernel_;
  Dice& dice_;
  Book& book_;
  AppMood mood_;
  ClientMood client_mood_;
  std::vector<std::string> origins_;
  View view_;
  CURLM* multi_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Nanos> operations_;  ///< when something is done, last one first
  std::size_t transfers_left_ = 0;
  Nanos asleep_until_ = 0;
  bool in_call_ = false;
  bool aborted_ = false;  ///< a callback failed; until all handles are removed
  bool failed_in_call_ = false;
  bool driven_ = false;   ///< by the call under way
  bool ending_ = false;   ///< nothing new is started
  bool limited_ = false;  ///< connections are limited: transfers may wait for each other
  int unread_ = 0;
  long num_calls_ = 0;
  int num_quiet_ = 0;   ///< times that nothing was left to happen
  Nanos lateness_ = 0;  ///< the sum of the times that it called too late
  std::uint64_t seen_progress_ = 0;
  Nanos seen_now_ = 0;
  int vain_calls_ = 0;
  int closed_fd_ = -1;     ///< the last one that was closed
  char pointers_[8] = {};  ///< for curl_multi_assign
};

}  // namespace hiper::sim
