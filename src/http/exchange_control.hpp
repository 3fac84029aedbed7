// What an exchange needs from the transfer it serves: pausing, pace, counters and the debug callback.
// Implemented by transfer/.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <span>

#include "base/clock.hpp"
#include "base/report.hpp"
#include "body/decoder.hpp"

namespace hiper {

class H1Response;

class ExchangeControl : public Report {
 public:
  virtual bool receiving_paused() const noexcept = 0;
  virtual bool sending_paused() const noexcept = 0;
  virtual void pause_sending() noexcept = 0;

  /// How many bytes may be read (written) now under CURLOPT_MAX_RECV_SPEED_LARGE (…SEND…): SIZE_MAX without a
  /// limit, 0 when it is too early; then not before receive_from() (send_from()).
  virtual std::size_t receive_allowance() noexcept = 0;
  virtual std::size_t send_allowance() noexcept = 0;
  virtual Nanos receive_from() const noexcept = 0;
  virtual Nanos send_from() const noexcept = 0;

  /// Bytes that went to, or came from, the stream. `head` bytes are request headers, the rest body.
  virtual void on_head_sent(std::span<const char> bytes) noexcept = 0;
  virtual void on_body_sent(std::span<const char> bytes) noexcept = 0;
  virtual void on_request_sent() noexcept = 0;
  virtual void on_received(std::size_t count) noexcept = 0;
  /// True once after a 100 response came.
  virtual bool take_continue() noexcept = 0;
  /// The first bytes of the answer are here, or its end: what takes it, until the exchange is over. Throws
  /// std::bad_alloc.
  virtual H1Response& begin_response() = 0;
  /// The application's side is stopped: resume_delivery() before anything else is given to it.
  virtual bool delivery_paused() const noexcept = 0;
  /// After a pause: gives the application what was kept. Then the response takes the rest.
  virtual Outcome resume_delivery() = 0;
  /// The response is complete: delivers what decoders hold; after `paused` resume_delivery(), then again.
  virtual Outcome finish_delivery() = 0;
  /// The operating system's error behind a failure, for CURLINFO_OS_ERRNO.
  virtual void on_os_error(int error) noexcept = 0;

 protected:
  ~ExchangeControl() = default;
};

}  // namespace hiper
