#include "http/h1_exchange.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hiper {
namespace {

/// What one transfer may read or write in one turn before the others have theirs.
constexpr std::size_t kShareOfTurn = 1u << 20;

/// A read of that size costs the kernel half of what the same bytes cost in pieces of 64 kB.
constexpr std::size_t kLargeRead = 1u << 19;

}  // namespace

H1Exchange::H1Exchange(Services& services, Connection& connection, const H1Request& request,
                       ExchangeControl& control) noexcept
    : services_(services),
      connection_(connection),
      request_(request),
      control_(control),
      read_size_(request.read_size) {}

Status H1Exchange::advance() {
  must_yield_ = false;
  deadline_ = kNever;
  const bool just_sent = sending_ == Sending::head;
  if (const Status sent = send(); !sent.ok()) return sent;
  if (!just_sent || tried_reading_ || connection_.stream->has_buffered()) {
    if (const Status received = receive(); !received.ok()) return received;
    // What came may let the body go, or end the sending: no event would tell.
    if (sending_ == Sending::body && write_wants_ == Events::none) {
      if (const Status sent = send(); !sent.ok()) return sent;
    }
  }
  tried_reading_ = true;
  finished_ = responded_ && sending_ == Sending::done;
  if (!finished_) plan_wait();
  return Status();
}

// Sending.

Status H1Exchange::send() {
  write_wants_ = Events::none;
  if (sending_ == Sending::head) {
    if (const Status sent = send_head(); !sent.ok()) return sent;
  }
  if (sending_ == Sending::awaiting_continue && services_.reactor.now() >= continue_deadline_) body_may_go();
  return sending_ == Sending::body ? send_body() : Status();
}

Status H1Exchange::send_head() {
  while (head_sent_ < request_.head.size()) {
    const std::string_view rest = request_.head.substr(head_sent_);
    const IoResult result = connection_.stream->write({rest.data(), rest.size()});
    if (result.kind() == IoResult::Kind::blocked) {
      write_wants_ = result.wants();
      return Status();
    }
    if (result.kind() != IoResult::Kind::bytes) return send_failed(result);
    control_.on_head_sent({rest.data(), result.count()});
    head_sent_ += result.count();
  }
  if (request_.body == nullptr) {
    sending_ = Sending::done;
    control_.on_request_sent();
  } else if (request_.expect_continue) {
    sending_ = Sending::awaiting_continue;
    continue_deadline_ = services_.reactor.now() + request_.expect_timeout;
  } else {
    sending_ = Sending::body;
  }
  return Status();
}

Status H1Exchange::send_body() {
  std::size_t share = kShareOfTurn;
  while (!control_.sending_paused()) {
    const Pulled pulled = request_.body->pull();
    if (pulled.kind == Pulled::Kind::end) {
      sending_ = Sending::done;
      control_.on_request_sent();
      return Status();
    }
    if (pulled.kind == Pulled::Kind::paused) {
      control_.pause_sending();
      return Status();
    }
    if (pulled.kind == Pulled::Kind::failed) return Status(pulled.code);
    const std::size_t allowed = std::min({pulled.bytes.size(), control_.send_allowance(), share});
    if (allowed == 0) {
      must_yield_ = share == 0;
      if (must_yield_) write_wants_ = Events::out;  // it goes on: the interest stays
      return Status();
    }
    const IoResult result = connection_.stream->write(pulled.bytes.first(allowed));
    if (result.kind() == IoResult::Kind::blocked) {
      write_wants_ = result.wants();
      return Status();
    }
    if (result.kind() != IoResult::Kind::bytes) return send_failed(result);
    control_.on_body_sent(pulled.bytes.first(result.count()));
    request_.body->consumed(result.count());
    share -= result.count();
  }
  return Status();
}

void H1Exchange::body_may_go() noexcept {
  if (sending_ != Sending::awaiting_continue) return;
  sending_ = Sending::body;
  continue_deadline_ = kNever;
}

void H1Exchange::stop_sending() noexcept {
  if (sending_ == Sending::done) return;
  sending_ = Sending::done;
  aborted_sending_ = true;
  write_wants_ = Events::none;
}

// The peer may have answered before it closed: what it said counts more than our failure to send.
Status H1Exchange::send_failed(const IoResult& result) noexcept {
  control_.on_os_error(result.os_error());
  stop_sending();
  // The socket tells of a reset once: reading then ends as if the peer had closed in good order.
  was_reset_ = result.os_error() == ECONNRESET;
  if (responded_) return Status();
  // What the application has not taken yet comes first; the rest is read when it goes on.
  if (delivery_paused_ || control_.receiving_paused()) return Status();
  char byte;
  const IoResult look = connection_.stream->read({&byte, 1});
  if (look.kind() == IoResult::Kind::bytes) {
    control_.on_received(1);
    const Status digested = digest({&byte, 1});
    if (!digested.ok()) return digested;
    tried_reading_ = true;
    return receive();
  }
  peer_was_gone_ = stale();
  control_.failuref("Sending to the server failed: %s",
                    result.os_error() != 0 ? std::strerror(result.os_error()) : "the connection is broken");
  return Status(result.code());
}

// Receiving.

H1Response& H1Exchange::response() {
  if (response_ == nullptr) response_ = &control_.begin_response();
  return *response_;
}

Status H1Exchange::receive() {
  if (const Status taken = take_leftover(); !taken.ok()) return taken;
  std::size_t share = std::max(kShareOfTurn, read_size_);
  while (!complete_ && !control_.receiving_paused()) {
    const std::size_t allowed = std::min(std::min(read_size_, share), control_.receive_allowance());
    if (allowed == 0) {
      must_yield_ = share == 0;
      return Status();
    }
    const std::span<char> room = services_.read_buffer.room(read_size_).first(allowed);
    const IoResult result = connection_.stream->read(room);
    if (result.kind() == IoResult::Kind::blocked) {
      read_wants_ = result.wants();
      return Status();
    }
    if (result.kind() == IoResult::Kind::closed) return receive_ended(!was_reset_);
    if (result.kind() == IoResult::Kind::failed) return receive_failed(result);
    control_.on_received(result.count());
    share -= result.count();
    if (result.count() == read_size_) read_size_ = std::max(read_size_, std::min(2 * read_size_, kLargeRead));
    if (const Status digested = digest(room.first(result.count())); !digested.ok()) return digested;
  }
  return Status();
}

// After a pause: what was kept comes before anything new.
Status H1Exchange::take_leftover() {
  if (control_.receiving_paused()) return Status();
  if (control_.delivery_paused()) {
    const Outcome resumed = control_.resume_delivery();
    if (resumed.kind() == Outcome::Kind::failed) return Status(resumed.code());
    if (resumed.kind() == Outcome::Kind::paused) return Status();
  }
  if (!std::exchange(delivery_paused_, false)) return Status();
  if (complete_) return finish_delivery();
  const std::unique_ptr<std::string> bytes = std::move(leftover_);
  return digest(*bytes);
}

Status H1Exchange::digest(std::span<const char> bytes) {
  const Fed fed = response().feed(bytes);
  if (control_.take_continue()) body_may_go();
  return take_fed(fed, bytes.subspan(fed.consumed));
}

Status H1Exchange::take_fed(const Fed& fed, std::span<const char> rest) {
  switch (fed.state) {
    case FedState::need_more:
      break;
    case FedState::paused:
      leftover_ = std::make_unique<std::string>(rest.data(), rest.size());
      delivery_paused_ = true;
      break;
    case FedState::failed:
      response_->report_failure(control_);
      return Status(fed.code);
    case FedState::complete:
      complete_ = true;
      surplus_ = surplus_ || !rest.empty();
      answered_early();
      return finish_delivery();
  }
  answered_early();
  return Status();
}

Status H1Exchange::finish_delivery() {
  const Outcome delivered = control_.finish_delivery();
  if (delivered.kind() == Outcome::Kind::failed) return Status(delivered.code());
  delivery_paused_ = delivered.kind() == Outcome::Kind::paused;
  responded_ = !delivery_paused_;
  return Status();
}

// A final answer while the body is on its way: an error, or any answer instead of 100, means that the server
// does not want the rest.
void H1Exchange::answered_early() noexcept {
  const bool sending_body = sending_ == Sending::body || sending_ == Sending::awaiting_continue;
  if (!sending_body || response_->status() == 0 || response_->is_interim()) return;
  const bool error = response_->status() >= 300;
  const bool wanted = error ? request_.keep_sending_on_error : sending_ == Sending::body;
  if (wanted) {
    body_may_go();
  } else {
    stop_sending();
  }
}

Status H1Exchange::receive_ended(bool clean) {
  peer_was_gone_ = stale();
  if (peer_was_gone_) return Status(CURLE_GOT_NOTHING);
  surplus_ = true;  // the stream is over
  stop_sending();
  return take_fed(response().end_of_stream(clean), {});
}

Status H1Exchange::receive_failed(const IoResult& result) noexcept {
  peer_was_gone_ = stale();
  control_.on_os_error(result.os_error());
  control_.failuref("Receiving from the server failed: %s",
                    result.os_error() != 0 ? std::strerror(result.os_error()) : "the connection is broken");
  return Status(result.code());
}

bool H1Exchange::reusable() const noexcept {
  return finished_ && !surplus_ && !aborted_sending_ && response_->keep_alive();
}

// The wait names exactly what is missing, so the application polls for nothing else.
void H1Exchange::plan_wait() noexcept {
  wants_ = write_wants_;
  if (sending_ == Sending::body && write_wants_ == Events::none && !control_.sending_paused() &&
      !must_yield_) {
    deadline_ = std::min(deadline_, control_.send_from());
  }
  if (sending_ == Sending::awaiting_continue) deadline_ = std::min(deadline_, continue_deadline_);
  if (control_.receiving_paused() || complete_) return;
  if (services_.reactor.now() < control_.receive_from()) {
    deadline_ = std::min(deadline_, control_.receive_from());
  } else {
    wants_ = wants_ | read_wants_;
  }
}

}  // namespace hiper
