// The calls for applications that let the library wait, or that wait by select and poll: curl_multi_perform,
// _poll, _wait, _wakeup, _fdset, _waitfds. And the two that ask about handles: _get_handles, _get_offt.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <vector>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Waiting : public testing::Test {
 protected:
  ~Waiting() override { EXPECT_EQ(curl_multi_cleanup(multi), CURLM_OK); }
  static Script answer_when_released() { return {request(), hold(), send(response("ok")), again()}; }
  int perform() {
    int running = -1;
    EXPECT_EQ(curl_multi_perform(multi, &running), CURLM_OK);
    return running;
  }
  void add(const Handle& handle) { EXPECT_EQ(curl_multi_add_handle(multi, handle.curl), CURLM_OK); }
  void remove(const Handle& handle) { EXPECT_EQ(curl_multi_remove_handle(multi, handle.curl), CURLM_OK); }
  /// Until the peer has the handle's request.
  void run_until_asked(Peer& peer, std::size_t count = 1) {
    for (int rounds = 0; rounds < 1000 && peer.requests.size() < count; ++rounds) {
      perform();
      world.pump();
      EXPECT_EQ(curl_multi_poll(multi, nullptr, 0, 1, nullptr), CURLM_OK);
    }
    EXPECT_EQ(peer.requests.size(), count);
  }
  curl_off_t count(CURLMinfo_offt what) { return num_handles(multi, what); }
  std::vector<curl_waitfd> waitfds() {
    unsigned found = 77;
    EXPECT_EQ(curl_multi_waitfds(multi, nullptr, 0, &found), CURLM_OK);
    std::vector<curl_waitfd> list(found + 1);
    EXPECT_EQ(curl_multi_waitfds(multi, list.data(), found, nullptr), CURLM_OK);
    list.pop_back();
    return list;
  }
  World world;
  CURLM* multi = curl_multi_init();
};

class Stopwatch {
 public:
  long ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

constexpr int kLong = 20000;  ///< ms that no test waits to the end
constexpr long kSoon = 10000;

// --- perform

// contract: 10.1, 10.2
TEST_F(Waiting, PerformMayBeCalledWithoutReason) {
  EXPECT_EQ(perform(), 0) << "nothing is added";
  EXPECT_EQ(curl_multi_perform(multi, nullptr), CURLM_OK);
  Peer peer(world);
  peer.otherwise(answer_when_released());
  const Handle get(peer.url());
  const Handle bad("nosuchscheme://127.0.0.1/");
  add(get);
  add(bad);
  EXPECT_EQ(perform(), 1) << "one has failed, which is no error of the call";
  run_until_asked(peer);
  const Stopwatch watch;
  for (int rounds = 0; rounds < 50; ++rounds) EXPECT_EQ(perform(), 1);
  EXPECT_LT(watch.ms(), kSoon) << "it never waits";
  peer.release();
  for (int rounds = 0; rounds < 100 && perform() != 0; ++rounds) world.pump();
  EXPECT_EQ(get.body, "ok");
  remove(get);
  remove(bad);
}

/// The set and the wake-up descriptor that waiting needs are nobody else's business.
// contract: 1.7, 12.9
TEST_F(Waiting, NoInternalDescriptorIsHandedOut) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  static std::set<int> announced;
  announced.clear();
  const curl_socket_callback note = [](CURL*, curl_socket_t fd, int what, void*, void*) {
    struct stat about {};
    EXPECT_EQ(fstat(fd, &about), 0);
    EXPECT_TRUE(S_ISSOCK(about.st_mode));
    if (what == CURL_POLL_REMOVE) {
      announced.erase(fd);
    } else {
      announced.insert(fd);
    }
    return 0;
  };
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, note);
  EXPECT_EQ(curl_multi_wakeup(multi), CURLM_OK);
  EXPECT_EQ(curl_multi_poll(multi, nullptr, 0, 0, nullptr), CURLM_OK);
  EXPECT_TRUE(waitfds().empty());
  const Handle first(peer.url());
  const Handle second(peer.url());
  add(first);
  add(second);
  run_until_asked(peer, 2);
  EXPECT_EQ(announced.size(), 2u);
  std::set<int> given;
  for (const curl_waitfd& one : waitfds()) given.insert(one.fd);
  EXPECT_EQ(given, announced);
  peer.release(2);
  for (int rounds = 0; rounds < 100 && perform() != 0; ++rounds) world.pump();
  EXPECT_TRUE(announced.empty());
  EXPECT_TRUE(waitfds().empty()) << "idle connections are not waited for";
  remove(first);
  remove(second);
}

// --- poll and wait

using Call = CURLMcode (*)(CURLM*, curl_waitfd*, unsigned, int, int*);
constexpr Call kPoll = [](CURLM* multi, curl_waitfd* extra, unsigned num, int ms, int* found) {
  return curl_multi_poll(multi, extra, num, ms, found);
};
constexpr Call kWait = [](CURLM* multi, curl_waitfd* extra, unsigned num, int ms, int* found) {
  return curl_multi_wait(multi, extra, num, ms, found);
};

// contract: 11.1, 11.3, 11.5
TEST_F(Waiting, PollAndWaitReturnWhenASocketHasSomethingToDo) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  for (const Call call : {kPoll, kWait}) {
    peer.requests.clear();
    const Handle get(peer.url());
    add(get);
    run_until_asked(peer);
    peer.release();
    world.pump();
    int found = 77;
    const Stopwatch watch;
    EXPECT_EQ(call(multi, nullptr, 0, kLong, &found), CURLM_OK);
    EXPECT_LT(watch.ms(), kSoon);
    EXPECT_EQ(found, 1);
    EXPECT_EQ(call(multi, nullptr, 0, kLong, nullptr), CURLM_OK) << "the number need not be asked for";
    EXPECT_EQ(get.body, "") << "waiting does no transfer's work";
    EXPECT_EQ(perform(), 0);
    EXPECT_EQ(get.body, "ok");
    remove(get);
  }
}

// contract: 11.2
TEST_F(Waiting, PollAndWaitReturnInTime) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  for (const Call call : {kPoll, kWait}) {
    peer.requests.clear();
    Handle get(peer.url());
    get.set(CURLOPT_TIMEOUT_MS, 200L);
    add(get);
    run_until_asked(peer);
    int found = 77;
    Stopwatch watch;
    EXPECT_EQ(call(multi, nullptr, 0, 20, &found), CURLM_OK);
    EXPECT_GE(watch.ms(), 19) << "the time that was asked for";
    EXPECT_EQ(found, 0);
    EXPECT_EQ(call(multi, nullptr, 0, kLong, &found), CURLM_OK);
    EXPECT_LT(watch.ms(), kSoon) << "the deadline of the transfer";
    EXPECT_EQ(found, 0);
    EXPECT_EQ(perform(), 0) << "and not before it";
    EXPECT_EQ(call(multi, nullptr, 0, 0, &found), CURLM_OK) << "0 asks without waiting";
    remove(get);
  }
}

// contract: 11.6
TEST_F(Waiting, WithNothingToWaitForPollWaitsAndWaitDoesNot) {
  Stopwatch watch;
  int found = 77;
  EXPECT_EQ(curl_multi_wait(multi, nullptr, 0, kLong, &found), CURLM_OK);
  EXPECT_LT(watch.ms(), kSoon);
  EXPECT_EQ(found, 0);
  watch = Stopwatch();
  EXPECT_EQ(curl_multi_poll(multi, nullptr, 0, 30, &found), CURLM_OK);
  EXPECT_GE(watch.ms(), 29);
  EXPECT_EQ(found, 0);
}

// contract: 11.4, 11.5
TEST_F(Waiting, ExtraDescriptorsAreWaitedForAndCounted) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  const Handle get(peer.url());
  add(get);
  run_until_asked(peer);
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  for (const Call call : {kPoll, kWait}) {
    curl_waitfd extra[] = {{pair[0], CURL_WAIT_POLLIN | CURL_WAIT_POLLPRI, 77},
                           {pair[1], CURL_WAIT_POLLIN | CURL_WAIT_POLLOUT, 77}};
    int found = 77;
    EXPECT_EQ(call(multi, extra, 2, kLong, &found), CURLM_OK);
    EXPECT_EQ(found, 1);
    EXPECT_EQ(extra[0].revents, 0);
    EXPECT_EQ(extra[1].revents, CURL_WAIT_POLLOUT);
    ASSERT_EQ(write(pair[1], "x", 1), 1);
    EXPECT_EQ(call(multi, extra, 1, kLong, &found), CURLM_OK);
    EXPECT_EQ(found, 1);
    EXPECT_EQ(extra[0].revents, CURL_WAIT_POLLIN);
    char byte;
    ASSERT_EQ(read(pair[0], &byte, 1), 1);
  }
  peer.release();
  world.pump();
  curl_waitfd extra[] = {{pair[1], CURL_WAIT_POLLOUT, 0}};
  int found = 77;
  EXPECT_EQ(curl_multi_poll(multi, extra, 1, kLong, &found), CURLM_OK);
  EXPECT_EQ(found, 2) << "ours and the other";
  close(pair[0]);
  close(pair[1]);
  remove(get);
}

// contract: 11.8, 11.9, 11.10
TEST_F(Waiting, AWakeUpEndsTheNextPollOnceAndNoWait) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  curl_waitfd extra[] = {{pair[0], CURL_WAIT_POLLIN, 0}};
  for (int rounds = 0; rounds < 5; ++rounds) EXPECT_EQ(curl_multi_wakeup(multi), CURLM_OK);
  Stopwatch watch;
  int found = 77;
  EXPECT_EQ(curl_multi_wait(multi, extra, 1, 30, &found), CURLM_OK);
  EXPECT_GE(watch.ms(), 29) << "wait does not hear it";
  watch = Stopwatch();
  EXPECT_EQ(curl_multi_poll(multi, extra, 1, kLong, &found), CURLM_OK);
  EXPECT_LT(watch.ms(), kSoon) << "nor does it use it up";
  EXPECT_EQ(found, 0) << "it is no descriptor of anybody";
  watch = Stopwatch();
  EXPECT_EQ(curl_multi_poll(multi, extra, 1, 30, &found), CURLM_OK);
  EXPECT_GE(watch.ms(), 29) << "five were like one";
  close(pair[0]);
  close(pair[1]);
}

// contract: 11.11, 11.12
TEST_F(Waiting, ImpossibleArgumentsAreRefused) {
  for (const Call call : {kPoll, kWait}) {
    int found = 77;
    EXPECT_EQ(call(multi, nullptr, 0, -1, &found), CURLM_BAD_FUNCTION_ARGUMENT);
    EXPECT_EQ(call(multi, nullptr, 0, -1000, nullptr), CURLM_BAD_FUNCTION_ARGUMENT);
    EXPECT_EQ(call(multi, nullptr, 3, 0, &found), CURLM_BAD_FUNCTION_ARGUMENT);
    EXPECT_EQ(found, 77);
  }
}

// --- fdset and waitfds

class Sets {
 public:
  Sets() {
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&exception);
  }
  fd_set in;
  fd_set out;
  fd_set exception;
};

int only_descriptor(const std::vector<curl_waitfd>& list) { return list.size() == 1 ? list[0].fd : -1; }

// contract: 12.1, 12.2, 12.3, 12.5, 12.9
TEST_F(Waiting, SetsAndArraysSayWhatIsWaitedFor) {
  Sets sets;
  int highest = 77;
  EXPECT_EQ(curl_multi_fdset(multi, &sets.in, &sets.out, &sets.exception, &highest), CURLM_OK);
  EXPECT_EQ(highest, -1);
  Peer peer(world);
  peer.otherwise(answer_when_released());
  const Handle get(peer.url());
  add(get);
  perform();
  std::vector<curl_waitfd> list = waitfds();
  const int fd = only_descriptor(list);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(list[0].events, CURL_WAIT_POLLOUT) << "connecting";
  EXPECT_EQ(list[0].revents, 0);
  FD_SET(peer.fd(), &sets.in);
  EXPECT_EQ(curl_multi_fdset(multi, &sets.in, &sets.out, &sets.exception, &highest), CURLM_OK);
  EXPECT_EQ(highest, fd);
  EXPECT_FALSE(FD_ISSET(fd, &sets.in));
  EXPECT_TRUE(FD_ISSET(fd, &sets.out));
  EXPECT_TRUE(FD_ISSET(peer.fd(), &sets.in)) << "what was in it stays";
  run_until_asked(peer);
  list = waitfds();
  ASSERT_EQ(only_descriptor(list), fd);
  EXPECT_EQ(list[0].events, CURL_WAIT_POLLIN);
  EXPECT_EQ(curl_multi_fdset(multi, &sets.in, nullptr, nullptr, &highest), CURLM_OK);
  EXPECT_TRUE(FD_ISSET(fd, &sets.in));
  EXPECT_EQ(curl_multi_fdset(multi, nullptr, nullptr, nullptr, &highest), CURLM_OK);
  EXPECT_EQ(highest, fd);
  for (int other = 0; other < FD_SETSIZE; ++other) EXPECT_FALSE(FD_ISSET(other, &sets.exception));
  EXPECT_EQ(curl_easy_pause(get.curl, CURLPAUSE_ALL), CURLE_OK);
  EXPECT_TRUE(waitfds().empty()) << "paused";
  EXPECT_EQ(curl_multi_fdset(multi, nullptr, nullptr, nullptr, &highest), CURLM_OK);
  EXPECT_EQ(highest, -1);
  remove(get);
}

curl_socket_t open_high(void*, curlsocktype, curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_SETSIZE + 10);
  close(fd);
  return high;
}

// contract: 12.4
TEST_F(Waiting, ADescriptorTooHighForASetIsLeftOut) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit raised = limit;
  raised.rlim_cur = std::min<rlim_t>(limit.rlim_max, FD_SETSIZE + 100);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &raised), 0);
  Peer peer(world);
  peer.otherwise(answer_when_released());
  Handle get(peer.url());
  get.set(CURLOPT_OPENSOCKETFUNCTION, open_high);
  add(get);
  run_until_asked(peer);
  std::array<fd_set, 2> in;  // what is behind a set stays as it is
  for (fd_set& set : in) FD_ZERO(&set);
  int highest = 77;
  EXPECT_EQ(curl_multi_fdset(multi, in.data(), nullptr, nullptr, &highest), CURLM_OK);
  EXPECT_EQ(highest, -1);
  for (int fd = 0; fd < FD_SETSIZE; ++fd) EXPECT_FALSE(FD_ISSET(fd, &in[0]) || FD_ISSET(fd, &in[1]));
  EXPECT_GE(only_descriptor(waitfds()), FD_SETSIZE) << "the array has it";
  remove(get);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// contract: 12.6, 12.7, 12.8
TEST_F(Waiting, AnArrayThatIsTooSmallIsFilledAndTheNumberIsTold) {
  Peer peer(world);
  peer.otherwise(answer_when_released());
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 3; ++i) {
    handles.push_back(std::make_unique<Handle>(peer.url()));
    add(*handles.back());
  }
  run_until_asked(peer, 3);
  curl_waitfd list[4] = {{-7, 0, 0}, {-7, 0, 0}, {-7, 0, 0}, {-7, 0, 0}};
  unsigned found = 77;
  EXPECT_EQ(curl_multi_waitfds(multi, list, 2, &found), CURLM_OUT_OF_MEMORY);
  EXPECT_EQ(found, 3u);
  EXPECT_GE(list[0].fd, 0);
  EXPECT_GE(list[1].fd, 0);
  EXPECT_EQ(list[2].fd, -7) << "not more than its size";
  EXPECT_EQ(curl_multi_waitfds(multi, list, 2, nullptr), CURLM_OUT_OF_MEMORY);
  EXPECT_EQ(curl_multi_waitfds(multi, list, 4, &found), CURLM_OK);
  EXPECT_EQ(found, 3u);
  EXPECT_EQ(list[3].fd, -7);
  EXPECT_EQ(curl_multi_waitfds(multi, list, 3, nullptr), CURLM_OK);
  found = 77;
  EXPECT_EQ(curl_multi_waitfds(multi, nullptr, 0, &found), CURLM_OK) << "only asks for the number";
  EXPECT_EQ(found, 3u);
  EXPECT_EQ(curl_multi_waitfds(multi, nullptr, 3, &found), CURLM_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_multi_waitfds(multi, nullptr, 0, nullptr), CURLM_BAD_FUNCTION_ARGUMENT);
  for (const auto& handle : handles) remove(*handle);
}

// --- get_handles and get_offt

// contract: 13.1, 13.2
TEST_F(Waiting, GetHandlesGivesAllThatAreAdded) {
  CURL** list = curl_multi_get_handles(multi);
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list[0], nullptr);
  curl_free(list);
  const Handle done("nosuchscheme://127.0.0.1/");
  Peer peer(world);
  peer.otherwise(answer_when_released());
  const Handle running(peer.url());
  const Handle gone(peer.url());
  add(done);
  add(running);
  add(gone);
  EXPECT_EQ(perform(), 2);
  remove(gone);
  list = curl_multi_get_handles(multi);
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(std::set<CURL*>(list, list + 2), (std::set<CURL*>{done.curl, running.curl}));
  EXPECT_EQ(list[2], nullptr);
  remove(done);
  EXPECT_TRUE(list[0] == done.curl || list[1] == done.curl) << "it is the application's";
  curl_free(list);
  remove(running);
}

// contract: 13.3
TEST_F(Waiting, GetHandlesIsNothingWithoutMemory) {
  EXPECT_EQ(curl_multi_cleanup(multi), CURLM_OK);
  Faults::install();
  multi = curl_multi_init();
  Faults::arm(1, Faults::How::once);
  EXPECT_EQ(in_library([this] { return curl_multi_get_handles(multi); }), nullptr);
  EXPECT_TRUE(Faults::struck());
  Faults::disarm();
  EXPECT_EQ(curl_multi_cleanup(multi), CURLM_OK);
  Faults::uninstall();
  multi = curl_multi_init();
}

// contract: 13.4, 13.5, 13.6, 13.7
TEST_F(Waiting, CountsAreOfHandles) {
  const auto expect = [&](curl_off_t added, curl_off_t current, curl_off_t running, curl_off_t pending,
                          curl_off_t done) {
    EXPECT_EQ(count(CURLMINFO_XFERS_ADDED), added);
    EXPECT_EQ(count(CURLMINFO_XFERS_CURRENT), current);
    EXPECT_EQ(count(CURLMINFO_XFERS_RUNNING), running);
    EXPECT_EQ(count(CURLMINFO_XFERS_PENDING), pending);
    EXPECT_EQ(count(CURLMINFO_XFERS_DONE), done);
  };
  expect(0, 0, 0, 0, 0);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  Peer peer(world);
  peer.otherwise(answer_when_released());
  const Handle first(peer.url());
  const Handle second(peer.url());
  const Handle bad("nosuchscheme://127.0.0.1/");
  add(first);
  add(second);
  add(bad);
  expect(3, 3, 3, 0, 0);
  EXPECT_EQ(perform(), 2);
  expect(3, 3, 1, 1, 1);
  ASSERT_NE(curl_multi_info_read(multi, nullptr), nullptr);
  expect(3, 3, 1, 1, 0);
  remove(bad);
  expect(3, 2, 1, 1, 0);
  add(bad);
  EXPECT_EQ(perform(), 2);
  remove(bad);
  expect(4, 2, 1, 1, 0);
  run_until_asked(peer);
  remove(first);
  expect(4, 1, 1, 0, 0);
  remove(second);
  expect(4, 0, 0, 0, 0);
}

// contract: 13.8
TEST_F(Waiting, CountsOfNothingAreRefused) {
  curl_off_t value = 77;
  for (const int number : {0, 6, -1, 1000}) {
    EXPECT_EQ(curl_multi_get_offt(multi, static_cast<CURLMinfo_offt>(number), &value), CURLM_UNKNOWN_OPTION);
  }
  EXPECT_EQ(curl_multi_get_offt(multi, CURLMINFO_XFERS_ADDED, nullptr), CURLM_BAD_FUNCTION_ARGUMENT);
}

}  // namespace
}  // namespace hiper::wire
