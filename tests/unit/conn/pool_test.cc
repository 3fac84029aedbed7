#include "conn/pool.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include "pool_users.hpp"
#include "support/failing_new.hpp"
#include "support/fake_reactor.hpp"

namespace hiper {
namespace {

ConnectionKey key_of(std::string host, std::string shape = "plain") {
  return ConnectionKey(std::move(host), std::move(shape));
}

class PoolTest : public testing::Test {
 protected:
  PoolTest() {
    FakeStream::num_farewells = 0;
    reactor.freeze();
    pool.set_limits({0, 0, 100});
  }
  ~PoolTest() override {
    reactor.run_ready();
    users.clear();
    pool.clear();
    EXPECT_EQ(pool.num_connections(), 0U);
    EXPECT_EQ(pool.num_idle(), 0U);
    EXPECT_EQ(pool.num_waiting(), 0U);
    EXPECT_EQ(FakeStream::num_live, 0);
  }

  User& user() { return users.emplace_back(reactor); }
  bool ask(User& who, const ConnectionKey& key, ReuseRules rules = {}) {
    const bool served = pool.ask(who.request, key, rules);
    if (served) take(who);
    return served;
  }
  void take(User& who) {
    who.lease = pool.take(who.request);
    if (who.lease->connected()) return;
    who.lease->stream = std::make_unique<FakeStream>();
    who.lease->connected_at = reactor.now();
  }
  /// A user with a connection for `key`.
  User& holder(const ConnectionKey& key) {
    User& who = user();
    EXPECT_TRUE(ask(who, key));
    return who;
  }
  /// A user queued for `key`.
  User& waiter(const ConnectionKey& key, ReuseRules rules = {}) {
    User& who = user();
    EXPECT_FALSE(ask(who, key, rules));
    EXPECT_TRUE(who.request.waiting());
    return who;
  }
  void keep(User& who) { who.lease.keep(reactor.now()); }
  bool was_woken(User& who) {
    reactor.run_ready();
    return std::exchange(who.task.num_runs, 0) != 0;
  }
  FakeStream& stream_of(User& who) { return static_cast<FakeStream&>(*who.lease->stream); }

  FakeReactor reactor;
  Pool pool{reactor};
  std::deque<User> users;
};

const ConnectionKey kA = key_of("a.test:80");
const ConnectionKey kA2 = key_of("a.test:80", "other proxy");
const ConnectionKey kB = key_of("b.test:80");

TEST_F(PoolTest, AConnectionIsReusedForAnEqualKeyOnly) {
  User& first = holder(kA);
  const curl_off_t id = first.lease->id();
  keep(first);
  EXPECT_EQ(pool.num_idle(), 1U);
  User& other_shape = holder(kA2);
  EXPECT_NE(other_shape.lease->id(), id);
  User& other_host = holder(kB);
  EXPECT_NE(other_host.lease->id(), id);
  User& same = holder(key_of("a.test:80"));
  EXPECT_EQ(same.lease->id(), id);
  EXPECT_EQ(same.lease->num_uses, 2U);
  EXPECT_EQ(pool.num_connections(), 3U);
}

TEST_F(PoolTest, AnIdleConnectionIsTakenWithoutARequest) {
  User& first = holder(kA);
  const curl_off_t id = first.lease->id();
  EXPECT_FALSE(pool.take_idle(kA, {}));
  keep(first);
  EXPECT_FALSE(pool.take_idle(kA2, {}));
  EXPECT_FALSE(pool.take_idle(kB, {}));
  Lease lease = pool.take_idle(key_of("a.test:80"), {});
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->id(), id);
  EXPECT_EQ(lease->num_uses, 2U);
  EXPECT_EQ(pool.num_idle(), 0U);
  EXPECT_FALSE(pool.take_idle(kA, {}));
}

TEST_F(PoolTest, TakingIdleObeysTheRulesAndClosesTheDead) {
  User& one = holder(kA);
  User& two = holder(kA);
  stream_of(one).answer = IoResult::closed();
  stream_of(two).answer = IoResult::moved(1);
  keep(one);
  keep(two);
  ReuseRules fresh;
  fresh.fresh = true;
  EXPECT_FALSE(pool.take_idle(kA, fresh));
  EXPECT_EQ(pool.num_idle(), 2U);
  ReuseRules probing;
  probing.probe = true;
  EXPECT_FALSE(pool.take_idle(kA, probing));
  EXPECT_EQ(pool.num_connections(), 0U);
  EXPECT_EQ(FakeStream::num_farewells, 2);
}

TEST_F(PoolTest, AnInternedKeySharesTheTextOfTheOneInUse) {
  const ConnectionKey equal = key_of("a.test:80");
  EXPECT_EQ(pool.interned(equal).host().data(), equal.host().data());
  const User& first = holder(kA);
  EXPECT_TRUE(first.lease);
  EXPECT_NE(equal.host().data(), kA.host().data());
  EXPECT_EQ(pool.interned(equal).host().data(), kA.host().data());
  EXPECT_EQ(pool.interned(kB).host().data(), kB.host().data());
}

TEST_F(PoolTest, NumbersOfConnectionsCountFromZero) {
  EXPECT_EQ(holder(kA).lease->id(), 0);
  EXPECT_EQ(holder(kA).lease->id(), 1);
  EXPECT_EQ(holder(kB).lease->id(), 2);
}

TEST_F(PoolTest, TheConnectionUsedLastIsReusedFirst) {
  User& one = holder(kA);
  User& two = holder(kA);
  const curl_off_t first = one.lease->id();
  const curl_off_t second = two.lease->id();
  keep(one);
  keep(two);
  EXPECT_EQ(holder(kA).lease->id(), second);
  EXPECT_EQ(holder(kA).lease->id(), first);
}

TEST_F(PoolTest, AStreamIsToldWhenItBecomesIdleAndBeforeItIsClosed) {
  User& one = holder(kA);
  FakeStream& stream = stream_of(one);
  keep(one);
  EXPECT_EQ(stream.num_idled, 1);
  EXPECT_EQ(FakeStream::num_farewells, 0);
  pool.clear();
  EXPECT_EQ(FakeStream::num_farewells, 1);
  EXPECT_EQ(FakeStream::num_live, 0);
}

TEST_F(PoolTest, TheLongestIdleIsClosedWhenTooManyAreOpen) {
  pool.set_limits({0, 0, 2});
  User& one = holder(kA);
  User& two = holder(kB);
  User& three = holder(kA2);
  const curl_off_t second = two.lease->id();
  const curl_off_t third = three.lease->id();
  keep(one);  // three are open, so the only idle one goes
  EXPECT_EQ(pool.num_connections(), 2U);
  EXPECT_EQ(pool.num_idle(), 0U);
  keep(two);
  keep(three);
  EXPECT_EQ(pool.num_idle(), 2U);
  pool.set_limits({0, 0, 1});
  EXPECT_EQ(pool.num_idle(), 1U);
  EXPECT_NE(holder(kB).lease->id(), second);
  EXPECT_EQ(holder(kA2).lease->id(), third);
}

TEST_F(PoolTest, DroppedLeasesCloseTheirConnection) {
  User& one = holder(kA);
  one.lease.drop();
  EXPECT_EQ(pool.num_connections(), 0U);
  EXPECT_EQ(FakeStream::num_farewells, 1);
  {
    Lease moved = std::move(holder(kA).lease);
    Lease second = std::move(moved);
    EXPECT_FALSE(moved);
    EXPECT_TRUE(second);
    second = Lease();
    EXPECT_EQ(pool.num_connections(), 0U);
  }
}

TEST_F(PoolTest, FreshRequestsLeaveIdleConnectionsAlone) {
  User& one = holder(kA);
  const curl_off_t id = one.lease->id();
  keep(one);
  User& fresh = user();
  ReuseRules rules;
  rules.fresh = true;
  ASSERT_TRUE(ask(fresh, kA, rules));
  EXPECT_NE(fresh.lease->id(), id);
  EXPECT_EQ(pool.num_idle(), 1U);
}

TEST_F(PoolTest, ConnectionsThatWereIdleOrOpenForTooLongAreClosed) {
  const auto reused = [&](ReuseRules rules, Nanos idle_for) {
    User& one = holder(kA);
    const curl_off_t id = one.lease->id();
    keep(one);
    reactor.advance(idle_for);
    User& two = user();
    EXPECT_TRUE(ask(two, kA, rules));
    const bool same = two.lease->id() == id;
    two.lease.drop();
    pool.clear();
    return same;
  };
  EXPECT_TRUE(reused({}, 118 * kSecond));
  EXPECT_FALSE(reused({}, 118 * kSecond + 1));
  ReuseRules rules;
  rules.max_idle = 3 * kSecond;
  EXPECT_TRUE(reused(rules, 3 * kSecond));
  EXPECT_FALSE(reused(rules, 3 * kSecond + 1));
  rules.max_lifetime = 2 * kSecond;
  EXPECT_TRUE(reused(rules, 2 * kSecond));
  EXPECT_FALSE(reused(rules, 2 * kSecond + 1));
}

TEST_F(PoolTest, AnIdleConnectionIsProbedOnlyAfterAPauseOrOnDemand) {
  User& one = holder(kA);
  FakeStream& stream = stream_of(one);
  keep(one);
  User& two = holder(kA);
  EXPECT_EQ(stream.num_reads, 0);
  keep(two);
  User& three = user();
  ReuseRules rules;
  rules.probe = true;
  ASSERT_TRUE(ask(three, kA, rules));
  EXPECT_EQ(&stream_of(three), &stream);
  EXPECT_EQ(stream.num_reads, 1);
  keep(three);
  reactor.advance(kSecond);
  EXPECT_EQ(&stream_of(holder(kA)), &stream);
  EXPECT_EQ(stream.num_reads, 2);
}

TEST_F(PoolTest, AProbedConnectionThatIsNotSilentIsNotReused) {
  for (const IoResult said :
       {IoResult::closed(), IoResult::moved(1), IoResult::failed(CURLE_RECV_ERROR, ECONNRESET)}) {
    User& good = holder(kA);
    User& bad = holder(kA);
    const curl_off_t good_id = good.lease->id();
    stream_of(bad).answer = said;
    keep(good);
    keep(bad);
    reactor.advance(2 * kSecond);
    User& next = holder(kA);  // the next on the stack is taken
    EXPECT_EQ(next.lease->id(), good_id);
    EXPECT_EQ(pool.num_connections(), 1U);
    next.lease.drop();
  }
}

// contract: 15.7, 15.8
TEST_F(PoolTest, TheHostLimitQueuesInOrderAndWakesExactlyOne) {
  pool.set_limits({0, 2, 100});
  User& one = holder(kA);
  User& two = holder(kA);
  User& three = waiter(kA);
  User& four = waiter(kA2);
  holder(kB);  // another host is not concerned
  EXPECT_EQ(pool.num_waiting(), 2U);
  const std::size_t wakes = reactor.num_wakes();
  one.lease.drop();
  EXPECT_EQ(reactor.num_wakes(), wakes + 1);
  EXPECT_TRUE(was_woken(three));
  EXPECT_FALSE(was_woken(four));
  ASSERT_TRUE(Pool::served(three.request));
  take(three);
  two.lease.drop();
  EXPECT_TRUE(was_woken(four));
  take(four);
  EXPECT_EQ(pool.num_waiting(), 0U);
}

TEST_F(PoolTest, AConnectionGivenBackIsHandedToTheFirstInLine) {
  pool.set_limits({0, 1, 100});
  User& one = holder(kA);
  const curl_off_t id = one.lease->id();
  User& two = waiter(kA);
  User& three = waiter(kA);
  FakeStream& stream = stream_of(one);
  keep(one);
  EXPECT_EQ(stream.num_idled, 0) << "it is not idle, it has a next user";
  EXPECT_TRUE(was_woken(two));
  EXPECT_FALSE(Pool::served(three.request));
  take(two);
  EXPECT_EQ(two.lease->id(), id);
  keep(two);
  EXPECT_TRUE(was_woken(three));
  take(three);
  EXPECT_EQ(three.lease->id(), id);
  EXPECT_EQ(three.lease->num_uses, 3U);
}

TEST_F(PoolTest, AConnectionThatTheFirstInLineCannotUseMakesRoomForItsOwn) {
  pool.set_limits({0, 1, 100});
  User& one = holder(kA);
  User& two = waiter(kA2);
  User& three = waiter(kA);
  keep(one);
  EXPECT_TRUE(was_woken(two));
  EXPECT_FALSE(Pool::served(three.request)) << "overtaking";
  EXPECT_EQ(FakeStream::num_live, 0);
  take(two);
  keep(two);
  EXPECT_TRUE(was_woken(three));
}

TEST_F(PoolTest, AQueuedRequestForAFreshConnectionIsNotHandedAnOldOne) {
  for (const PoolLimits limits : {PoolLimits{0, 1, 100}, PoolLimits{1, 0, 100}}) {
    pool.set_limits(limits);
    User& one = holder(kA);
    ReuseRules rules;
    rules.fresh = true;
    User& fresh = waiter(kA, rules);
    keep(one);
    EXPECT_TRUE(was_woken(fresh));
    fresh.lease = pool.take(fresh.request);
    EXPECT_FALSE(fresh.lease->connected());
    fresh.lease.drop();
  }
}

TEST_F(PoolTest, AQueuedRequestIsNotHandedAConnectionOlderThanItAccepts) {
  pool.set_limits({0, 1, 100});
  User& one = holder(kA);
  ReuseRules rules;
  rules.max_lifetime = kSecond;
  User& two = waiter(kA, rules);
  reactor.advance(2 * kSecond);
  keep(one);
  EXPECT_TRUE(was_woken(two));
  two.lease = pool.take(two.request);
  EXPECT_FALSE(two.lease->connected());
}

TEST_F(PoolTest, AtTheHostLimitAnIdleConnectionOfThatHostMakesRoom) {
  pool.set_limits({0, 1, 100});
  User& elsewhere = holder(kB);
  keep(elsewhere);
  keep(holder(kA));
  EXPECT_TRUE(ask(user(), kA2));
  EXPECT_EQ(pool.num_connections(), 2U);
  EXPECT_EQ(pool.num_idle(), 1U);
}

// contract: 15.5
TEST_F(PoolTest, AtTheTotalLimitTheLongestIdleConnectionMakesRoom) {
  pool.set_limits({2, 0, 100});
  User& one = holder(kA);
  User& two = holder(kB);
  const curl_off_t second = two.lease->id();
  keep(one);
  keep(two);
  EXPECT_TRUE(ask(user(), kA2));
  EXPECT_EQ(pool.num_connections(), 2U);
  EXPECT_EQ(holder(kB).lease->id(), second);
}

// contract: 15.7
TEST_F(PoolTest, TheTotalLimitQueuesAcrossHostsInOrder) {
  pool.set_limits({1, 0, 100});
  User& one = holder(kA);
  User& two = waiter(kB);
  User& three = waiter(kA);
  keep(one);  // kA2's turn comes first, so the connection to kA cannot be kept
  EXPECT_TRUE(was_woken(two));
  EXPECT_FALSE(was_woken(three));
  take(two);
  EXPECT_EQ(pool.num_connections(), 1U);
  two.lease.drop();
  EXPECT_TRUE(was_woken(three));
  take(three);
  User& four = waiter(kA);
  keep(three);
  EXPECT_TRUE(was_woken(four));
  take(four);
  EXPECT_EQ(four.lease->num_uses, 2U);
}

TEST_F(PoolTest, AHostWithALongQueueDoesNotStarveOthersAtTheTotalLimit) {
  pool.set_limits({2, 2, 100});
  User* using_a = &holder(kA);
  holder(kA);
  User& early = waiter(kA);
  User& other = waiter(kB);
  keep(*using_a);
  ASSERT_TRUE(Pool::served(early.request));
  take(early);
  waiter(kA);
  waiter(kA);
  keep(early);
  EXPECT_TRUE(was_woken(other)) << "it has waited longer than those of the other host";
}

// contract: 15.9
TEST_F(PoolTest, CancelledRequestsGiveTheirPlaceOn) {
  pool.set_limits({0, 1, 100});
  User& one = holder(kA);
  User& two = waiter(kA);
  User& three = waiter(kA);
  User& four = waiter(kA);
  three.request.cancel();
  EXPECT_EQ(pool.num_waiting(), 2U);
  one.lease.drop();
  ASSERT_TRUE(Pool::served(two.request));
  two.request.cancel();  // had the right to open one
  EXPECT_TRUE(was_woken(four));
  EXPECT_FALSE(was_woken(three));
  take(four);
  User& five = waiter(kA);
  User& six = waiter(kA);
  keep(four);
  ASSERT_TRUE(Pool::served(five.request));
  five.request.cancel();  // had been handed a connection
  EXPECT_TRUE(was_woken(six));
  five.request.cancel();
}

// A request that left the host's queue for the total one, and gave up there, used to take the host's place
// with it.
TEST_F(PoolTest, ARequestCancelledInTheTotalQueueGivesItsPlaceAtTheHostOn) {
  pool.set_limits({1, 1, 100});
  User& one = holder(kA);
  User& first_at_a = waiter(kA);
  User& second_at_a = waiter(kA);
  first_at_a.request.cancel();
  User& at_b = waiter(kB);
  User& third_at_a = waiter(kA);
  one.lease.drop();
  User* const served = Pool::served(second_at_a.request) ? &second_at_a : &at_b;
  take(*served);
  second_at_a.request.cancel();
  at_b.request.cancel();
  served->lease.drop();
  EXPECT_TRUE(was_woken(third_at_a));
}

TEST_F(PoolTest, ALimitLoweredBelowTheIdleConnectionsStillServes) {
  std::vector<User*> idle;
  for (int i = 0; i < 5; ++i) idle.push_back(&holder(kB));
  User& busy = holder(kA);
  for (User* const one : idle) keep(*one);
  pool.set_limits({2, 0, 100});
  EXPECT_TRUE(ask(user(), kA2)) << "idle connections above the limit make room";
  EXPECT_EQ(pool.num_connections(), 2U);
  keep(busy);
}

TEST_F(PoolTest, IdleConnectionsElsewhereDoNotKeepAWaitingRequestFromItsPlace) {
  pool.set_limits({3, 1, 100});
  User& one = holder(kA);
  User& two = waiter(kA2);
  const ConnectionKey c = key_of("c.test:80");
  keep(holder(kB));
  keep(holder(c));
  EXPECT_EQ(pool.num_connections(), 3U);
  pool.set_limits({3, 2, 100});
  EXPECT_TRUE(was_woken(two));
  EXPECT_EQ(pool.num_idle(), 1U);
  User& three = waiter(kA2);
  pool.set_limits({1, 2, 100});
  one.lease.drop();
  EXPECT_FALSE(was_woken(three));
  EXPECT_EQ(pool.num_idle(), 0U);
  two.request.cancel();
  EXPECT_TRUE(was_woken(three));
}

// contract: 15.12
TEST_F(PoolTest, RaisedLimitsLetWaitingRequestsGoInOrder) {
  pool.set_limits({0, 1, 100});
  holder(kA);
  User& two = waiter(kA);
  User& three = waiter(kA);
  User& four = waiter(kA);
  pool.set_limits({0, 3, 100});
  EXPECT_TRUE(Pool::served(two.request));
  EXPECT_TRUE(Pool::served(three.request));
  EXPECT_FALSE(Pool::served(four.request));
  pool.set_limits({0, 0, 100});
  EXPECT_TRUE(was_woken(four));
  for (User* const who : {&two, &three, &four}) take(*who);
}

TEST_F(PoolTest, ARaisedHostLimitUnderAFullTotalLimitLeavesNobodyBehind) {
  pool.set_limits({1, 1, 100});
  User& one = holder(kA);
  User& two = waiter(kA);
  User& three = waiter(kA);
  pool.set_limits({1, 3, 100});
  EXPECT_FALSE(Pool::served(two.request));
  one.lease.drop();
  ASSERT_TRUE(Pool::served(two.request));
  take(two);
  two.lease.drop();
  EXPECT_TRUE(was_woken(three));
}

TEST_F(PoolTest, ALoweredHostLimitHoldsBackThoseWhoCameLast) {
  pool.set_limits({1, 3, 100});
  User& one = holder(kA);
  User& two = waiter(kA);
  User& three = waiter(kA);
  User& four = waiter(kA);
  pool.set_limits({1, 1, 100});
  EXPECT_EQ(pool.num_waiting(), 3U);
  one.lease.drop();
  for (User* const next : {&two, &three, &four}) {
    ASSERT_TRUE(Pool::served(next->request));
    take(*next);
    next->lease.drop();
  }
}

TEST_F(PoolTest, AskingAgainGivesUpWhatWasAskedForBefore) {
  pool.set_limits({0, 1, 100});
  User& one = holder(kA);
  User& two = waiter(kA);
  EXPECT_TRUE(ask(two, kB));
  EXPECT_EQ(pool.num_waiting(), 0U);
  keep(one);
  EXPECT_EQ(pool.num_idle(), 1U);
}

TEST_F(PoolTest, BucketsAndHostsAreForgottenWhenUnused) {
  const long before = FailingNew::num_live();
  for (int i = 0; i < 1000; ++i) {
    User& one = holder(key_of("host" + std::to_string(i), std::string(100, 'x')));
    keep(one);
    pool.clear();
    users.clear();
  }
  EXPECT_LT(FailingNew::num_live() - before, 20) << "the hash tables' own arrays may stay";
}

// contract: 1.9, 15.8
TEST_F(PoolTest, TenThousandWaitingRequestsCostTheSameEach) {
  constexpr std::size_t kMany = 10'000;
  pool.set_limits({0, 6, 100});
  for (int i = 0; i < 6; ++i) holder(kA);
  std::deque<User*> working;
  for (User& one : users) working.push_back(&one);
  for (std::size_t i = 0; i < kMany; ++i) waiter(kA);
  const FailingNew counting;
  const std::size_t wakes = reactor.num_wakes();
  for (std::size_t next = 6; next < users.size(); ++next) {
    keep(*working.front());
    working.pop_front();
    User& served = users[next];
    ASSERT_TRUE(Pool::served(served.request)) << next;
    take(served);
    working.push_back(&served);
  }
  EXPECT_EQ(reactor.num_wakes() - wakes, kMany) << "each is woken once, nobody in vain";
  EXPECT_LT(FailingNew::num_asked(), static_cast<long>(kMany) / 10) << "hand-over allocates nothing";
  EXPECT_EQ(pool.num_connections(), 6U);
  EXPECT_EQ(pool.num_waiting(), 0U);
}

TEST_F(PoolTest, FailingAllocationsLeaveTheCountsConsistent) {
  const ConnectionKey long_key = key_of(std::string(100, 'h'), std::string(100, 's'));
  bool all_went_well = false;
  for (long n = 1; !all_went_well && n < 50; ++n) {
    User& who = user();
    {
      const FailingNew failing(n);
      try {
        EXPECT_TRUE(pool.ask(who.request, long_key, {}));
        who.lease = pool.take(who.request);
        all_went_well = !failing.struck();
      } catch (const std::bad_alloc&) {
      }
    }
    if (all_went_well) who.lease->stream = std::make_unique<FakeStream>();
    EXPECT_EQ(pool.num_connections(), Pool::served(who.request) || who.lease ? 1U : 0U) << n;
    who.request.cancel();
    who.lease.drop();
    EXPECT_EQ(pool.num_connections(), 0U) << n;
  }
  EXPECT_TRUE(all_went_well);
}

TEST_F(PoolTest, ATakeThatFailedCanBeTriedAgain) {
  pool.set_limits({0, 1, 100});
  User& one = user();
  ASSERT_TRUE(pool.ask(one.request, kA, {}));
  {
    const FailingNew failing(1);
    EXPECT_THROW(one.lease = pool.take(one.request), std::bad_alloc);
  }
  EXPECT_TRUE(Pool::served(one.request));
  EXPECT_EQ(pool.num_connections(), 1U);
  take(one);
  EXPECT_EQ(one.lease->id(), 0);
}

}  // namespace
}  // namespace hiper
