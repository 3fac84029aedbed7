// Connections shared by eight threads (CURL_LOCK_DATA_CONNECT), with the application's lock functions and
// without. Every answer names its request, so a connection that two transfers used at once, or that was
// handed over with something unread on it, is found out.
#include <gtest/gtest.h>

#include <array>

#include "threads/support/clients.hpp"
#include "threads/support/share.hpp"

namespace hiper::threads {
namespace {

constexpr int kNumThreads = 8;
constexpr int kRounds = 30;

class SharedConnections : public testing::TestWithParam<Locks> {
 protected:
  Server& server_for(int i) { return *all[static_cast<std::size_t>(i) % all.size()]; }
  std::size_t num_connections() {
    std::size_t sum = 0;
    for (Server* const server : all) sum += server->num_connections();
    return sum;
  }
  /// No connection got anything but whole requests, each answered before the next one came.
  void expect_whole_requests(std::size_t how_many) {
    std::size_t num_answered = 0;
    for (Server* const server : all) {
      for (const Received& connection : server->connections()) {
        num_answered += connection.num_answered;
        EXPECT_TRUE(connection.text.empty() || connection.text.ends_with("\r\n\r\n"));
      }
    }
    EXPECT_EQ(num_answered, how_many) << "no request was sent twice";
  }

  Server plain{Server::Kind::plain};
  Server other_plain{Server::Kind::plain};
  Server tls{Server::Kind::tls};
  Server other_tls{Server::Kind::tls};
  std::array<Server*, 4> all{&plain, &tls, &other_plain, &other_tls};
};

INSTANTIATE_TEST_SUITE_P(Locks, SharedConnections, testing::Values(Locks::none, Locks::application),
                         [](const auto& p) { return p.param == Locks::none ? "None" : "Application"; });

std::string path_of(int thread, int round, int which = 0) {
  return "/echo/" + std::to_string(thread) + "/" + std::to_string(round) + "/" + std::to_string(which);
}

TEST_P(SharedConnections, EasyHandlesInManyThreadsUseThemInTurn) {
  Share share(GetParam(), CURL_LOCK_DATA_CONNECT);
  in_threads(kNumThreads, [&](int thread) {
    Client client;
    client.share(share.handle());
    for (int round = 0; round < kRounds; ++round) {
      client.expect_echo(server_for(thread + round), path_of(thread, round));
    }
  });
  EXPECT_LT(num_connections(), std::size_t{kNumThreads} * kRounds);
  expect_whole_requests(std::size_t{kNumThreads} * kRounds);
  share.expect_locked_for(CURL_LOCK_DATA_CONNECT);
}

TEST_P(SharedConnections, MultisInManyThreadsUseThemInTurn) {
  constexpr std::size_t kNumClients = 3;
  Share share(GetParam(), CURL_LOCK_DATA_CONNECT, CURL_LOCK_DATA_SSL_SESSION, CURL_LOCK_DATA_DNS);
  in_threads(kNumThreads, [&](int thread) {
    const OwnedMulti multi(curl_multi_init());
    EventLoop loop(multi.get());
    std::array<Client, kNumClients> clients;
    std::vector<Client*> members;
    for (Client& client : clients) {
      client.share(share.handle());
      members.push_back(&client);
    }
    for (int round = 0; round < kRounds; ++round) {
      int which = 0;
      for (Client* const client : members) {
        client->aim(server_for(thread + which), path_of(thread, round, which));
        ++which;
      }
      loop.run(members);
      which = 0;
      for (const Client* const client : members) EXPECT_EQ(client->body, path_of(thread, round, which++));
    }
  });
  EXPECT_LT(num_connections(), kNumThreads * kNumClients * kRounds);
  expect_whole_requests(kNumThreads * kNumClients * kRounds);
}

TEST_P(SharedConnections, EasyHandlesPollingMultisAndEventLoopsMix) {
  Share share(GetParam(), CURL_LOCK_DATA_CONNECT);
  in_threads(kNumThreads, [&](int thread) {
    const OwnedMulti multi(curl_multi_init());
    for (int round = 0; round < kRounds; ++round) {
      Client client;  // its connections outlive it in the share
      client.share(share.handle());
      const std::string path = path_of(thread, round);
      Server& server = server_for(round);
      if (thread % 3 == 0) {
        client.expect_echo(server, path);
        continue;
      }
      client.aim(server, path);
      if (thread % 3 == 1) {
        run_with_poll(multi.get(), {&client});
      } else {
        EventLoop loop(multi.get());
        loop.run({&client});
      }
      EXPECT_EQ(client.body, path);
    }
  });
  EXPECT_LT(num_connections(), std::size_t{kNumThreads} * kRounds);
  expect_whole_requests(std::size_t{kNumThreads} * kRounds);
}

TEST_P(SharedConnections, AConnectionOfAThreadThatHasEndedServesOthers) {
  Share share(GetParam(), CURL_LOCK_DATA_CONNECT);
  for (int thread = 0; thread < kNumThreads; ++thread) {
    in_threads(1, [&](int) {
      Client client;
      client.share(share.handle());
      client.expect_echo(plain, path_of(thread, 0));
      client.expect_echo(tls, path_of(thread, 1));
    });
  }
  EXPECT_EQ(num_connections(), 2u);
}

TEST_P(SharedConnections, TheyEndWithTheShare) {
  Share share(GetParam(), CURL_LOCK_DATA_CONNECT);
  in_threads(kNumThreads, [&](int thread) {
    Client client;
    client.share(share.handle());
    client.expect_echo(server_for(thread), path_of(thread, 0));
  });
  EXPECT_EQ(share.clean_up(), CURLSHE_OK);
  for (Server* const server : all) {
    const auto all_closed = [&](const std::vector<Received>& connections) {
      for (const Received& one : connections) {
        if (!one.fin || one.said_goodbye != server->secure()) return false;
      }
      return true;
    };
    EXPECT_TRUE(server->wait_until(all_closed));
  }
}

}  // namespace
}  // namespace hiper::threads
