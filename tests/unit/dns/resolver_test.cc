#include "dns/resolver.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../support/fake_reactor.hpp"
#include "base/memory.hpp"
#include "dns/global.hpp"
#include "mock_dns_server.hpp"

namespace hiper {
namespace {

using State = Lookup::State;
using Source = Lookup::Source;
using What = FakeReactor::What;

// Memory that can be made to run out. Installed before c-ares starts, so that c-ares takes its memory here
// too.
struct Memory {
  static inline long left = -1;  ///< allocations until the failing one; -1: none fails
  static inline bool failing = false;
  static inline long live = 0;
  static bool fails() { return failing && left >= 0 && left-- == 0; }
  static void* get(std::size_t size) {
    void* const p = fails() ? nullptr : std::malloc(size);
    live += p != nullptr ? 1 : 0;
    return p;
  }
  static void give(void* p) {
    live -= p != nullptr ? 1 : 0;
    std::free(p);
  }
  static void* change(void* p, std::size_t size) {
    if (p == nullptr) return get(size);
    return fails() ? nullptr : std::realloc(p, size);
  }
};

class WithAres : public testing::Environment {
 public:
  void SetUp() override {
    before_ = memory_functions;
    memory_functions.allocate = Memory::get;
    memory_functions.release = Memory::give;
    memory_functions.resize = Memory::change;
    ASSERT_EQ(dns_global_init(), CURLE_OK);
  }
  void TearDown() override {
    dns_global_cleanup();
    memory_functions.allocate = before_.allocate;
    memory_functions.resize = before_.resize;  // what was allocated here is plain malloc memory below
    memory_functions.release = before_.release;
  }

 private:
  MemoryFunctions before_ = {};
};
const testing::Environment* const kAres = testing::AddGlobalTestEnvironment(new WithAres);

struct Waiter final : Runnable {
  int num_runs = 0;
  void run() noexcept override { ++num_runs; }
};

std::string texts_of(const AddressList& list) {
  std::string all;
  for (const Address& address : list) all.append(all.empty() ? "" : " ").append(ip_text(address).view());
  return all;
}

CURL* handle(std::size_t number) {
  static std::array<char, 300> places;
  return &places[number];
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() { make_resolver("/nonexistent/hosts"); }
  void make_resolver(std::string hosts_path) {
    resolver.reset();
    reactor.end_turn();
    resolver.emplace(reactor, Resolver::System{std::move(hosts_path), "/nonexistent/resolv.conf", true});
    servers = server.address();
  }
  Query query(std::string_view host) const {
    Query query;
    query.host = host;
    query.port = 80;
    query.easy = handle(0);
    query.config.servers = servers;
    return query;
  }
  void answer_all() {
    server.answerer = [](const DnsQuestion& question) {
      if (question.type == MockDnsServer::kA) return MockDnsServer::reply(question, {"127.0.0.1"});
      return MockDnsServer::reply(question, {"::1"});
    };
  }
  /// Turns until nothing is pending; false after two seconds.
  bool settle(const Lookup& lookup) {
    for (int i = 0; i < 2000 && lookup.state() == State::pending; ++i) {
      server.pump();
      reactor.turn(1, server.fd());
    }
    return lookup.state() != State::pending;
  }
  std::vector<What> told() const {
    std::vector<What> whats;
    for (const FakeReactor::Event& event : reactor.events()) whats.push_back(event.what);
    return whats;
  }

  FakeReactor reactor;
  MockDnsServer server;
  std::string servers;
  Waiter waiter;
  std::optional<Resolver> resolver;
};

TEST_F(ResolverTest, BothFamiliesAreAskedAtOnceAndTheSocketIsRemovedWithTheAnswer) {
  answer_all();
  Lookup lookup(*resolver, waiter, query("Example.com"));
  EXPECT_EQ(lookup.state(), State::pending);
  EXPECT_NE(reactor.next_deadline(), kNever);
  reactor.turn(0);
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(lookup.state(), State::done);
  EXPECT_EQ(lookup.source(), Source::name_server);
  std::string texts = texts_of(lookup.addresses());
  EXPECT_TRUE(texts == "127.0.0.1 ::1" || texts == "::1 127.0.0.1") << texts;
  EXPECT_EQ(lookup.addresses()[0].port(), 0);
  EXPECT_EQ(waiter.num_runs, 1);
  EXPECT_EQ(server.num_asked, 2);
  EXPECT_EQ((server.asked[{"example.com", MockDnsServer::kA}]), 1);
  EXPECT_EQ((server.asked[{"example.com", MockDnsServer::kAaaa}]), 1);
  EXPECT_EQ(told(), (std::vector{What::adopted, What::announced, What::removed, What::closed}));
  EXPECT_EQ(reactor.events()[1].interest, Events::in);
  EXPECT_EQ(reactor.events()[1].easy, handle(0));
  EXPECT_EQ(reactor.num_live(), 0U);
  EXPECT_EQ(reactor.next_deadline(), kNever);
}

TEST_F(ResolverTest, OneIpVersionIsOneQuestion) {
  answer_all();
  Query four = query("four.test");
  four.ip_version = CURL_IPRESOLVE_V4;
  Query six = query("six.test");
  six.ip_version = CURL_IPRESOLVE_V6;
  const Lookup first(*resolver, waiter, four);
  const Lookup second(*resolver, waiter, six);
  ASSERT_TRUE(settle(first));
  ASSERT_TRUE(settle(second));
  EXPECT_EQ(texts_of(first.addresses()), "127.0.0.1");
  EXPECT_EQ(texts_of(second.addresses()), "::1");
  EXPECT_EQ(server.num_asked, 2);
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
  server.answerer = [](const DnsQuestion& question) {
    if (question.type == MockDnsServer::kA) return MockDnsServer::reply(question, {"127.0.0.1", "127.0.0.2"});
    return MockDnsServer::reply(question, {});
  };
  const Lookup lookup(*resolver, waiter, query("v4.test"));
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(lookup.state(), State::done);
  EXPECT_EQ(lookup.addresses().size(), 2U);
}

TEST_F(ResolverTest, AHostWithoutIpv6AsksForIpv4Only) {
  answer_all();
  resolver.emplace(reactor, Resolver::System{"/nonexistent/hosts", "/nonexistent/resolv.conf", false});
  const Lookup lookup(*resolver, waiter, query("a.test"));
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(texts_of(lookup.addresses()), "127.0.0.1");
  EXPECT_EQ(server.num_asked, 1);
  const Lookup local(*resolver, waiter, query("localhost"));
  EXPECT_EQ(texts_of(local.addresses()), "127.0.0.1");
}

TEST_F(ResolverTest, NamesThatDoNotExistFailAndAreNotCached) {
  server.answerer = [](const DnsQuestion& question) { return MockDnsServer::reply(question, {}, 3); };
  for (int round = 1; round <= 2; ++round) {
    const Lookup lookup(*resolver, waiter, query("none.test"));
    ASSERT_TRUE(settle(lookup));
    EXPECT_EQ(lookup.state(), State::failed);
    EXPECT_EQ(lookup.code(), CURLE_COULDNT_RESOLVE_HOST);
    EXPECT_STRNE(lookup.reason(), "");
    EXPECT_EQ((server.asked[{"none.test", MockDnsServer::kA}]), round);
  }
}

TEST_F(ResolverTest, WhatIsKnownIsAnsweredAtOnceWithoutASocket) {
  const curl_slist list = {const_cast<char*>("given.test:80:9.9.9.9"), nullptr};
  ASSERT_EQ(resolver->cache().apply_resolve_list(&list, reactor.now()), CURLE_OK);
  const struct {
    const char* host;
    const char* addresses;
    Source source;
  } cases[] = {{"1.2.3.4", "1.2.3.4", Source::numeric},
               {"fe80::1%7", "fe80::1", Source::numeric},
               {"localhost", "127.0.0.1 ::1", Source::localhost},
               {"LOCALHOST.", "127.0.0.1 ::1", Source::localhost},
               {"a.b.localhost", "127.0.0.1 ::1", Source::localhost},
               {"given.test", "9.9.9.9", Source::override_entry}};
  for (const auto& one : cases) {
    const Lookup lookup(*resolver, waiter, query(one.host));
    ASSERT_EQ(lookup.state(), State::done) << one.host;
    EXPECT_EQ(texts_of(lookup.addresses()), one.addresses);
    EXPECT_EQ(lookup.source(), one.source);
  }
  EXPECT_EQ(Lookup(*resolver, waiter, query("fe80::1%7")).addresses()[0].scope(), 7U);
  reactor.turn(0);
  EXPECT_EQ(waiter.num_runs, 0);
  EXPECT_TRUE(reactor.events().empty());
}

TEST_F(ResolverTest, OverridesComeBeforeNumericAddressesAndLocalhost) {
  curl_slist more = {const_cast<char*>("localhost:80:8.8.8.8"), nullptr};
  const curl_slist list = {const_cast<char*>("127.0.0.1:80:9.9.9.9"), &more};
  ASSERT_EQ(resolver->cache().apply_resolve_list(&list, reactor.now()), CURLE_OK);
  EXPECT_EQ(texts_of(Lookup(*resolver, waiter, query("127.0.0.1")).addresses()), "9.9.9.9");
  EXPECT_EQ(texts_of(Lookup(*resolver, waiter, query("localhost")).addresses()), "8.8.8.8");
  Query other = query("localhost");
  other.port = 81;
  EXPECT_EQ(texts_of(Lookup(*resolver, waiter, other).addresses()), "127.0.0.1 ::1");
}

TEST_F(ResolverTest, WhatCannotBeANameFailsAtOnce) {
  const std::vector<std::string> hosts = {"", std::string("a\0b", 3), std::string(5000, 'a'), "x.onion",
                                          "X.ONION."};
  for (const std::string& host : hosts) {
    const Lookup lookup(*resolver, waiter, query(host));
    EXPECT_EQ(lookup.state(), State::failed);
    EXPECT_EQ(lookup.code(), CURLE_COULDNT_RESOLVE_HOST);
  }
  const Lookup label(*resolver, waiter, query(std::string(64, 'a') + ".test"));
  EXPECT_EQ(label.state(), State::failed);
  const Lookup dots(*resolver, waiter, query("a..test"));
  EXPECT_EQ(dots.state(), State::failed);
  EXPECT_EQ(reactor.num_live(), 0U);
  EXPECT_EQ(server.num_asked, 0);
}

TEST_F(ResolverTest, ANumericAddressOfTheOtherIpVersionIsRefused) {
  Query six = query("1.2.3.4");
  six.ip_version = CURL_IPRESOLVE_V6;
  const Lookup lookup(*resolver, waiter, six);
  EXPECT_EQ(lookup.state(), State::failed);
  EXPECT_EQ(lookup.code(), CURLE_COULDNT_CONNECT);
}

TEST_F(ResolverTest, AConfigurationThatMakesNoSenseFails) {
  for (const char* const bad :
       {"nonsense", "1.2.3.4:x", "1.2.3.4:99999", "[::1", "[::1]5", "1.2.3.4,zz", ",", "[1.2.3.4]"}) {
    servers = bad;
    const Lookup lookup(*resolver, waiter, query("a.test"));
    EXPECT_EQ(lookup.state(), State::failed) << bad;
    EXPECT_EQ(lookup.code(), CURLE_BAD_FUNCTION_ARGUMENT);
  }
  servers = "1.2.3.4:53, [::1]:53 ,::2,[::3]";
  std::vector<Address> parsed;
  EXPECT_EQ(parse_dns_servers(servers, parsed), CURLE_OK);
  ASSERT_EQ(parsed.size(), 4U);
  EXPECT_EQ(endpoint_text(parsed[1]).view(), "[::1]:53");
  Query query = this->query("a.test");
  query.config = {};
  query.config.local_ip4 = "::1";
  EXPECT_EQ(Lookup(*resolver, waiter, query).code(), CURLE_BAD_FUNCTION_ARGUMENT);
  query.config = {};
  query.config.local_ip6 = "nonsense";
  EXPECT_EQ(Lookup(*resolver, waiter, query).code(), CURLE_BAD_FUNCTION_ARGUMENT);
  query.config = {};
  query.config.interface = "an-interface-name-that-is-too-long";
  EXPECT_EQ(Lookup(*resolver, waiter, query).code(), CURLE_BAD_FUNCTION_ARGUMENT);
}

TEST_F(ResolverTest, AnInterfaceThatIsNotThereFailsInsteadOfAskingAnotherWay) {
  answer_all();
  Query query = this->query("a.test");
  query.config.interface = "nodev9";
  const Lookup lookup(*resolver, waiter, query);
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(lookup.state(), State::failed);
  EXPECT_EQ(server.num_asked, 0);
}

TEST_F(ResolverTest, QuestionsComeFromTheLocalAddressAskedFor) {
  answer_all();
  Query query = this->query("a.test");
  query.config.local_ip4 = "127.0.0.9";
  const Lookup lookup(*resolver, waiter, query);
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(lookup.state(), State::done);
  EXPECT_EQ(ntohl(server.last_peer.sin_addr.s_addr), 0x7f000009U);
}

TEST_F(ResolverTest, ManyLookupsOfOneNameAreOnePairOfQuestions) {
  answer_all();
  std::vector<std::unique_ptr<Lookup>> lookups;
  std::vector<Waiter> waiters(200);
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    Query query = this->query(i % 2 == 0 ? "one.test" : "ONE.test");
    query.port = static_cast<std::uint16_t>(i);
    lookups.push_back(std::make_unique<Lookup>(*resolver, waiters[i], query));
  }
  for (std::size_t i = 0; i < lookups.size(); i += 3) lookups[i].reset();
  ASSERT_TRUE(settle(*lookups.back()));
  EXPECT_EQ(server.num_asked, 2);
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    EXPECT_EQ(waiters[i].num_runs, i % 3 == 0 ? 0 : 1);
    if (i % 3 == 0) continue;
    EXPECT_EQ(lookups[i]->addresses().begin(), lookups.back()->addresses().begin());
  }
}

TEST_F(ResolverTest, ABurstOfNamesIsAnsweredCompletely) {
  answer_all();
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 300; ++i) {
    lookups.push_back(std::make_unique<Lookup>(*resolver, waiter, query("n" + std::to_string(i) + ".test")));
    server.pump();
  }
  for (const auto& lookup : lookups) ASSERT_TRUE(settle(*lookup));
  for (const auto& lookup : lookups) EXPECT_EQ(lookup->state(), State::done);
  EXPECT_EQ(server.num_asked, 600);
  EXPECT_EQ(reactor.num_live(), 0U);
}

TEST_F(ResolverTest, TheCacheAnswersUntilTheAskersTimeout) {
  answer_all();
  {
    const Lookup lookup(*resolver, waiter, query("a.test"));
    ASSERT_TRUE(settle(lookup));
  }
  reactor.advance(58 * kSecond);
  Query asks = query("A.test");
  asks.port = 443;
  const Lookup hit(*resolver, waiter, asks);
  EXPECT_EQ(hit.state(), State::done);
  EXPECT_EQ(hit.source(), Source::cache);
  asks.cache_timeout = 30;
  const Lookup impatient(*resolver, waiter, asks);
  EXPECT_EQ(impatient.state(), State::pending);
  reactor.advance(3 * kSecond);
  asks.cache_timeout = -1;
  EXPECT_EQ(Lookup(*resolver, waiter, asks).state(), State::done);
  asks.cache_timeout = 60;
  const Lookup late(*resolver, waiter, asks);
  EXPECT_EQ(late.state(), State::pending);
  ASSERT_TRUE(settle(late));
  EXPECT_EQ(server.num_asked, 4);
}

TEST_F(ResolverTest, ATimeoutOfZeroNeitherReadsNorFillsTheCache) {
  answer_all();
  Query asks = query("a.test");
  asks.cache_timeout = 0;
  for (int round = 1; round <= 2; ++round) {
    const Lookup lookup(*resolver, waiter, asks);
    ASSERT_TRUE(settle(lookup));
    EXPECT_EQ(server.num_asked, 2 * round);
  }
  EXPECT_EQ(resolver->cache().num_names(), 0U);
}

TEST_F(ResolverTest, ASharedCacheIsUsedUnderItsLock) {
  answer_all();
  struct Calls {
    int locks = 0;
    int unlocks = 0;
    CURL* easy = nullptr;
  } calls;
  CacheLock lock;
  lock.lock = [](void* context, CURL* easy) {
    ++static_cast<Calls*>(context)->locks;
    static_cast<Calls*>(context)->easy = easy;
  };
  lock.unlock = [](void* context, CURL*) { ++static_cast<Calls*>(context)->unlocks; };
  lock.context = &calls;
  DnsCache shared(lock);
  Query asks = query("a.test");
  asks.cache = &shared;
  const Lookup lookup(*resolver, waiter, asks);
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(shared.num_names(), 1U);
  EXPECT_EQ(resolver->cache().num_names(), 0U);
  EXPECT_EQ(Lookup(*resolver, waiter, asks).source(), Source::cache);
  EXPECT_GT(calls.locks, 0);
  EXPECT_EQ(calls.locks, calls.unlocks);
  EXPECT_EQ(calls.easy, handle(0));
}

TEST_F(ResolverTest, GivingUpTheOnlyLookupRemovesTheSocketAtOnce) {
  {
    const Lookup lookup(*resolver, waiter, query("silent.test"));
    reactor.turn(1);
    server.pump();
    EXPECT_EQ(server.num_asked, 2);
    EXPECT_EQ(lookup.state(), State::pending);
    EXPECT_EQ(reactor.num_live(), 1U);
  }
  EXPECT_EQ(reactor.num_live(), 0U);
  EXPECT_EQ(reactor.next_deadline(), kNever);
  reactor.end_turn();
  EXPECT_EQ(told(), (std::vector{What::adopted, What::announced, What::removed, What::closed}));
  answer_all();
  const Lookup again(*resolver, waiter, query("silent.test"));
  ASSERT_TRUE(settle(again));
  EXPECT_EQ(again.state(), State::done);
}

TEST_F(ResolverTest, GivingUpAndCleaningUpTakeNoTimeWhenDnsIsDead) {
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 50; ++i) {
    lookups.push_back(std::make_unique<Lookup>(*resolver, waiter, query("n" + std::to_string(i) + ".test")));
  }
  reactor.turn(1);
  const Nanos before = monotonic_now();
  lookups.resize(25);
  resolver.reset();
  EXPECT_LT(monotonic_now() - before, 50 * kMillisecond);
  EXPECT_EQ(reactor.num_live(), 0U);
  reactor.turn(0);
  EXPECT_EQ(waiter.num_runs, 0);
  for (const auto& lookup : lookups) EXPECT_EQ(lookup->state(), State::failed);
}

TEST_F(ResolverTest, AfterShutdownQuestionsCanBeAskedAgain) {
  answer_all();
  const Lookup before(*resolver, waiter, query("a.test"));
  resolver->shutdown();
  EXPECT_EQ(before.state(), State::failed);
  EXPECT_EQ(before.code(), CURLE_COULDNT_RESOLVE_HOST);
  EXPECT_EQ(reactor.num_live(), 0U);
  const Lookup after(*resolver, waiter, query("a.test"));
  ASSERT_TRUE(settle(after));
  EXPECT_EQ(after.state(), State::done);
}

TEST_F(ResolverTest, AnAbandonedQuestionDoesNotDisturbOthersAndCanBeJoinedAgain) {
  answer_all();
  Query first = query("a.test");
  first.easy = handle(1);
  Query second = query("b.test");
  second.easy = handle(2);
  auto gone = std::make_unique<Lookup>(*resolver, waiter, first);
  auto other = std::make_unique<Lookup>(*resolver, waiter, second);
  reactor.turn(0);
  EXPECT_EQ(reactor.live().front()->easy(), handle(1));
  gone.reset();
  EXPECT_EQ(reactor.live().front()->easy(), handle(2));
  first.easy = handle(3);
  const Lookup again(*resolver, waiter, first);
  other.reset();
  ASSERT_EQ(reactor.num_live(), 1U);
  EXPECT_EQ(reactor.live().front()->easy(), handle(3));
  ASSERT_TRUE(settle(again));
  EXPECT_EQ(again.state(), State::done);
  EXPECT_EQ((server.asked[{"a.test", MockDnsServer::kA}]), 1);
}

TEST_F(ResolverTest, AnAbandonedQuestionGoesWhenTheLastOneSomebodyWaitsForIsAnswered) {
  server.answerer = [](const DnsQuestion& question) {
    if (question.name == "silent.test") return std::string();
    return MockDnsServer::reply(question, {question.type == MockDnsServer::kA ? "127.0.0.1" : "::1"});
  };
  auto silent = std::make_unique<Lookup>(*resolver, waiter, query("silent.test"));
  const Lookup lookup(*resolver, waiter, query("a.test"));
  silent.reset();
  EXPECT_EQ(reactor.num_live(), 1U);
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(lookup.state(), State::done);
  EXPECT_EQ(reactor.num_live(), 0U);
  EXPECT_EQ(reactor.next_deadline(), kNever);
}

TEST_F(ResolverTest, AChangedSystemConfigurationIsReadAgainWhenNothingIsAsked) {
  answer_all();
  char path[] = "/tmp/resolver_test.XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  resolver.emplace(reactor, Resolver::System{"/nonexistent/hosts", path, true});
  Query asks = query("host");
  asks.cache_timeout = 0;
  for (const char* const domain : {"one.test", "second.test"}) {
    const std::string text = std::string("search ") + domain + "\n";
    ASSERT_EQ(pwrite(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    reactor.advance(2 * kSecond);
    const Lookup lookup(*resolver, waiter, asks);
    ASSERT_TRUE(settle(lookup));
    EXPECT_EQ((server.asked[{std::string("host.") + domain, MockDnsServer::kA}]), 1) << domain;
  }
  close(fd);
  unlink(path);
}

TEST_F(ResolverTest, AnnouncementsNameAWaiterThatIsStillThere) {
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (std::size_t i = 0; i < 3; ++i) {
    Query asks = query("a.test");
    asks.easy = handle(i + 10);
    lookups.push_back(std::make_unique<Lookup>(*resolver, waiter, asks));
  }
  EXPECT_EQ(reactor.live().front()->easy(), handle(10));
  lookups[1].reset();
  EXPECT_EQ(reactor.live().front()->easy(), handle(10));
  lookups[0].reset();
  EXPECT_EQ(reactor.live().front()->easy(), handle(12));
}

TEST_F(ResolverTest, ALostQuestionIsAskedAgain) {
  int num_lost = 0;
  server.answerer = [&](const DnsQuestion& question) {
    if (num_lost++ < 1) return std::string();
    return MockDnsServer::reply(question, {question.type == MockDnsServer::kA ? "1.1.1.1" : "::1"});
  };
  Query asks = query("a.test");
  asks.ip_version = CURL_IPRESOLVE_V4;
  const Lookup lookup(*resolver, waiter, asks);
  const Nanos wait = reactor.next_deadline() - reactor.now();
  EXPECT_GT(wait, 100 * kMillisecond);
  EXPECT_LT(wait, 60 * kSecond);
  server.pump();
  reactor.advance(wait);
  reactor.turn(0);  // c-ares has its own clock: it finds nothing due, and the timer is set again
  EXPECT_NE(reactor.next_deadline(), kNever);
  EXPECT_EQ(lookup.state(), State::pending);
}

TEST_F(ResolverTest, ATruncatedAnswerIsAskedForOverTcp) {
  server.answerer = [](const DnsQuestion& question) {
    std::string reply =
        MockDnsServer::reply(question, {question.type == MockDnsServer::kA ? "1.1.1.1" : "::1"});
    if (!question.tcp) {
      reply = MockDnsServer::reply(question, {});
      reply[2] = static_cast<char>(reply[2] | 2);
    }
    return reply;
  };
  const Lookup lookup(*resolver, waiter, query("big.test"));
  ASSERT_TRUE(settle(lookup));
  EXPECT_EQ(lookup.state(), State::done);
  EXPECT_EQ(lookup.addresses().size(), 2U);
  EXPECT_EQ(server.num_tcp, 2);
  EXPECT_EQ(reactor.num_live(), 0U);
  EXPECT_EQ(reactor.count(What::adopted), reactor.count(What::closed));
  EXPECT_EQ(reactor.count(What::adopted), 2U);
}

TEST_F(ResolverTest, MalformedAnswersFailOrAreIgnoredButNeverHang) {
  for (int kind = 0; kind < 4; ++kind) {
    server.answerer = [kind](const DnsQuestion& question) {
      std::string reply =
          MockDnsServer::reply(question, {question.type == MockDnsServer::kA ? "1.1.1.1" : "::1"});
      if (kind == 0) reply.resize(reply.size() - 3);  // a record that is cut
      if (kind == 1) reply[7] = 99;                   // more records promised than there are
      if (kind == 2)
        reply[question.packet.size() + 1] = static_cast<char>(question.packet.size());  // a name loop
      if (kind == 3) reply = reply.substr(0, question.packet.size());                   // no record at all
      return reply;
    };
    const Lookup lookup(*resolver, waiter, query("bad" + std::to_string(kind) + ".test"));
    for (int i = 0; i < 50 && lookup.state() == State::pending; ++i) {
      server.pump();
      reactor.turn(1, server.fd());
    }
    EXPECT_NE(lookup.state(), State::done) << kind;
  }
  EXPECT_EQ(resolver->cache().num_names(), 0U);
  EXPECT_EQ(reactor.num_live(), 0U);
}

TEST_F(ResolverTest, AnswersWithManyAddressesAreCut) {
  server.answerer = [](const DnsQuestion& question) {
    std::vector<std::string> many;
    for (int i = 0; i < 700; ++i)
      many.push_back("127.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
    return MockDnsServer::reply(question, many);
  };
  Query asks = query("many.test");
  asks.ip_version = CURL_IPRESOLVE_V4;
  const Lookup udp(*resolver, waiter, asks);
  for (int i = 0; i < 200 && udp.state() == State::pending; ++i) {
    server.pump();
    reactor.turn(1, server.fd());
  }
  ASSERT_EQ(udp.state(), State::done);
  EXPECT_EQ(udp.addresses().size(), 256U);
}

TEST_F(ResolverTest, ShufflingHappensOnceWhenTheAnswerComes) {
  std::vector<std::string> texts;
  for (int i = 1; i <= 20; ++i) texts.push_back("127.0.0." + std::to_string(i));
  server.answerer = [&](const DnsQuestion& question) { return MockDnsServer::reply(question, texts); };
  Query asks = query("a.test");
  asks.ip_version = CURL_IPRESOLVE_V4;
  asks.shuffle = true;
  const Lookup lookup(*resolver, waiter, asks);
  ASSERT_TRUE(settle(lookup));
  ASSERT_EQ(lookup.addresses().size(), 20U);
  std::string in_order;
  for (const std::string& text : texts) in_order.append(in_order.empty() ? "" : " ").append(text);
  EXPECT_NE(texts_of(lookup.addresses()), in_order);  // one chance in 20! to fail
  EXPECT_EQ(texts_of(Lookup(*resolver, waiter, asks).addresses()), texts_of(lookup.addresses()));
}

TEST_F(ResolverTest, TheHostsFileIsAskedBeforeNameServers) {
  char path[] = "/tmp/resolver_test.XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_GE(fd, 0);
  const std::string_view text = "10.0.0.1 box.test box\n::5 six.test\n";
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(fd);
  make_resolver(path);
  const Lookup lookup(*resolver, waiter, query("BOX"));
  EXPECT_EQ(lookup.state(), State::done);
  EXPECT_EQ(lookup.source(), Source::hosts_file);
  EXPECT_EQ(texts_of(lookup.addresses()), "10.0.0.1");
  Query four = query("six.test");
  four.ip_version = CURL_IPRESOLVE_V4;
  const Lookup other_family(*resolver, waiter, four);
  EXPECT_EQ(other_family.state(), State::pending);
  unlink(path);
}

TEST_F(ResolverTest, ASocketThatCannotBeAdoptedIsOutOfMemoryAndClosedOnce) {
  answer_all();
  reactor.fail_adopt(1);
  std::optional<Lookup> lookup;
  try {
    lookup.emplace(*resolver, waiter, query("a.test"));
    ASSERT_TRUE(settle(*lookup));
  } catch (const std::bad_alloc&) {
  }
  // Another attempt of c-ares may have had a socket; if not, the code must be right.
  if (lookup && lookup->state() == State::failed) {
    EXPECT_EQ(lookup->code(), CURLE_OUT_OF_MEMORY);
  }
  lookup.reset();
  EXPECT_EQ(reactor.num_live(), 0U);
  const Lookup again(*resolver, waiter, query("b.test"));
  ASSERT_TRUE(settle(again));
  EXPECT_EQ(again.state(), State::done);
}

TEST_F(ResolverTest, ManyConfigurationsDoNotCollect) {
  answer_all();
  for (int i = 1; i < 60; ++i) {
    Query asks = query("a.test");
    const std::string local = "127.0.0." + std::to_string(i);
    asks.config.local_ip4 = local;
    const Lookup lookup(*resolver, waiter, asks);
    ASSERT_TRUE(settle(lookup));
    EXPECT_EQ(lookup.state(), State::done);
  }
  EXPECT_EQ(resolver->cache().num_names(), 59U);
}

/// One lookup from nothing to the end, with allocation number `n` of the library failing. True if all went
/// well.
bool run_with_failure(long n) {
  FakeReactor reactor;
  reactor.before_run = [] { Memory::failing = true; };
  reactor.after_run = [] { Memory::failing = false; };
  MockDnsServer server;
  server.answerer = [](const DnsQuestion& question) {
    if (question.type == MockDnsServer::kA) return MockDnsServer::reply(question, {"127.0.0.1"});
    return MockDnsServer::reply(question, {"::1"});
  };
  const std::string servers = server.address();
  Waiter waiter;
  Memory::left = n;
  State state = State::failed;
  try {
    Resolver resolver(reactor, Resolver::System{"/nonexistent/hosts", "/nonexistent/resolv.conf", true});
    Query query;
    query.host = "some-long-host-name.example.test";
    query.config.servers = servers;
    std::optional<Lookup> lookup;
    Memory::failing = true;
    try {
      lookup.emplace(resolver, waiter, query);
    } catch (const std::bad_alloc&) {
      Memory::failing = false;
      throw;
    }
    Memory::failing = false;
    for (int i = 0; i < 30 && lookup->state() == State::pending; ++i) {
      server.pump();
      reactor.turn(1, server.fd());
    }
    state = lookup->state();
  } catch (const std::bad_alloc&) {
  }
  reactor.end_turn();
  EXPECT_EQ(reactor.num_live(), 0U) << n;
  EXPECT_EQ(reactor.count(What::adopted), reactor.count(What::closed)) << n;
  return state == State::done;
}

TEST(ResolverMemory, EveryFailingAllocationIsSurvivedAndNothingLeaks) {
  long n = 0;
  int num_good_in_a_row = 0;
  for (; n < 300 && num_good_in_a_row < 5; ++n) {
    const long before = Memory::live;
    const bool good = run_with_failure(n);
    const bool struck = Memory::left < 0;
    EXPECT_EQ(Memory::live, before) << "allocation " << n;
    num_good_in_a_row = good && !struck ? num_good_in_a_row + 1 : 0;
  }
  EXPECT_GT(n, 20);
  EXPECT_GE(num_good_in_a_row, 5);
  Memory::left = -1;
}

}  // namespace
}  // namespace hiper
