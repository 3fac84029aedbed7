// Many transfers, and servers that never answer: what a queue costs, what a time limit counts, and that no
// call waits for anybody.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>

#include "wire/support/full_listener.hpp"
#include "wire/support/name_server.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
}
long num_sleeps() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

class Crowds : public testing::Test {
 protected:
  App& app() { return world.app(); }
  void start(Handle& handle) {
    ASSERT_EQ(app().add(handle), CURLM_OK);
    ASSERT_EQ(app().fire_timer(), CURLM_OK);
  }
  World world;
};
using NoWaiting = testing::Test;

// --- A long queue

/// An application without the checks of App, whose cost grows with the number of handles.
class BareApp final : public Actor {
 public:
  explicit BareApp(World& world) : multi(curl_multi_init()), world_(world) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    world.join(*this);
  }
  BareApp(const BareApp&) = delete;
  BareApp& operator=(const BareApp&) = delete;
  ~BareApp() {
    world_.leave(*this);
    for (CURL* const easy : easies) {
      curl_multi_remove_handle(multi, easy);
      curl_easy_cleanup(easy);
    }
    EXPECT_EQ(curl_multi_cleanup(multi), CURLM_OK);
  }
  void add(const std::string& url, int count, long timeout_ms = 600000) {
    for (int i = 0; i < count; ++i) {
      CURL* const easy = curl_easy_init();
      curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
      curl_easy_setopt(easy, CURLOPT_PROXY, "");
      curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
      curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
      EXPECT_EQ(curl_multi_add_handle(multi, easy), CURLM_OK);
      easies.push_back(easy);
    }
  }
  void act(int fd, int bits) {
    ++num_calls;
    EXPECT_EQ(curl_multi_socket_action(multi, fd, bits, &running), CURLM_OK);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
      ++num_done;
      num_failed += message->data.result == CURLE_OK ? 0 : 1;
      num_timed_out += message->data.result == CURLE_OPERATION_TIMEDOUT ? 1 : 0;
    }
  }
  void pump() override {
    if (timer_left() == 0) {
      due_ = -1;
      act(CURL_SOCKET_TIMEOUT, 0);
    }
    std::vector<pollfd> set;
    add_to(set);
    poll(set.data(), set.size(), 0);
    for (const pollfd& one : set) {
      if (one.revents != 0 && interest.count(one.fd) != 0) act(one.fd, 0);
    }
  }
  void add_to(std::vector<pollfd>& set) const override {
    for (const auto& [fd, what] : interest) {
      set.push_back({fd, static_cast<short>(what == CURL_POLL_OUT ? POLLOUT : POLLIN), 0});
    }
  }
  int timer_left() const override {
    return due_ < 0 ? -1 : static_cast<int>(std::max<std::int64_t>(0, due_ - now_ms()));
  }

  CURLM* multi;
  std::vector<CURL*> easies;
  std::map<int, int> interest;
  int running = 0;
  int num_done = 0;
  int num_failed = 0;
  int num_timed_out = 0;
  long num_calls = 0;
  int num_timers = 0;

 private:
  static std::size_t swallow(char*, std::size_t size, std::size_t count, void*) { return size * count; }
  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& interest = static_cast<BareApp*>(self)->interest;
    if (what == CURL_POLL_REMOVE) {
      interest.erase(fd);
    } else {
      interest[fd] = what;
    }
    return 0;
  }
  static int on_timer(CURLM*, long ms, void* self) {
    static_cast<BareApp*>(self)->due_ = ms < 0 ? -1 : now_ms() + ms;
    ++static_cast<BareApp*>(self)->num_timers;
    return 0;
  }
  static std::int64_t now_ms() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  }
  World& world_;
  std::int64_t due_ = -1;
};

struct Cost {
  double seconds;
  double calls;
};

/// Of `count` transfers over six connections.
Cost cost_of(int count) {
  World world;
  Peer peer(world);
  BareApp bare(world);
  curl_multi_setopt(bare.multi, CURLMOPT_MAX_HOST_CONNECTIONS, 6L);
  const double before = cpu_seconds();
  bare.add(peer.url(), count);
  world.run([&] { return bare.num_done == count; }, "the end of the queue");
  const double seconds = cpu_seconds() - before;
  EXPECT_EQ(bare.num_failed, 0);
  EXPECT_LE(peer.num_accepted(), 6u);
  return {seconds, static_cast<double>(bare.num_calls)};
}

TEST_F(Crowds, AQueueOfTenThousandIsWorkedOffInLinearTime) {
  const Cost small = cost_of(2000);
  const Cost large = cost_of(10000);
  EXPECT_LE(large.calls, 5.5 * small.calls + 100);
  EXPECT_LE(large.seconds, 12 * small.seconds + 0.5);
}

/// What one event costs while `count` transfers wait.
double cost_of_events(int count) {
  World world;
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  BareApp bare(world);
  curl_multi_setopt(bare.multi, CURLMOPT_MAX_HOST_CONNECTIONS, 6L);
  bare.add(peer.url(), count);
  world.run([&] { return peer.requests.size() == 6; });
  const int timers = bare.num_timers;
  const int fd = bare.interest.begin()->first;
  const double before = cpu_seconds();
  for (int i = 0; i < 100000; ++i) bare.act(fd, CURL_CSELECT_IN);
  const double seconds = cpu_seconds() - before;
  EXPECT_EQ(bare.num_timers, timers);
  EXPECT_EQ(bare.running, count);
  return seconds;
}

// contract: 1.9
TEST_F(Crowds, AnEventCostsTheSameHoweverManyWaitInTheQueue) {
  const double few = cost_of_events(10);
  const double many = cost_of_events(10000);
  EXPECT_LE(many, 4 * few + 0.1);
}

// contract: 15.11
TEST_F(Crowds, TimeInTheQueueDoesNotCountAsTimeForConnecting) {
  curl_multi_setopt(app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  Peer peer(world);
  peer.expect({request(), hold(), send(response("first", "Connection: close\r\n")), close_it()});
  World clock;  // its one transfer takes the time that the queue lasts
  Peer silent(clock);
  silent.otherwise({request(), client_gone()});
  Handle hand(silent.url());
  hand.set(CURLOPT_TIMEOUT_MS, 450L);
  Handle first(peer.url());
  Handle queued(peer.url());
  queued.set(CURLOPT_CONNECTTIMEOUT_MS, 200L);
  app().add(first);
  app().add(queued);
  world.run([&] { return peer.requests.size() == 1; });
  EXPECT_EQ(clock.transfer(hand), CURLE_OPERATION_TIMEDOUT);
  EXPECT_FALSE(queued.done);
  peer.release();
  world.run_until_done(queued);
  EXPECT_EQ(queued.code, CURLE_OK) << queued.error;
  EXPECT_GE(queued.info<curl_off_t>(CURLINFO_QUEUE_TIME_T), 400000);
}

// --- Deadlines

TEST_F(Crowds, FiveHundredInFlightAtTheDeadlineEndOnceEach) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  BareApp bare(world);
  bare.add(peer.url(), 500, 2500);
  world.run([&] { return peer.requests.size() == 500 || bare.num_done != 0; });
  ASSERT_EQ(bare.num_done, 0) << "the machine is too slow for this test";
  const long calls = bare.num_calls;
  world.run([&] { return bare.num_done >= 500; });
  while (bare.timer_left() >= 0) ASSERT_TRUE(world.step());
  EXPECT_EQ(bare.num_done, 500);
  EXPECT_EQ(bare.num_timed_out, 500);
  EXPECT_EQ(bare.running, 0);
  EXPECT_TRUE(bare.interest.empty());
  EXPECT_LE(bare.num_calls - calls, 1010);
}

// --- Names

// contract: 2.17
TEST_F(Crowds, TwoHundredHandlesForOneNewNameAskOnce) {
  NameServer names(world);
  Peer peer(world);
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 200; ++i) {
    handles.push_back(std::make_unique<Handle>(NameServer::url("shared.test", peer)));
    names.serve(*handles.back());
    app().add(*handles.back());
  }
  for (const auto& handle : handles) {
    world.run_until_done(*handle);
    EXPECT_EQ(handle->code, CURLE_OK);
  }
  EXPECT_EQ(names.server.num_asked, 1);
}

TEST_F(Crowds, OneOfManyThatWaitForANameGoesAndTheOthersGetIt) {
  NameServer names(world);
  names.listens = false;
  Peer peer(world);
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 10; ++i) {
    handles.push_back(std::make_unique<Handle>(NameServer::url("shared.test", peer)));
    names.serve(*handles.back());
    app().add(*handles.back());
  }
  app().fire_timer();
  EXPECT_EQ(app().num_announced(), 1u) << "one question";
  EXPECT_EQ(app().remove(*handles[0]), CURLM_OK) << "the one that asked first";
  EXPECT_EQ(app().num_announced(), 1u);
  names.listens = true;
  for (std::size_t i = 1; i < handles.size(); ++i) {
    world.run_until_done(*handles[i]);
    EXPECT_EQ(handles[i]->code, CURLE_OK);
  }
  EXPECT_EQ(names.server.num_asked, 1);
}

// --- No call waits

/// Calls `end` on a transfer that waits for a name server that never answers. A thread that waits sleeps,
/// which the system counts.
template <class End>
void expect_no_wait(End end) {
  bool once_without = false;
  for (int attempt = 0; attempt < 5 && !once_without; ++attempt) {
    World world;
    NameServer names(world);
    names.be_silent();
    Peer peer(world);
    auto get = std::make_unique<Handle>(NameServer::url("dead.test", peer));
    names.serve(*get);
    get->set(CURLOPT_TIMEOUT_MS, 30L);
    world.app().add(*get);
    world.run([&] { return names.server.num_asked != 0; });
    const auto before = std::chrono::steady_clock::now();
    const long sleeps = num_sleeps();
    end(world, get);
    once_without =
        num_sleeps() == sleeps && std::chrono::steady_clock::now() - before < std::chrono::milliseconds(50);
  }
  EXPECT_TRUE(once_without) << "it waits for something";
}

// contract: 1.8
TEST_F(NoWaiting, RemovingOneThatWaitsForADeadNameServerDoesNotWait) {
  expect_no_wait([](World& world, auto& get) { EXPECT_EQ(world.app().remove(*get), CURLM_OK); });
}
TEST_F(NoWaiting, CleaningUpAnEasyHandleThatWaitsForADeadNameServerDoesNotWait) {
  expect_no_wait([](World& world, auto& get) {
    world.app().forget(*get);
    get.reset();
  });
}
// contract: 1.8
TEST_F(NoWaiting, CleaningUpAMultiHandleWhoseTransferWaitsForADeadNameServerDoesNotWait) {
  expect_no_wait([](World& world, auto&) { EXPECT_EQ(world.app().cleanup(), CURLM_OK); });
}
// contract: 1.8
TEST_F(NoWaiting, ATimeLimitAtADeadNameServerDoesNotWait) {
  expect_no_wait([](World& world, auto& get) {
    while (!get->done) EXPECT_EQ(world.app().fire_timer(), CURLM_OK);
    EXPECT_EQ(get->code, CURLE_OPERATION_TIMEDOUT);
  });
}

}  // namespace
}  // namespace hiper::wire
