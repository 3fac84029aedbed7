// One easy handle of the simulated application: its options, its callbacks and what the application knows of
// its transfer.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

#include "wire/simulator/book.hpp"
#include "wire/simulator/kernel.hpp"

namespace hiper::sim {

/// What clients of a run do; chances in percent.
struct ClientMood {
  std::size_t uploads = 30;
  std::size_t timeouts = 0;
  std::size_t pauses = 0;  ///< of the callbacks of a transfer that pauses at all
  std::size_t aborts = 0;
  std::size_t rates = 0;
  std::size_t oddities = 0;  ///< FRESH_CONNECT, CONNECT_ONLY, progress callbacks …
  std::size_t max_upload = 3000;
};

class Client {
 public:
  Client(Kernel& kernel, Book& book, const ClientMood& mood);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// A new transfer with random options. `origin`: scheme, host, port; `calm`: nothing may go wrong.
  void prepare(const std::string& origin, bool calm);
  /// CURLOPT_TIMEOUT_MS.
  void set_longest(long ms);
  void set(CURLoption option, long value) { curl_easy_setopt(easy_, option, value); }
  void set_text(CURLoption option, const std::string& value) {
    curl_easy_setopt(easy_, option, value.c_str());
  }
  /// Replaces the handle by a duplicate of it.
  void duplicate();
  void reset();
  /// curl_easy_cleanup.
  void cleanup();
  /// curl_easy_pause, for the application and for its callbacks.
  void pause(int bits);
  void stop_pausing() noexcept { pause_chance_ = 0; }
  void added();
  void finished(CURLcode code);
  void removed() noexcept { is_added = false; }

  CURL* easy() const noexcept { return easy_; }
  std::size_t number() const noexcept { return number_; }
  Record& record() { return book_.records[number_]; }

  bool is_added = false;
  bool is_done = false;
  bool doomed = false;     ///< a callback of the multi failed: it ends with CURLE_ABORTED_BY_CALLBACK
  bool disturbed = false;  ///< the application or its options may make it fail
  int paused = 0;
  CURLcode result = CURLE_OK;
  Nanos added_at = 0;
  long timeout_ms = 0;
  bool connect_only = false;
  bool holds_connection = false;  ///< of an earlier CONNECT_ONLY transfer: it stays until the handle goes
  bool follows = false;
  bool probes = false;  ///< calls the library from inside callbacks
  CURLM* multi = nullptr;
  const Nanos* lateness = nullptr;  ///< of the application's timer so far; nullptr: of no importance
  std::size_t slow_chance = 0;      ///< of a callback that takes its time
  bool* in_call = nullptr;          ///< a call into the library is under way

 private:
  static std::size_t on_write(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* into, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  void choose_timeouts();
  void choose_upload();
  void choose_oddities();
  void choose_callbacks();
  void callback(const char* name);
  std::size_t abort(CURLcode code, std::size_t answer);
  bool pauses_now() { return dice_.percent(pause_chance_); }
  bool aborts_now() { return dice_.percent(abort_chance_); }
  void complain(const std::string& text);
  void check_delivered(CURLcode code);
  void check_code(CURLcode code);
  const std::string* expected_body(bool& whole);

  Kernel& kernel_;
  Dice& dice_;
  Book& book_;
  const ClientMood& mood_;
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  std::size_t number_ = 0;
  std::string delivered_;
  std::size_t upload_at_ = 0;
  std::size_t pause_chance_ = 0;
  std::size_t abort_chance_ = 0;
  CURLcode aborted_with_ = CURLE_OK;
  long shortest_timeout_ms_ = 0;  ///< 0: none
};

}  // namespace hiper::sim
