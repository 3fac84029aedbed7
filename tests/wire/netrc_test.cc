// CURLOPT_NETRC from end to end: which login goes to which host.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

namespace fs = std::filesystem;

/// Authorization of these logins.
constexpr const char* kFileLogin = "dTpw";            // u:p
constexpr const char* kUrlLogin = "dXJsOnB3";         // url:pw
constexpr const char* kOptionLogin = "b3B0OnNlYw==";  // opt:sec

class Netrc : public testing::Test {
 protected:
  Netrc() {
    std::string name = testing::TempDir() + "netrc.XXXXXX";
    folder = mkdtemp(name.data());
    file = folder / ".netrc";
    put("machine h.test login u password p\n");
    const std::string to = "::127.0.0.1:" + std::to_string(peer.port());
    way = curl_slist_append(nullptr, to.c_str());
  }
  ~Netrc() override {
    curl_slist_free_all(way);
    fs::remove_all(folder);
  }
  void put(const char* text) const { std::ofstream(file) << text; }
  std::unique_ptr<Handle> made(long level) const {
    auto handle = std::make_unique<Handle>();
    handle->set(CURLOPT_CONNECT_TO, way);
    handle->set(CURLOPT_NETRC, level);
    handle->set(CURLOPT_NETRC_FILE, file.c_str());
    return handle;
  }
  /// What Basic sends to `url`, "" if nothing is sent.
  std::string login_at(Handle& handle, const std::string& url) {
    handle.set(CURLOPT_URL, url.c_str());
    EXPECT_EQ(world.transfer(handle), CURLE_OK) << handle.error;
    const std::string& request = peer.requests.back();
    constexpr std::string_view kName = "Authorization: Basic ";
    const std::size_t at = request.find(kName);
    if (at == request.npos) return "";
    return request.substr(at + kName.size(), request.find("\r\n", at) - at - kName.size());
  }

  World world;
  Peer peer{world};
  fs::path folder;
  fs::path file;
  curl_slist* way;
};

TEST_F(Netrc, TheFileIsUsedOnlyIfThatIsAskedFor) {
  EXPECT_EQ(login_at(*made(CURL_NETRC_IGNORED), "http://h.test/"), "");
  EXPECT_EQ(login_at(*made(CURL_NETRC_OPTIONAL), "http://h.test/"), kFileLogin);
  EXPECT_EQ(login_at(*made(CURL_NETRC_REQUIRED), "http://h.test/"), kFileLogin);
  EXPECT_EQ(login_at(*made(CURL_NETRC_REQUIRED), "http://other.test/"), "");
}

TEST_F(Netrc, TheUrlComesBeforeOrAfterTheFile) {
  put("machine h.test login url password p2\nmachine h.test login u password p\n");
  EXPECT_EQ(login_at(*made(CURL_NETRC_OPTIONAL), "http://url:pw@h.test/"), kUrlLogin);
  EXPECT_EQ(login_at(*made(CURL_NETRC_OPTIONAL), "http://url@h.test/"), "dXJsOnAy") << "url:p2";
  EXPECT_EQ(login_at(*made(CURL_NETRC_OPTIONAL), "http://u@h.test/"), kFileLogin);
  EXPECT_EQ(login_at(*made(CURL_NETRC_REQUIRED), "http://url:pw@h.test/"), "dXJsOnAy") << "url:p2";
  EXPECT_EQ(login_at(*made(CURL_NETRC_REQUIRED), "http://url:pw@other.test/"), kUrlLogin);
}

TEST_F(Netrc, NoPasswordOfAnotherUserIsSent) {
  EXPECT_EQ(login_at(*made(CURL_NETRC_OPTIONAL), "http://x@h.test/"), "eDo=") << "x and no password";
  EXPECT_EQ(login_at(*made(CURL_NETRC_REQUIRED), "http://url:pw@h.test/"), kUrlLogin);
}

TEST_F(Netrc, OptionsComeFirst) {
  const auto handle = made(CURL_NETRC_REQUIRED);
  handle->set(CURLOPT_USERPWD, "opt:sec");
  EXPECT_EQ(login_at(*handle, "http://h.test/"), kOptionLogin);
}

TEST_F(Netrc, ARedirectGetsTheLoginOfWhereItLeads) {
  put("machine h.test login u password p\nmachine a.test login a password b\nmachine c.test login nobody\n");
  const auto handle = made(CURL_NETRC_OPTIONAL);
  handle->set(CURLOPT_FOLLOWLOCATION, 1L);
  const auto redirected = [&](const std::string& to) {
    peer.forget();
    const std::string moved = response("", "Location: http://" + to + "/\r\n", "302 Found");
    peer.expect({request(), send(moved), request(), send(response("ok")), client_gone()});
    return login_at(*handle, "http://a.test/");
  };
  EXPECT_EQ(redirected("h.test"), kFileLogin);
  EXPECT_EQ(redirected("a.test"), "YTpi") << "a:b";
  EXPECT_EQ(redirected("other.test"), "");
  EXPECT_EQ(redirected("c.test"), "bm9ib2R5Og==") << "nobody, without the password of a.test";
  handle->set(CURLOPT_USERPWD, "opt:sec");
  EXPECT_EQ(redirected("h.test"), kFileLogin) << "what the options say is for the first host";
  EXPECT_EQ(redirected("a.test"), kOptionLogin);
}

TEST_F(Netrc, AChangedFileIsReadAgain) {
  const auto handle = made(CURL_NETRC_OPTIONAL);
  handle->set(CURLOPT_URL, "http://h.test/");
  EXPECT_EQ(login_at(*handle, "http://h.test/"), kFileLogin);
  put("machine h.test login a password b\n");
  EXPECT_EQ(login_at(*handle, "http://h.test/"), "YTpi");
  fs::remove(file);
  EXPECT_EQ(login_at(*handle, "http://h.test/"), "");
}

TEST_F(Netrc, AFileThatIsNoneFailsTheTransfer) {
  put("machine h.test login \"u\n");
  const auto handle = made(CURL_NETRC_OPTIONAL);
  handle->set(CURLOPT_URL, "http://h.test/");
  EXPECT_EQ(world.transfer(*handle), CURLE_READ_ERROR);
  EXPECT_NE(std::string(handle->error).find(".netrc"), std::string::npos) << handle->error;
  EXPECT_TRUE(peer.requests.empty());
}

TEST_F(Netrc, TheFileIsInTheHomeFolder) {
  const char* const before = std::getenv("HOME");
  const std::string home = before != nullptr ? before : "";
  setenv("HOME", folder.c_str(), 1);
  const auto handle = made(CURL_NETRC_OPTIONAL);
  handle->set(CURLOPT_NETRC_FILE, static_cast<const char*>(nullptr));
  EXPECT_EQ(login_at(*handle, "http://h.test/"), kFileLogin);
  if (before != nullptr) {
    setenv("HOME", home.c_str(), 1);
  } else {
    unsetenv("HOME");
  }
}

TEST_F(Netrc, FilesOfAnySortEnd) {
  const auto handle = made(CURL_NETRC_OPTIONAL);
  for (const char* const name : {"/dev/zero", "/dev/null", "/"}) {
    handle->set(CURLOPT_NETRC_FILE, name);
    EXPECT_EQ(login_at(*handle, "http://h.test/"), "") << name;
  }
}

}  // namespace
}  // namespace hiper::wire
