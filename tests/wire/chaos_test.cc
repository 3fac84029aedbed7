// Many transfers at once, with peers and an application that do everything in random order. One seed is one
// run. What is checked are the promises that App holds the library to, and that everything comes to an end.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class Chaos {
 public:
  explicit Chaos(unsigned seed) : dice_(seed) {
    curl_multi_setopt(app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, below(3) == 0 ? 2L : 0L);
    curl_multi_setopt(app().multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, below(3) == 0 ? 4L : 0L);
    for (int i = 0; i < 3; ++i) peers_.push_back(std::make_unique<Peer>(world_));
  }

  void run() {
    for (int rounds = 0; rounds < 120 && !testing::Test::HasFailure(); ++rounds) {
      act();
      world_.step(0);
    }
    for (const auto& one : running_) {
      one->on_body = nullptr;
      if (!one->done) app().pause(*one, CURLPAUSE_CONT);
    }
    world_.run(
        [this] {
          return std::all_of(running_.begin(), running_.end(), [](const auto& one) { return one->done; });
        },
        "the end of all transfers");
    for (const auto& one : running_) app().remove(*one);
    EXPECT_EQ(app().num_announced(), 0u);
    EXPECT_EQ(app().timer_ms(), -1);
  }

 private:
  App& app() { return world_.app(); }
  unsigned below(unsigned n) { return static_cast<unsigned>(dice_() % n); }
  bool maybe() { return below(2) == 0; }

  Script script() {
    const std::string text(below(4) == 0 ? 200000 : below(50), 'x');
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    switch (below(9)) {
      case 0:
        return {request(), send(response(text)), close_it()};
      case 1:
        return {request(), reset_it()};
      case 2:
        return {bytes(below(60)), reset_it()};
      case 3:
        return {request(), send(response(text).substr(0, below(60))), maybe() ? close_it() : reset_it()};
      case 4:
        return {request(), trickle(chunked), again()};
      case 5:
        return {head(), send(response("no", "", "403 Forbidden")), client_gone()};
      case 6:
        return {request(), send(response("", "Location: " + any_peer().url("/there") + "\r\n", "302 Found")),
                again()};
      default:
        return always(maybe() ? response(text) : chunked);
    }
  }
  Peer& any_peer() { return *peers_[below(static_cast<unsigned>(peers_.size()))]; }

  void add_one() {
    Peer& peer = any_peer();
    peer.otherwise(script());
    auto one = std::make_unique<Handle>(peer.url("/" + std::to_string(below(100))));
    one->set(CURLOPT_TIMEOUT_MS, below(4) == 0 ? static_cast<long>(1 + below(30)) : 100L);
    one->set(CURLOPT_FOLLOWLOCATION, 1L);
    one->set(CURLOPT_MAXREDIRS, 3L);
    if (below(3) == 0)
      one->post_by_callback(std::string(below(3) == 0 ? 100000 : 10, 'p'), maybe() ? -1 : 10);
    if (below(4) == 0) one->set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{20000000});
    if (below(3) == 0) {
      one->on_body = [this](std::string_view piece) {
        return below(3) == 0 ? std::size_t{CURL_WRITEFUNC_PAUSE} : piece.size();
      };
    }
    EXPECT_EQ(app().add(*one), CURLM_OK);
    running_.push_back(std::move(one));
  }

  void act() {
    if (running_.size() < 12 && below(3) != 0) add_one();
    if (running_.empty()) return;
    const auto at = running_.begin() + below(static_cast<unsigned>(running_.size()));
    Handle& one = **at;
    switch (below(7)) {
      case 0:
        app().remove(one);
        running_.erase(at);
        break;
      case 5:
        EXPECT_TRUE(!mixes_ || app().perform() == CURLM_OK);
        break;
      case 1:
        app().pause(one, CURLPAUSE_ALL);
        break;
      case 2:
        app().pause(one, CURLPAUSE_RECV);
        break;
      case 3:
      case 4:
        app().pause(one, CURLPAUSE_CONT);
        break;
      default:
        EXPECT_EQ(app().socket_action(app().only_socket(), 0), CURLM_OK);
        break;
    }
    if (one_is_done_twice()) ADD_FAILURE();
  }
  /// Finished ones are sometimes run again.
  bool one_is_done_twice() {
    for (const auto& one : running_) {
      if (!one->done || below(4) != 0) continue;
      app().remove(*one);
      one->clear();
      return app().add(*one) != CURLM_OK;
    }
    return false;
  }

  std::mt19937 dice_;
  bool mixes_ = maybe();  ///< calls curl_multi_perform, too
  World world_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::unique_ptr<Handle>> running_;
};

// contract: 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.13, 5.14, 5.19, 7.13, 8.1, 9.1
TEST(Random, ManyTransfersInEveryOrder) {
  const int before = num_descriptors();
  // --gtest_random_seed=N chooses other runs.
  const auto first = static_cast<unsigned>(GTEST_FLAG_GET(random_seed)) * 1000;
  for (unsigned seed = first; seed < first + 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Chaos(seed).run();
    EXPECT_EQ(num_descriptors(), before);
  }
}

}  // namespace
}  // namespace hiper::wire
