// Sessions of TLS 1.3 at a crowd's pace: a new connection resumes the session of an earlier one, and no
// ticket is shown twice (RFC 8446 appendix C.4). The server writes a number into each ticket and looks at
// those it gets.
#include <gtest/gtest.h>

#include <set>

#include "unit/stream/tls_fixture.hpp"
#include "wire/support/crowd.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

constexpr int kInFlight = 100;
constexpr long kRequests = 2000;

class NumberingServer {
 public:
  NumberingServer() : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context(), good_server().certificate.get());
    SSL_CTX_use_PrivateKey(context(), good_server().key.get());
    SSL_CTX_set_min_proto_version(context(), TLS1_3_VERSION);
    SSL_CTX_set_session_ticket_cb(context(), write, read, this);
  }
  NumberingServer(const NumberingServer&) = delete;
  NumberingServer& operator=(const NumberingServer&) = delete;

  SSL_CTX* context() const noexcept { return context_.get(); }
  void tickets_per_handshake(std::size_t count) { SSL_CTX_set_num_tickets(context(), count); }
  /// As after a restart: the tickets of before cannot be read any more.
  void change_keys() {
    unsigned char keys[80];
    ASSERT_EQ(SSL_CTX_get_tlsext_ticket_keys(context(), keys, sizeof keys), 1);
    for (unsigned char& byte : keys) byte = static_cast<unsigned char>(byte + 1);
    ASSERT_EQ(SSL_CTX_set_tlsext_ticket_keys(context(), keys, sizeof keys), 1);
  }
  long num_handshakes() const { return SSL_CTX_sess_accept_good(context()); }
  long num_resumed() const { return SSL_CTX_sess_hits(context()); }
  long num_full() const { return num_handshakes() - num_resumed(); }

  long num_written = 0;
  long num_shown_twice = 0;
  long num_unreadable = 0;

 private:
  static int write(SSL* tls, void* self) {
    const long number = ++static_cast<NumberingServer*>(self)->num_written;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(tls), &number, sizeof number);
  }
  static SSL_TICKET_RETURN read(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                                SSL_TICKET_STATUS status, void* self) {
    NumberingServer& server = *static_cast<NumberingServer*>(self);
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
      ++server.num_unreadable;
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    void* data = nullptr;
    std::size_t size = 0;
    SSL_SESSION_get0_ticket_appdata(session, &data, &size);
    EXPECT_EQ(size, sizeof(long));
    const long number = *static_cast<const long*>(data);
    server.num_shown_twice += server.seen_.insert(number).second ? 0 : 1;
    return SSL_TICKET_RETURN_USE_RENEW;
  }

  OwnedSslContext context_;
  std::set<long> seen_;
};

void fresh(Handle& handle) {
  trust(handle);
  handle.set(CURLOPT_FRESH_CONNECT, 1L);
  handle.set(CURLOPT_FORBID_REUSE, 1L);
}

class TlsTickets : public testing::Test {
 protected:
  /// `count` more transfers, a hundred at any time.
  void run(long count) {
    crowd.run(count);
    EXPECT_EQ(crowd.num_failed(), 0);
    peer.forget_closed();
  }
  void keep_handles() {
    for (int i = 0; i < kInFlight; ++i) fresh(crowd.make(peer.url()));
    crowd.on_done = [this](Handle& handle) { crowd.start(handle); };
    crowd.start_all();
  }
  void make_a_handle_for_each() {
    for (int i = 0; i < kInFlight; ++i) fresh(crowd.make(peer.url()));
    crowd.on_done = [this](Handle& handle) {
      crowd.destroy(handle);
      Handle& next = crowd.make(peer.url());
      fresh(next);
      crowd.start(next);
    };
    crowd.start_all();
  }
  void expect_most_are_resumed() {
    EXPECT_GE(server.num_handshakes(), kRequests);
    // The first hundred had nothing to resume.
    EXPECT_LE(server.num_full(), kInFlight);
    EXPECT_GE(server.num_resumed() * 100, server.num_handshakes() * 95);
    EXPECT_EQ(server.num_shown_twice, 0);
    EXPECT_EQ(server.num_unreadable, 0);
  }

  World world;
  NumberingServer server;
  Peer peer{world, server.context()};
  Crowd crowd{world};
};

TEST_F(TlsTickets, AreKeptForAHundredConnectionsAtOnce) {
  keep_handles();
  run(kRequests);
  expect_most_are_resumed();
}

TEST_F(TlsTickets, AreKeptForHandlesThatAreNewEachTime) {
  make_a_handle_for_each();
  run(kRequests);
  expect_most_are_resumed();
}

/// A server that gives one ticket for each that was used leaves nothing to spare.
TEST_F(TlsTickets, OneForEachConnectionIsEnough) {
  server.tickets_per_handshake(1);
  keep_handles();
  run(kRequests);
  expect_most_are_resumed();
}

TEST_F(TlsTickets, ServeAfterAPauseInWhichNobodyIsConnected) {
  for (int i = 0; i < kInFlight; ++i) fresh(crowd.make(peer.url()));
  for (int round = 0; round < 4; ++round) {
    crowd.start_all();
    crowd.run_to_the_end();
    peer.forget_closed();
  }
  EXPECT_EQ(crowd.num_failed(), 0);
  EXPECT_EQ(server.num_handshakes(), 4 * kInFlight);
  EXPECT_LE(server.num_full(), kInFlight);
  EXPECT_EQ(server.num_shown_twice, 0);
}

TEST_F(TlsTickets, OfAServerThatHasNewKeysAreReplaced) {
  keep_handles();
  run(500);
  EXPECT_LE(server.num_full(), kInFlight);
  // All that were kept are worthless now; each is tried once.
  const long full = server.num_full();
  server.change_keys();
  run(1000);
  EXPECT_GT(server.num_unreadable, 0);
  EXPECT_EQ(server.num_full() - full, server.num_unreadable) << "no other reason for a full handshake";
  // The old ones are used up, or pushed out by new ones.
  const long unreadable = server.num_unreadable;
  const long full_after = server.num_full();
  run(500);
  EXPECT_EQ(server.num_unreadable, unreadable);
  EXPECT_EQ(server.num_full(), full_after);
  EXPECT_EQ(server.num_shown_twice, 0);
}

TEST_F(TlsTickets, AreNotUsedWithoutTheSessionCache) {
  for (int i = 0; i < 10; ++i) {
    fresh(crowd.make(peer.url()));
    crowd.at(static_cast<std::size_t>(i)).set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  }
  crowd.on_done = [this](Handle& handle) { crowd.start(handle); };
  crowd.start_all();
  run(50);
  EXPECT_EQ(server.num_resumed(), 0);
}

}  // namespace
}  // namespace hiper::wire
