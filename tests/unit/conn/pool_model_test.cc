// The pool under random steps: whatever happens, its counts are right, its limits hold and nobody is
// forgotten.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "pool_users.hpp"

namespace hiper {
namespace {

/// Random transfers on a few hosts with two keys each, checked after every step.
class PoolModel {
 public:
  explicit PoolModel(unsigned seed) : random_(seed) {
    reactor_.freeze();
    for (int i = 0; i < 24; ++i) users_.emplace_back(reactor_);
    plans_.resize(users_.size());
  }

  void run(int num_steps, bool limits_may_fall) {
    limits_may_fall_ = limits_may_fall;
    set_limits(random_up_to(6), random_up_to(3));
    for (int i = 0; i < num_steps && !testing::Test::HasFailure(); ++i) {
      step();
      check();
    }
    drain();
  }

 private:
  struct Plan {
    std::size_t host = 0;
    std::uint64_t asked = 0;  ///< the order of asking
    bool waiting = false;
  };
  std::size_t random_up_to(std::size_t last) {
    return std::uniform_int_distribution<std::size_t>(0, last)(random_);
  }
  void set_limits(std::size_t total, std::size_t host) {
    limits_ = {total, host, 4 + random_up_to(8)};
    pool_.set_limits(limits_);
  }

  void step() {
    const std::size_t at = random_up_to(users_.size() - 1);
    User& who = users_[at];
    reactor_.advance(static_cast<Nanos>(random_up_to(3)) * kSecond);
    const std::size_t dice = random_up_to(99);
    if (dice < 3) return change_limits();
    if (dice == 3) return pool_.clear();
    if (plans_[at].waiting) {
      if (Pool::served(who.request) && dice < 80) return take(at);
      if (dice > 90) cancel(at);
      return;
    }
    if (!who.lease) return ask(at);
    if (dice < 70) {
      who.lease.keep(reactor_.now());
    } else {
      who.lease.drop();
    }
  }
  void change_limits() {
    const auto changed = [&](std::size_t limit, std::size_t most) {
      if (limits_may_fall_) return random_up_to(most);
      return limit == 0 ? 0 : limit + random_up_to(1);
    };
    set_limits(changed(limits_.max_total, 6), changed(limits_.max_host, 3));
  }
  void ask(std::size_t at) {
    plans_[at] = {random_up_to(3), next_++, true};
    const std::size_t shape = random_up_to(1);
    const ConnectionKey key("host" + std::to_string(plans_[at].host), shape == 0 ? "plain" : "proxy");
    ReuseRules rules;
    rules.fresh = random_up_to(9) == 0;
    rules.max_lifetime = random_up_to(4) == 0 ? 5 * kSecond : kNever;
    if (pool_.ask(users_[at].request, key, rules)) take(at);
  }
  void take(std::size_t at) {
    User& who = users_[at];
    plans_[at].waiting = false;
    who.lease = pool_.take(who.request);
    if (who.lease->connected()) return;
    who.lease->stream = std::make_unique<FakeStream>();
    who.lease->connected_at = reactor_.now();
  }
  void cancel(std::size_t at) {
    users_[at].request.cancel();
    plans_[at].waiting = false;
  }

  void check() {
    std::map<const PoolHost*, std::size_t> leased;
    std::size_t num_leased = 0;
    std::size_t num_served = 0;
    std::size_t num_waiting = 0;
    for (std::size_t i = 0; i < users_.size(); ++i) {
      User& one = users_[i];
      if (one.lease) {
        ++leased[&one.lease->bucket().host];
        ++num_leased;
      }
      if (Pool::served(one.request)) ++num_served;
      if (one.request.waiting()) ++num_waiting;
      ASSERT_EQ(plans_[i].waiting, one.request.waiting() || Pool::served(one.request));
      check_order(i);
    }
    ASSERT_EQ(pool_.num_waiting(), num_waiting);
    ASSERT_EQ(pool_.num_connections(), num_leased + num_served + pool_.num_idle());
    const bool total_full = limits_.max_total != 0 && pool_.num_connections() >= limits_.max_total;
    if (!limits_may_fall_ && limits_.max_total != 0) {
      ASSERT_LE(pool_.num_connections(), limits_.max_total);
    }
    for (const auto& [host, count] : leased) {
      ASSERT_GE(host->num_connections, count);
      if (!limits_may_fall_ && limits_.max_host != 0) {
        ASSERT_LE(host->num_connections + host->num_promised, limits_.max_host);
      }
      if (!host->queue.empty()) {
        ASSERT_NE(limits_.max_host, 0U);
        ASSERT_GE(host->num_connections + host->num_promised, limits_.max_host) << "waits in vain";
        ASSERT_TRUE(host->idle.empty());
      }
      if (host->num_promised != 0) {
        ASSERT_TRUE(total_full) << "waits in vain";
      }
    }
    if (limits_.max_total == 0 && limits_.max_host == 0) {
      ASSERT_EQ(num_waiting, 0U);
    }
    reactor_.run_ready();
  }
  /// Nobody still waits who asked at the same host before somebody who was served out of the queue.
  void check_order(std::size_t served) {
    if (!Pool::served(users_[served].request)) return;
    for (std::size_t i = 0; i < users_.size(); ++i) {
      const bool earlier = plans_[i].host == plans_[served].host && plans_[i].asked < plans_[served].asked;
      if (earlier) {
        ASSERT_FALSE(users_[i].request.waiting()) << "overtaken";
      }
    }
  }

  /// Everybody who waits is served once the others have finished.
  void drain() {
    for (std::size_t round = 0; round < 10 * users_.size(); ++round) {
      for (std::size_t i = 0; i < users_.size(); ++i) {
        if (users_[i].lease) users_[i].lease.keep(reactor_.now());
        if (plans_[i].waiting && Pool::served(users_[i].request)) take(i);
        check();
      }
    }
    for (const Plan& plan : plans_) EXPECT_FALSE(plan.waiting) << "left in the queue";
    EXPECT_EQ(pool_.num_connections(), pool_.num_idle());
    pool_.clear();
    EXPECT_EQ(pool_.num_connections(), 0U);
    EXPECT_EQ(FakeStream::num_live, 0);
  }

  std::mt19937 random_;
  FakeReactor reactor_;
  Pool pool_{reactor_};
  std::deque<User> users_;
  std::vector<Plan> plans_;
  PoolLimits limits_;
  std::uint64_t next_ = 0;
  bool limits_may_fall_ = false;
};

// contract: 15.4, 15.5, 15.6, 15.7
TEST(PoolModelTest, CountsLimitsAndOrderHoldAfterEveryRandomStep) {
  for (unsigned seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PoolModel(seed).run(1000, false);
  }
}

TEST(PoolModelTest, NobodyIsForgottenWhenLimitsFallAndRise) {
  for (unsigned seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PoolModel(seed).run(1000, true);
  }
}

}  // namespace
}  // namespace hiper
