#include "transfer/pace.hpp"

#include <algorithm>

namespace hiper {
namespace {

// One read or write moves at most this part of a second's worth, so that the pace is even.
constexpr curl_off_t kSharesOfSecond = 10;

}  // namespace

std::size_t RateLimit::allowance(Nanos now) const noexcept {
  if (!limited()) return std::numeric_limits<std::size_t>::max();
  if (now < open_from_) return 0;
  return static_cast<std::size_t>(std::max<curl_off_t>(1, rate_ / kSharesOfSecond));
}

void RateLimit::moved(std::size_t count, Nanos now) noexcept {
  if (!limited()) return;
  const double cost = static_cast<double>(count) / static_cast<double>(rate_) * static_cast<double>(kSecond);
  open_from_ = std::max(open_from_, now) + static_cast<Nanos>(cost);
}

void LowSpeed::begin(curl_off_t limit, long seconds, Nanos now) noexcept {
  limit_ = limit;
  seconds_ = seconds;
  restart(0, now);
}

void LowSpeed::restart(curl_off_t total_bytes, Nanos now) noexcept {
  bytes_before_ = total_bytes;
  looked_at_ = now;
  slow_since_ = kNever;
}

bool LowSpeed::too_slow(curl_off_t total_bytes, bool paused, Nanos now) noexcept {
  const double seconds = static_cast<double>(now - looked_at_) / static_cast<double>(kSecond);
  const double speed = seconds > 0 ? static_cast<double>(total_bytes - bytes_before_) / seconds : 0;
  const bool slow = !paused && speed < static_cast<double>(limit_);
  if (!slow) {
    slow_since_ = kNever;
  } else if (slow_since_ == kNever) {
    slow_since_ = looked_at_;
  }
  looked_at_ = now;
  bytes_before_ = total_bytes;
  return slow && now - slow_since_ >= seconds_ * kSecond;
}

void begin_pace(std::unique_ptr<Pace>& pace, const Options& options, Nanos now) {
  const curl_off_t receive = options.offset(Opt::max_recv_speed_large);
  const curl_off_t send = options.offset(Opt::max_send_speed_large);
  const long low_limit = options.number(Opt::low_speed_limit);
  if (receive <= 0 && send <= 0 && low_limit <= 0) {
    pace.reset();
    return;
  }
  if (!pace) pace = std::make_unique<Pace>();
  pace->receive.begin(receive);
  pace->send.begin(send);
  pace->low_speed.begin(low_limit, options.number(Opt::low_speed_time), now);
}

}  // namespace hiper
