// CURLMOPT_NOTIFYFUNCTION: what is told, when, and what may be done in it.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

constexpr const char* kRefused = "nosuchscheme://127.0.0.1/";  // fails in its first turn

class Notifications : public testing::Test {
 protected:
  struct Told {
    unsigned what;
    CURL* easy;
  };
  Notifications() { app().reading = App::Reading::none; }
  App& app() { return world.app(); }
  CURLM* multi() { return app().multi(); }
  static void note(CURLM* from, unsigned what, CURL* easy, void* self) {
    Notifications& test = *static_cast<Notifications*>(self);
    EXPECT_EQ(from, test.multi());
    test.told.push_back({what, easy});
    if (test.inside) test.inside(what, easy);
  }
  void listen() {
    EXPECT_EQ(curl_multi_setopt(multi(), CURLMOPT_NOTIFYFUNCTION, note), CURLM_OK);
    EXPECT_EQ(curl_multi_setopt(multi(), CURLMOPT_NOTIFYDATA, this), CURLM_OK);
  }
  void enable(unsigned what) { EXPECT_EQ(curl_multi_notify_enable(multi(), what), CURLM_OK); }
  void disable(unsigned what) { EXPECT_EQ(curl_multi_notify_disable(multi(), what), CURLM_OK); }
  std::size_t num_told(unsigned what) {
    std::size_t found = 0;
    for (const Told& one : told) found += one.what == what ? 1U : 0U;
    return found;
  }
  /// One transfer that ends at once; it stays added.
  void fail(Handle& handle) {
    handle.set(CURLOPT_URL, kRefused);
    EXPECT_EQ(app().add(handle), CURLM_OK);
    EXPECT_EQ(app().fire_timer(), CURLM_OK);
  }
  void read_all() {
    while (curl_multi_info_read(multi(), nullptr) != nullptr) continue;
  }
  World world;
  std::vector<Told> told;
  std::function<void(unsigned what, CURL* easy)> inside;
};

// contract: 14.1, 14.7
TEST_F(Notifications, AreToldOnlyWhenEnabledAndOnlyToACallback) {
  Handle handles[5];
  listen();
  fail(handles[0]);
  EXPECT_TRUE(told.empty()) << "nothing is enabled at first";
  EXPECT_EQ(curl_multi_setopt(multi(), CURLMOPT_NOTIFYFUNCTION, nullptr), CURLM_OK);
  enable(CURLMNOTIFY_INFO_READ);
  enable(CURLMNOTIFY_INFO_READ);
  enable(CURLMNOTIFY_EASY_DONE);
  read_all();
  fail(handles[1]);
  listen();
  app().fire_timer();
  EXPECT_TRUE(told.empty()) << "nothing is kept for a callback that comes later";
  read_all();
  fail(handles[2]);
  EXPECT_EQ(num_told(CURLMNOTIFY_INFO_READ), 1u);
  EXPECT_EQ(num_told(CURLMNOTIFY_EASY_DONE), 1u);
  disable(CURLMNOTIFY_EASY_DONE);
  disable(CURLMNOTIFY_EASY_DONE);
  read_all();
  fail(handles[3]);
  EXPECT_EQ(num_told(CURLMNOTIFY_INFO_READ), 2u);
  EXPECT_EQ(num_told(CURLMNOTIFY_EASY_DONE), 1u) << "disabled";
}

// contract: 14.2, 14.4
TEST_F(Notifications, InfoReadComesWhenTheQueueWasEmpty) {
  listen();
  enable(CURLMNOTIFY_INFO_READ);
  Handle handles[6];
  for (int i = 0; i < 3; ++i) {
    handles[i].set(CURLOPT_URL, kRefused);
    app().add(handles[i]);
  }
  app().fire_timer();
  EXPECT_EQ(told.size(), 1u) << "three messages in one call";
  fail(handles[3]);
  EXPECT_EQ(told.size(), 1u) << "the queue was not read";
  int left = 0;
  ASSERT_NE(curl_multi_info_read(multi(), &left), nullptr);
  EXPECT_EQ(left, 3);
  fail(handles[4]);
  EXPECT_EQ(told.size(), 1u) << "not to its end";
  read_all();
  fail(handles[5]);
  EXPECT_EQ(told.size(), 2u);
}

// contract: 14.3
TEST_F(Notifications, EasyDoneComesForEachTransferWithItsHandle) {
  listen();
  enable(CURLMNOTIFY_EASY_DONE);
  Peer peer(world);
  Handle good(peer.url());
  Handle bad;
  app().add(good);
  fail(bad);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].easy, bad.curl);
  world.run([&] { return told.size() == 2; });
  EXPECT_EQ(told[1].easy, good.curl);
  EXPECT_EQ(told[1].what, static_cast<unsigned>(CURLMNOTIFY_EASY_DONE));
  app().fire_timer();
  EXPECT_EQ(told.size(), 2u) << "once each";
}

// contract: 14.5, 14.6
TEST_F(Notifications, MayDoAllButDriveAndCleanUp) {
  listen();
  enable(CURLMNOTIFY_EASY_DONE);
  Peer peer(world);
  Handle next(peer.url());
  Handle running(peer.url());
  int rounds = 0;
  inside = [&](unsigned, CURL* easy) {
    if (++rounds != 1) return;
    int n = -1;
    long ms = 0;
    EXPECT_EQ(curl_multi_perform(multi(), &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_GE(n, 0);
    EXPECT_EQ(curl_multi_socket_action(multi(), CURL_SOCKET_TIMEOUT, 0, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ((curl_multi_socket)(multi(), 0, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_socket_all(multi(), &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_cleanup(multi()), CURLM_RECURSIVE_API_CALL);
    const CURLMsg* const message = curl_multi_info_read(multi(), &n);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->easy_handle, easy);
    EXPECT_EQ(curl_multi_setopt(multi(), CURLMOPT_MAXCONNECTS, 5L), CURLM_OK);
    EXPECT_EQ(curl_easy_pause(running.curl, CURLPAUSE_ALL), CURLE_OK);
    EXPECT_EQ(curl_easy_pause(running.curl, CURLPAUSE_CONT), CURLE_OK);
    EXPECT_EQ(curl_multi_remove_handle(multi(), easy), CURLM_OK);
    EXPECT_EQ(curl_multi_add_handle(multi(), next.curl), CURLM_OK);
    EXPECT_EQ(curl_multi_timeout(multi(), &ms), CURLM_OK);
    EXPECT_EQ(ms, 0);
    EXPECT_EQ(curl_multi_poll(multi(), nullptr, 0, 0, nullptr), CURLM_OK);
    curl_free(curl_multi_get_handles(multi()));
  };
  app().add(running);
  Handle bad(kRefused);
  app().add(bad);
  world.run([&] { return rounds == 3; });
  EXPECT_EQ(next.body, "ok");
  EXPECT_EQ(running.body, "ok");
  inside = nullptr;
}

// contract: 14.5, 14.9
TEST_F(Notifications, AHandleThatIsRemovedIsNotToldAbout) {
  listen();
  enable(CURLMNOTIFY_EASY_DONE);
  Handle handles[3];
  for (Handle& handle : handles) {
    handle.set(CURLOPT_URL, kRefused);
    app().add(handle);
  }
  inside = [&](unsigned, CURL*) {
    for (Handle& handle : handles) {
      EXPECT_EQ(curl_multi_remove_handle(multi(), handle.curl), CURLM_OK);
      if (handle.curl != told[0].easy) curl_easy_cleanup(std::exchange(handle.curl, nullptr));
    }
  };
  app().fire_timer();
  EXPECT_EQ(told.size(), 1u);
  inside = nullptr;
}

// contract: 14.8
TEST_F(Notifications, UnknownNumbersAreRefused) {
  for (const unsigned number : {2U, 31U, 32U, 1000U, 0xffffffffU}) {
    EXPECT_EQ(curl_multi_notify_enable(multi(), number), CURLM_UNKNOWN_OPTION);
    EXPECT_EQ(curl_multi_notify_disable(multi(), number), CURLM_UNKNOWN_OPTION);
  }
}

}  // namespace
}  // namespace hiper::wire
