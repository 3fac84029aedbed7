#include "cookies/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cookies.hpp"

namespace hiper {
namespace {

using testing::at;
using testing::kNow;
using testing::line_of;
using testing::receive;

struct Row {
  const char* line;
  const char* listed;  ///< "": no cookie
};
const Row kLines[] = {
    {"Set-Cookie: x=1; domain=example.com", ".example.com\tTRUE\t/\tFALSE\t0\tx\t1"},
    {"set-cookie:x=1;domain=.example.com; path=/foo;secure", ".example.com\tTRUE\t/foo\tTRUE\t0\tx\t1"},
    {"Set-Cookie: x=1", ""},
    {"x=1", ""},
    {"", ""},
    {"foo", ""},
    {"Set-Cookie:", ""},
    {"Set-Cookie2: x=1; domain=example.com", ""},
    {"Set-Cookie: x=1; domain=example.com\r\n", ".example.com\tTRUE\t/\tFALSE\t0\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t0\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t1"},
    {".example.com\tTRUE\t/\tFALSE\t0\tx\t1", ".example.com\tTRUE\t/\tFALSE\t0\tx\t1"},
    {"example.com\tTRUE\t/\tFALSE\t0\tx\t1", ".example.com\tTRUE\t/\tFALSE\t0\tx\t1"},
    {".www.example.com\tFALSE\t/\tFALSE\t0\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t1"},
    {"#HttpOnly_www.example.com\tFALSE\t/\tTRUE\t2000000000\tx\t1",
     "#HttpOnly_www.example.com\tFALSE\t/\tTRUE\t2000000000\tx\t1"},
    {"#HttpOnly_.example.com\tTRUE\t/\tFALSE\t2000000000\tx\t1",
     "#HttpOnly_.example.com\tTRUE\t/\tFALSE\t2000000000\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t0\tx\t", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t"},
    {"www.example.com\tFALSE\t/\tFALSE\t0\tx", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t"},
    {"www.example.com\tFALSE\t/\tFALSE\t0", ""},
    {"www.example.com\tfalse\t/\tfalse\t0\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t1"},
    {"www.example.com\ttrue\t/\ttrue\t0\tx\t1", ".www.example.com\tTRUE\t/\tTRUE\t0\tx\t1"},
    {"www.example.com\tMAYBE\t/\tMAYBE\t0\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\tabc\tx\t1", ""},
    {"www.example.com\tFALSE\t/\tFALSE\t-1\tx\t1", ""},
    {"www.example.com\tFALSE\t/\tFALSE\t99999999999999999999\tx\t1", ""},
    {"www.example.com\tFALSE\t/\tFALSE\t9223372036854775807\tx\t1",
     "www.example.com\tFALSE\t/\tFALSE\t9223372036854775807\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t 5\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t5\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t5x\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t5\tx\t1"},
    {"www.example.com\tFALSE\tFALSE\t0\tx\t1", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t1"},
    {"www.example.com\tFALSE\t\tTRUE\t0\tx\t1", "www.example.com\tFALSE\t/\tTRUE\t0\tx\t1"},
    {"www.example.com\tFALSE\tfoo\tFALSE\t0\tx\t1", "www.example.com\tFALSE\tfoo\tFALSE\t0\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t0\tx\t1\textra", ""},
    {"# comment", ""},
    {"#www.example.com\tFALSE\t/\tFALSE\t0\tx\t1", ""},
    {"www.example.com FALSE / FALSE 0 x 1", ""},
    {"www.example.com\t\tFALSE\t0\tx\t1", ""},
    {"www.example.com\tFALSE\t/\tFALSE\t0\tx\t1\r\nwww.example.com\tFALSE\t/\tFALSE\t0\ty\t1",
     "www.example.com\tFALSE\t/\tFALSE\t0\tx\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t0\t__Secure-x\t1", ""},
    {"www.example.com\tTRUE\t/\tTRUE\t0\t__Host-x\t1", ""},
    {"www.example.com\tFALSE\t/\tTRUE\t0\t__Host-x\t1", "www.example.com\tFALSE\t/\tTRUE\t0\t__Host-x\t1"},
    {"www.example.com\tFALSE\t/\tFALSE\t0\tx\t\"a b\"", "www.example.com\tFALSE\t/\tFALSE\t0\tx\t\"a b\""},
};

std::string read_line(std::string_view line) {
  Cookie cookie;
  return parse_cookie_line(line, kNow, cookie) ? line_of(cookie) : "";
}

TEST(CookieLine, BothFormatsAreRead) {
  for (const Row& row : kLines) EXPECT_EQ(read_line(row.line), row.listed) << row.line;
}

TEST(CookieLine, EveryPrefixOfALineIsRefusedOrGood) {
  const std::string whole = "#HttpOnly_.example.com\tTRUE\t/a\tTRUE\t2000000000\tname\tvalue";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::string line = read_line(whole.substr(0, length));
    EXPECT_EQ(line.empty(), length < whole.size() - 9) << length;
  }
  EXPECT_EQ(read_line(whole), whole);
}

class CookieFile : public ::testing::Test {
 protected:
  CookieFile() {
    char pattern[] = "/tmp/hiper-cookies-XXXXXX";
    directory_ = mkdtemp(pattern);
    name = directory_ + "/jar";
  }
  ~CookieFile() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& text) { std::ofstream(name, std::ios::binary) << text; }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(name, std::ios::binary).rdbuf();
    return text.str();
  }
  std::string load(bool without_session = false) const {
    struct Sink final : CookieSink {
      void add(Cookie&& cookie) override {
        EXPECT_TRUE(cookie.from_file);
        names += cookie.name + " ";
      }
      std::string names;
    } sink;
    read_cookie_file(name.c_str(), without_session, kNow, sink);
    return sink.names;
  }
  std::size_t num_files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      static_cast<void>(entry);
      ++count;
    }
    return count;
  }
  unsigned mode() const {
    struct stat about {};
    return ::stat(name.c_str(), &about) == 0 ? about.st_mode & 0777u : 0u;
  }

  std::string directory_;
  std::string name;
};

std::string line(const std::string& cookie, const char* expires = "0") {
  return "example.com\tTRUE\t/\tFALSE\t" + std::string(expires) + "\t" + cookie + "\tv";
}

TEST_F(CookieFile, IsReadLineByLine) {
  write("# Netscape HTTP Cookie File\n\n" + line("a") + "\n" + line("b") + "\r\nrubbish\n#HttpOnly_" +
        line("c") + "\nHTTP/1.1 200 OK\nSet-Cookie: d=1; domain=example.com\n" + line("last"));
  EXPECT_EQ(load(), "a b c d last ");
}

TEST_F(CookieFile, LeavesOutSessionCookiesWhenAsked) {
  write(line("a") + "\n" + line("b", "2000000000") + "\n");
  EXPECT_EQ(load(true), "b ");
}

TEST_F(CookieFile, LinesThatAreTooLongAreSkippedWhole) {
  const std::string too_long = line(std::string(30000, 'n'));
  // What follows the limit looks like a line of its own, and is none.
  write(line("a") + "\n" + too_long + "\n" + line("b") + "\n" + std::string(5013, 'x') + line("c") + "\n" +
        line("d"));
  EXPECT_EQ(load(), "a b d ");
}

TEST_F(CookieFile, MayHoldAnything) {
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += static_cast<char>(i * 7919 >> 3);
  write(bytes + "\n" + line("a"));
  EXPECT_EQ(load(), "a ");
  write(std::string(3, '\0') + line("a") + "\n" + line("b"));
  EXPECT_EQ(load(), "b ");
}

TEST_F(CookieFile, ThatIsMissingOrADirectoryIsEmpty) {
  EXPECT_EQ(load(), "");
  name = directory_;
  EXPECT_EQ(load(), "");
  name = "";
  EXPECT_EQ(load(), "");
}

TEST_F(CookieFile, RoundTrip) {
  CookieJar jar;
  const CookieOrigin origin = at("www.example.com", "/a/b", true);
  for (const char* const header : {"a=1", "b=2;path=/;httponly", "c=3;domain=example.com;max-age=100",
                                   "d=;secure", "__Host-e=1;secure;path=/"}) {
    ASSERT_TRUE(receive(jar, origin, header));
  }
  ASSERT_TRUE(write_cookie_file(name.c_str(), cookie_file_text(jar)));
  EXPECT_TRUE(text().starts_with("# Netscape HTTP Cookie File\n"));
  EXPECT_EQ(load(), "__Host-e d c b a ") << "the newest first";
  struct Sink final : CookieSink {
    void add(Cookie&& cookie) override { jar.add(std::move(cookie), nullptr, kNow); }
    CookieJar jar;
  } sink;
  read_cookie_file(name.c_str(), false, kNow, sink);
  ASSERT_EQ(sink.jar.size(), jar.size());
  const auto before = jar.in_order();
  const auto after = sink.jar.in_order();
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(line_of(*before[i]), line_of(*after[before.size() - 1 - i]));
  }
}

TEST_F(CookieFile, ANewOneObeysTheUmaskAnOldOneKeepsItsMode) {
  const mode_t mask = ::umask(027);
  EXPECT_TRUE(write_cookie_file(name.c_str(), "one"));
  ::umask(mask);
  EXPECT_EQ(mode(), 0640u);
  ::chmod(name.c_str(), 0600);
  EXPECT_TRUE(write_cookie_file(name.c_str(), "two"));
  EXPECT_EQ(mode(), 0600u);
  EXPECT_EQ(text(), "two");
  EXPECT_EQ(num_files(), 1u) << "nothing is left beside it";
}

TEST_F(CookieFile, WhatCannotBeReplacedStays) {
  name = directory_ + "/missing/jar";
  EXPECT_FALSE(write_cookie_file(name.c_str(), "x"));
  EXPECT_EQ(errno, ENOENT);
  name = directory_;
  EXPECT_FALSE(write_cookie_file(name.c_str(), "x"));
  EXPECT_EQ(num_files(), 0u);
}

TEST_F(CookieFile, ADeviceIsWrittenInPlace) {
  EXPECT_TRUE(write_cookie_file("/dev/null", "x"));
  EXPECT_FALSE(write_cookie_file("/dev/full", "x"));
  EXPECT_EQ(errno, ENOSPC);
  struct stat about {};
  ASSERT_EQ(::stat("/dev/null", &about), 0);
  EXPECT_TRUE(S_ISCHR(about.st_mode));
}

TEST_F(CookieFile, APipeIsReadToItsEnd) {
  name = directory_ + "/pipe";
  ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  const int fd = ::open(name.c_str(), O_RDWR);
  ASSERT_GE(fd, 0);
  const std::string bytes = line("a") + "\n" + line("b");
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const int reader = ::open(name.c_str(), O_RDONLY);  // so that the bytes stay when the writer goes
  ::close(fd);
  struct Sink final : CookieSink {
    void add(Cookie&& cookie) override { names += cookie.name; }
    std::string names;
  } sink;
  const int saved = ::dup(STDIN_FILENO);
  ::dup2(reader, STDIN_FILENO);
  read_cookie_file("-", false, kNow, sink);
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  ::close(reader);
  EXPECT_EQ(sink.names, "ab");
}

}  // namespace
}  // namespace hiper
