// Calls inside callbacks: what is refused there, that nothing changes by it, and what is allowed.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>
#include <string>
#include <utility>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// Tries every function in every callback. One transfer has all callbacks there are.
class Recursion : public testing::Test {
 protected:
  Recursion() : fresh_("http://127.0.0.1:1/") {}
  void attempt(const char* where) {
    if (++tried_[where] > 2) return;
    SCOPED_TRACE(where);
    const curl_off_t added = num_handles(multi(), CURLMINFO_XFERS_ADDED);
    refused();
    turns_refused();
    allowed();
    elsewhere();
    EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_ADDED), added);
    EXPECT_EQ(num_handles(multi(), CURLMINFO_XFERS_CURRENT), 1);
  }
  void refused() {
    int n = 77;
    long ms = 77;
    unsigned found = 77;
    fd_set set;
    FD_ZERO(&set);
    EXPECT_EQ(curl_multi_add_handle(multi(), fresh_.curl), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_remove_handle(multi(), own_->curl), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_fdset(multi(), &set, &set, &set, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(n, 77);
    EXPECT_EQ(curl_multi_waitfds(multi(), nullptr, 0, &found), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(found, 77u);
    EXPECT_EQ(curl_multi_wait(multi(), nullptr, 0, 10000, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_poll(multi(), nullptr, 0, 10000, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_timeout(multi(), &ms), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(ms, 77);
    EXPECT_EQ(curl_multi_setopt(multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L), CURLM_RECURSIVE_API_CALL);
    EXPECT_EQ(curl_multi_cleanup(multi()), CURLM_RECURSIVE_API_CALL);
  }
  void turns_refused() {
    int n = -1;
    EXPECT_EQ(curl_multi_socket_action(multi(), CURL_SOCKET_TIMEOUT, 0, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_GE(std::exchange(n, -1), 0) << "written all the same";
    EXPECT_EQ((curl_multi_socket)(multi(), 0, &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_GE(std::exchange(n, -1), 0);
    EXPECT_EQ(curl_multi_socket_all(multi(), &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_GE(std::exchange(n, -1), 0);
    EXPECT_EQ(curl_multi_perform(multi(), &n), CURLM_RECURSIVE_API_CALL);
    EXPECT_GE(n, 0);
  }
  void allowed() {
    int n = 77;
    if (num_handles(multi(), CURLMINFO_XFERS_DONE) == 0) {  // the message itself is left to the harness
      EXPECT_EQ(curl_multi_info_read(multi(), &n), nullptr);
      EXPECT_EQ(n, 0);
      ++tried_["info_read"];
    }
    EXPECT_EQ(curl_multi_wakeup(multi()), CURLM_OK);
    CURL** const handles = curl_multi_get_handles(multi());
    ASSERT_NE(handles, nullptr);
    EXPECT_EQ(handles[0], own_->curl);
    curl_free(handles);
    EXPECT_EQ(curl_multi_notify_enable(multi(), CURLMNOTIFY_EASY_DONE), CURLM_OK);
    EXPECT_EQ(curl_multi_notify_disable(multi(), CURLMNOTIFY_EASY_DONE), CURLM_OK);
    EXPECT_NE(curl_multi_strerror(CURLM_OK), nullptr);
    EXPECT_EQ(curl_easy_pause(own_->curl, CURLPAUSE_CONT), CURLE_OK);
  }
  /// Another multi handle, and the easy interface, are free.
  void elsewhere() {
    int n = 77;
    CURLM* const second = curl_multi_init();
    EXPECT_EQ(curl_multi_add_handle(second, own_->curl), CURLM_ADDED_ALREADY);
    EXPECT_EQ(curl_multi_add_handle(second, fresh_.curl), CURLM_OK);
    EXPECT_EQ(curl_multi_perform(second, &n), CURLM_OK);
    EXPECT_EQ(curl_multi_poll(second, nullptr, 0, 0, nullptr), CURLM_OK);
    EXPECT_EQ(curl_multi_remove_handle(second, fresh_.curl), CURLM_OK);
    EXPECT_EQ(curl_multi_cleanup(second), CURLM_OK);
    EXPECT_EQ(curl_easy_perform(fresh_.curl), CURLE_COULDNT_CONNECT);
    EXPECT_EQ(curl_easy_perform(own_->curl), CURLE_FAILED_INIT);
  }

  static Recursion& of(void* self) { return *static_cast<Recursion*>(self); }
  static std::size_t on_header(char*, std::size_t size, std::size_t items, void* self) {
    of(self).attempt("header");
    return size * items;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    of(self).attempt("progress");
    return 0;
  }
  static int on_debug(CURL*, curl_infotype, char*, std::size_t, void* self) {
    of(self).attempt("debug");
    return 0;
  }
  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) {
    of(self).attempt("opensocket");
    return socket(address->family, address->socktype, address->protocol);
  }
  static int on_sockopt(void* self, curl_socket_t, curlsocktype) {
    of(self).attempt("sockopt");
    return CURL_SOCKOPT_OK;
  }
  static int on_prereq(void* self, char*, char*, int, int) {
    of(self).attempt("prereq");
    return CURL_PREREQFUNC_OK;
  }
  void take_part_everywhere(Handle& handle) {
    own_ = &handle;
    handle.set(CURLOPT_HEADERFUNCTION, on_header);
    handle.set(CURLOPT_HEADERDATA, this);
    handle.set(CURLOPT_XFERINFOFUNCTION, on_progress);
    handle.set(CURLOPT_XFERINFODATA, this);
    handle.set(CURLOPT_NOPROGRESS, 0L);
    handle.set(CURLOPT_DEBUGFUNCTION, on_debug);
    handle.set(CURLOPT_DEBUGDATA, this);
    handle.set(CURLOPT_VERBOSE, 1L);
    handle.set(CURLOPT_OPENSOCKETFUNCTION, on_open);
    handle.set(CURLOPT_OPENSOCKETDATA, this);
    handle.set(CURLOPT_SOCKOPTFUNCTION, on_sockopt);
    handle.set(CURLOPT_SOCKOPTDATA, this);
    handle.set(CURLOPT_PREREQFUNCTION, on_prereq);
    handle.set(CURLOPT_PREREQDATA, this);
  }
  App& app() { return world.app(); }
  CURLM* multi() { return app().multi(); }
  World world;
  Handle fresh_;
  Handle* own_ = nullptr;
  std::map<std::string, int> tried_;
};

// contract: 9.6, 16.10, 16.11, 16.12
TEST_F(Recursion, IsRefusedInEveryCallbackAndNothingChanges) {
  Peer peer(world);
  Handle post(peer.url());
  take_part_everywhere(post);
  post.post_by_callback("0123456789", 10);
  post.on_read = [&](char* into, std::size_t) -> std::size_t {
    attempt("read");
    if (post.upload_at == post.upload.size()) return 0;
    post.upload_at += post.upload.copy(into, 5, post.upload_at);
    return 5;
  };
  post.on_body = [&](std::string_view piece) {
    attempt("write");
    return piece.size();
  };
  app().on_socket = [&](int, int) { attempt("socket"); };
  ASSERT_EQ(app().add(post), CURLM_OK);
  app().on_timer = [&](long) { attempt("timer"); };
  world.run_until_done(post);
  EXPECT_EQ(post.code, CURLE_OK);
  EXPECT_EQ(post.body, "ok");
  for (const char* const where : {"socket", "timer", "write", "header", "read", "progress", "debug",
                                  "opensocket", "sockopt", "prereq", "info_read"}) {
    EXPECT_GE(tried_[where], 1) << where << " was never called";
  }
  app().on_socket = nullptr;
  app().on_timer = nullptr;
}

// contract: 16.10
TEST_F(Recursion, IsRefusedInTheCallbacksOfAddRemoveAndPause) {
  Peer peer(world);
  peer.otherwise({request(), client_gone()});
  Handle bystander(peer.url());
  ASSERT_EQ(app().add(bystander), CURLM_OK);
  world.run([&] { return peer.requests.size() == 1; });
  own_ = &bystander;
  Handle get(peer.url());
  int seen = 0;
  const auto attempt = [&] {
    ++seen;
    refused();
    turns_refused();
  };
  app().on_timer = [&](long) { attempt(); };
  EXPECT_EQ(app().add(get), CURLM_OK);
  EXPECT_EQ(std::exchange(seen, 0), 1);
  world.run([&] { return peer.requests.size() == 2; });
  app().on_socket = [&](int, int) { attempt(); };
  seen = 0;
  EXPECT_EQ(app().pause(get, CURLPAUSE_ALL), CURLE_OK);
  EXPECT_GE(std::exchange(seen, 0), 1);
  EXPECT_EQ(app().pause(get, CURLPAUSE_CONT), CURLE_OK);
  EXPECT_GE(seen, 1);
  app().fire_timer();
  seen = 0;
  EXPECT_EQ(app().remove(get), CURLM_OK);
  EXPECT_GE(seen, 1);
  app().on_socket = nullptr;
  app().on_timer = nullptr;
}

}  // namespace
}  // namespace hiper::wire
