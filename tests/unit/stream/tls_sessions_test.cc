#include "stream/tls_sessions.hpp"

#include "stream/tls_fixture.hpp"

namespace hiper {
namespace {

OwnedSession make_session(int version, long age = 0, long lifetime = 100) {
  OwnedSession session(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(session.get(), version);
  SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)) - age);
  SSL_SESSION_set_timeout(session.get(), lifetime);
  const unsigned char id[4] = {1, 2, 3, 4};
  SSL_SESSION_set1_id(session.get(), id, sizeof(id));
  return session;
}

class TlsSessionStore : public testing::Test {
 protected:
  SSL_SESSION* put(TlsSessions::Peer& peer, OwnedSession session) {
    SSL_SESSION* const raw = session.get();
    sessions->put(peer, std::move(session));
    return raw;
  }
  Ref<TlsSessions> sessions = TlsSessions::create();
};

TEST_F(TlsSessionStore, NewestTicketFirstAndEachOnlyOnce) {
  TlsSessions::Peer& peer = sessions->enter("a");
  SSL_SESSION* const first = put(peer, make_session(TLS1_3_VERSION));
  SSL_SESSION* const second = put(peer, make_session(TLS1_3_VERSION));
  EXPECT_EQ(sessions->take(peer).get(), second);
  EXPECT_EQ(sessions->take(peer).get(), first);
  EXPECT_EQ(sessions->take(peer), nullptr);
  sessions->leave(peer);
  EXPECT_EQ(sessions->num_peers(), 0u);
}

TEST_F(TlsSessionStore, Tls12SessionIsUsedAgainAndReplacedByANewerOne) {
  TlsSessions::Peer& peer = sessions->enter("a");
  put(peer, make_session(TLS1_2_VERSION));
  EXPECT_NE(sessions->take(peer), nullptr);
  EXPECT_NE(sessions->take(peer), nullptr);
  SSL_SESSION* const newer = put(peer, make_session(TLS1_2_VERSION));
  EXPECT_EQ(sessions->num_sessions(), 1u);
  EXPECT_EQ(sessions->take(peer).get(), newer);
  sessions->leave(peer);
}

TEST_F(TlsSessionStore, PeersDoNotSeeEachOther) {
  TlsSessions::Peer& a = sessions->enter("a");
  TlsSessions::Peer& b = sessions->enter("b");
  put(a, make_session(TLS1_3_VERSION));
  EXPECT_EQ(sessions->take(b), nullptr);
  EXPECT_EQ(&sessions->enter("a"), &a);
  sessions->leave(a);
  sessions->leave(a);
  sessions->leave(b);
  EXPECT_EQ(sessions->num_peers(), 1u);
}

TEST_F(TlsSessionStore, ExpiredOnesAreNotOffered) {
  TlsSessions::Peer& peer = sessions->enter("a");
  put(peer, make_session(TLS1_3_VERSION, 99, 100));
  put(peer, make_session(TLS1_3_VERSION, 101, 100));
  put(peer, make_session(TLS1_3_VERSION, -50, 100));  // from the future: the clock was set
  EXPECT_NE(sessions->take(peer), nullptr);
  EXPECT_EQ(sessions->take(peer), nullptr);
  EXPECT_EQ(sessions->num_sessions(), 0u);
  sessions->leave(peer);
}

TEST_F(TlsSessionStore, KeepsMoreForAPeerWithManyConnections) {
  TlsSessions::Peer& quiet = sessions->enter("quiet");
  for (int i = 0; i < 100; ++i) put(quiet, make_session(TLS1_3_VERSION));
  const std::size_t few = sessions->num_sessions();
  EXPECT_GE(few, 8u);
  EXPECT_LE(few, 16u);
  for (int i = 0; i < 1000; ++i) (void)sessions->enter("busy");
  TlsSessions::Peer& busy = sessions->enter("busy");
  for (int i = 0; i < 1000; ++i) put(busy, make_session(TLS1_3_VERSION));
  EXPECT_EQ(sessions->num_sessions(), few + TlsSessions::kMaxPerPeer);
  sessions->leave(quiet);
  for (int i = 0; i < 1001; ++i) sessions->leave(busy);
}

TEST_F(TlsSessionStore, MemoryIsBoundedAndTheLeastRecentlyUsedPeersGoFirst) {
  for (int i = 0; i < 10000; ++i) {
    TlsSessions::Peer& peer = sessions->enter("peer " + std::to_string(i));
    put(peer, make_session(TLS1_3_VERSION));
    sessions->leave(peer);
    TlsSessions::Peer& first = sessions->enter("peer 0");
    OwnedSession session = sessions->take(first);
    EXPECT_NE(session, nullptr);
    put(first, std::move(session));
    sessions->leave(first);
  }
  EXPECT_LE(sessions->num_sessions(), 2048u);
  EXPECT_GE(sessions->num_sessions(), 1000u);
  EXPECT_EQ(sessions->num_peers(), sessions->num_sessions());
}

TEST_F(TlsSessionStore, ClosedStoreKeepsNothing) {
  TlsSessions::Peer& used = sessions->enter("used");
  TlsSessions::Peer& unused = sessions->enter("unused");
  put(used, make_session(TLS1_3_VERSION));
  put(unused, make_session(TLS1_3_VERSION));
  sessions->leave(unused);
  sessions->close();
  EXPECT_EQ(sessions->num_sessions(), 0u);
  EXPECT_EQ(sessions->num_peers(), 1u);
  put(used, make_session(TLS1_3_VERSION));
  EXPECT_EQ(sessions->num_sessions(), 0u);
  sessions->leave(used);
}

class TlsResumption : public TlsFixture, public testing::WithParamInterface<int> {
 protected:
  TlsResumption() {
    SSL_CTX_set_max_proto_version(server.context.get(), GetParam());
    peer.sessions = sessions.get();
  }
  /// One request on a new connection; true if it was resumed.
  bool request(bool goodbye = true) {
    EXPECT_EQ(connect(), CURLE_OK) << report.first;
    const bool resumed = client->resumed();
    EXPECT_EQ(SSL_session_reused(server.ssl.get()) == 1 || !server.done, resumed || !server.done);
    write_all("GET");
    server.send(wire, "answer");
    EXPECT_EQ(read_all(), "answer");
    if (goodbye) client->farewell();
    EXPECT_EQ(client->verify_result(), 0);
    client.reset();
    return resumed;
  }
  Ref<TlsSessions> sessions = TlsSessions::create();
};
INSTANTIATE_TEST_SUITE_P(Versions, TlsResumption, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsResumption, EveryConnectionAfterTheFirst) {
  EXPECT_FALSE(request());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(request(i % 2 == 0)) << i;
  EXPECT_LE(sessions->num_sessions(), 12u);
}

TEST_P(TlsResumption, ManyConnectionsAtOnceToOneHost) {
  constexpr int kMany = 50;
  std::vector<std::unique_ptr<TlsStream>> clients;
  std::vector<OwnedSsl> servers;
  for (int round = 0; round < 3; ++round) {
    int num_resumed = 0;
    for (int i = 0; i < kMany; ++i) {
      ASSERT_EQ(connect(), CURLE_OK);
      num_resumed += client->resumed() ? 1 : 0;
      write_all("GET");
      server.send(wire, "answer");
      (void)read_all();
      // The stream below goes on with a wire of its own; only its tickets matter now.
      clients.push_back(std::move(client));
      servers.push_back(std::move(server.ssl));
    }
    EXPECT_GE(num_resumed, round == 0 ? kMany - 1 : kMany) << round;
    clients.clear();
    servers.clear();
  }
}

TEST_P(TlsResumption, OnlyWithAnEqualConfigurationAndPeer) {
  EXPECT_FALSE(request());
  config.verify_host = false;
  EXPECT_FALSE(request());
  config.verify_host = true;
  peer.session_key = "server.test:444";
  EXPECT_FALSE(request());
  peer.session_key = "server.test:443";
  EXPECT_TRUE(request());
  peer.sessions = nullptr;
  EXPECT_FALSE(request());
  peer.sessions = sessions.get();
  config.session_cache = false;
  EXPECT_FALSE(request());
}

TEST_P(TlsResumption, StoreMayGoBeforeTheStream) {
  ASSERT_EQ(connect(), CURLE_OK);
  sessions->close();
  sessions = {};
  write_all("GET");
  server.send(wire, "answer");
  EXPECT_EQ(read_all(), "answer");
}

TEST_P(TlsResumption, ServerThatForgotItsTicketsGetsAFullHandshake) {
  EXPECT_FALSE(request());
  Server other(good_server(), GetParam());
  std::swap(server.context, other.context);
  SSL_CTX_set_alpn_select_cb(server.context.get(), nullptr, nullptr);
  EXPECT_FALSE(request());
  EXPECT_TRUE(request());
}

}  // namespace
}  // namespace hiper
