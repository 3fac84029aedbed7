#include "stream/tls.hpp"

#include <openssl/err.h>

#include <cassert>
#include <cstring>
#include <new>

#include "stream/tls_verify.hpp"

namespace hiper {
namespace {

/// The stream is found from its SSL by an index of our own; applications may use SSL_set_app_data.
int stream_index() noexcept {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// OpenSSL waits for something, rather than having failed. Its own queue must not be asked for that: a
/// blocked pipe leaves it empty.
bool waits(const SSL* ssl, int answer) noexcept {
  const int error = SSL_get_error(ssl, answer);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

}  // namespace

Status TlsStream::open(std::unique_ptr<Stream> below, const Ref<TlsContext>& context, const TlsPeer& peer,
                       Report& report, std::unique_ptr<TlsStream>& stream) {
  std::unique_ptr<TlsStream> made(new TlsStream(std::move(below), context, peer.host));
  const Status done = made->set_up(peer, report);
  if (done.ok()) stream = std::move(made);
  return done;
}

TlsStream::~TlsStream() {
  // OpenSSL would make the session unusable when it thinks that we forgot to say goodbye.
  if (phase_ == Phase::open) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  if (peer_sessions_ != nullptr) sessions_->leave(*peer_sessions_);
}

Status TlsStream::set_up(const TlsPeer& peer, Report& report) {
  clear_openssl_errors();
  ssl_.reset(SSL_new(context_->native()));
  BIO* const bio = ssl_ == nullptr ? nullptr : pipe_.make_bio();
  if (bio == nullptr) return Status::out_of_memory();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  if (SSL_set_ex_data(ssl_.get(), stream_index(), this) != 1) return Status::out_of_memory();
  if (!host_.empty() && host_.back() == '.') host_.pop_back();
  if (!host_.empty() && !is_address(host_) &&
      SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data()) != 1) {
    report.failuref("TLS: '%s' cannot be sent as server name", host_.c_str());
    clear_openssl_errors();
    return Status(CURLE_SSL_CONNECT_ERROR);
  }
  // Zero means success here.
  if (!peer.alpn.empty() && config().alpn &&
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(peer.alpn.data()),
                          static_cast<unsigned>(peer.alpn.size())) != 0)
    return Status::out_of_memory();
  if (config().verify_status) SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
  offer_session(peer);
  return Status();
}

void TlsStream::offer_session(const TlsPeer& peer) {
  if (peer.sessions == nullptr || !config().session_cache) return;
  std::string key;
  key.reserve(peer.session_key.size() + 1 + context_->session_scope().size());
  key += peer.session_key;
  key += '\n';
  key += context_->session_scope();
  sessions_ = Ref<TlsSessions>(peer.sessions);
  peer_sessions_ = &sessions_->enter(key);
  const OwnedSession session = sessions_->take(*peer_sessions_);
  if (session != nullptr) SSL_set_session(ssl_.get(), session.get());
}

int TlsStream::new_session(SSL* ssl, SSL_SESSION* session) noexcept {
  TlsStream* const stream = static_cast<TlsStream*>(SSL_get_ex_data(ssl, stream_index()));
  if (stream == nullptr || stream->peer_sessions_ == nullptr) return 0;
  stream->keep_session(OwnedSession(session));
  return 1;
}

/// A session of a peer that turns out to be the wrong one is never kept.
void TlsStream::keep_session(OwnedSession session) noexcept {
  if (phase_ == Phase::open) {
    sessions_->put(*peer_sessions_, std::move(session));
    return;
  }
  try {
    early_sessions_.push_back(std::move(session));
  } catch (const std::bad_alloc&) {
    // Then it is not kept.
  }
}

IoResult TlsStream::handshake(Report& report) noexcept {
  clear_openssl_errors();
  pipe_.begin();
  const int answer = SSL_do_handshake(ssl_.get());
  return answer == 1 ? finish_handshake(report) : handshake_failure(answer, report);
}

IoResult TlsStream::finish_handshake(Report& report) noexcept {
  const Status accepted = check_peer(ssl_.get(), *context_, host_, verify_result_, report);
  if (!accepted.ok()) {
    phase_ = Phase::broken;
    early_sessions_.clear();
    return IoResult::failed(accepted.code(), 0);
  }
  phase_ = Phase::open;
  drained_ = false;
  unsettled_ = pipe_.received();
  pipe_.hold(false);
  for (OwnedSession& session : early_sessions_) sessions_->put(*peer_sessions_, std::move(session));
  std::vector<OwnedSession>().swap(early_sessions_);
  if (report.verbose()) {
    const std::string_view protocol = alpn();
    report.infof("TLS: %s, %s%s, ALPN %.*s", SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()),
                 resumed() ? ", resumed" : "", static_cast<int>(protocol.size()), protocol.data());
  }
  return IoResult::moved(1);
}

IoResult TlsStream::handshake_failure(int answer, Report& report) noexcept {
  const bool blocked = waits(ssl_.get(), answer);
  if (blocked && !pipe_.failed()) return IoResult::blocked(pipe_.wants());
  // An alert that says what is wrong leaves now, or never.
  pipe_.flush();
  phase_ = Phase::broken;
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    verify_result_ = SSL_get_verify_result(ssl_.get());
    report.failuref("TLS: the certificate of the server cannot be trusted: %s",
                    X509_verify_cert_error_string(verify_result_));
    ERR_clear_error();
    return IoResult::failed(CURLE_PEER_FAILED_VERIFICATION, 0);
  }
  if (pipe_.failed() && pipe_.failure().code() == CURLE_OUT_OF_MEMORY) return pipe_.failure();
  if (pipe_.ended())
    report.failure("TLS: the server closed the connection during the handshake");
  else if (error == 0 && pipe_.failed())
    report.failuref("TLS: the connection broke during the handshake: %s",
                    std::strerror(pipe_.failure().os_error()));
  else
    report.failuref("TLS: the handshake failed: %s", OpensslReason().c_str());
  ERR_clear_error();
  return IoResult::failed(CURLE_SSL_CONNECT_ERROR, pipe_.failed() ? pipe_.failure().os_error() : 0);
}

IoResult TlsStream::read(std::span<char> into) noexcept {
  if (postponed_.kind() != IoResult::Kind::bytes) return postponed_;
  if (phase_ != Phase::open) return IoResult::failed(CURLE_RECV_ERROR, 0);
  unsettled_ = false;
  clear_openssl_errors();
  pipe_.begin();
  std::size_t count = 0;
  while (count < into.size()) {
    std::size_t part = 0;
    const int answer = SSL_read_ex(ssl_.get(), into.data() + count, into.size() - count, &part);
    if (answer != 1) {
      const IoResult failure = read_failure(answer);
      if (count == 0) return failure;
      // First what was received, then the news; a block is asked for anew.
      if (failure.kind() != IoResult::Kind::blocked) postponed_ = failure;
      return IoResult::moved(count);
    }
    count += part;
    drained_ = SSL_has_pending(ssl_.get()) == 0;
    if (drained_) break;
    pipe_.stop_reading();
  }
  return IoResult::moved(count);
}

IoResult TlsStream::read_failure(int answer) noexcept {
  drained_ = true;
  if (pipe_.ended()) {
    truncated_ = true;
    ERR_clear_error();
    return postponed_ = IoResult::closed();
  }
  const int error = SSL_get_error(ssl_.get(), answer);
  if (error == SSL_ERROR_ZERO_RETURN) return postponed_ = IoResult::closed();
  const bool blocked = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  if (blocked && !pipe_.failed()) return IoResult::blocked(pipe_.wants());
  return postponed_ = broken(CURLE_RECV_ERROR);
}

IoResult TlsStream::write(std::span<const char> from) noexcept {
  if (phase_ != Phase::open) return broken(CURLE_SEND_ERROR);
  clear_openssl_errors();
  pipe_.begin();
  if (num_encrypted_ != 0) {
    assert(num_encrypted_ <= from.size());
    return finish_write(0);
  }
  std::size_t count = 0;
  while (count < from.size()) {
    std::size_t part = 0;
    const int answer = SSL_write_ex(ssl_.get(), from.data() + count, from.size() - count, &part);
    if (answer != 1) return count == 0 ? write_failure(answer) : IoResult::moved(count);
    count += part;
    if (pipe_.holds_output()) return finish_write(count);
  }
  return IoResult::moved(count);
}

/// `count` bytes are encrypted, but the pipe holds output: they count as written once all of it has left.
IoResult TlsStream::finish_write(std::size_t count) noexcept {
  num_encrypted_ += count;
  if (any(pipe_.wants())) return IoResult::blocked(pipe_.wants());
  if (pipe_.flush()) return IoResult::moved(std::exchange(num_encrypted_, 0));
  return pipe_.failed() ? broken(CURLE_SEND_ERROR) : IoResult::blocked(pipe_.wants());
}

IoResult TlsStream::write_failure(int answer) noexcept {
  if (waits(ssl_.get(), answer) && !pipe_.failed()) {
    // Renegotiation (TLS 1.2): our answer was sent by the pipe or waits there.
    if (pipe_.holds_output()) pipe_.flush();
    return IoResult::blocked(pipe_.wants());
  }
  return broken(CURLE_SEND_ERROR);
}

/// What broke, for the caller. A connection whose sending side is dead may still have something to read.
IoResult TlsStream::broken(CURLcode code) noexcept {
  if (pipe_.failed()) {
    ERR_clear_error();
    const bool memory = pipe_.failure().code() == CURLE_OUT_OF_MEMORY;
    return IoResult::failed(memory ? CURLE_OUT_OF_MEMORY : code, pipe_.failure().os_error());
  }
  phase_ = Phase::broken;
  try {
    why_ = "TLS: ";
    why_ += OpensslReason().c_str();
  } catch (const std::bad_alloc&) {
    why_.clear();
  }
  return IoResult::failed(code, 0);
}

bool TlsStream::has_buffered() const noexcept {
  if (postponed_.kind() != IoResult::Kind::bytes || unsettled_) return true;
  if (drained_) return phase_ == Phase::open && below_->has_buffered();
  return phase_ == Phase::open && (SSL_has_pending(ssl_.get()) != 0 || below_->has_buffered());
}

void TlsStream::idle() noexcept {
  pipe_.begin();
  if (pipe_.holds_output()) pipe_.flush();
  pipe_.release();
  if (phase_ == Phase::open) SSL_free_buffers(ssl_.get());
  below_->idle();
}

void TlsStream::farewell() noexcept {
  if (phase_ == Phase::open && !pipe_.failed()) {
    clear_openssl_errors();
    pipe_.begin();
    SSL_shutdown(ssl_.get());
    pipe_.flush();
    clear_openssl_errors();
  }
  below_->farewell();
}

std::string_view TlsStream::alpn() const noexcept {
  const unsigned char* text = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &text, &size);
  return {reinterpret_cast<const char*>(text), size};
}

std::string_view TlsStream::cipher() const noexcept { return SSL_get_cipher_name(ssl_.get()); }
std::string_view TlsStream::version() const noexcept { return SSL_get_version(ssl_.get()); }
bool TlsStream::resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

Flow<Status> tls_handshake(Task& task, TlsStream& stream, Report& report, Nanos deadline) {
  for (;;) {
    const IoResult step = stream.handshake(report);
    if (step.kind() == IoResult::Kind::bytes) co_return Status();
    if (step.kind() != IoResult::Kind::blocked) co_return Status(step.code());
    const Woken woken = co_await WaitIo(task, stream.watch(), step.wants(), deadline);
    if (!woken.timed_out()) continue;
    report.failure("TLS: the handshake took too long");
    co_return Status(CURLE_OPERATION_TIMEDOUT);
  }
}

}  // namespace hiper
