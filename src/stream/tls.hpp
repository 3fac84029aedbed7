// TlsStream: TLS over any stream below, by OpenSSL without sockets. Made by the connect flow, which then runs
// tls_handshake() and hands the stream to the exchange; used for STARTTLS and for proxies in the same way.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/report.hpp"
#include "base/status.hpp"
#include "flow/flow.hpp"
#include "stream/openssl.hpp"
#include "stream/stream.hpp"
#include "stream/tls_bio.hpp"
#include "stream/tls_context.hpp"
#include "stream/tls_sessions.hpp"

namespace hiper {

/// Whom a TLS connection is for. Nothing of it needs to live longer than the call.
struct TlsPeer {
  /// Name or address as in the URL, without brackets: for SNI (names only) and to check the certificate.
  std::string_view host;
  /// Protocols to offer, each with its length in front (RFC 7301); empty for none.
  std::string_view alpn;
  /// Where to find and keep sessions, under a name that differs for every two peers that must not share them
  /// (host, port, transport, proxy …; the configuration is added here). nullptr: never resume.
  TlsSessions* sessions = nullptr;
  std::string_view session_key;
};

class TlsStream final : public Stream {
 public:
  /// Prepares a client connection over `below`, which is owned from now on, also if this fails:
  /// CURLE_OUT_OF_MEMORY, or CURLE_SSL_CONNECT_ERROR with a report. Sends nothing. Throws std::bad_alloc.
  static Status open(std::unique_ptr<Stream> below, const Ref<TlsContext>& context, const TlsPeer& peer,
                     Report& report, std::unique_ptr<TlsStream>& stream);
  ~TlsStream() override;

  /// One step of the handshake: blocked(), failed() (with a report), or moved() once it is complete and the
  /// peer's certificate is accepted. tls_handshake() below is the usual way.
  IoResult handshake(Report& report) noexcept;

  /// closed() both for close_notify and for a bare FIN; truncated() tells them apart (libcurl 7.88 does not:
  /// tests/unit/stream, `BareFin…`). Errors are CURLE_RECV_ERROR, why() has OpenSSL's reason.
  IoResult read(std::span<char> into) noexcept override;
  IoResult write(std::span<const char> from) noexcept override;
  /// Something was received that the last read() had no room to decrypt.
  bool has_buffered() const noexcept override;
  void idle() noexcept override;
  void farewell() noexcept override;
  Watch& watch() noexcept override { return below_->watch(); }
  TlsStream* tls() noexcept override { return this; }
  std::string_view why() const noexcept override { return why_; }

  /// The peer ended the connection without close_notify, so an attacker may have cut it off.
  bool truncated() const noexcept { return truncated_; }

  // Known after the handshake.
  std::string_view alpn() const noexcept;  ///< the protocol chosen, empty if none
  std::string_view cipher() const noexcept;
  std::string_view version() const noexcept;  ///< "TLSv1.3"
  bool resumed() const noexcept;
  /// CURLINFO_SSL_VERIFYRESULT, an X509_V_ code. As in libcurl it is 1 until a certificate got that far.
  long verify_result() const noexcept { return verify_result_; }
  SSL* native() const noexcept { return ssl_.get(); }  ///< CURLINFO_TLS_SSL_PTR
  const TlsConfig& config() const noexcept { return context_->config(); }

  /// For SSL_CTX_sess_set_new_cb.
  static int new_session(SSL* ssl, SSL_SESSION* session) noexcept;

 private:
  enum class Phase : unsigned char { handshake, open, broken };

  TlsStream(std::unique_ptr<Stream> below, const Ref<TlsContext>& context, std::string_view host)
      : below_(std::move(below)), pipe_(*below_), context_(context), host_(host) {}
  Status set_up(const TlsPeer& peer, Report& report);
  void offer_session(const TlsPeer& peer);
  void keep_session(OwnedSession session) noexcept;
  IoResult finish_handshake(Report& report) noexcept;
  IoResult handshake_failure(int answer, Report& report) noexcept;
  IoResult read_failure(int answer) noexcept;
  IoResult write_failure(int answer) noexcept;
  IoResult broken(CURLcode code) noexcept;
  IoResult finish_write(std::size_t count) noexcept;

  std::unique_ptr<Stream> below_;
  TlsPipe pipe_;
  Ref<TlsContext> context_;
  OwnedSsl ssl_;  ///< uses pipe_
  Ref<TlsSessions> sessions_;
  TlsSessions::Peer* peer_sessions_ = nullptr;
  std::vector<OwnedSession> early_sessions_;  ///< until the peer is accepted
  std::string host_;
  std::string why_;
  IoResult postponed_ = IoResult::moved(0);  ///< what the next read() answers, unless moved()
  std::size_t num_encrypted_ = 0;            ///< bytes a blocked write() has taken already
  long verify_result_ = 1;
  Phase phase_ = Phase::handshake;
  bool drained_ = true;
  bool unsettled_ = false;  ///< the end of the stream may stand behind the handshake, and nobody has looked
  bool truncated_ = false;
};

/// Runs the handshake. CURLE_PEER_FAILED_VERIFICATION (certificate or name), CURLE_SSL_ISSUER_ERROR,
/// CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_OPERATION_TIMEDOUT,
/// CURLE_SSL_CONNECT_ERROR for everything else; each with a report.
///
/// The client's last message may still be held back when it returns: it leaves together with the first
/// write(), or with the first read() if the peer speaks first.
Flow<Status> tls_handshake(Task& task, TlsStream& stream, Report& report, Nanos deadline);

}  // namespace hiper
