// A child process inherits handles, cleans them up, and the parent notices nothing: no byte on its
// connections, no FIN, its epoll set and its wake-ups untouched. What the child did is measured at the
// server, byte by byte.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "threads/support/clients.hpp"
#include "threads/support/share.hpp"

namespace hiper::threads {
namespace {

constexpr int kVeryLongMs = 60'000;

/// Runs `body` in a child, which exits with 0 if it answers true. Nothing of the test program's own is torn
/// down there. Returns when the child has ended.
template <class Body>
void in_child(Server& server, Body body) {
  server.pause();
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  server.resume();
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

std::string request_for(const Server& server, const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
         "\r\nAccept: */*\r\n\r\n";
}

/// TLS records in `raw`, by their headers (RFC 8446 section 5.1); SIZE_MAX if it does not end with a whole
/// one.
std::size_t num_records(std::string_view raw) {
  std::size_t count = 0;
  while (raw.size() >= 5) {
    const std::size_t length =
        5 + static_cast<unsigned char>(raw[3]) * std::size_t{256} + static_cast<unsigned char>(raw[4]);
    if (raw.size() < length) return SIZE_MAX;
    raw.remove_prefix(length);
    ++count;
  }
  return raw.empty() ? count : SIZE_MAX;
}

class Fork : public testing::TestWithParam<Server::Kind> {
 protected:
  /// Between `before` and now the server got this one request on its first connection, and nothing else.
  void expect_only(const std::string& path, const Received& before) {
    const std::vector<Received> now = server.connections();
    ASSERT_EQ(now.size(), 1u) << "the parent's connection still serves";
    EXPECT_EQ(now[0].text, before.text + request_for(server, path));
    const std::string raw = now[0].raw.substr(before.raw.size());
    if (server.secure()) {
      EXPECT_EQ(num_records(raw), 1u);
    } else {
      EXPECT_EQ(raw, request_for(server, path));
    }
    EXPECT_FALSE(now[0].fin || now[0].reset || now[0].said_goodbye);
  }
  Received first() { return server.connections().at(0); }
  bool closed_properly() {
    return server.wait_until([this](const std::vector<Received>& all) {
      return all.at(0).fin && all.at(0).said_goodbye == server.secure();
    });
  }

  Server server{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Kinds, Fork, testing::Values(Server::Kind::plain, Server::Kind::tls),
                         [](const auto& p) { return p.param == Server::Kind::plain ? "Plain" : "Tls"; });

TEST_P(Fork, CleaningUpAnEasyHandleInTheChildSendsNothing) {
  Client client;
  client.expect_echo(server, "/echo/1");
  const Received before = first();
  in_child(server, [&] {
    client.close();
    curl_global_cleanup();
    return true;
  });
  client.expect_echo(server, "/echo/2");
  EXPECT_EQ(client.num_connects(), 0);
  expect_only("/echo/2", before);
  client.close();
  EXPECT_TRUE(closed_properly());
}

TEST_P(Fork, TheConnectionEndsWhenBothHaveClosedIt) {
  Client client;
  client.expect_echo(server, "/echo/1");
  std::array<int, 2> go;
  ASSERT_EQ(pipe(go.data()), 0);
  server.pause();
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    static_cast<void>(!read(go[0], &byte, 1));
    client.close();
    _exit(0);
  }
  server.resume();
  client.close();
  EXPECT_EQ(first().said_goodbye, server.secure()) << "the parent takes leave";
  EXPECT_FALSE(first().fin);
  EXPECT_EQ(write(go[1], "x", 1), 1);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(closed_properly());
  close(go[0]);
  close(go[1]);
}

TEST_P(Fork, CleaningUpAMultiWithIdleConnectionsInTheChildSendsNothing) {
  OwnedMulti multi(curl_multi_init());
  Client client;
  client.aim(server, "/echo/1");
  run_with_poll(multi.get(), {&client});
  const Received before = first();
  in_child(server, [&] {
    multi.reset();
    client.close();
    return true;
  });
  client.aim(server, "/echo/2");
  run_with_poll(multi.get(), {&client});
  EXPECT_EQ(client.body, "/echo/2");
  expect_only("/echo/2", before);
  multi.reset();
  EXPECT_TRUE(closed_properly());
}

TEST_P(Fork, AConnectOnlyHandleIsTheParentsToo) {
  Client client;
  curl_easy_setopt(client.easy(), CURLOPT_CONNECT_ONLY, 1L);
  ASSERT_EQ(client.get(server, "/echo/raw"), CURLE_OK);
  const Received before = first();
  in_child(server, [&] {
    client.close();
    return true;
  });
  const std::string request = request_for(server, "/echo/raw");
  std::size_t sent = 0;
  ASSERT_EQ(curl_easy_send(client.easy(), request.data(), request.size(), &sent), CURLE_OK);
  EXPECT_EQ(sent, request.size());
  EXPECT_TRUE(server.wait_until([](const auto& all) { return all.at(0).num_answered == 1; }));
  expect_only("/echo/raw", before);
}

/// A multi whose transfer waits for the second half of its body.
struct Waiting {
  explicit Waiting(const Server& server) {
    client.aim(server, "/hold/second-half-comes-later");
    EXPECT_EQ(curl_multi_add_handle(multi.get(), client.easy()), CURLM_OK);
    while (client.body.empty()) turn();
  }
  int turn() {
    int running = 0;
    EXPECT_EQ(curl_multi_perform(multi.get(), &running), CURLM_OK);
    if (running != 0 && client.body.empty()) curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
    return running;
  }
  /// The rest has to be reported by the multi's own epoll set: a poll that does not see it lasts very long.
  void finish(Server& server) {
    server.release();
    const auto start = std::chrono::steady_clock::now();
    int running = 1;
    while (running != 0) {
      EXPECT_EQ(curl_multi_poll(multi.get(), nullptr, 0, kVeryLongMs, nullptr), CURLM_OK);
      EXPECT_EQ(curl_multi_perform(multi.get(), &running), CURLM_OK);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(kVeryLongMs / 2));
    EXPECT_EQ(client.body, "/hold/second-half-comes-later");
    curl_multi_remove_handle(multi.get(), client.easy());
  }
  void close() {
    curl_multi_remove_handle(multi.get(), client.easy());
    multi.reset();
    client.close();
  }
  OwnedMulti multi{curl_multi_init()};
  Client client;
};

TEST_P(Fork, CleaningUpAMultiWithARunningTransferLeavesTheParentsEpollSetAlone) {
  Waiting waiting(server);
  const Received before = first();
  in_child(server, [&] {
    waiting.close();
    return true;
  });
  EXPECT_EQ(first().raw, before.raw);
  waiting.finish(server);
  EXPECT_EQ(first().raw, before.raw) << "the rest of the transfer needs no further byte from us";
  EXPECT_EQ(server.num_connections(), 1u);
}

TEST_P(Fork, RemovingARunningTransferInTheChildLeavesTheParentsAlone) {
  Waiting waiting(server);
  const Received before = first();
  in_child(server,
           [&] { return curl_multi_remove_handle(waiting.multi.get(), waiting.client.easy()) == CURLM_OK; });
  EXPECT_EQ(first().raw, before.raw);
  waiting.finish(server);
}

TEST_P(Fork, TheChildOfACallbackCleansUpNothingOfTheParents) {
  Client client;
  const curl_write_callback fork_once = [](char*, std::size_t size, std::size_t count, void* peer) {
    in_child(*static_cast<Server*>(peer), [] { return curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK; });
    return size * count;
  };
  curl_easy_setopt(client.easy(), CURLOPT_WRITEFUNCTION, fork_once);
  curl_easy_setopt(client.easy(), CURLOPT_WRITEDATA, &server);
  EXPECT_EQ(client.get(server, "/echo/1"), CURLE_OK);
}

TEST_P(Fork, NeitherProcessTakesTheWakeUpsOfTheOther) {
  Waiting waiting(server);
  CURLM* const multi = waiting.multi.get();
  ASSERT_EQ(curl_multi_wakeup(multi), CURLM_OK);
  in_child(server, [&] {
    int running = 0;
    return curl_multi_perform(multi, &running) == CURLM_OK &&
           curl_multi_poll(multi, nullptr, 0, 0, nullptr) == CURLM_OK;
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(curl_multi_poll(multi, nullptr, 0, kVeryLongMs, nullptr), CURLM_OK);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(kVeryLongMs / 2));
  in_child(server, [&] { return curl_multi_wakeup(multi) == CURLM_OK; });
  const auto again = std::chrono::steady_clock::now();
  EXPECT_EQ(curl_multi_poll(multi, nullptr, 0, 50, nullptr), CURLM_OK);
  EXPECT_GE(std::chrono::steady_clock::now() - again, std::chrono::milliseconds(50)) << "the child's wake-up";
  waiting.finish(server);
}

TEST_P(Fork, AnInheritedEasyHandleOpensItsOwnConnection) {
  Client client;
  client.expect_echo(server, "/echo/1");
  const Received before = first();
  in_child(server, [&] {
    const bool works = client.get(server, "/echo/child") == CURLE_OK && client.body == "/echo/child";
    const bool is_new = client.num_connects() == 1;
    client.close();
    return works && is_new;
  });
  client.expect_echo(server, "/echo/2");
  EXPECT_EQ(client.num_connects(), 0);
  const std::vector<Received> now = server.connections();
  ASSERT_EQ(now.size(), 2u);
  EXPECT_EQ(now[0].text, before.text + request_for(server, "/echo/2"));
  EXPECT_EQ(now[1].text, request_for(server, "/echo/child"));
}

TEST_P(Fork, AnInheritedMultiWaitsAndWakesWithDescriptorsOfItsOwn) {
  OwnedMulti multi(curl_multi_init());
  Client client;
  client.aim(server, "/echo/1");
  run_with_poll(multi.get(), {&client});
  in_child(server, [&] {
    Client own;
    own.aim(server, "/echo/child");
    run_with_poll(multi.get(), {&own});
    if (own.body != "/echo/child" || own.num_connects() != 1) return false;
    if (curl_multi_wakeup(multi.get()) != CURLM_OK) return false;
    const auto start = std::chrono::steady_clock::now();
    curl_multi_poll(multi.get(), nullptr, 0, kVeryLongMs, nullptr);
    own.close();
    multi.reset();
    return std::chrono::steady_clock::now() - start < std::chrono::milliseconds(kVeryLongMs / 2);
  });
  client.aim(server, "/echo/2");
  run_with_poll(multi.get(), {&client});
  EXPECT_EQ(client.num_connects(), 0);
  EXPECT_EQ(server.num_connections(), 2u);
}

TEST_P(Fork, AShareIsCleanedUpInTheChildWithoutAnyEffect) {
  Client client;
  Share share(Locks::none, CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION, CURL_LOCK_DATA_CONNECT);
  client.share(share.handle());
  client.expect_echo(server, "/echo/1");
  const Received before = first();
  in_child(server, [&] {
    client.close();
    return share.clean_up() == CURLSHE_OK;
  });
  client.expect_echo(server, "/echo/2");
  EXPECT_EQ(client.num_connects(), 0);
  expect_only("/echo/2", before);
  client.close();
  EXPECT_EQ(share.clean_up(), CURLSHE_OK);
  EXPECT_TRUE(closed_properly());
}

TEST_P(Fork, ASharedConnectionIsNotUsedInTheChild) {
  Client client;
  Share share(Locks::none, CURL_LOCK_DATA_CONNECT);
  client.share(share.handle());
  client.expect_echo(server, "/echo/1");
  const Received before = first();
  in_child(server, [&] {
    Client own;
    own.share(share.handle());
    return own.get(server, "/echo/child") == CURLE_OK && own.num_connects() == 1;
  });
  client.expect_echo(server, "/echo/2");
  EXPECT_EQ(server.connections().at(0).text, before.text + request_for(server, "/echo/2"));
  client.close();
}

// The new set of the child has to take in what was in the inherited one.
TEST_P(Fork, AnInheritedRunningTransferMayBeDrivenOnForAWhile) {
  Waiting waiting(server);
  in_child(server, [&] {
    for (int i = 0; i < 3; ++i) {
      if (waiting.turn() != 1) return false;
      if (curl_multi_poll(waiting.multi.get(), nullptr, 0, 1, nullptr) != CURLM_OK) return false;
    }
    waiting.close();
    return true;
  });
  waiting.finish(server);
}

// A thread that the child does not have may have been anywhere in the library when the process forked.
TEST_P(Fork, TheChildFindsNoLockOfTheProcessTaken) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the allocator of AddressSanitizer has locks of its own, which a child may find taken";
#endif
  std::atomic<bool> over{false};
  std::vector<std::thread> others;
  for (int thread = 0; thread < 3; ++thread) {
    others.emplace_back([&] {
      while (!over) {
        Client client;
        client.expect_echo(server, "/close/busy");
        EXPECT_EQ(curl_global_init(CURL_GLOBAL_ALL), CURLE_OK);
        curl_global_cleanup();
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);  // ends a child that hangs
      curl_global_cleanup();
      _exit(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  over = true;
  for (std::thread& thread : others) thread.join();
}

// Each generation has connections of its own.
TEST_P(Fork, GrandchildrenSendNothingEither) {
  Client client;
  client.expect_echo(server, "/echo/1");
  in_child(server, [&] {
    if (client.get(server, "/echo/child") != CURLE_OK) return false;
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      client.close();
      _exit(0);
    }
    int status = 0;
    if (waitpid(grandchild, &status, 0) != grandchild || status != 0) return false;
    const bool kept = client.get(server, "/echo/child-again") == CURLE_OK && client.num_connects() == 0;
    client.close();
    return kept;
  });
  const std::vector<Received> now = server.connections();
  ASSERT_EQ(now.size(), 2u);
  EXPECT_EQ(now[1].text, request_for(server, "/echo/child") + request_for(server, "/echo/child-again"));
  client.expect_echo(server, "/echo/2");
  EXPECT_EQ(client.num_connects(), 0);
}

}  // namespace
}  // namespace hiper::threads
