// The transfers of a run: those that are started again and again and counted, and those that only wait.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/loop.hpp"
#include "client/meter.hpp"
#include "client/options.hpp"

namespace hiper::bench {

class Transfers final : private Ended {
 public:
  /// Both are borrowed for life.
  Transfers(const Options& options, Meter& meter);
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;
  ~Transfers();

  /// Starts the idle transfers, and returns when each of them has sent its request. Returns the resident
  /// bytes that one of them takes.
  double park_idle();
  /// All requests, from the first of the warm-up to the last.
  void run();
  /// The smallest number that were in flight at any time of the count.
  long fewest_in_flight() const noexcept { return fewest_in_flight_; }

 private:
  struct Slot {
    CURL* easy = nullptr;
    const char* url = nullptr;
    Transfers* owner = nullptr;
    std::uint64_t began_ns = 0;
    long bytes = 0;
    bool idle = false;
  };

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* slot);

  void ended(CURL* easy, CURLcode result) override;
  void open(Slot& slot);
  void set_options(Slot& slot);
  void start(Slot& slot);
  void start_next(Slot& slot);
  void check(const Slot& slot, CURLcode result);
  void count_end(const Slot& slot);
  bool over() const noexcept { return options_.steady ? ended_count_ : in_flight_ == 0; }
  bool out_of_time() const noexcept;
  void await_request(const Slot& slot, std::uint64_t limit_ns);
  void close(Slot& slot);

  const Options& options_;
  Meter& meter_;
  Loop loop_;
  std::vector<std::string> urls_, idle_urls_;
  std::vector<Slot> active_, idle_;
  long started_ = 0, finished_ = 0, in_flight_ = 0, fewest_in_flight_ = 0;
  bool ended_count_ = false;
};

}  // namespace hiper::bench
