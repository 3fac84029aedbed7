// Any number of handles in any number of threads, each used by one thread at a time.
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "threads/support/clients.hpp"

namespace hiper::threads {
namespace {

constexpr int kNumThreads = 8;
constexpr int kRounds = 10;

std::string path_of(int thread, int round) {
  return "/echo/" + std::to_string(thread) + "/" + std::to_string(round);
}

class Transfers : public testing::Test {
 protected:
  Server& server_for(int i) { return i % 2 == 0 ? plain : tls; }
  Server plain{Server::Kind::plain};
  Server tls{Server::Kind::tls};
};

TEST_F(Transfers, TheVersionSaysThatGlobalInitIsThreadSafe) {
  EXPECT_NE(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_THREADSAFE, 0);
}

TEST_F(Transfers, EasyHandlesPerformInManyThreads) {
  in_threads(kNumThreads, [&](int thread) {
    Client client;
    for (int round = 0; round < kRounds; ++round) {
      client.expect_echo(server_for(round), path_of(thread, round));
    }
  });
  EXPECT_EQ(plain.num_connections(), std::size_t{kNumThreads}) << "each handle keeps its connection";
  EXPECT_EQ(tls.num_connections(), std::size_t{kNumThreads});
}

TEST_F(Transfers, MultisRunInManyThreads) {
  in_threads(kNumThreads, [&](int thread) {
    std::array<Client, 4> clients;
    const OwnedMulti multi(curl_multi_init());
    std::vector<Client*> all;
    for (Client& client : clients) all.push_back(&client);
    for (int round = 0; round < kRounds; ++round) {
      int i = 0;
      for (Client* const client : all) client->aim(server_for(i++), path_of(thread, round));
      run_with_poll(multi.get(), all);
      for (const Client* const client : all) EXPECT_EQ(client->body, path_of(thread, round));
    }
  });
}

TEST_F(Transfers, EventLoopsRunInManyThreads) {
  in_threads(kNumThreads, [&](int thread) {
    std::array<Client, 4> clients;
    const OwnedMulti multi(curl_multi_init());
    EventLoop loop(multi.get());
    std::vector<Client*> all;
    for (Client& client : clients) all.push_back(&client);
    for (int round = 0; round < kRounds; ++round) {
      int i = 0;
      for (Client* const client : all) client->aim(server_for(i++), path_of(thread, round));
      loop.run(all);
      for (const Client* const client : all) EXPECT_EQ(client->body, path_of(thread, round));
    }
  });
}

TEST_F(Transfers, AHandleOfOneThreadPerformsInAnother) {
  Client client;
  client.expect_echo(tls, "/echo/here");
  std::thread([&] { client.expect_echo(tls, "/echo/there"); }).join();
  std::thread([&] {
    client.expect_echo(tls, "/echo/elsewhere");
    client.close();
  }).join();
  EXPECT_EQ(tls.num_connections(), 1u) << "the connection goes with the handle";
}

TEST_F(Transfers, HandlesMoveFromThreadToThreadAndFromMultiToMulti) {
  std::array<Client, kNumThreads> clients;
  std::array<OwnedMulti, kNumThreads> multis;
  for (OwnedMulti& multi : multis) multi.reset(curl_multi_init());
  Barrier barrier(kNumThreads);
  in_threads(kNumThreads, [&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      const auto me = static_cast<std::size_t>(thread);
      Client& client = clients[(me + static_cast<std::size_t>(round)) % kNumThreads];
      CURLM* const multi = multis[(me + static_cast<std::size_t>(3 * round)) % kNumThreads].get();
      client.aim(server_for(thread), path_of(thread, round));
      run_with_poll(multi, {&client});
      EXPECT_EQ(client.body, path_of(thread, round));
      barrier.arrive_and_wait();
    }
  });
}

TEST_F(Transfers, DuplicatesOfOneHandleRunInManyThreads) {
  Client original;
  original.aim(tls, "/echo/all-the-same");
  std::array<OwnedEasy, kNumThreads> copies;
  std::array<std::string, kNumThreads> bodies;
  const curl_write_callback receive = [](char* data, std::size_t size, std::size_t count, void* body) {
    static_cast<std::string*>(body)->append(data, size * count);
    return size * count;
  };
  for (std::size_t i = 0; i < copies.size(); ++i) {
    copies[i].reset(curl_easy_duphandle(original.easy()));
    curl_easy_setopt(copies[i].get(), CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(copies[i].get(), CURLOPT_WRITEDATA, &bodies[i]);
  }
  in_threads(kNumThreads, [&](int thread) {
    const auto me = static_cast<std::size_t>(thread);
    EXPECT_EQ(curl_easy_perform(copies[me].get()), CURLE_OK);
    EXPECT_EQ(bodies[me], "/echo/all-the-same");
    copies[me].reset();
  });
}

// The man page of curl_global_cleanup forbids it while others use the library; init and cleanup in pairs are
// fine.
TEST_F(Transfers, InitAndCleanupInPairsDoNotDisturbOthers) {
  ASSERT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
  in_threads(kNumThreads, [&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
      {
        Client client;
        client.expect_echo(server_for(thread), path_of(thread, round));
      }
      curl_global_cleanup();
    }
  });
  curl_global_cleanup();
}

TEST_F(Transfers, TheLibraryWorksAgainAfterTheLastCleanup) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
    in_threads(kNumThreads, [&](int thread) {
      Client client;
      client.expect_echo(tls, path_of(thread, round));
    });
    curl_global_cleanup();
  }
  Client late;
  late.expect_echo(tls, "/echo/initialised-by-itself");
}

TEST_F(Transfers, AFullCleanupGivesBackTheUseThatWasTakenSilently) {
  Client first;
  first.expect_echo(plain, "/echo/first");
  first.close();
  curl_global_cleanup();
  curl_global_cleanup();  // more often than there were users: no effect
  Client second;
  second.expect_echo(plain, "/echo/second");
}

}  // namespace
}  // namespace hiper::threads
