// Connections that the handles of several multis share through a CURLSH (CURL_LOCK_DATA_CONNECT). Threads are
// the business of tests/threads.
#include <gtest/gtest.h>

#include <string>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Share {
 public:
  Share() : handle(curl_share_init()) {
    EXPECT_EQ(curl_share_setopt(handle, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT), CURLSHE_OK);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { end(); }
  void end() {
    if (handle != nullptr) {
      EXPECT_EQ(curl_share_cleanup(handle), CURLSHE_OK);
    }
    handle = nullptr;
  }
  CURLSH* handle;
};

class Sharing : public testing::Test {
 protected:
  // A connection outlives the application that made it, and so would what closes it.
  Sharing() { app().hooks_close = false; }
  App& app() { return world.app(); }
  void restart() {
    world.restart();
    app().hooks_close = false;
  }
  CURLcode get(const std::string& url, CURLSH* use, long* num_connects = nullptr) {
    Handle handle(url);
    handle.set(CURLOPT_SHARE, use);
    const CURLcode code = world.transfer(handle);
    EXPECT_EQ(handle.body, "ok");
    if (num_connects != nullptr) *num_connects = handle.info<long>(CURLINFO_NUM_CONNECTS);
    return code;
  }
  World world;
};

TEST_F(Sharing, AnotherMultiGoesOnWithTheConnection) {
  Peer peer(world);
  Share share;
  long num_connects = -1;
  EXPECT_EQ(get(peer.url(), share.handle, &num_connects), CURLE_OK);
  EXPECT_EQ(num_connects, 1);
  for (int round = 0; round < 3; ++round) {
    restart();  // the multi that made it is gone
    EXPECT_EQ(get(peer.url(), share.handle, &num_connects), CURLE_OK);
    EXPECT_EQ(num_connects, 0);
  }
  EXPECT_EQ(peer.num_accepted(), 1U);
  EXPECT_EQ(peer.requests.size(), 4U);
}

TEST_F(Sharing, OneHandleTakesItsConnectionsAlong) {
  Peer peer(world);
  Share share;
  Handle handle(peer.url());
  handle.set(CURLOPT_SHARE, share.handle);
  EXPECT_EQ(world.transfer(handle), CURLE_OK);
  restart();
  handle.clear();
  EXPECT_EQ(world.transfer(handle), CURLE_OK);
  EXPECT_EQ(handle.body, "ok");
  EXPECT_EQ(peer.num_accepted(), 1U);
}

TEST_F(Sharing, TheTwoMultisAgreeOnWhoseTheSocketIs) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), again()});
  Share share;
  App other;
  other.hooks_close = false;
  Handle first(peer.url());
  Handle second(peer.url());
  first.set(CURLOPT_SHARE, share.handle);
  second.set(CURLOPT_SHARE, share.handle);
  app().add(first);
  world.run([&] { return app().num_announced() == 1 && peer.requests.size() == 1; });
  const int fd = app().only_socket();
  peer.release();
  world.run_until_done(first);
  EXPECT_EQ(app().num_announced(), 0U);
  app().remove(first);
  ASSERT_EQ(other.add(second), CURLM_OK);
  ASSERT_EQ(other.fire_timer(), CURLM_OK);
  EXPECT_EQ(other.only_socket(), fd) << "the same descriptor lives on in the other multi";
  EXPECT_EQ(other.trace(), "timer:0 a:IN timer:-1");
  EXPECT_EQ(app().socket_action(fd, CURL_CSELECT_IN), CURLM_OK) << "not its own any more: no effect";
  world.run([&] { return peer.requests.size() == 2; });
  peer.release();
  world.pump();
  ASSERT_TRUE(world.await_ready(fd, POLLIN));
  EXPECT_EQ(other.socket_action(fd, CURL_CSELECT_IN), CURLM_OK);
  EXPECT_TRUE(second.done);
  EXPECT_EQ(second.body, "ok");
  EXPECT_EQ(peer.num_accepted(), 1U);
  other.remove(second);
}

TEST_F(Sharing, WhatIsInUseIsNotShared) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), again()});
  Share share;
  App other;
  other.hooks_close = false;
  Handle first(peer.url());
  Handle second(peer.url());
  first.set(CURLOPT_SHARE, share.handle);
  second.set(CURLOPT_SHARE, share.handle);
  app().add(first);
  world.run([&] { return peer.requests.size() == 1; });
  other.add(second);
  other.fire_timer();
  EXPECT_EQ(other.num_announced(), 1U);
  world.run([&] { return peer.num_accepted() == 2; });
  other.remove(second);
  peer.release();
  world.run_until_done(first);
  app().remove(first);
}

TEST_F(Sharing, OnlyForAnEqualKey) {
  Peer peer(world);
  Share share;
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  Handle other(peer.url());
  other.set(CURLOPT_SHARE, share.handle);
  other.set(CURLOPT_INTERFACE, "host!127.0.0.1");
  EXPECT_EQ(world.transfer(other), CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 2U);
  Handle apart(peer.url());  // does not use the share
  EXPECT_EQ(world.transfer(apart), CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 3U);
}

TEST_F(Sharing, TheShareClosesItsConnectionsWhenItEnds) {
  Peer peer(world);
  Share share;
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  EXPECT_EQ(get(peer.url("/2"), nullptr), CURLE_OK);
  world.pump();
  EXPECT_EQ(peer.num_open(), 2U);
  share.end();
  world.run([&] { return peer.num_open() == 1; }, "the peer to see that one is closed");
}

TEST_F(Sharing, UnsharingClosesThemToo) {
  Peer peer(world);
  Share share;
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  EXPECT_EQ(curl_share_setopt(share.handle, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_CONNECT), CURLSHE_OK);
  world.run([&] { return peer.num_open() == 0; }, "the peer to see that it is closed");
}

TEST_F(Sharing, AConnectionThatThePeerHasClosedIsNotUsed) {
  Peer peer(world);
  peer.expect({request(), send(response("ok")), close_it()});
  Share share;
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  world.pump();
  restart();
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  EXPECT_EQ(peer.num_accepted(), 2U);
}

TEST_F(Sharing, LimitsOfTheMultiHold) {
  Peer peer(world);
  Share share;
  ASSERT_EQ(curl_multi_setopt(app().multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L), CURLM_OK);
  Handle handles[] = {Handle(peer.url("/1")), Handle(peer.url("/2")), Handle(peer.url("/3"))};
  for (Handle& handle : handles) {
    handle.set(CURLOPT_SHARE, share.handle);
    app().add(handle);
  }
  for (Handle& handle : handles) world.run_until_done(handle);
  for (Handle& handle : handles) {
    EXPECT_EQ(handle.body, "ok");
    app().remove(handle);
  }
  EXPECT_EQ(peer.num_accepted(), 1U);
}

TEST_F(Sharing, IdleOnesArePushedOutByTheLimitOfTheGiver) {
  Peer peers[] = {Peer(world), Peer(world), Peer(world)};
  Share share;
  ASSERT_EQ(curl_multi_setopt(app().multi(), CURLMOPT_MAXCONNECTS, 2L), CURLM_OK);
  for (Peer& peer : peers) EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  world.run([&] { return peers[0].num_open() == 0; }, "the longest idle one to be closed");
  EXPECT_EQ(peers[1].num_open() + peers[2].num_open(), 2U);
}

TEST_F(Sharing, TheLockFunctionsAreCalledInPairs) {
  struct Locks {
    int held = 0;
    int calls = 0;
  } locks;
  Peer peer(world);
  Share share;
  const auto lock = [](CURL*, curl_lock_data kind, curl_lock_access, void* user) {
    auto& count = *static_cast<Locks*>(user);
    if (kind != CURL_LOCK_DATA_CONNECT) return;
    EXPECT_EQ(count.held++, 0);
    ++count.calls;
  };
  const auto unlock = [](CURL*, curl_lock_data kind, void* user) {
    if (kind == CURL_LOCK_DATA_CONNECT) {
      EXPECT_EQ(--static_cast<Locks*>(user)->held, 0);
    }
  };
  curl_share_setopt(share.handle, CURLSHOPT_LOCKFUNC, static_cast<curl_lock_function>(lock));
  curl_share_setopt(share.handle, CURLSHOPT_UNLOCKFUNC, static_cast<curl_unlock_function>(unlock));
  curl_share_setopt(share.handle, CURLSHOPT_USERDATA, &locks);
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  EXPECT_EQ(get(peer.url(), share.handle), CURLE_OK);
  EXPECT_GE(locks.calls, 3);
  EXPECT_EQ(locks.held, 0);
}

// No allocation that fails may lose a descriptor or a socket's announcement.
TEST_F(Sharing, EveryAllocationMayFail) {
  Faults::install();
  for (long n = 1;; ++n) {
    SCOPED_TRACE(n);
    restart();
    Peer peer(world);
    const int before = num_descriptors();
    bool struck = false;
    {
      Share share;
      app().expects_shortage = true;
      Handle handle(peer.url());
      handle.set(CURLOPT_SHARE, share.handle);
      EXPECT_EQ(world.transfer(handle), CURLE_OK);
      handle.clear();
      App other;
      other.expects_shortage = true;
      other.hooks_close = false;
      Faults::arm(n, Faults::How::once);
      if (other.add(handle) == CURLM_OK) {
        other.fire_timer();
        while (!handle.done && world.step(50)) {
          std::vector<pollfd> set;
          other.add_to(set);
          ::poll(set.data(), set.size(), 0);
          other.dispatch(set);
        }
        other.remove(handle);
      }
      struck = Faults::struck();
      Faults::disarm();
      if (handle.done && handle.code == CURLE_OK) {
        EXPECT_EQ(handle.body, "ok");
      }
    }
    peer.forget();
    restart();
    EXPECT_EQ(num_descriptors(), before);
    if (!struck) {
      EXPECT_GT(n, 5) << "too few allocations for this to have tested anything";
      break;
    }
  }
  restart();
  Faults::uninstall();
}

}  // namespace
}  // namespace hiper::wire
