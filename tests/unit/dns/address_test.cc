#include "dns/address.hpp"

#include <gtest/gtest.h>
#include <net/if.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hiper {
namespace {

Address parsed(std::string_view text) {
  Address address;
  EXPECT_TRUE(parse_address(text, address)) << text;
  return address;
}

TEST(Address, NumericTextsAreRead) {
  const Address v4 = parsed("1.2.3.4");
  EXPECT_EQ(v4.family(), AF_INET);
  EXPECT_EQ(v4.length(), sizeof(sockaddr_in));
  EXPECT_EQ(ntohl(v4.ip4().s_addr), 0x01020304U);
  const Address v6 = parsed("2001:db8::1");
  EXPECT_EQ(v6.family(), AF_INET6);
  EXPECT_EQ(v6.length(), sizeof(sockaddr_in6));
  EXPECT_EQ(ip_text(v6).view(), "2001:db8::1");
  EXPECT_EQ(parsed("::ffff:1.2.3.4").family(), AF_INET6);
}

TEST(Address, WhatIsNotNumericIsRefusedAndLeavesTheOutputAlone) {
  const std::vector<std::string> wrong = {"",
                                          "1.2.3",
                                          "1.2.3.4.5",
                                          "1.2.3.256",
                                          "0x7f.1",
                                          " 1.2.3.4",
                                          "1.2.3.4 ",
                                          "[::1]",
                                          "::1::2",
                                          "example.com",
                                          "1.2.3.4%1",
                                          "fe80::1%",
                                          "fe80::1%nodev9",
                                          "%1",
                                          std::string("1.2.3.4\0", 8),
                                          std::string(5000, '1'),
                                          "fe80::1%" + std::string(5000, 'e'),
                                          "fe80::1%99999999999"};
  for (const std::string& text : wrong) {
    Address address = parsed("9.9.9.9");
    EXPECT_FALSE(parse_address(text, address)) << text;
    EXPECT_EQ(ip_text(address).view(), "9.9.9.9");
  }
}

TEST(Address, ScopesAreNumbersOrInterfaceNames) {
  EXPECT_EQ(parsed("fe80::1%7").scope(), 7U);
  EXPECT_EQ(parsed("fe80::1%257").scope(), 7U);
  EXPECT_EQ(parsed("fe80::1%25").scope(), 25U);
  EXPECT_EQ(parsed("fe80::1%lo").scope(), if_nametoindex("lo"));
  EXPECT_EQ(parsed("fe80::1%25lo").scope(), if_nametoindex("lo"));
  EXPECT_EQ(ip_text(parsed("fe80::1%7")).view(), "fe80::1");
}

TEST(Address, PortsAreAddedToACopy) {
  const Address plain = parsed("::1");
  const Address with = plain.with_port(8080);
  EXPECT_EQ(plain.port(), 0);
  EXPECT_EQ(with.port(), 8080);
  EXPECT_EQ(endpoint_text(with).view(), "[::1]:8080");
  EXPECT_EQ(endpoint_text(parsed("1.2.3.4").with_port(65535)).view(), "1.2.3.4:65535");
  EXPECT_EQ(endpoint_text(Address()).view(), "");
  EXPECT_FALSE(with == plain);
  EXPECT_EQ(endpoint_text(parsed("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255").with_port(65535)).view(),
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST(Address, SocketAddressesAreCopiedOnlyWhenComplete) {
  const Address source = parsed("fe80::1%3").with_port(99);
  EXPECT_EQ(Address::from_sockaddr(source.raw(), source.length()), source);
  EXPECT_EQ(Address::from_sockaddr(source.raw(), source.length() - 1).family(), AF_UNSPEC);
  EXPECT_EQ(Address::from_sockaddr(source.raw(), 1).family(), AF_UNSPEC);
  EXPECT_EQ(Address::from_sockaddr(nullptr, 16).family(), AF_UNSPEC);
  sockaddr other = {};
  other.sa_family = AF_UNIX;
  EXPECT_EQ(Address::from_sockaddr(&other, sizeof(other)).length(), 0U);
}

TEST(AddressList, CopiesShareTheBlockAndCloneDoesNot) {
  const std::vector<Address> two = {parsed("1.1.1.1"), parsed("::2")};
  const AddressList list(two);
  const AddressList copy = list;
  const AddressList clone = list.clone();
  EXPECT_EQ(copy.begin(), list.begin());
  EXPECT_NE(clone.begin(), list.begin());
  EXPECT_TRUE(std::equal(clone.begin(), clone.end(), two.begin(), two.end()));
  EXPECT_EQ(sizeof(AddressList), sizeof(void*));
  EXPECT_TRUE(AddressList().empty());
  EXPECT_TRUE(AddressList(std::span<const Address>()).empty());
  EXPECT_EQ(AddressList().begin(), AddressList().end());
}

TEST(AddressList, FamiliesAreFiltered) {
  const std::vector<Address> mixed = {parsed("::1"), parsed("1.1.1.1"), parsed("::2"), parsed("2.2.2.2")};
  const AddressList list(mixed);
  const AddressList v4 = list.of_family(AF_INET);
  ASSERT_EQ(v4.size(), 2U);
  EXPECT_EQ(ip_text(v4[0]).view(), "1.1.1.1");
  EXPECT_EQ(ip_text(v4[1]).view(), "2.2.2.2");
  EXPECT_EQ(list.of_family(AF_UNSPEC).begin(), list.begin());
  EXPECT_EQ(v4.of_family(AF_INET).begin(), v4.begin());
  EXPECT_TRUE(v4.of_family(AF_INET6).empty());
  EXPECT_TRUE(AddressList().of_family(AF_INET).empty());
}

TEST(AddressList, ShuffleKeepsTheMembersAndLeavesOtherCopiesAlone) {
  std::vector<Address> many;
  for (int i = 0; i < 20; ++i) many.push_back(parsed("10.0.0." + std::to_string(i)));
  const AddressList original(many);
  AddressList shuffled = original;
  shuffled.shuffle(42);
  EXPECT_TRUE(std::equal(original.begin(), original.end(), many.begin(), many.end()));
  EXPECT_FALSE(std::equal(shuffled.begin(), shuffled.end(), many.begin(), many.end()));
  EXPECT_TRUE(std::is_permutation(shuffled.begin(), shuffled.end(), many.begin(), many.end()));
  AddressList again = original;
  again.shuffle(42);
  EXPECT_TRUE(std::equal(again.begin(), again.end(), shuffled.begin(), shuffled.end()));
  AddressList none;
  none.shuffle(1);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace hiper
