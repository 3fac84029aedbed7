// A handle that is used again connects as its options say now: what they change is seen in where the next
// request goes, and in whether the old connection serves it.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "easy/options.hpp"
#include "unit/stream/tls_fixture.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class ChangedConnections : public testing::Test {
 protected:
  /// The hook sets options in between, so that all would be planned anew.
  ChangedConnections() { world.app().hooks_close = false; }
  ~ChangedConnections() override {
    for (curl_slist* const list : lists_) curl_slist_free_all(list);
  }
  /// Runs it; how many new connections that took, to whichever peer.
  std::size_t connects(Handle& handle, CURLcode expected = CURLE_OK) {
    const std::size_t before = accepted();
    handle.clear();
    EXPECT_EQ(world.transfer(handle), expected) << handle.error;
    world.pump();
    return accepted() - before;
  }
  std::size_t accepted() { return peer.num_accepted() + other.num_accepted() + secure.num_accepted(); }
  std::string last() { return peer.requests.empty() ? "" : peer.requests.back(); }
  curl_slist* list(const std::string& line) {
    lists_.push_back(curl_slist_append(nullptr, line.c_str()));
    return lists_.back();
  }
  std::string at(const char* host, const Peer& where) const {
    return std::string(host) + ":" + std::to_string(where.port());
  }

  World world;
  Peer peer{world};
  Peer other{world};
  Peer secure{world, tls_server()};

 private:
  std::vector<curl_slist*> lists_;
};

TEST_F(ChangedConnections, PortSaysWhereTheNextRequestGoes) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_PORT, long{other.port()});
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(other.requests.size(), 1u);
  EXPECT_NE(other.requests.back().find(at("Host: 127.0.0.1", other)), std::string::npos);
  get.set(CURLOPT_PORT, 0L);
  EXPECT_EQ(connects(get), 0u) << "the first connection is still there";
  EXPECT_EQ(peer.requests.size(), 2u);
}

TEST_F(ChangedConnections, AnotherHostAndSchemeInTheUrl) {
  Handle get(peer.url());
  trust(get);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_URL, other.url().c_str());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_URL, secure.url().c_str());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_URL, peer.url("/again").c_str());
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(other.requests.size(), 1u);
  EXPECT_EQ(secure.requests.size(), 1u);
  EXPECT_EQ(peer.requests.size(), 2u);
}

TEST_F(ChangedConnections, ForbidReuseClosesAfterTheRunForWhichItIsSet) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_FORBID_REUSE, 1L);
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(peer.num_open(), 0u);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_FORBID_REUSE, 0L);
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(connects(get), 0u);
}

TEST_F(ChangedConnections, FreshConnectCountsForTheRunForWhichItIsSet) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_FRESH_CONNECT, 1L);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_FRESH_CONNECT, 0L);
  EXPECT_EQ(connects(get), 0u);
}

TEST_F(ChangedConnections, ConnectToLeadsElsewhereAndBack) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_CONNECT_TO, list("::" + at("127.0.0.1", other)));
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(other.requests.size(), 1u);
  EXPECT_NE(other.requests.back().find(at("Host: 127.0.0.1", peer)), std::string::npos);
  get.set(CURLOPT_CONNECT_TO, static_cast<curl_slist*>(nullptr));
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(peer.requests.size(), 2u);
}

TEST_F(ChangedConnections, ConnectToMayBeAppendedToInPlace) {
  Handle get(peer.url());
  curl_slist* const to = list("another.test:80:" + at("127.0.0.1", other));
  get.set(CURLOPT_CONNECT_TO, to);
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(other.requests.size(), 0u);
  curl_slist_append(to, ("::" + at("127.0.0.1", other)).c_str());
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(other.requests.size(), 1u);
}

TEST_F(ChangedConnections, ResolveNamesAnotherAddressForNewConnections) {
  const std::string name = at("name.test", peer);
  Handle get("http://" + name + "/");
  get.set(CURLOPT_FRESH_CONNECT, 1L);
  get.set(CURLOPT_RESOLVE, list(name + ":127.0.0.1"));
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_RESOLVE, list(name + ":127.0.0.77"));
  EXPECT_EQ(connects(get, CURLE_COULDNT_CONNECT), 0u) << "nobody listens there";
  get.set(CURLOPT_RESOLVE, list(name + ":127.0.0.1"));
  EXPECT_EQ(connects(get), 1u);
}

TEST_F(ChangedConnections, InterfaceIsWhereTheNextConnectionComesFrom) {
  Handle get(peer.url());
  get.set(CURLOPT_INTERFACE, "127.0.0.2");
  EXPECT_EQ(connects(get), 1u);
  EXPECT_STREQ(get.info<char*>(CURLINFO_LOCAL_IP), "127.0.0.2");
  get.set(CURLOPT_INTERFACE, "host!127.0.0.3");
  EXPECT_EQ(connects(get), 1u);
  EXPECT_STREQ(get.info<char*>(CURLINFO_LOCAL_IP), "127.0.0.3");
  get.set(CURLOPT_INTERFACE, static_cast<char*>(nullptr));
  EXPECT_EQ(connects(get), 1u);
  EXPECT_STREQ(get.info<char*>(CURLINFO_LOCAL_IP), "127.0.0.1");
  get.set(CURLOPT_INTERFACE, "127.0.0.2");
  EXPECT_EQ(connects(get), 0u);
  EXPECT_STREQ(get.info<char*>(CURLINFO_LOCAL_IP), "127.0.0.2");
}

TEST_F(ChangedConnections, LocalPortIsWhereTheNextConnectionComesFrom) {
  constexpr long kFrom = 41000;
  constexpr long kRange = 1000;
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_LOCALPORT, kFrom);
  get.set(CURLOPT_LOCALPORTRANGE, kRange);
  EXPECT_EQ(connects(get), 1u);
  const long port = get.info<long>(CURLINFO_LOCAL_PORT);
  EXPECT_TRUE(port >= kFrom && port < kFrom + kRange) << port;
  get.set(CURLOPT_LOCALPORT, kFrom + kRange);
  EXPECT_EQ(connects(get), 1u);
  EXPECT_GE(get.info<long>(CURLINFO_LOCAL_PORT), kFrom + kRange);
}

TEST_F(ChangedConnections, AFamilyOfAddressesThatThePeerDoesNotHave) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_V4));
  EXPECT_LE(connects(get), 1u);
  get.set(CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_V6));
  get.clear();
  EXPECT_NE(world.transfer(get), CURLE_OK) << "127.0.0.1 is no IPv6 address";
}

/// A Unix socket that leads to a peer: what connects there is handed on, byte by byte.
class UnixServer final : public Actor {
 public:
  explicit UnixServer(World& world) : world_(world), fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(path_.c_str());
    EXPECT_EQ(bind(fd_, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    world.join(*this);
  }
  UnixServer(const UnixServer&) = delete;
  UnixServer& operator=(const UnixServer&) = delete;
  ~UnixServer() {
    world_.leave(*this);
    for (const int client : clients_) close(client);
    close(fd_);
    unlink(path_.c_str());
  }
  const std::string& path() const noexcept { return path_; }
  void pump() override {
    for (int client; (client = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      clients_.push_back(client);
    }
    for (const int client : clients_) {
      char room[4096];
      const ssize_t count = recv(client, room, sizeof room, MSG_DONTWAIT);
      if (count <= 0) continue;
      ++num_requests;
      static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix";
      EXPECT_EQ(::send(client, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(kAnswer.size()));
    }
  }
  void add_to(std::vector<pollfd>& set) const override {
    set.push_back({fd_, POLLIN, 0});
    for (const int client : clients_) set.push_back({client, POLLIN, 0});
  }
  int num_requests = 0;
  std::size_t num_accepted() const noexcept { return clients_.size(); }

 private:
  World& world_;
  std::string path_ = "/tmp/hiper-changed-" + std::to_string(getpid()) + ".sock";
  int fd_;
  std::vector<int> clients_;
};

TEST_F(ChangedConnections, UnixSocketPathLeadsThereAndBack) {
  UnixServer unix_server(world);
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_UNIX_SOCKET_PATH, unix_server.path().c_str());
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(get.body, "unix");
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(unix_server.num_accepted(), 1u);
  EXPECT_EQ(unix_server.num_requests, 2);
  get.set(CURLOPT_UNIX_SOCKET_PATH, "/nonexistent/socket");
  EXPECT_EQ(connects(get, CURLE_COULDNT_CONNECT), 0u);
  get.set(CURLOPT_UNIX_SOCKET_PATH, static_cast<char*>(nullptr));
  EXPECT_EQ(connects(get), 0u) << "the first connection is still there";
  EXPECT_EQ(get.body, "ok");
}

int open_it(void* count, curlsocktype, curl_sockaddr* address) {
  ++*static_cast<int*>(count);
  return socket(address->family, address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->protocol);
}
int look_at_it(void* count, curl_socket_t, curlsocktype) {
  ++*static_cast<int*>(count);
  return CURL_SOCKOPT_OK;
}

TEST_F(ChangedConnections, CallbacksForNewSocketsAreCalledOnceTheyAreSet) {
  int opened = 0;
  int looked = 0;
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_OPENSOCKETFUNCTION, open_it);
  get.set(CURLOPT_OPENSOCKETDATA, &opened);
  EXPECT_EQ(connects(get), 1u) << "the old one was not opened by the application";
  EXPECT_EQ(opened, 1);
  get.set(CURLOPT_SOCKOPTFUNCTION, look_at_it);
  get.set(CURLOPT_SOCKOPTDATA, &looked);
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(looked, 1);
  EXPECT_EQ(opened, 2);
}

/// A handle that is told to use a proxy must not go around it on a connection that is there.
TEST_F(ChangedConnections, AProxyIsNotPassedBy) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_PROXY, other.url().c_str());
  get.clear();
  world.transfer(get);
  EXPECT_EQ(peer.requests.size(), 1u) << "nothing more comes the direct way";
  get.set(CURLOPT_PROXY, "");
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(peer.requests.size(), 2u);
}

TEST_F(ChangedConnections, ProtocolsAreLookedAtEachTime) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_PROTOCOLS_STR, "https");
  EXPECT_EQ(connects(get, CURLE_UNSUPPORTED_PROTOCOL), 0u);
  get.set(CURLOPT_PROTOCOLS_STR, "http");
  EXPECT_EQ(connects(get), 0u);
}

TEST_F(ChangedConnections, ConnectOnlyIsForTheRunForWhichItIsSet) {
  Handle get(peer.url());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_CONNECT_ONLY, 1L);
  EXPECT_LE(connects(get), 1u);
  EXPECT_EQ(peer.requests.size(), 1u);
  get.set(CURLOPT_CONNECT_ONLY, 0L);
  EXPECT_LE(connects(get), 1u);
  EXPECT_EQ(peer.requests.size(), 2u);
}

// --- TLS

TEST_F(ChangedConnections, AConnectionThatWasNotVerifiedIsNotUsedByOneThatVerifies) {
  Handle get(secure.url());
  get.set(CURLOPT_SSL_VERIFYPEER, 0L);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_SSL_VERIFYPEER, 1L);
  EXPECT_EQ(connects(get, CURLE_PEER_FAILED_VERIFICATION), 1u);
  EXPECT_EQ(secure.requests.size(), 1u);
  trust(get);
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(connects(get), 0u);
  get.set(CURLOPT_SSL_VERIFYPEER, 0L);
  get.set(CURLOPT_CAINFO_BLOB, static_cast<curl_blob*>(nullptr));
  EXPECT_EQ(connects(get), 0u) << "the first connection is still there";
}

TEST_F(ChangedConnections, AnotherFileOfAuthorities) {
  const TemporaryFile right(pem_of(authority().certificate.get()));
  const Identity stranger = make_identity({"Stranger", nullptr, -3600, 3600, true});
  const TemporaryFile wrong(pem_of(stranger.certificate.get()));
  Handle get(secure.url());
  get.set(CURLOPT_CAINFO, right.path().c_str());
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_CAINFO, wrong.path().c_str());
  EXPECT_EQ(connects(get, CURLE_PEER_FAILED_VERIFICATION), 1u);
  get.set(CURLOPT_CAINFO, right.path().c_str());
  EXPECT_EQ(connects(get), 0u);
}

TEST_F(ChangedConnections, AConnectionToAWrongNameIsNotUsedByOneThatLooksAtNames) {
  const std::string name = at("wrong.name", secure);
  Handle get("https://" + name + "/");
  trust(get);
  get.set(CURLOPT_RESOLVE, list(name + ":127.0.0.1"));
  get.set(CURLOPT_SSL_VERIFYHOST, 0L);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_SSL_VERIFYHOST, 2L);
  EXPECT_EQ(connects(get, CURLE_PEER_FAILED_VERIFICATION), 1u);
  EXPECT_EQ(secure.requests.size(), 1u);
}

TEST_F(ChangedConnections, AnotherKeyIsPinned) {
  Handle get(secure.url());
  trust(get);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_PINNEDPUBLICKEY, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_EQ(connects(get, CURLE_SSL_PINNEDPUBKEYNOTMATCH), 1u);
  get.set(CURLOPT_PINNEDPUBLICKEY, static_cast<char*>(nullptr));
  EXPECT_EQ(connects(get), 0u);
}

TEST_F(ChangedConnections, AnotherVersionOfTls) {
  Peer old(world, tls12_server());
  Handle get(old.url());
  trust(get);
  EXPECT_EQ(connects(get), 0u);
  EXPECT_EQ(old.num_accepted(), 1u);
  get.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
  connects(get, CURLE_SSL_CONNECT_ERROR);
  EXPECT_EQ(old.requests.size(), 1u);
  get.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  connects(get);
  EXPECT_EQ(old.requests.size(), 2u);
  EXPECT_EQ(old.num_accepted(), 3u);
}

TEST_F(ChangedConnections, AClientCertificateIsNotShownOnAConnectionThatHasAnother) {
  const Identity client = make_identity({"client", nullptr, -3600, 3600, false}, &authority());
  const TemporaryFile certificate(pem_of(client.certificate.get()));
  const TemporaryFile key(pem_of(client.key.get()));
  Handle get(secure.url());
  trust(get);
  EXPECT_EQ(connects(get), 1u);
  get.set(CURLOPT_SSLCERT, certificate.path().c_str());
  get.set(CURLOPT_SSLKEY, key.path().c_str());
  EXPECT_EQ(connects(get), 1u);
  EXPECT_EQ(connects(get), 0u);
  get.set(CURLOPT_SSLCERT, static_cast<char*>(nullptr));
  get.set(CURLOPT_SSLKEY, static_cast<char*>(nullptr));
  EXPECT_EQ(connects(get), 0u) << "the one without";
}

}  // namespace
}  // namespace hiper::wire
