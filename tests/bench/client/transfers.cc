#include "client/transfers.hpp"

#include <algorithm>
#include <cstdio>

#include "support/die.hpp"
#include "support/urls.hpp"

namespace hiper::bench {
namespace {

constexpr std::size_t kParkedAtOnce = 250;
constexpr std::uint64_t kParkingNs = 120'000'000'000;
constexpr int kTurnMs = 1000;

}  // namespace

Transfers::Transfers(const Options& options, Meter& meter)
    : options_(options),
      meter_(meter),
      loop_(options, meter, *this),
      urls_(expand_url(options.url)),
      idle_urls_(expand_url(options.idle_url == nullptr ? "" : options.idle_url)),
      active_(static_cast<std::size_t>(options.in_flight)),
      idle_(static_cast<std::size_t>(options.idle)) {
  for (std::size_t i = 0; i < active_.size(); ++i) active_[i].url = urls_[i % urls_.size()].c_str();
  for (std::size_t i = 0; i < idle_.size(); ++i) {
    idle_[i].url = idle_urls_[i % idle_urls_.size()].c_str();
    idle_[i].idle = true;
  }
}

Transfers::~Transfers() {
  for (Slot& slot : idle_) close(slot);
  for (Slot& slot : active_) close(slot);
}

void Transfers::close(Slot& slot) {
  curl_multi_remove_handle(loop_.multi(), slot.easy);
  curl_easy_cleanup(slot.easy);
}

std::size_t Transfers::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  Slot& slot = *static_cast<Slot*>(self);
  slot.bytes += static_cast<long>(size * count);
  if (slot.owner->options_.dump) std::fwrite(data, size, count, stderr);
  return size * count;
}

void Transfers::open(Slot& slot) {
  slot.easy = curl_easy_init();
  slot.owner = this;
  if (slot.easy == nullptr) die("no easy handle");
  set_options(slot);
}

void Transfers::set_options(Slot& slot) {
  CURL* const easy = slot.easy;
  curl_easy_setopt(easy, CURLOPT_URL, slot.url);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &slot);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &slot);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (options_.fresh && !slot.idle) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  if (options_.insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (options_.ca_file != nullptr) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file);
  if (options_.timeout_ms != 0 && !slot.idle) {
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options_.timeout_ms);
  }
  if (options_.buffer_size != 0) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, options_.buffer_size);
}

void Transfers::start(Slot& slot) {
  slot.bytes = 0;
  slot.began_ns = now_ns();
  const CURLMcode code = curl_multi_add_handle(loop_.multi(), slot.easy);
  if (code != CURLM_OK) die("curl_multi_add_handle: %s", curl_multi_strerror(code));
}

void Transfers::start_next(Slot& slot) {
  const bool all_started = !options_.steady && started_ == options_.warm_up + options_.requests;
  if (all_started || ended_count_) return;
  if (options_.new_handle && slot.easy != nullptr) {
    curl_easy_cleanup(slot.easy);
    slot.easy = nullptr;
  }
  if (slot.easy == nullptr) open(slot);
  ++started_;
  ++in_flight_;
  start(slot);
}

void Transfers::check(const Slot& slot, CURLcode result) {
  long status = 0;
  curl_easy_getinfo(slot.easy, CURLINFO_RESPONSE_CODE, &status);
  const bool right_size = options_.body_size < 0 || slot.bytes == options_.body_size;
  if (result == CURLE_OK && status == 200 && right_size) return;
  if (meter_.counters.errors++ != 0) return;
  std::fprintf(stderr, "client: the first error: %s, status %ld, %ld bytes\n", curl_easy_strerror(result),
               status, slot.bytes);
}

bool Transfers::out_of_time() const noexcept {
  if (options_.window_s == 0) return false;
  const double passed = static_cast<double>(now_ns()) / 1e9 - meter_.begin.usage.wall_s;
  return passed > static_cast<double>(options_.window_s);
}

void Transfers::count_end(const Slot& slot) {
  ++finished_;
  if (ended_count_) return;
  if (finished_ > options_.warm_up) {
    meter_.latencies.add(now_ns() - slot.began_ns);
    fewest_in_flight_ = std::min(fewest_in_flight_, in_flight_);
  }
  if (finished_ == options_.warm_up) {
    meter_.begin = meter_.mark();
    fewest_in_flight_ = in_flight_;
  } else if (finished_ > options_.warm_up &&
             (finished_ == options_.warm_up + options_.requests || out_of_time())) {
    meter_.end = meter_.mark();
    ended_count_ = true;
  }
}

void Transfers::ended(CURL* easy, CURLcode result) {
  Slot* slot = nullptr;
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  curl_multi_remove_handle(loop_.multi(), easy);
  if (slot->idle) die("a transfer that was to wait for ever has ended: %s", curl_easy_strerror(result));
  check(*slot, result);
  ++meter_.counters.requests;
  meter_.counters.bytes += static_cast<std::uint64_t>(slot->bytes);
  meter_.counters.connects += static_cast<std::uint64_t>(connects);
  --in_flight_;
  count_end(*slot);
  start_next(*slot);
}

void Transfers::run() {
  if (options_.warm_up == 0) {
    meter_.begin = meter_.mark();
    fewest_in_flight_ = options_.in_flight;
  }
  for (Slot& slot : active_) start_next(slot);
  loop_.act_if_due();
  while (!over()) loop_.turn(kTurnMs);
}

void Transfers::await_request(const Slot& slot, std::uint64_t limit_ns) {
  for (long sent = 0; sent == 0;) {
    curl_easy_getinfo(slot.easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent != 0) return;
    if (now_ns() > limit_ns) die("an idle transfer does not get under way");
    loop_.turn(20);
  }
}

// A few at a time: the server's queue of connections has an end.
double Transfers::park_idle() {
  if (idle_.empty()) return 0;
  const long before = status_kb("VmRSS:");
  const std::uint64_t limit = now_ns() + kParkingNs;
  for (std::size_t at = 0, next; at < idle_.size(); at = next) {
    next = std::min(at + kParkedAtOnce, idle_.size());
    for (std::size_t i = at; i < next; ++i) {
      open(idle_[i]);
      start(idle_[i]);
    }
    loop_.act_if_due();
    for (std::size_t i = at; i < next; ++i) await_request(idle_[i], limit);
  }
  return static_cast<double>(status_kb("VmRSS:") - before) * 1024 / static_cast<double>(idle_.size());
}

}  // namespace hiper::bench
