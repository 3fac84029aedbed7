// A TLS server in memory for the tests of this room: certificates made on the spot, a wire that can split and
// block at every call, and a client stream with its handshake flow on top. No sockets, no threads.
#pragma once
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/eventfd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flow/flow.hpp"
#include "stream/tls.hpp"
#include "support/fake_reactor.hpp"

namespace hiper {

struct RecordingReport final : Report {
  void failure(std::string_view text) noexcept override {
    if (first.empty()) first = text;
  }
  void info(std::string_view text) noexcept override { infos.emplace_back(text); }
  bool verbose() const noexcept override { return true; }
  std::string first;
  std::vector<std::string> infos;
};

struct Identity {
  OwnedKey key;
  OwnedCertificate certificate;
};

struct CertificateWish {
  const char* common_name = "server.test";
  const char* alternatives = "DNS:server.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1";  ///< nullptr: none
  long valid_from = -3600;                                                           ///< seconds from now
  long valid_until = 3600;
  bool authority = false;
};

inline void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Signed by `issuer`, or by itself.
inline Identity make_identity(const CertificateWish& wish, const Identity* issuer = nullptr) {
  static long serial = 1;
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* const c = made.certificate.get();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
  X509_gmtime_adj(X509_getm_notBefore(c), wish.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(c), wish.valid_until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name), -1, -1, 0);
  X509* const parent = issuer != nullptr ? issuer->certificate.get() : c;
  X509_set_issuer_name(c, X509_get_subject_name(parent));
  X509_set_pubkey(c, made.key.get());
  if (wish.authority) add_extension(c, parent, NID_basic_constraints, "critical,CA:TRUE");
  if (wish.alternatives != nullptr) add_extension(c, parent, NID_subject_alt_name, wish.alternatives);
  X509_sign(c, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}
inline std::string pem_of(X509* certificate) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}
inline std::string pem_of(EVP_PKEY* key, const char* password = nullptr) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, password != nullptr ? EVP_aes_128_cbc() : nullptr, nullptr, 0,
                           nullptr, const_cast<char*>(password));
  return text_of(bio.get());
}

/// One authority for the whole test program; making keys takes time.
inline const Identity& authority() {
  static const Identity made = make_identity({"Test Authority", nullptr, -3600, 3600, true});
  return made;
}
inline const Identity& good_server() {
  static const Identity made = make_identity({}, &authority());
  return made;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content = "") {
    const int fd = mkstemp(path_);
    EXPECT_GE(fd, 0);
    close(fd);
    write(content);
  }
  ~TemporaryFile() { unlink(path_); }
  void write(const std::string& content) const { std::ofstream(path_, std::ios::binary) << content; }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/hiper-test-XXXXXX";
};

/// Both directions, with everything that is in flight.
struct Wire {
  std::string to_client;
  std::string to_server;
  bool fin = false;     ///< after to_client
  int read_error = 0;   ///< errno of every read once to_client is empty
  int write_error = 0;  ///< errno of every write
  std::size_t read_most = SIZE_MAX;
  std::size_t write_most = SIZE_MAX;
  bool block_between = false;  ///< every other read and every other write is blocked
  bool block_writes = false;
  int num_reads = 0;
  int num_writes = 0;
  int num_blocked_reads = 0;
};

class WireStream final : public Stream {
 public:
  WireStream(Wire& wire, OwnedWatch watch) : wire_(wire), watch_(std::move(watch)) {}
  IoResult read(std::span<char> into) noexcept override {
    ++wire_.num_reads;
    if (wire_.block_between && (read_blocked_ = !read_blocked_)) return IoResult::blocked(Events::in);
    if (wire_.to_client.empty()) {
      if (wire_.read_error != 0) return IoResult::failed(CURLE_RECV_ERROR, wire_.read_error);
      if (wire_.fin) return IoResult::closed();
      ++wire_.num_blocked_reads;
      return IoResult::blocked(Events::in);
    }
    const std::size_t size = std::min({into.size(), wire_.read_most, wire_.to_client.size()});
    wire_.to_client.copy(into.data(), size);
    wire_.to_client.erase(0, size);
    return IoResult::moved(size);
  }
  IoResult write(std::span<const char> from) noexcept override {
    ++wire_.num_writes;
    if (wire_.write_error != 0) return IoResult::failed(CURLE_SEND_ERROR, wire_.write_error);
    if (wire_.block_writes || (wire_.block_between && (write_blocked_ = !write_blocked_)))
      return IoResult::blocked(Events::out);
    const std::size_t size = std::min(from.size(), wire_.write_most);
    wire_.to_server.append(from.data(), size);
    return IoResult::moved(size);
  }
  bool has_buffered() const noexcept override { return false; }
  void idle() noexcept override {}
  void farewell() noexcept override {}
  Watch& watch() noexcept override { return *watch_; }

 private:
  Wire& wire_;
  OwnedWatch watch_;
  bool read_blocked_ = false;
  bool write_blocked_ = false;
};

class Server {
 public:
  explicit Server(const Identity& identity = good_server(), int highest = 0)
      : context(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    if (highest != 0) SSL_CTX_set_max_proto_version(context.get(), highest);
    SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("t"), 1);
    SSL_CTX_set_alpn_select_cb(context.get(), choose, this);
  }
  void demand_client_certificate() const {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority().certificate.get());
  }
  /// A new connection.
  void accept() {
    ssl.reset(SSL_new(context.get()));
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(ssl.get()), -1);
    SSL_set_accept_state(ssl.get());
    received.clear();
    done = false;
  }
  /// Takes what the wire brought, works, and puts the answer on the wire.
  void pump(Wire& wire) {
    BIO_write(SSL_get_rbio(ssl.get()), wire.to_server.data(), static_cast<int>(wire.to_server.size()));
    wire.to_server.clear();
    if (!done) done = SSL_do_handshake(ssl.get()) == 1;
    char buffer[4096];
    for (int n = 1; done && n > 0;) {
      n = SSL_read(ssl.get(), buffer, sizeof(buffer));
      if (n > 0) received.append(buffer, static_cast<std::size_t>(n));
    }
    flush(wire);
  }
  void send(Wire& wire, std::string_view text) {
    ASSERT_EQ(SSL_write(ssl.get(), text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
    flush(wire);
  }
  void say_goodbye(Wire& wire) {
    SSL_shutdown(ssl.get());
    flush(wire);
  }
  bool got_goodbye() const { return (SSL_get_shutdown(ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  void flush(Wire& wire) const {
    char buffer[4096];
    for (int n; (n = BIO_read(SSL_get_wbio(ssl.get()), buffer, sizeof(buffer))) > 0;)
      wire.to_client.append(buffer, static_cast<std::size_t>(n));
    ERR_clear();
  }
  static void ERR_clear() { clear_openssl_errors(); }

  OwnedSslContext context;
  OwnedSsl ssl;
  std::string received;
  std::string offered_alpn;
  bool done = false;

 private:
  static int choose(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned length, void* self) {
    static_cast<Server*>(self)->offered_alpn.assign(reinterpret_cast<const char*>(in), length);
    *out = in + 1;
    *size = in[0];
    return SSL_TLSEXT_ERR_OK;
  }
};

/// The transfer that runs the handshake flow.
class HandshakeTask final : public Task {
 public:
  explicit HandshakeTask(Reactor& reactor) noexcept : Task(reactor) {}
  void start(TlsStream& stream, Report& report, Nanos deadline) {
    flow.emplace(tls_handshake(*this, stream, report, deadline));
    flow->start();
  }
  void run() noexcept override { resume(); }
  std::optional<Flow<Status>> flow;
};

inline constexpr std::string_view kAlpnHttp = "\x08http/1.1";

class TlsFixture : public testing::Test {
 protected:
  TlsFixture() {
    config.ca_blob = pem_of(authority().certificate.get());
    peer.host = "server.test";
    peer.alpn = kAlpnHttp;
    peer.session_key = "server.test:443";
  }
  ~TlsFixture() override {
    task.flow.reset();
    client.reset();
    tls_contexts_free();
  }

  CURLcode open() {
    Ref<TlsContext> context;
    const Status got = tls_context(config, config.cache_key(), nullptr, {reactor.now()}, report, context);
    if (!got.ok()) return got.code();
    const int fd = eventfd(0, 0);
    auto below = std::make_unique<WireStream>(wire, OwnedWatch(&reactor.adopt(fd, {}, nullptr)));
    const Status opened = TlsStream::open(std::move(below), context, peer, report, client);
    return opened.code();
  }
  /// Opens a client, and runs the handshake against the server to its end.
  CURLcode connect() {
    task.flow.reset();
    client.reset();
    reactor.end_turn();
    wire.to_client.clear();
    wire.to_server.clear();
    server.accept();
    if (const CURLcode code = open(); code != CURLE_OK) return code;
    task.start(*client, report, kNever);
    num_steps = 0;
    for (; !task.flow->done() && num_steps < 100000; ++num_steps) step();
    EXPECT_TRUE(task.flow->done()) << "the handshake hangs";
    const Status result = task.flow->result();
    return result.code();
  }
  void step() {
    server.pump(wire);
    task.wake();
    reactor.run_ready();
  }
  /// Reads until blocked or the end; what ended it is in `last`.
  std::string read_all(std::size_t room = 65536) {
    std::string text;
    std::vector<char> buffer(room);
    for (int idle = 0; idle < 3;) {
      last = client->read(buffer);
      if (last.kind() == IoResult::Kind::bytes) {
        EXPECT_GT(last.count(), 0u);
        text.append(buffer.data(), last.count());
        idle = 0;
      } else if (last.kind() == IoResult::Kind::blocked && wire.block_between) {
        ++idle;  // the wire blocks in turns
      } else {
        break;
      }
    }
    return text;
  }
  /// Writes all of it, pumping the server in between.
  void write_all(std::string_view text) {
    for (int tries = 0; !text.empty() && tries < 1000000; ++tries) {
      last = client->write(text);
      if (last.kind() == IoResult::Kind::bytes)
        text.remove_prefix(last.count());
      else if (last.kind() != IoResult::Kind::blocked)
        break;
      server.pump(wire);
    }
    EXPECT_TRUE(text.empty());
  }

  FakeReactor reactor;
  RecordingReport report;
  TlsConfig config;
  TlsPeer peer;
  Wire wire;
  Server server;
  std::unique_ptr<TlsStream> client;
  HandshakeTask task{reactor};
  IoResult last = IoResult::moved(0);
  int num_steps = 0;
};

}  // namespace hiper
