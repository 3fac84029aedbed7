// curl_multi_assign: the application's pointer of a socket, from the first announcement to the last.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <vector>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// An application that notes which pointer came with each announcement. It has no timer: it asks all the
/// time.
class Assigning : public testing::Test {
 protected:
  struct Call {
    int fd;
    int what;
    void* pointer;
  };
  Assigning() {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, note);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  }
  ~Assigning() override { EXPECT_EQ(curl_multi_cleanup(multi), CURLM_OK); }
  static int note(CURL*, curl_socket_t fd, int what, void* self, void* pointer) {
    Assigning& test = *static_cast<Assigning*>(self);
    test.calls.push_back({fd, what, pointer});
    if (test.inside) test.inside(fd, what);
    return 0;
  }
  CURLMcode assign(int fd, void* pointer) { return curl_multi_assign(multi, fd, pointer); }
  int kick(curl_socket_t fd = CURL_SOCKET_TIMEOUT) {
    int running = 0;
    EXPECT_EQ(curl_multi_socket_action(multi, fd, 0, &running), CURLM_OK);
    return running;
  }
  /// Until nothing runs, or `reached`.
  void run(const std::function<bool()>& reached = nullptr) {
    for (int rounds = 0; rounds < 1000 && kick() != 0; ++rounds) {
      world.pump();
      if (reached && reached()) return;
      if (calls.empty() || calls.back().what == CURL_POLL_REMOVE) continue;
      const bool out = (calls.back().what & CURL_POLL_OUT) != 0;
      pollfd socket = {calls.back().fd, static_cast<short>(out ? POLLOUT : POLLIN), 0};
      if (poll(&socket, 1, 5) > 0) kick(socket.fd);
    }
  }
  World world;
  CURLM* multi = curl_multi_init();
  std::vector<Call> calls;
  std::function<void(int fd, int what)> inside;
  int one = 1;
  int two = 2;
};

// contract: 5.16, 6.1, 6.2, 6.4, 16.11
TEST_F(Assigning, ThePointerComesWithEveryLaterCall) {
  Peer peer(world);
  peer.otherwise({request(), hold(), send(response("ok")), again()});
  const Handle get(peer.url());
  inside = [&](int fd, int what) {
    if (what != CURL_POLL_OUT) return;
    EXPECT_EQ(assign(fd, &two), CURLM_OK) << "inside the callback about it";
    EXPECT_EQ(assign(fd, &one), CURLM_OK) << "the last one counts";
  };
  EXPECT_EQ(curl_multi_add_handle(multi, get.curl), CURLM_OK);
  run([&] { return peer.requests.size() == 1; });
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].what, CURL_POLL_OUT);
  EXPECT_EQ(calls[0].pointer, nullptr);
  EXPECT_EQ(calls[1].what, CURL_POLL_IN);
  EXPECT_EQ(calls[1].pointer, &one);
  const int fd = calls[0].fd;
  EXPECT_EQ(assign(fd, &two), CURLM_OK) << "outside of callbacks";
  EXPECT_EQ(curl_easy_pause(get.curl, CURLPAUSE_ALL), CURLE_OK);
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[2].what, CURL_POLL_REMOVE);
  EXPECT_EQ(calls[2].pointer, &two) << "with its REMOVE too";
  EXPECT_EQ(curl_easy_pause(get.curl, CURLPAUSE_CONT), CURLE_OK);
  kick();
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[3].what, CURL_POLL_IN);
  EXPECT_EQ(calls[3].pointer, nullptr) << "gone with the REMOVE";
  EXPECT_EQ(assign(fd, &one), CURLM_OK);
  EXPECT_EQ(assign(fd, nullptr), CURLM_OK);
  peer.release();
  run();
  EXPECT_EQ(calls.back().what, CURL_POLL_REMOVE);
  EXPECT_EQ(calls.back().pointer, nullptr) << "NULL counts like any other";
  EXPECT_EQ(curl_multi_remove_handle(multi, get.curl), CURLM_OK);
}

// contract: 6.3, 6.5
TEST_F(Assigning, APointerSetInTheLastCallbackIsGoneWithTheSocket) {
  Peer peer(world);
  const Handle get(peer.url());
  inside = [&](int fd, int what) {
    if (what == CURL_POLL_REMOVE) {
      EXPECT_EQ(assign(fd, &one), CURLM_OK);
    }
  };
  for (int rounds = 0; rounds < 2; ++rounds) {
    EXPECT_EQ(curl_multi_add_handle(multi, get.curl), CURLM_OK);
    run();
    EXPECT_EQ(assign(calls.back().fd, &two), CURLM_BAD_SOCKET) << "idle";
    EXPECT_EQ(curl_multi_remove_handle(multi, get.curl), CURLM_OK);
  }
  EXPECT_EQ(peer.num_accepted(), 1u) << "the same socket twice";
  for (const Call& call : calls) EXPECT_EQ(call.pointer, nullptr);
}

// contract: 6.3
TEST_F(Assigning, OnlySocketsInUseByThisMultiHaveAPointer) {
  Peer peer(world);
  peer.expect({request(), send(response("ok", "Connection: close\r\n")), close_it()});
  const Handle get(peer.url());
  CURLM* const other = curl_multi_init();
  int closed = -1;
  EXPECT_EQ(curl_multi_add_handle(multi, get.curl), CURLM_OK);
  kick();
  ASSERT_EQ(calls.size(), 1u);
  closed = calls[0].fd;
  EXPECT_EQ(curl_multi_assign(other, closed, &one), CURLM_BAD_SOCKET) << "of another multi handle";
  EXPECT_EQ(assign(peer.fd(), &one), CURLM_BAD_SOCKET) << "of the application";
  EXPECT_EQ(assign(-1, &one), CURLM_BAD_SOCKET);
  EXPECT_EQ(assign(1 << 20, &one), CURLM_BAD_SOCKET);
  run();
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(assign(closed, &one), CURLM_BAD_SOCKET) << "closed";
  EXPECT_EQ(curl_multi_remove_handle(multi, get.curl), CURLM_OK);
  EXPECT_EQ(curl_multi_cleanup(other), CURLM_OK);
}

}  // namespace
}  // namespace hiper::wire
