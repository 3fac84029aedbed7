// One jar of cookies, shared by handles in eight threads: all that can be done with it, at the same time,
// with the application's lock functions and without.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "threads/support/share.hpp"

namespace hiper::threads {
namespace {

constexpr int kNumThreads = 8;
constexpr int kRounds = 10;

std::string cookie_of(int thread, int round) {
  return "c" + std::to_string(thread) + "-" + std::to_string(round) + "=" + std::to_string(round);
}

std::set<std::string> names_in(CURL* easy) {
  curl_slist* all = nullptr;
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &all), CURLE_OK);
  const OwnedList list(all);
  std::set<std::string> names;
  for (const curl_slist* item = all; item != nullptr; item = item->next) {
    const std::string line = item->data;
    const std::size_t end = line.rfind('\t');
    const std::size_t start = line.rfind('\t', end - 1) + 1;
    names.insert(line.substr(start, end - start));
  }
  return names;
}

/// A share alone does not switch the engine on.
void use_cookies_of(const Share& share, const Client& client) {
  client.share(share.handle());
  curl_easy_setopt(client.easy(), CURLOPT_COOKIEFILE, "");
}

class SharedCookies : public testing::TestWithParam<Locks> {};

INSTANTIATE_TEST_SUITE_P(Locks, SharedCookies, testing::Values(Locks::none, Locks::application),
                         [](const auto& p) { return p.param == Locks::none ? "None" : "Application"; });

TEST_P(SharedCookies, OfAllThreadsComeTogether) {
  Server server(Server::Kind::plain);
  Share share(GetParam(), CURL_LOCK_DATA_COOKIE);
  in_threads(kNumThreads, [&](int thread) {
    Client client;
    use_cookies_of(share, client);
    for (int round = 0; round < kRounds; ++round) {
      client.expect_echo(server, "/cookie/" + cookie_of(thread, round));
      EXPECT_EQ(names_in(client.easy()).count("c" + std::to_string(thread) + "-" + std::to_string(round)),
                1u);
    }
  });
  Client last;
  use_cookies_of(share, last);
  EXPECT_EQ(names_in(last.easy()).size(), std::size_t{kNumThreads * kRounds});
  const std::size_t before = server.num_connections();
  last.expect_echo(server, "/echo/last");
  const std::string request = server.connections()[before].text + server.connections()[before].raw;
  for (int thread = 0; thread < kNumThreads; ++thread) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_NE(request.find(cookie_of(thread, round)), request.npos) << cookie_of(thread, round);
    }
  }
  share.expect_locked_for(CURL_LOCK_DATA_COOKIE);
}

TEST_P(SharedCookies, AreUsedByMultisInManyThreads) {
  Server server(Server::Kind::plain);
  Share share(GetParam(), CURL_LOCK_DATA_COOKIE, CURL_LOCK_DATA_DNS);
  in_threads(kNumThreads, [&](int thread) {
    const OwnedMulti multi(curl_multi_init());
    std::array<Client, 3> clients;
    std::vector<Client*> all;
    for (Client& client : clients) {
      use_cookies_of(share, client);
      all.push_back(&client);
    }
    for (int round = 0; round < kRounds; ++round) {
      for (Client* const client : all) client->aim(server, "/cookie/" + cookie_of(thread, round));
      run_with_poll(multi.get(), all);
    }
  });
  Client last;
  use_cookies_of(share, last);
  EXPECT_EQ(names_in(last.easy()).size(), std::size_t{kNumThreads * kRounds});
}

TEST_P(SharedCookies, TakeCommandsFromAllThreads) {
  Share share(GetParam(), CURL_LOCK_DATA_COOKIE);
  in_threads(kNumThreads, [&](int thread) {
    Client client;
    client.share(share.handle());
    curl_easy_setopt(client.easy(), CURLOPT_COOKIEJAR, "/dev/null");
    for (int round = 0; round < 100; ++round) {
      const std::string line = "Set-Cookie: " + cookie_of(thread, round) + "; domain=example.com";
      EXPECT_EQ(curl_easy_setopt(client.easy(), CURLOPT_COOKIELIST, line.c_str()), CURLE_OK);
      names_in(client.easy());
      const char* const commands[] = {"ALL", "SESS", "FLUSH", "RELOAD"};
      curl_easy_setopt(client.easy(), CURLOPT_COOKIELIST, commands[(thread + round) % 4]);
      if (round % 10 == 0) {
        client.share(nullptr);
        client.share(share.handle());
      }
    }
  });
  EXPECT_EQ(share.clean_up(), CURLSHE_OK);
}

// CURL_LOCK_DATA_PSL: the list is one for the whole process and never changes; to share it is allowed.
TEST_P(SharedCookies, AreHeldAgainstTheListOfPublicSuffixesInAllThreads) {
  Server server(Server::Kind::plain);
  Share share(GetParam(), CURL_LOCK_DATA_PSL, CURL_LOCK_DATA_COOKIE);
  in_threads(kNumThreads, [&](int thread) {
    const std::string host = "shop" + std::to_string(thread) + ".co.uk";
    const std::string port = std::to_string(server.port());
    const OwnedList names(curl_slist_append(nullptr, (host + ":" + port + ":127.0.0.1").c_str()));
    Client client;
    use_cookies_of(share, client);
    curl_easy_setopt(client.easy(), CURLOPT_RESOLVE, names.get());
    for (int round = 0; round < kRounds; ++round) {
      client.expect_echo(server, "/cookie/for-all=1;domain=co.uk", host);
      client.expect_echo(server, "/cookie/" + cookie_of(thread, round) + ";domain=" + host, host);
    }
  });
  Client last;
  use_cookies_of(share, last);
  const std::set<std::string> names = names_in(last.easy());
  EXPECT_EQ(names.size(), std::size_t{kNumThreads * kRounds});
  EXPECT_EQ(names.count("for-all"), 0u) << "a cookie for all of co.uk";
}

}  // namespace
}  // namespace hiper::threads
