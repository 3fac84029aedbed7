#include "easy/share.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <string>

#include "easy/easy.hpp"

namespace {

using hiper::Easy;
using hiper::Share;
using hiper::SharedData;

class ShareApi : public ::testing::Test {
 protected:
  ~ShareApi() override {
    if (share_ != nullptr) {
      EXPECT_EQ(curl_share_cleanup(share_), CURLSHE_OK);
    }
  }
  CURLSH* share_ = curl_share_init();
};

TEST_F(ShareApi, AcceptsTheKindsThatWork) {
  for (int kind = -1; kind <= CURL_LOCK_DATA_LAST; ++kind) {
    const bool works = kind == CURL_LOCK_DATA_DNS || kind == CURL_LOCK_DATA_SSL_SESSION ||
                       kind == CURL_LOCK_DATA_CONNECT || kind == CURL_LOCK_DATA_HSTS ||
                       kind == CURL_LOCK_DATA_PSL || kind == CURL_LOCK_DATA_COOKIE;
    const bool exists = kind > CURL_LOCK_DATA_SHARE && kind < CURL_LOCK_DATA_LAST;
    const CURLSHcode expected = works ? CURLSHE_OK : exists ? CURLSHE_NOT_BUILT_IN : CURLSHE_BAD_OPTION;
    EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_SHARE, kind), expected) << kind;
    EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_UNSHARE, kind), expected) << kind;
  }
}

TEST_F(ShareApi, KnowsWhatIsShared) {
  Share* const share = Share::from(share_);
  EXPECT_FALSE(share->shares(CURL_LOCK_DATA_DNS));
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  EXPECT_TRUE(share->shares(CURL_LOCK_DATA_DNS));
  EXPECT_FALSE(share->shares(CURL_LOCK_DATA_CONNECT));
  curl_share_setopt(share_, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS);
  EXPECT_FALSE(share->shares(CURL_LOCK_DATA_DNS));
}

TEST_F(ShareApi, RefusesUnknownOptionsAndForeignHandles) {
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_NONE, 1), CURLSHE_BAD_OPTION);
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_LAST, 1), CURLSHE_BAD_OPTION);
  EXPECT_EQ(curl_share_setopt(nullptr, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS), CURLSHE_INVALID);
  EXPECT_EQ(curl_share_cleanup(nullptr), CURLSHE_INVALID);
  long other[64] = {};
  EXPECT_EQ(curl_share_setopt(static_cast<CURLSH*>(other), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS),
            CURLSHE_INVALID);
  EXPECT_EQ(curl_share_cleanup(static_cast<CURLSH*>(other)), CURLSHE_INVALID);
}

TEST_F(ShareApi, NothingChangesWhileInUse) {
  Easy easy;
  ASSERT_EQ(attach_share(easy, share_), CURLE_OK);
  EXPECT_EQ(easy.share, Share::from(share_));
  EXPECT_EQ(curl_share_cleanup(share_), CURLSHE_IN_USE);
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS), CURLSHE_IN_USE);
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS), CURLSHE_IN_USE);
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, nullptr), CURLSHE_IN_USE);
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_USERDATA, nullptr), CURLSHE_IN_USE);
  ASSERT_EQ(attach_share(easy, nullptr), CURLE_OK);
  EXPECT_EQ(curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS), CURLSHE_OK);
}

TEST_F(ShareApi, AnEasyHandleThatGoesLeavesTheShare) {
  {
    Easy easy;
    ASSERT_EQ(attach_share(easy, share_), CURLE_OK);
    ASSERT_EQ(attach_share(easy, share_), CURLE_OK);
    EXPECT_TRUE(Share::from(share_)->in_use());
  }
  EXPECT_FALSE(Share::from(share_)->in_use());
}

TEST_F(ShareApi, AForeignHandleIsNotAttached) {
  Easy easy;
  long other[64] = {};
  EXPECT_EQ(attach_share(easy, other), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(easy.share, nullptr);
}

std::string& calls() {
  static std::string text;
  return text;
}
void lock(CURL* easy, curl_lock_data data, curl_lock_access access, void* user) {
  calls() += std::string(static_cast<const char*>(user)) + (easy != nullptr ? "E" : "-") +
             std::to_string(data) + "a" + std::to_string(access) + " ";
}
void unlock(CURL* easy, curl_lock_data data, void* user) {
  calls() += std::string(static_cast<const char*>(user)) + (easy != nullptr ? "e" : "_") +
             std::to_string(data) + " ";
}

TEST_F(ShareApi, LocksAroundJoiningLeavingAndCleanup) {
  static char user[] = "u";
  curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, lock);
  curl_share_setopt(share_, CURLSHOPT_UNLOCKFUNC, unlock);
  curl_share_setopt(share_, CURLSHOPT_USERDATA, user);
  calls().clear();
  {
    Easy easy;
    attach_share(easy, share_);
    EXPECT_EQ(calls(), "uE1a2 ue1 ");
    calls().clear();
    EXPECT_EQ(curl_share_cleanup(share_), CURLSHE_IN_USE);
    EXPECT_EQ(calls(), "u-1a2 u_1 ");
    calls().clear();
  }
  EXPECT_EQ(calls(), "uE1a2 ue1 ");
}

TEST_F(ShareApi, SharedDataGoesWithItsKindOrTheShare) {
  struct Counted final : SharedData {
    explicit Counted(int& count) : count_(count) { ++count_; }
    ~Counted() override { --count_; }
    int& count_;
  };
  int count = 0;
  Share* const share = Share::from(share_);
  share->set_data(CURL_LOCK_DATA_DNS, std::make_unique<Counted>(count));
  share->set_data(CURL_LOCK_DATA_CONNECT, std::make_unique<Counted>(count));
  EXPECT_NE(share->data(CURL_LOCK_DATA_DNS), nullptr);
  EXPECT_EQ(count, 2);
  curl_share_setopt(share_, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(share->data(CURL_LOCK_DATA_DNS), nullptr);
  EXPECT_EQ(curl_share_cleanup(share_), CURLSHE_OK);
  share_ = nullptr;
  EXPECT_EQ(count, 0);
}

}  // namespace
