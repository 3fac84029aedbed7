// One HSTS cache used by eight threads, with the application's lock functions and without: what one thread
// learns, the others obey, and the files that their handles leave are whole.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "threads/support/share.hpp"

namespace hiper::threads {
namespace {

namespace fs = std::filesystem;

constexpr int kNumThreads = 8;
constexpr int kNumRounds = 5;

class SharedHsts : public testing::TestWithParam<Locks> {
 protected:
  SharedHsts() {
    std::string name = testing::TempDir() + "hsts.XXXXXX";
    folder = mkdtemp(name.data());
    file = folder / "hosts";
    const std::string to = "::127.0.0.1:" + std::to_string(server.port());
    way.reset(curl_slist_append(nullptr, to.c_str()));
  }
  ~SharedHsts() override { fs::remove_all(folder); }

  static std::string host(int thread) { return "host" + std::to_string(thread) + ".test"; }
  /// All names lead to the server.
  void aim(const Client& client) {
    client.share(share.handle());
    curl_easy_setopt(client.easy(), CURLOPT_CONNECT_TO, way.get());
    curl_easy_setopt(client.easy(), CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(client.easy(), CURLOPT_SSL_VERIFYHOST, 0L);
  }
  /// The effective URL after a transfer of `url`; "" if that failed.
  static std::string fetch(Client& client, const std::string& url) {
    curl_easy_setopt(client.easy(), CURLOPT_URL, url.c_str());
    const CURLcode code = curl_easy_perform(client.easy());
    EXPECT_EQ(code, CURLE_OK) << url << ": " << curl_easy_strerror(code);
    const char* effective = "";
    curl_easy_getinfo(client.easy(), CURLINFO_EFFECTIVE_URL, &effective);
    return code == CURLE_OK ? effective : "";
  }

  Server server{Server::Kind::tls};
  Share share{GetParam(), CURL_LOCK_DATA_HSTS};
  fs::path folder;
  fs::path file;
  OwnedList way;
};

INSTANTIATE_TEST_SUITE_P(Locks, SharedHsts, testing::Values(Locks::none, Locks::application),
                         [](const auto& p) { return p.param == Locks::none ? "None" : "Application"; });

TEST_P(SharedHsts, WhatOneThreadLearnsTheOthersObey) {
  Barrier learnt(kNumThreads);
  in_threads(kNumThreads, [&](int thread) {
    Client client;
    aim(client);
    const std::string own = host(thread);
    for (int round = 0; round < kNumRounds; ++round) {
      fetch(client, "https://" + own + "/hsts/" + std::to_string(round));
      EXPECT_EQ(fetch(client, "http://" + own + "/echo/a"), "https://" + own + "/echo/a");
    }
    learnt.arrive_and_wait();
    for (int other = 0; other < kNumThreads; ++other) {
      EXPECT_EQ(fetch(client, "http://" + host(other) + "/echo/b"), "https://" + host(other) + "/echo/b");
    }
  });
  share.expect_locked_for(CURL_LOCK_DATA_HSTS);
}

TEST_P(SharedHsts, CallbacksOfSeveralThreadsFillIt) {
  struct Given {
    std::string name;
    bool done = false;
  };
  const curl_hstsread_callback give = [](CURL*, curl_hstsentry* entry, void* self) {
    Given& given = *static_cast<Given*>(self);
    given.done = !given.done;
    if (!given.done) return CURLSTS_DONE;
    std::strcpy(entry->name, given.name.c_str());
    return CURLSTS_OK;
  };
  Barrier filled(kNumThreads);
  in_threads(kNumThreads, [&](int thread) {
    Given given{"given" + std::to_string(thread) + ".test"};
    Client client;
    aim(client);
    curl_easy_setopt(client.easy(), CURLOPT_HSTSREADFUNCTION, give);
    curl_easy_setopt(client.easy(), CURLOPT_HSTSREADDATA, &given);
    for (int round = 0; round < kNumRounds; ++round) {
      EXPECT_EQ(fetch(client, "http://" + given.name + "/echo/a"), "https://" + given.name + "/echo/a");
    }
    filled.arrive_and_wait();
    for (int other = 0; other < kNumThreads; ++other) {
      const std::string name = "given" + std::to_string(other) + ".test/echo/b";
      EXPECT_EQ(fetch(client, "http://" + name), "https://" + name);
    }
  });
}

TEST_P(SharedHsts, HandlesThatEndTogetherLeaveAWholeFile) {
  std::ofstream(file) << "known.test \"unlimited\"\n";
  Barrier learnt(kNumThreads);
  in_threads(kNumThreads, [&](int thread) {
    for (int round = 0; round < kNumRounds; ++round) {
      Client client;
      aim(client);
      curl_easy_setopt(client.easy(), CURLOPT_HSTS, file.c_str());
      EXPECT_EQ(fetch(client, "http://known.test/echo/a"), "https://known.test/echo/a");
      fetch(client, "https://" + host(thread) + "/hsts/b");
      learnt.arrive_and_wait();
    }
  });
  std::ifstream stream(file);
  int num_hosts = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('#')) continue;
    ++num_hosts;
    EXPECT_NE(line.find(".test \""), std::string::npos) << line;
  }
  EXPECT_EQ(num_hosts, kNumThreads + 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1)
      << "nothing beside it";
}

}  // namespace
}  // namespace hiper::threads
