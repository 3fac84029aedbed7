#include "dns/hosts_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace hiper {
namespace {

std::string texts_of(const AddressList& list) {
  std::string all;
  for (const Address& address : list) all.append(all.empty() ? "" : " ").append(ip_text(address).view());
  return all;
}

std::string lookup(std::string text, std::string_view host, int family = AF_UNSPEC) {
  HostsTable table;
  table.assign(std::move(text));
  return texts_of(table.find(host, family));
}

TEST(HostsTable, NamesAndAliasesAreFoundWithoutCase) {
  const std::string text = "# comment\n1.1.1.1 one Uno\t\tein # tail two\n\n  ::1 one\r\n2.2.2.2 two";
  EXPECT_EQ(lookup(text, "ONE"), "1.1.1.1 ::1");
  EXPECT_EQ(lookup(text, "uno"), "1.1.1.1");
  EXPECT_EQ(lookup(text, "ein"), "1.1.1.1");
  EXPECT_EQ(lookup(text, "two"), "2.2.2.2");
  EXPECT_EQ(lookup(text, "one", AF_INET6), "::1");
  EXPECT_EQ(lookup(text, "two", AF_INET6), "");
  EXPECT_EQ(lookup(text, "tail"), "");
  EXPECT_EQ(lookup(text, "1.1.1.1"), "");
  EXPECT_EQ(lookup(text, "on"), "");
}

TEST(HostsTable, NonsenseHasNoEffect) {
  EXPECT_EQ(lookup("", "a"), "");
  EXPECT_EQ(lookup("\n\n#\n   \n1.1.1.1\nnonsense a\n300.1.1.1 a\n1.1.1.1 b", "a"), "");
  EXPECT_EQ(lookup(std::string("1.1.1.1 a\0b c\n", 14), "c"), "1.1.1.1");
  EXPECT_EQ(lookup("1.1.1.1 a\n1.1.1.1 a a\n", "a"), "1.1.1.1");
  EXPECT_EQ(lookup("1.1.1.1 " + std::string(100000, 'x') + "\n2.2.2.2 a", "a"), "2.2.2.2");
  EXPECT_EQ(lookup("fe80::1%nodev7 a\nfe80::2 a", "a"), "fe80::2");
}

TEST(HostsTable, EveryPrefixOfAFileIsAccepted) {
  const std::string text = "127.0.0.1 a b\n::1 a # c\n10.0.0.1\tb\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string found = lookup(text.substr(0, size), "a");
    EXPECT_EQ(found, size < 11 ? "" : size < 19 ? "127.0.0.1" : "127.0.0.1 ::1") << size;
  }
}

TEST(HostsTable, AnAnswerHasALimit) {
  std::string text;
  for (std::size_t i = 0; i < 1000; ++i) {
    text += "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + " a\n";
  }
  HostsTable table;
  table.assign(text);
  EXPECT_EQ(table.num_names(), 1000U);
  EXPECT_EQ(table.find("a", AF_UNSPEC).size(), HostsTable::kMaxAddresses);
}

class TemporaryFile {
 public:
  TemporaryFile() {
    const int fd = mkstemp(path_.data());
    EXPECT_GE(fd, 0);
    close(fd);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  void write(std::string_view text) const {
    std::FILE* const file = std::fopen(path_.c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/hosts_file_test.XXXXXX";
};

TEST(HostsFile, ChangesAreSeenAfterASecond) {
  const TemporaryFile file;
  file.write("1.1.1.1 a\n");
  HostsFile hosts(file.path());
  EXPECT_EQ(texts_of(hosts.find("a", AF_UNSPEC, 0)), "1.1.1.1");
  file.write("2.2.2.2 a b\n");
  EXPECT_EQ(texts_of(hosts.find("a", AF_UNSPEC, kSecond - 1)), "1.1.1.1");
  EXPECT_EQ(texts_of(hosts.find("a", AF_UNSPEC, kSecond)), "2.2.2.2");
  unlink(file.path().c_str());
  EXPECT_EQ(texts_of(hosts.find("a", AF_UNSPEC, 2 * kSecond)), "");
}

TEST(HostsFile, WhatIsNoFileIsEmpty) {
  EXPECT_TRUE(HostsFile("/nonexistent/hosts").find("a", AF_UNSPEC, 0).empty());
  EXPECT_TRUE(HostsFile("/").find("a", AF_UNSPEC, 0).empty());
  const TemporaryFile place;
  const std::string pipe = place.path() + ".pipe";
  ASSERT_EQ(std::system(("mkfifo " + pipe).c_str()), 0);
  EXPECT_TRUE(HostsFile(pipe).find("a", AF_UNSPEC, 0).empty());
  unlink(pipe.c_str());
}

}  // namespace
}  // namespace hiper
