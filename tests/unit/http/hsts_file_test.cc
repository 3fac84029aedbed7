// The file of HSTS hosts: lines, stamps, limits; that it is replaced in one step.
#include "http/hsts_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

using hiper::HstsEntry;
using hiper::kHstsForever;
using hiper::kHstsLastSecond;

constexpr std::int64_t kStamp = 1'921'494'100;  // 20301121 12:21:40

struct LineCase {
  const char* line;
  const char* host;  ///< nullptr: no entry
  std::int64_t expires = kStamp;
  bool subdomains = false;
};

constexpr LineCase kLines[] = {
    {"a.test \"20301121 12:21:40\"", "a.test"},
    {"  a.test \t \"20301121 12:21:40\" ", "a.test"},
    {".A.Test. \"20301121 12:21:40\"", "a.test", kStamp, true},
    {"a.test \"20301121 12:21:40\" more", "a.test"},
    {"a.test \"20301121 12:21:40", "a.test"},
    {"a.test \"20301121 12:21:40\"\r", "a.test"},
    {"a.test \"20301121\"", "a.test", 1'921'449'600},
    {"a.test \"Thu, 21 Nov 2030 12:21:40 GMT\"", "a.test"},
    {"a.test \"unlimited\"", "a.test", kHstsForever},
    {".a.test \"UNLIMITED\"", "a.test", kHstsForever, true},
    {"a.test \"99991231 23:59:59\"", "a.test", kHstsLastSecond},
    {"a.test \"20011121 12:21:40\"", "a.test", 1'006'345'300},
    {"b\xc3\xbc"
     "cher.test \"unlimited\"",
     "xn--bcher-kva.test", kHstsForever},
    {"", nullptr},
    {"   ", nullptr},
    {"# a.test \"20301121 12:21:40\"", nullptr},
    {"  # a.test \"20301121 12:21:40\"", nullptr},
    {"a.test", nullptr},
    {"a.test ", nullptr},
    {"a.test \"\"", nullptr},
    {"a.test \"garbage\"", nullptr},
    {"a.test unlimited", nullptr},
    {"a.test 20301121 12:21:40", nullptr},
    {". \"unlimited\"", nullptr},
    {"..a.test \"unlimited\"", nullptr},
    {"127.0.0.1 \"unlimited\"", nullptr},
    {"[::1] \"unlimited\"", nullptr},
    {"\"unlimited\"", nullptr},
};

TEST(HstsLine, IsReadAsTheTableSays) {
  for (const LineCase& row : kLines) {
    SCOPED_TRACE(row.line);
    HstsEntry entry;
    ASSERT_EQ(hiper::parse_hsts_line(row.line, entry), row.host != nullptr);
    if (row.host == nullptr) continue;
    EXPECT_EQ(entry.host, row.host);
    EXPECT_EQ(entry.expires, row.expires);
    EXPECT_EQ(entry.subdomains, row.subdomains);
  }
}

TEST(HstsLine, WhatIsWrittenIsReadBack) {
  for (const std::int64_t expires : {std::int64_t{1}, kStamp, kHstsLastSecond, kHstsForever}) {
    for (const bool subdomains : {false, true}) {
      std::string line;
      hiper::append_hsts_line({"host.test", expires, subdomains}, line);
      ASSERT_TRUE(line.ends_with("\"\n")) << line;
      HstsEntry entry;
      ASSERT_TRUE(hiper::parse_hsts_line(line.substr(0, line.size() - 1), entry)) << line;
      EXPECT_EQ(entry.host, "host.test");
      EXPECT_EQ(entry.expires, expires);
      EXPECT_EQ(entry.subdomains, subdomains);
    }
  }
  EXPECT_STREQ(hiper::format_hsts_stamp(kStamp).data(), "20301121 12:21:40");
  EXPECT_STREQ(hiper::format_hsts_stamp(kHstsLastSecond).data(), "99991231 23:59:59");
  EXPECT_STREQ(hiper::format_hsts_stamp(kHstsLastSecond + 1).data(), "unlimited");
}

class HstsFile : public testing::Test {
 protected:
  HstsFile() {
    std::string name = testing::TempDir() + "hsts.XXXXXX";
    folder = mkdtemp(name.data());
    path = folder / "hosts";
  }
  ~HstsFile() override { fs::remove_all(folder); }
  void put(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string get() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string hosts() const {
    std::string text;
    for (const HstsEntry& entry : entries) text += entry.host + " ";
    return text;
  }
  std::size_t num_files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  unsigned mode() const {
    struct stat status {};
    stat(path.c_str(), &status);
    return status.st_mode & 0777u;
  }

  fs::path folder;
  fs::path path;
  std::vector<HstsEntry> entries;
};

TEST_F(HstsFile, OneThatDoesNotExistIsEmpty) {
  EXPECT_TRUE(hiper::load_hsts_file(path.c_str(), entries));
  EXPECT_TRUE(entries.empty());
}

TEST_F(HstsFile, OneThatCannotBeReadIsSaidToBe) {
  EXPECT_FALSE(hiper::load_hsts_file(folder.c_str(), entries)) << "a folder";
  put("x");
  EXPECT_FALSE(hiper::load_hsts_file((path / "below").c_str(), entries)) << "below a file";
  EXPECT_TRUE(entries.empty());
}

TEST_F(HstsFile, LinesOfAllKindsOfEnds) {
  put("# comment\na.test \"20301121 12:21:40\"\r\n\n.b.test \"unlimited\"\nrubbish\nc.test \"unlimited\"");
  EXPECT_TRUE(hiper::load_hsts_file(path.c_str(), entries));
  EXPECT_EQ(hosts(), "a.test b.test c.test ");
}

TEST_F(HstsFile, LinesThatAreTooLongArePassedOver) {
  const std::string line = "a.test \"unlimited\"";
  const std::string longest = line + std::string(hiper::kHstsLineMax - line.size(), ' ');
  put(longest + "\n" + "b" + longest + "\n" + std::string(3 << 20, 'x') + "\nc.test \"unlimited\"\n" +
      std::string(70000, 'y'));
  EXPECT_TRUE(hiper::load_hsts_file(path.c_str(), entries));
  EXPECT_EQ(hosts(), "a.test c.test ");
}

TEST_F(HstsFile, EndlessOnesEnd) {
  EXPECT_TRUE(hiper::load_hsts_file("/dev/zero", entries));
  EXPECT_TRUE(entries.empty());
}

TEST_F(HstsFile, BytesOfAnyValueDoNoHarm) {
  std::string text;
  for (int c = 0; c < 256; ++c) {
    text.append(1, static_cast<char>(c)).append("a.test \"unlimited\"\n");
    text.append("b").append(1, static_cast<char>(c)).append(".test \"unlimited\"\n");
  }
  put(text);
  EXPECT_TRUE(hiper::load_hsts_file(path.c_str(), entries));
  for (const HstsEntry& entry : entries) {
    for (const char c : entry.host) EXPECT_TRUE(c > ' ' && c != '"' && c != 0x7f) << entry.host;
  }
}

TEST_F(HstsFile, ANewOneIsTheOwnersOnly) {
  ASSERT_TRUE(
      hiper::save_hsts_file(path.c_str(), {{"a.test", kStamp, false}, {"b.test", kHstsForever, true}}));
  EXPECT_EQ(mode(), 0600u);
  const std::string text = get();
  EXPECT_TRUE(text.starts_with("# ")) << text;
  EXPECT_TRUE(text.ends_with("\na.test \"20301121 12:21:40\"\n.b.test \"unlimited\"\n")) << text;
  EXPECT_EQ(num_files(), 1u);
  EXPECT_TRUE(hiper::load_hsts_file(path.c_str(), entries));
  EXPECT_EQ(hosts(), "a.test b.test ");
}

TEST_F(HstsFile, AnOldOneKeepsItsPermissions) {
  put("old.test \"unlimited\"\n");
  chmod(path.c_str(), 0640);
  ASSERT_TRUE(hiper::save_hsts_file(path.c_str(), {{"a.test", kStamp, false}}));
  EXPECT_EQ(mode(), 0640u);
  EXPECT_EQ(get().find("old.test"), std::string::npos);
  EXPECT_EQ(num_files(), 1u);
}

TEST_F(HstsFile, WhoReadsTheOldOneReadsItToItsEnd) {
  put("old.test \"unlimited\"\n");
  std::ifstream reader(path);
  ASSERT_TRUE(hiper::save_hsts_file(path.c_str(), {{"a.test", kStamp, false}}));
  std::string line;
  std::getline(reader, line);
  EXPECT_EQ(line, "old.test \"unlimited\"");
}

TEST_F(HstsFile, ALinkStaysOne) {
  put("");
  const fs::path link = folder / "link";
  fs::create_symlink(path, link);
  ASSERT_TRUE(hiper::save_hsts_file(link.c_str(), {{"a.test", kStamp, false}}));
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_NE(get().find("a.test"), std::string::npos);
  EXPECT_EQ(num_files(), 2u);
}

TEST_F(HstsFile, ADeviceStaysOne) {
  EXPECT_TRUE(hiper::save_hsts_file("/dev/null", {{"a.test", kStamp, false}}));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_FALSE(hiper::save_hsts_file("/dev/full", {{"a.test", kStamp, false}}));
}

TEST_F(HstsFile, WhatCannotBeWrittenIsSaidToBe) {
  EXPECT_FALSE(hiper::save_hsts_file((folder / "no" / "such").c_str(), {}));
  EXPECT_FALSE(hiper::save_hsts_file(folder.c_str(), {})) << "a folder";
  EXPECT_EQ(num_files(), 0u);
}

}  // namespace
