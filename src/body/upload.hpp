// What a request body is to the exchange: a source of bytes ready for the wire. Built by transfer/ from the
// options (POSTFIELDS, read callback, MIME), pulled by the exchanges in http/.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <span>

#include "base/status.hpp"

namespace hiper {

/// The answer of UploadSource::pull().
struct Pulled {
  enum class Kind : std::uint8_t {
    bytes,   ///< `bytes` go to the wire next; report how many went with consumed()
    end,     ///< everything has been pulled and consumed
    paused,  ///< the read callback said CURL_READFUNC_PAUSE; pull again after curl_easy_pause
    failed,  ///< `code`: the callback aborted, or gave too little
  };
  Kind kind = Kind::end;
  std::span<const char> bytes{};
  CURLcode code = CURLE_OK;
};

class UploadSource {
 public:
  virtual ~UploadSource() = default;
  UploadSource() noexcept = default;
  UploadSource(const UploadSource&) = delete;
  UploadSource& operator=(const UploadSource&) = delete;

  /// The next bytes for the wire, chunk framing included where the request uses it. The span stays valid
  /// until the next pull(); unconsumed bytes are offered again. May call the application's read callback.
  virtual Pulled pull() noexcept = 0;
  virtual void consumed(std::size_t count) noexcept = 0;
  /// Bytes of the body itself (without framing) handed over so far.
  virtual curl_off_t num_sent() const noexcept = 0;
  /// Starts over, for a redirect, an authentication round or a retry. CURLE_SEND_FAIL_REWIND when that is
  /// impossible.
  virtual Status rewind() noexcept = 0;
};

}  // namespace hiper
