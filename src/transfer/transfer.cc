#include "transfer/transfer.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "conn/connection.hpp"
#include "stream/tls.hpp"

namespace hiper {
namespace {

constexpr Nanos kTick = kSecond;

/// What few applications set, of what a transfer asks for when it begins.
constexpr OptSet kLimits{Opt::verbose,
                         Opt::timeout_ms,
                         Opt::noprogress,
                         Opt::max_recv_speed_large,
                         Opt::max_send_speed_large,
                         Opt::low_speed_limit};
static_assert(initial_of(Opt::noprogress) != 0 && initial_of(Opt::timeout_ms) == 0);

Endpoint endpoint_of(const Address& address) noexcept {
  Endpoint endpoint;
  if (address.family() == AF_INET) {
    endpoint.family = Endpoint::Family::ipv4;
    std::memcpy(endpoint.bytes.data(), &address.ip4(), 4);
  } else if (address.family() == AF_INET6) {
    endpoint.family = Endpoint::Family::ipv6;
    std::memcpy(endpoint.bytes.data(), &address.ip6(), 16);
  } else {
    endpoint.family = Endpoint::Family::unix_path;
  }
  endpoint.port = address.port();
  return endpoint;
}

}  // namespace

EasyParts& parts_of(Easy& easy) {
  if (easy.parts_slot == nullptr) easy.parts_slot = new EasyParts;
  return *static_cast<EasyParts*>(easy.parts_slot);
}

Transfer::Transfer(Services& services, TransferOwner& owner, Easy& easy) noexcept
    : Task(services.reactor), easy_(&easy), alarm_(*this), services_(services), owner_(owner) {}

Transfer::~Transfer() { end_flow(); }

void Transfer::added() noexcept {
  pause_ = 0;
  started_ = done_ = error_told_ = false;
  message_ = {};
  easy_->clear_error_text();
}

// The results of the last transfer can be asked for until now, and time counts from now: an application may
// add a handle long before it drives it.
void Transfer::begin() {
  started_ = true;
  started_at_ = now();
  easy_->info.begin();
  easy_->headers.clear();
  num_retries_ = 0;
  continue_seen_ = received_any_ = false;
  hsts_ = hsts_wanted(*easy_) ? Hsts::wanted : Hsts::off;
  if (hsts_ == Hsts::off) drop_hsts_if_off(*easy_);
  verbose_ = false;
  total_deadline_ = next_tick_ = kNever;
  if (options().any_of(kLimits)) {
    begin_limits();
  } else {
    pace_.reset();
  }
}

void Transfer::begin_limits() {
  verbose_ = options().flag(Opt::verbose);
  const long ms = options().number(Opt::timeout_ms);
  if (ms > 0) total_deadline_ = after_ms(started_at_, ms);
  begin_pace(pace_, options(), started_at_);
  const bool watched = pace_ && pace_->low_speed.watched();
  if (watched || !options().flag(Opt::noprogress)) next_tick_ = started_at_ + kTick;
  set_alarm();
}

bool Transfer::begin_safely() noexcept {
  try {
    begin();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void Transfer::set_alarm() {
  const Nanos due = std::min(total_deadline_, next_tick_);
  if (due != kNever) alarm_.arm(reactor(), due);
}

void Transfer::run() noexcept {
  if (done_) return;
  if (!started_) {
    if (!begin_safely()) {
      finish(CURLE_OUT_OF_MEMORY);
      return;
    }
    begin_request();
  } else if (deadline_struck()) {
    report_timeout();
    finish(CURLE_OPERATION_TIMEDOUT);
    return;
  } else {
    resume();
  }
  while (flow_.done()) {
    Status result = flow_.result();
    if (!goes_on_safely(result)) {
      finish(result.code());
      return;
    }
    begin_request();
  }
  // The progress callback hears of what has just come, and may resume what the write callback has just
  // paused.
  const Status progress = call_progress();
  const Status ticked = progress.ok() ? tick() : progress;
  if (!ticked.ok()) finish(ticked.code());
}

void Transfer::begin_request() noexcept {
  numbers().content_length_download = -1;  // that of the response before, which led here
  flow_ = one_request(*this);
  flow_.start();
}

bool Transfer::goes_on_safely(Status& result) noexcept {
  try {
    return goes_on(result);
  } catch (const std::bad_alloc&) {
    result = Status::out_of_memory();
    return false;
  }
}

void Transfer::report_timeout() noexcept {
  const long ms = static_cast<long>((now() - started_at_) / kMillisecond);
  if (!received_any_ && easy_->info.times.connect == 0) {
    failuref("Timed out after %ld ms, before the connection was there", ms);
  } else {
    failuref("Timed out after %ld ms with %ld bytes received", ms,
             static_cast<long>(numbers().size_download));
  }
}

// Runs about once a second also when nothing happens, for the progress callback and to watch the speed. What
// has come is taken before the speed is judged: an application that was late is no slow server. Making the
// connection is the business of CURLOPT_CONNECTTIMEOUT.
Status Transfer::tick() {
  if (now() < next_tick_) return Status();
  next_tick_ = now() + kTick;
  try {
    set_alarm();
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory();
  }
  const bool waiting = pause_ != 0 || easy_->info.connection == nullptr;
  if (pace_ && pace_->low_speed.watched() && pace_->low_speed.too_slow(bytes_moved(), waiting, now())) {
    failuref("Slower than %ld bytes per second for %ld seconds", options().number(Opt::low_speed_limit),
             options().number(Opt::low_speed_time));
    return Status(CURLE_OPERATION_TIMEDOUT);
  }
  return Status();
}

Status Transfer::call_progress() noexcept {
  if (options().flag(Opt::noprogress)) return Status();
  const InfoNumbers& n = numbers();
  const curl_off_t total = std::max<curl_off_t>(0, n.content_length_download);
  const curl_off_t upload_total = std::max<curl_off_t>(0, n.content_length_upload);
  void* const data = options().pointer(Opt::xferinfodata);
  const Runnable& runnable = *this;
  const bool waits_for_turn = runnable.linked();
  const int paused_before = pause_;
  int answer = 0;
  if (const auto callback = options().function<curl_xferinfo_callback>(Opt::xferinfofunction)) {
    answer = callback(data, total, n.size_download, upload_total, n.size_upload);
  } else if (const auto old = options().function<curl_progress_callback>(Opt::progressfunction)) {
    answer = old(data, static_cast<double>(total), static_cast<double>(n.size_download),
                 static_cast<double>(upload_total), static_cast<double>(n.size_upload));
  }
  // A callback that asks for what is so already must not be called again for that, and again.
  if (pause_ == paused_before && runnable.linked()) {
    static_cast<Runnable&>(*this).unlink();
    if (waits_for_turn) reactor().make_ready_next_turn(*this);
  }
  if (answer == 0 || answer == CURL_PROGRESSFUNC_CONTINUE) return Status();
  failure("The progress callback aborted the transfer");
  return Status(CURLE_ABORTED_BY_CALLBACK);
}

void Transfer::end_flow() noexcept {
  flow_ = Flow<Status>();
  reception_.reset();
  alarm_.disarm();
  static_cast<Runnable&>(*this).unlink();
}

void Transfer::finish(CURLcode code) noexcept {
  end_flow();
  easy_->info.times.total = std::max<Nanos>(1, now() - started_at_);
  if (code == CURLE_OK) {
    const Status progress = call_progress();
    code = progress.code();
  }
  easy_->info.connection = nullptr;
  const bool held = code == CURLE_OK && options().number(Opt::connect_only) != 0;
  if (lease_ && !held) lease_.drop();
  if (lease_) easy_->info.last_socket = lease_->stream->watch().fd();
  if (code != CURLE_OK && !error_told_) failure(curl_easy_strerror(code));
  done_ = true;
  message_ = {CURLMSG_DONE, easy_->handle(), {.result = code}};
  owner_.transfer_finished(*this);
}

void Transfer::abort(CURLcode code) noexcept {
  if (!started_) static_cast<void>(begin_safely());
  finish(code);
}

void Transfer::abandon() noexcept {
  end_flow();
  easy_->info.connection = nullptr;
  lease_.drop();
  done_ = true;
}

void Transfer::clear() noexcept {
  lease_.drop();
  request_body_.close();
  detour_.reset();
  plan_ = nullptr;
}

bool Transfer::set_pause(int bits) noexcept {
  const int before = std::exchange(pause_, bits);
  if ((bits & CURLPAUSE_RECV) != 0 && reception_) reception_->writer.pause();
  return (before & ~bits) != 0;
}

// Report.

void Transfer::failure(std::string_view text) noexcept {
  if (error_told_) return;
  error_told_ = true;
  easy_->set_error_text(text);
  if (verbose_) info(text);
}

void Transfer::info(std::string_view text) noexcept {
  if (!verbose_) return;
  try {
    std::string line(text);
    line += '\n';
    debug(CURLINFO_TEXT, line);
  } catch (const std::bad_alloc&) {
    debug(CURLINFO_TEXT, {"\n", 1});
  }
}

void Transfer::debug(curl_infotype type, std::span<const char> bytes) noexcept {
  if (!verbose_) return;
  if (const auto callback = options().function<curl_debug_callback>(Opt::debugfunction)) {
    callback(easy_->handle(), type, const_cast<char*>(bytes.data()), bytes.size(),
             options().pointer(Opt::debugdata));
    return;
  }
  const char* prefix = nullptr;
  switch (type) {
    case CURLINFO_TEXT:
      prefix = "* ";
      break;
    case CURLINFO_HEADER_IN:
      prefix = "< ";
      break;
    case CURLINFO_HEADER_OUT:
      prefix = "> ";
      break;
    default:
      return;
  }
  void* const chosen = options().pointer(Opt::stderr_);
  std::FILE* const out = chosen != nullptr ? static_cast<std::FILE*>(chosen) : stderr;
  bool at_start = true;
  for (const char c : bytes) {
    if (at_start) std::fputs(prefix, out);
    std::fputc(c, out);
    at_start = c == '\n';
  }
}

// ExchangeControl.

void Transfer::on_head_sent(std::span<const char> bytes) noexcept {
  numbers().request_size += static_cast<std::uint32_t>(bytes.size());
  if (verbose_) debug(CURLINFO_HEADER_OUT, bytes);
}

void Transfer::on_body_sent(std::span<const char> bytes) noexcept {
  if (pace_) pace_->send.moved(bytes.size(), now());
  numbers().size_upload += static_cast<curl_off_t>(bytes.size());
  if (verbose_) debug(CURLINFO_DATA_OUT, bytes);
}

void Transfer::on_request_sent() noexcept { easy_->info.times.posttransfer = now() - started_at_; }

void Transfer::on_received(std::size_t count) noexcept {
  if (pace_) pace_->receive.moved(count, now());
  if (received_any_) return;
  received_any_ = true;
  easy_->info.times.starttransfer = now() - started_at_;
}

void Transfer::on_os_error(int error) noexcept { numbers().os_errno = error; }

// ConnectionInfo.

curl_socket_t Transfer::active_socket() const noexcept {
  return lease_ && lease_->connected() ? lease_->stream->watch().fd() : CURL_SOCKET_BAD;
}

Endpoint Transfer::local_endpoint() const noexcept {
  return lease_ ? endpoint_of(lease_->local) : Endpoint();
}

void* Transfer::tls_pointer() const noexcept {
  return lease_ && lease_->tls() != nullptr ? lease_->tls()->native() : nullptr;
}

void* Transfer::tls_context() const noexcept {
  return lease_ && lease_->tls() != nullptr ? SSL_get_SSL_CTX(lease_->tls()->native()) : nullptr;
}

void Transfer::note_addresses() noexcept {
  easy_->info.primary = endpoint_of(lease_->remote);
  easy_->info.local = endpoint_of(lease_->local);
}

void Transfer::note_connection() {
  Connection& connection = *lease_;
  easy_->info.connection = this;
  if (pace_) pace_->low_speed.restart(bytes_moved(), now());
  note_addresses();
  numbers().conn_id = connection.id();
  connection.stream->watch().hand_over(easy_->handle());
}

}  // namespace hiper
