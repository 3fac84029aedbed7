// Shares used by eight threads, with the application's lock functions and without: libcurl demands them, here
// they are not needed. For TLS sessions, which have a lock of their own, they are not even called.
#include "threads/support/share.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "threads/support/name_server.hpp"

namespace hiper::threads {
namespace {

constexpr int kNumThreads = 8;

class Sharing : public testing::TestWithParam<Locks> {};

INSTANTIATE_TEST_SUITE_P(Locks, Sharing, testing::Values(Locks::none, Locks::application),
                         [](const auto& p) { return p.param == Locks::none ? "None" : "Application"; });

TEST_P(Sharing, NamesAreAskedForOnceForAllThreads) {
  constexpr int kNumNames = 6;
  NameServer names;
  Server server(Server::Kind::plain);
  Share share(GetParam(), CURL_LOCK_DATA_DNS);
  const auto fetch_all = [&](int thread) {
    Client client;
    client.share(share.handle());
    curl_easy_setopt(client.easy(), CURLOPT_DNS_SERVERS, names.address().c_str());
    for (int i = 0; i < kNumNames; ++i) {
      const std::string host = "name" + std::to_string((thread + i) % kNumNames) + ".test";
      client.expect_echo(server, "/echo/" + host, host);
    }
  };
  in_threads(kNumThreads, fetch_all);
  const int asked = names.num_asked();
  EXPECT_GE(asked, kNumNames);
  in_threads(kNumThreads, fetch_all);
  EXPECT_EQ(names.num_asked(), asked) << "whoever comes later finds all names";
  share.expect_locked_for(CURL_LOCK_DATA_DNS);
}

TEST_P(Sharing, OverridesOfOneThreadAreSeenByTheOthers) {
  Server server(Server::Kind::plain);
  Share share(GetParam(), CURL_LOCK_DATA_DNS);
  in_threads(kNumThreads, [&](int thread) {
    const std::string host = "over" + std::to_string(thread) + ".test";
    const std::string entry = host + ":" + std::to_string(server.port()) + ":127.0.0.1";
    const OwnedList list(curl_slist_append(nullptr, entry.c_str()));
    Client client;
    client.share(share.handle());
    curl_easy_setopt(client.easy(), CURLOPT_RESOLVE, list.get());
    for (int round = 0; round < 10; ++round) client.expect_echo(server, "/echo/" + host, host);
  });
  Client other;
  other.share(share.handle());
  other.expect_echo(server, "/echo/mine", "over3.test");
}

TEST_P(Sharing, TlsSessionsAreResumedInOtherThreads) {
  Server server(Server::Kind::tls);
  Share share(GetParam(), CURL_LOCK_DATA_SSL_SESSION);
  {
    Client first;
    first.share(share.handle());
    first.expect_echo(server, "/close/first");
    first.expect_echo(server, "/close/second");
  }
  in_threads(kNumThreads, [&](int thread) {
    for (int round = 0; round < 5; ++round) {
      Client client;  // with an engine and sessions of its own, if it did not share
      client.share(share.handle());
      client.expect_echo(server, "/close/" + std::to_string(thread * 100 + round));
    }
  });
  std::size_t num_resumed = 0;
  for (const Received& connection : server.connections()) num_resumed += connection.resumed ? 1 : 0;
  EXPECT_GT(num_resumed, std::size_t{kNumThreads}) << "of 42 connections";
}

TEST_P(Sharing, MultisShareToo) {
  Server server(Server::Kind::tls);
  NameServer names;
  Share share(GetParam(), CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION);
  in_threads(kNumThreads, [&](int thread) {
    const OwnedMulti multi(curl_multi_init());
    std::array<Client, 3> clients;
    std::vector<Client*> all;
    for (Client& client : clients) {
      client.share(share.handle());
      curl_easy_setopt(client.easy(), CURLOPT_DNS_SERVERS, names.address().c_str());
      curl_easy_setopt(client.easy(), CURLOPT_SSL_VERIFYHOST, 0L);
      all.push_back(&client);
    }
    for (int round = 0; round < 5; ++round) {
      const std::string path = "/close/" + std::to_string(thread) + "-" + std::to_string(round);
      for (Client* const client : all) client->aim(server, path, "multi.test");
      run_with_poll(multi.get(), all);
      for (const Client* const client : all) EXPECT_EQ(client->body, path);
    }
  });
}

TEST_P(Sharing, CleaningUpAShareInUseIsRefusedUntilTheLastHandleHasLeft) {
  Share share(GetParam(), CURL_LOCK_DATA_DNS);
  std::array<Client, kNumThreads> clients;
  Barrier joined(kNumThreads + 1);
  Barrier tried(kNumThreads + 1);
  std::vector<std::thread> threads;
  for (Client& client : clients) {
    threads.emplace_back([&] {
      client.share(share.handle());
      joined.arrive_and_wait();
      tried.arrive_and_wait();
      client.close();
    });
  }
  joined.arrive_and_wait();
  EXPECT_EQ(curl_share_cleanup(share.handle()), CURLSHE_IN_USE);
  EXPECT_EQ(curl_share_setopt(share.handle(), CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS), CURLSHE_IN_USE);
  tried.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(share.clean_up(), CURLSHE_OK);
}

TEST_P(Sharing, HandlesJoinAndLeaveInManyThreads) {
  Share share(GetParam(), CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION);
  in_threads(kNumThreads, [&](int) {
    for (int round = 0; round < 100; ++round) {
      Client client;
      client.share(share.handle());
      client.share(nullptr);
      client.share(share.handle());
    }
  });
  EXPECT_EQ(share.clean_up(), CURLSHE_OK) << "everybody has left";
}

}  // namespace
}  // namespace hiper::threads
