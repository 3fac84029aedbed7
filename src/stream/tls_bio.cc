#include "stream/tls_bio.hpp"

#include <new>

namespace hiper {

/// The functions OpenSSL calls. The pipe is the BIO's data.
struct TlsPipeBio {
  static TlsPipe& pipe(BIO* bio) noexcept { return *static_cast<TlsPipe*>(BIO_get_data(bio)); }
  static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) noexcept {
    return pipe(bio).bio_read(bio, {into, size}, count);
  }
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* count) noexcept {
    return pipe(bio).bio_write(bio, {from, size}, count);
  }
  static long control(BIO* bio, int command, long /*number*/, void* /*data*/) noexcept {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return pipe(bio).ended() ? 1 : 0;
    return 0;
  }
  static BIO_METHOD* make_method() noexcept {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hiper stream");
    if (method == nullptr) return nullptr;
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }
};

BIO* TlsPipe::make_bio() noexcept {
  static BIO_METHOD* const method = TlsPipeBio::make_method();
  if (method == nullptr) return nullptr;
  BIO* const bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

int TlsPipe::bio_read(BIO* bio, std::span<char> into, std::size_t* count) noexcept {
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (ended_) return 0;
  // If that fails there may still be something to read, which then says why. The answer to a flight of the
  // handshake cannot be there yet; the end of the stream can, behind what was just read.
  if (holds_output() && flush() && hold_ && !received_ && !below_.has_buffered()) drained_ = true;
  if (drained_) {
    wants_ = wants_ | Events::in;
    BIO_set_retry_read(bio);
    return 0;
  }
  // Until it is blocked or over, also after a short answer: an application that waits edge-triggered is not
  // told again of a FIN right behind the data.
  const IoResult result = below_.read(into);
  received_ = result.kind() == IoResult::Kind::bytes;
  if (!received_) {
    note(result);
    if (result.kind() == IoResult::Kind::blocked && !failed()) BIO_set_retry_read(bio);
    return 0;
  }
  *count = result.count();
  return 1;
}

int TlsPipe::bio_write(BIO* bio, std::span<const char> from, std::size_t* count) noexcept {
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (failed()) return 0;
  if (hold_ || holds_output()) {
    if (!keep(from)) return 0;
    *count = from.size();
    return 1;
  }
  const IoResult result = below_.write(from);
  note(result);
  if (failed()) return 0;
  // OpenSSL never learns of a block: a retry would have to come with the very same record.
  const std::size_t sent = result.kind() == IoResult::Kind::bytes ? result.count() : 0;
  if (sent < from.size() && !keep(from.subspan(sent))) return 0;
  *count = from.size();
  return 1;
}

bool TlsPipe::flush() noexcept {
  while (holds_output() && !failed()) {
    const IoResult result = below_.write(std::span(out_).subspan(sent_));
    if (result.kind() != IoResult::Kind::bytes) {
      note(result);
      return false;
    }
    sent_ += result.count();
  }
  if (failed()) return false;
  out_.clear();
  sent_ = 0;
  return true;
}

void TlsPipe::release() noexcept {
  if (!holds_output()) out_ = std::string();
}

/// Output that was held back and never asked for again (a peer that makes us answer without reading) must not
/// grow without bound.
bool TlsPipe::keep(std::span<const char> bytes) noexcept {
  constexpr std::size_t kMaxHeld = 1024 * 1024;
  if (out_.size() - sent_ + bytes.size() > kMaxHeld) {
    failure_ = IoResult::failed(CURLE_SEND_ERROR, 0);
    return false;
  }
  try {
    out_.append(bytes.data(), bytes.size());
    return true;
  } catch (const std::bad_alloc&) {
    failure_ = IoResult::failed(CURLE_OUT_OF_MEMORY, 0);
    return false;
  }
}

void TlsPipe::note(const IoResult& result) noexcept {
  switch (result.kind()) {
    case IoResult::Kind::bytes:
      break;
    case IoResult::Kind::blocked:
      wants_ = wants_ | result.wants();
      break;
    case IoResult::Kind::closed:
      ended_ = true;
      break;
    case IoResult::Kind::failed:
      failure_ = result;
      break;
  }
}

}  // namespace hiper
