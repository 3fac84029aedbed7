// TlsPipe: how OpenSSL reaches the stream below TLS. Owned by TlsStream; nobody else uses it.
#pragma once
#include <cstddef>
#include <string>

#include "stream/openssl.hpp"
#include "stream/stream.hpp"

namespace hiper {

/// Lives at a fixed address while its BIO exists.
///
/// Output is held back while hold() is on or while older output waits, and leaves with the next flush(): a
/// flight of handshake messages is one write, and the client's last one leaves together with the request.
/// Whoever reads flushes first, so nothing that the peer waits for is kept.
class TlsPipe {
 public:
  explicit TlsPipe(Stream& below) noexcept : below_(below) {}
  TlsPipe(const TlsPipe&) = delete;
  TlsPipe& operator=(const TlsPipe&) = delete;

  /// A BIO over this pipe; nullptr when memory is out.
  BIO* make_bio() noexcept;

  /// Before each call into OpenSSL: forgets what the last one met.
  void begin() noexcept {
    wants_ = Events::none;
    drained_ = received_ = false;
  }
  void hold(bool on) noexcept { hold_ = on; }
  /// From now on, until begin(), nothing is read from below: OpenSSL decrypts what it has.
  void stop_reading() noexcept { drained_ = true; }

  /// Sends what was held back. True when nothing is left; otherwise wants() or failed() says why.
  bool flush() noexcept;
  bool holds_output() const noexcept { return sent_ < out_.size(); }
  void release() noexcept;  ///< gives the memory of the output back, if there is none

  /// The last read since begin() brought something: more of it, or the end of the stream, may be there
  /// already.
  bool received() const noexcept { return received_; }
  Events wants() const noexcept { return wants_; }  ///< what the last call was blocked on
  bool ended() const noexcept { return ended_; }    ///< the stream below was closed by the peer
  bool failed() const noexcept { return failure_.kind() == IoResult::Kind::failed; }
  const IoResult& failure() const noexcept { return failure_; }

 private:
  friend struct TlsPipeBio;
  int bio_read(BIO* bio, std::span<char> into, std::size_t* count) noexcept;
  int bio_write(BIO* bio, std::span<const char> from, std::size_t* count) noexcept;
  bool keep(std::span<const char> bytes) noexcept;
  void note(const IoResult& result) noexcept;

  Stream& below_;
  std::string out_;
  std::size_t sent_ = 0;  ///< of out_
  Events wants_ = Events::none;
  bool hold_ = true;
  bool drained_ = false;
  bool received_ = false;
  bool ended_ = false;
  IoResult failure_ = IoResult::closed();  ///< of kind failed once something broke
};

}  // namespace hiper
