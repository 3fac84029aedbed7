// One HTTP/1.x request and its response on a connection. Plain steps driven by the flow of a request:
// advance() sends and receives what goes now and says what to wait for. Called by transfer/dialog.cc.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.hpp"
#include "body/upload.hpp"
#include "conn/connection.hpp"
#include "conn/services.hpp"
#include "http/exchange_control.hpp"
#include "http/h1_response.hpp"

namespace hiper {

/// What to send. The texts stay valid during the exchange.
struct H1Request {
  std::string_view head;           ///< request line and headers, blank line included
  UploadSource* body = nullptr;    ///< nullptr: no body
  bool expect_continue = false;    ///< the head asks for 100-continue: the body waits for the answer
  Nanos expect_timeout = kSecond;  ///< …but not longer than this
  bool keep_sending_on_error = false;
  std::size_t read_size =
      ReadBuffer::kUsualRead;  ///< bytes asked for in one read; more while reads come back full
};

class H1Exchange {
 public:
  H1Exchange(Services& services, Connection& connection, const H1Request& request,
             ExchangeControl& control) noexcept;

  /// Sends and receives as far as that goes without waiting. An error ends the exchange.
  Status advance();
  bool finished() const noexcept { return finished_; }

  // What to wait for when it is not finished.
  Events wants() const noexcept { return wants_; }
  Nanos deadline() const noexcept { return deadline_; }
  /// It has had its share of this turn: go on in the next one.
  bool must_yield() const noexcept { return must_yield_; }

  /// After the end: the connection can serve another request.
  bool reusable() const noexcept;
  /// After a failure: the peer had closed the connection before it saw this request.
  bool peer_was_gone() const noexcept { return peer_was_gone_; }

 private:
  enum class Sending : std::uint8_t { head, awaiting_continue, body, done };

  Status send();
  Status send_head();
  Status send_body();
  void body_may_go() noexcept;
  void stop_sending() noexcept;
  Status send_failed(const IoResult& result) noexcept;
  H1Response& response();
  Status receive();
  Status take_leftover();
  Status digest(std::span<const char> bytes);
  Status take_fed(const Fed& fed, std::span<const char> rest);
  Status finish_delivery();
  void answered_early() noexcept;
  Status receive_ended(bool clean);
  Status receive_failed(const IoResult& result) noexcept;
  bool stale() const noexcept {
    return connection_.num_uses > 1 && (response_ == nullptr || !response_->any_bytes());
  }
  void plan_wait() noexcept;

  Services& services_;
  Connection& connection_;
  const H1Request& request_;
  ExchangeControl& control_;
  H1Response* response_ = nullptr;         ///< from its first byte on
  std::unique_ptr<std::string> leftover_;  ///< received, but not taken by the response: it is paused
  std::size_t head_sent_ = 0;
  std::size_t read_size_;
  Nanos continue_deadline_ = kNever;
  Nanos deadline_ = kNever;
  Sending sending_ = Sending::head;
  Events wants_ = Events::none;
  Events write_wants_ = Events::none;  ///< the direction a blocked write waits for
  Events read_wants_ = Events::in;
  bool delivery_paused_ = false;  ///< the application must take what was kept before anything else
  bool complete_ = false;         ///< the message has ended; the delivery perhaps not
  bool tried_reading_ = false;    ///< the first look comes after a wait: nothing is there right after sending
  bool responded_ = false;        ///< the response is complete; the body may still be on its way
  bool finished_ = false;
  bool must_yield_ = false;
  bool aborted_sending_ = false;  ///< the request was not sent completely
  bool surplus_ = false;          ///< bytes after the response
  bool was_reset_ = false;        ///< sending found that the peer has reset the connection
  bool peer_was_gone_ = false;
};

}  // namespace hiper
