#include "dns/cache.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hiper {
namespace {

AddressList list_of(std::initializer_list<std::string_view> texts) {
  std::vector<Address> addresses;
  for (const std::string_view text : texts) {
    Address address;
    EXPECT_TRUE(parse_address(text, address));
    addresses.push_back(address);
  }
  return AddressList(addresses);
}

std::string texts_of(const AddressList& list) {
  std::string all;
  for (const Address& address : list) all.append(all.empty() ? "" : " ").append(ip_text(address).view());
  return all;
}

/// A curl_slist over texts that live long enough.
class Slist {
 public:
  explicit Slist(std::vector<std::string> texts) : texts_(std::move(texts)), nodes_(texts_.size()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      nodes_[i] = {texts_[i].data(), i + 1 < nodes_.size() ? &nodes_[i + 1] : nullptr};
    }
  }
  const curl_slist* get() const { return nodes_.empty() ? nullptr : nodes_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<curl_slist> nodes_;
};

CURLcode apply(DnsCache& cache, const std::string& entry, Nanos now = 0) {
  return cache.apply_resolve_list(Slist({entry}).get(), now);
}

TEST(DnsCache, AnEntryIsAsYoungAsTheAskerSays) {
  DnsCache cache;
  const std::string key = DnsCache::make_key("Example.COM", AF_UNSPEC, {});
  EXPECT_EQ(key, DnsCache::make_key("example.com", AF_UNSPEC, {}));
  cache.store(key, list_of({"1.1.1.1"}), 100 * kSecond);
  EXPECT_EQ(texts_of(cache.find(key, 60, 159 * kSecond)), "1.1.1.1");
  EXPECT_EQ(texts_of(cache.find(key, 60, 160 * kSecond)), "");
  EXPECT_EQ(texts_of(cache.find(key, 61, 160 * kSecond)), "1.1.1.1");
  EXPECT_EQ(texts_of(cache.find(key, -1, kNever)), "1.1.1.1");
  EXPECT_EQ(texts_of(cache.find(key, 0, 100 * kSecond)), "");
  cache.store(key, list_of({"2.2.2.2"}), 200 * kSecond);
  EXPECT_EQ(texts_of(cache.find(key, 60, 201 * kSecond)), "2.2.2.2");
}

TEST(DnsCache, FamiliesAndConfigurationsAreDifferentEntries) {
  DnsCache cache;
  cache.store(DnsCache::make_key("a", AF_INET, {}), list_of({"1.1.1.1"}), 0);
  EXPECT_TRUE(cache.find(DnsCache::make_key("a", AF_INET6, {}), 60, 0).empty());
  EXPECT_TRUE(cache.find(DnsCache::make_key("a", AF_UNSPEC, {}), 60, 0).empty());
  EXPECT_TRUE(cache.find(DnsCache::make_key("a", AF_INET, "9.9.9.9\n"), 60, 0).empty());
  EXPECT_FALSE(cache.find(DnsCache::make_key("A", AF_INET, {}), 60, 0).empty());
}

TEST(DnsCache, TheNameUnusedForLongestGoesWhenTheCacheIsFull) {
  DnsCache cache;
  const AddressList one = list_of({"1.1.1.1"});
  for (std::size_t i = 0; i < DnsCache::kMaxNames; ++i) cache.store(std::to_string(i), one, 0);
  EXPECT_FALSE(cache.find("0", 60, 0).empty());
  cache.store("new", one, 0);
  EXPECT_EQ(cache.num_names(), DnsCache::kMaxNames);
  EXPECT_FALSE(cache.find("0", 60, 0).empty());
  EXPECT_TRUE(cache.find("1", 60, 0).empty());
  cache.clear();
  EXPECT_EQ(cache.num_names(), 0U);
  EXPECT_TRUE(cache.find("new", 60, 0).empty());
}

TEST(DnsCache, ALockedCacheNeverSharesItsLists) {
  int balance = 0;
  CacheLock lock;
  lock.lock = [](void* context, CURL*) { ++*static_cast<int*>(context); };
  lock.unlock = [](void* context, CURL*) { --*static_cast<int*>(context); };
  lock.context = &balance;
  DnsCache cache(lock);
  const AddressList mine = list_of({"1.1.1.1"});
  {
    const DnsCache::Guard guard(cache, nullptr);
    EXPECT_EQ(balance, 1);
    cache.store("k", mine, 0);
    const AddressList first = cache.find("k", 60, 0);
    EXPECT_NE(first.begin(), mine.begin());
    EXPECT_NE(cache.find("k", 60, 0).begin(), first.begin());
  }
  EXPECT_EQ(balance, 0);
}

TEST(ResolveList, EntriesGiveAddressesForHostAndPort) {
  DnsCache cache;
  EXPECT_EQ(apply(cache, "Example.com:80:1.1.1.1,[::1],2.2.2.2"), CURLE_OK);
  EXPECT_EQ(texts_of(cache.find_override("eXample.com", 80, AF_UNSPEC, 60, 0)), "1.1.1.1 ::1 2.2.2.2");
  EXPECT_EQ(texts_of(cache.find_override("example.com", 80, AF_INET, 60, 0)), "1.1.1.1 2.2.2.2");
  EXPECT_EQ(texts_of(cache.find_override("example.com", 80, AF_INET6, 60, 0)), "::1");
  EXPECT_EQ(texts_of(cache.find_override("example.com", 443, AF_UNSPEC, 60, 0)), "");
  EXPECT_EQ(texts_of(cache.find_override("example.com.", 80, AF_UNSPEC, 60, 0)), "");
  EXPECT_EQ(apply(cache, "example.com:80:3.3.3.3"), CURLE_OK);
  EXPECT_EQ(texts_of(cache.find_override("example.com", 80, AF_UNSPEC, 60, 0)), "3.3.3.3");
  EXPECT_EQ(apply(cache, "[::5]:80:4.4.4.4"), CURLE_OK);
  EXPECT_EQ(texts_of(cache.find_override("::5", 80, AF_UNSPEC, 60, 0)), "4.4.4.4");
  EXPECT_EQ(apply(cache, "e:80:::1,1.1.1.1,"), CURLE_OK);
  EXPECT_EQ(texts_of(cache.find_override("e", 80, AF_UNSPEC, 60, 0)), "::1 1.1.1.1");
}

TEST(ResolveList, AStarStandsForAnyHostOnThatPort) {
  DnsCache cache;
  EXPECT_EQ(apply(cache, "*:80:1.1.1.1"), CURLE_OK);
  EXPECT_EQ(apply(cache, "a:80:2.2.2.2"), CURLE_OK);
  EXPECT_EQ(texts_of(cache.find_override("a", 80, AF_UNSPEC, 60, 0)), "2.2.2.2");
  EXPECT_EQ(texts_of(cache.find_override("b", 80, AF_UNSPEC, 60, 0)), "1.1.1.1");
  EXPECT_EQ(texts_of(cache.find_override("b", 81, AF_UNSPEC, 60, 0)), "");
  EXPECT_EQ(apply(cache, "-*:80"), CURLE_OK);
  EXPECT_EQ(texts_of(cache.find_override("b", 80, AF_UNSPEC, 60, 0)), "");
}

TEST(ResolveList, OnlyEntriesWithAPlusAge) {
  DnsCache cache;
  EXPECT_EQ(apply(cache, "+a:80:1.1.1.1", 10 * kSecond), CURLE_OK);
  EXPECT_EQ(apply(cache, "b:80:1.1.1.1", 10 * kSecond), CURLE_OK);
  EXPECT_FALSE(cache.find_override("a", 80, AF_UNSPEC, 60, 69 * kSecond).empty());
  EXPECT_TRUE(cache.find_override("a", 80, AF_UNSPEC, 60, 70 * kSecond).empty());
  EXPECT_FALSE(cache.find_override("b", 80, AF_UNSPEC, 60, 7000 * kSecond).empty());
  EXPECT_FALSE(cache.find_override("b", 80, AF_UNSPEC, 0, 7000 * kSecond).empty());
}

TEST(ResolveList, AMinusForgetsOverrideAndCachedName) {
  DnsCache cache;
  EXPECT_EQ(apply(cache, "a:80:1.1.1.1"), CURLE_OK);
  cache.store(DnsCache::make_key("a", AF_INET, {}), list_of({"1.1.1.1"}), 0);
  EXPECT_EQ(apply(cache, "-A:80"), CURLE_OK);
  EXPECT_TRUE(cache.find_override("a", 80, AF_UNSPEC, 60, 0).empty());
  EXPECT_TRUE(cache.find(DnsCache::make_key("a", AF_INET, {}), 60, 0).empty());
}

TEST(ResolveList, BadEntriesAreNamedAndBadRemovalsPassedOver) {
  for (const char* const bad :
       {"", "+", "a.b", "a.b:1", "a.b:1:", "a.b:x:1.2.3.4", "a.b:99999:127.0.0.1", "a.b:1:nonsense",
        ":1:1.1.1.1", "a.b:1:127.0.0.1,zzz", "[::1:80:1.1.1.1", "[::1]x:80:1.1.1.1", "[]:80:1.1.1.1",
        "a:80:,", "a:80:[]", "a:-1:1.1.1.1", "a: 80:1.1.1.1"}) {
    DnsCache cache;
    const Slist list({"ok:1:1.1.1.1", bad, "later:1:1.1.1.1"});
    const char* rejected = nullptr;
    EXPECT_EQ(cache.apply_resolve_list(list.get(), 0, &rejected), CURLE_SETOPT_OPTION_SYNTAX) << bad;
    EXPECT_STREQ(rejected, bad);
    EXPECT_FALSE(cache.find_override("ok", 1, AF_UNSPEC, 60, 0).empty());
    EXPECT_TRUE(cache.find_override("later", 1, AF_UNSPEC, 60, 0).empty());
  }
  DnsCache cache;
  for (const char* const bad : {"-", "-a", "-a:x", "-:1", "-[::1", "-a:1:"})
    EXPECT_EQ(apply(cache, bad), CURLE_OK);
  EXPECT_EQ(cache.apply_resolve_list(nullptr, 0), CURLE_OK);
}

}  // namespace
}  // namespace hiper
