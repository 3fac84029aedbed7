// The other ways to drive the library: perform and poll, fdset, waitfds, curl_easy_perform; and what handles
// have in common: duplicates and shares.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/select.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "wire/support/name_server.hpp"
#include "wire/support/tls.hpp"
#include "wire/torture/stage.hpp"

namespace hiper::wire {
namespace {

/// One call of curl_multi_perform and then `wait`, until the handles are done, or the library gives up.
void drive(Stage& stage, const std::function<bool()>& done, const std::function<bool()>& wait) {
  SysFaults::while_waiting = [&stage] { stage.world.pump(); };
  for (int rounds = 0; !done(); ++rounds) {
    EXPECT_LT(rounds, 5000) << "waited in vain: " << stage.app().whole_trace();
    if (rounds >= 5000 || !stage.judge(stage.app().perform())) break;
    stage.world.pump();
    if (!done() && !wait()) break;
  }
  SysFaults::while_waiting = nullptr;
}

/// A transfer driven by `drive`, judged if it came to its end.
void play_driven(Stage& stage, const std::function<bool()>& wait) {
  Handle first(stage.peer.url("/first"));
  Handle second(stage.peer.url("/second"));
  const bool one = stage.add(first);
  const bool two = stage.add(second);
  drive(
      stage, [&] { return (!one || first.done) && (!two || second.done); }, wait);
  for (Handle* const handle : {&first, &second}) {
    if (handle == &first ? !one : !two) continue;
    if (handle->done) {
      stage.finish(*handle);
    } else {
      EXPECT_FALSE(stage.complete);
      EXPECT_EQ(stage.app().remove(*handle), CURLM_OK);
    }
  }
}

void perform_and_poll(Stage& stage) {
  play_driven(stage, [&] {
    int ready = 0;
    return stage.judge(in_library([&] { return curl_multi_poll(stage.multi(), nullptr, 0, 5000, &ready); }));
  });
}

// With a descriptor of the application among what is waited for.
void perform_and_wait(Stage& stage) {
  play_driven(stage, [&] {
    curl_waitfd extra = {stage.other.fd(), CURL_WAIT_POLLIN, 0};
    int ready = 0;
    return stage.judge(in_library([&] { return curl_multi_wait(stage.multi(), &extra, 1, 5000, &ready); }));
  });
}

void perform_and_select(Stage& stage) {
  play_driven(stage, [&] {
    fd_set in;
    fd_set out;
    fd_set error;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&error);
    int most = -1;
    long ms = -1;
    EXPECT_EQ(in_library([&] { return curl_multi_fdset(stage.multi(), &in, &out, &error, &most); }),
              CURLM_OK);
    EXPECT_EQ(in_library([&] { return curl_multi_timeout(stage.multi(), &ms); }), CURLM_OK);
    timeval limit = {0, static_cast<suseconds_t>(ms < 0 || ms > 2 ? 2000 : ms * 1000)};
    select(most + 1, &in, &out, &error, &limit);
    return true;
  });
}

void perform_and_waitfds(Stage& stage) {
  play_driven(stage, [&] {
    curl_waitfd fds[8];
    unsigned count = 0;
    EXPECT_EQ(in_library([&] { return curl_multi_waitfds(stage.multi(), fds, 8, &count); }), CURLM_OK);
    std::vector<pollfd> set;
    for (unsigned i = 0; i < std::min(count, 8u); ++i) {
      const int events = ((fds[i].events & CURL_WAIT_POLLIN) != 0 ? POLLIN : 0) |
                         ((fds[i].events & CURL_WAIT_POLLOUT) != 0 ? POLLOUT : 0);
      set.push_back({fds[i].fd, static_cast<short>(events), 0});
    }
    poll(set.data(), set.size(), 2);
    return true;
  });
}

void wakeup(Stage& stage) {
  CURLM* const multi = stage.multi();
  int ready = 0;
  if (!stage.judge(in_library([&] { return curl_multi_poll(multi, nullptr, 0, 0, &ready); }))) return;
  for (int i = 0; i < 3; ++i) {
    const CURLMcode woken = in_library([&] { return curl_multi_wakeup(multi); });
    EXPECT_TRUE(woken == CURLM_OK ||
                (stage.failing == Stage::Failing::system && woken == CURLM_WAKEUP_FAILURE));
    stage.complete = stage.complete && woken == CURLM_OK;
    const int limit_ms = woken == CURLM_OK ? 5000 : 0;
    const auto began = std::chrono::steady_clock::now();
    stage.judge(in_library([&] { return curl_multi_poll(multi, nullptr, 0, limit_ms, &ready); }));
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4)) << "the wake-up was lost";
  }
  Handle get(stage.peer.url());
  stage.transfer(get);
}

void easy_perform(Stage& stage) {
  Handle get(stage.peer.url());
  if (!stage.perform(get.curl, get)) return;
  get.clear();
  stage.perform(get.curl, get);
}

void easy_perform_https(Stage& stage) {
  Peer secure(stage.world, tls_server());
  Handle post(secure.url());
  trust(post);
  post.post_by_callback("0123456789", -1);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  stage.perform(post.curl, post);
}

void easy_perform_by_name(Stage& stage) {
  NameServer names(stage.world);
  Handle get(NameServer::url("some.test", stage.peer));
  names.serve(get);
  get.set(CURLOPT_TIMEOUT_MS, stage.patience_ms());
  stage.also_right = {CURLE_OPERATION_TIMEDOUT};
  stage.perform(get.curl, get);
}

void socket_all(Stage& stage) {
  stage.peer.otherwise({request(), hold(), send(response("ok")), again()});
  Handle get(stage.peer.url());
  if (!stage.add(get)) return;
  stage.run([&] { return get.done || !stage.peer.requests.empty(); }, "the request");
  int running = 0;
  const CURLMcode code = in_library([&] { return curl_multi_socket_all(stage.multi(), &running); });
  EXPECT_EQ(code, CURLM_OK);
  stage.peer.release();
  stage.finish(get);
}

void duplicate(Stage& stage) {
  Handle get(stage.peer.url("/a/path/longer/than/a/small/string"));
  get.set(CURLOPT_COPYPOSTFIELDS, "some=fields&which=are copied");
  get.set(CURLOPT_USERAGENT, "a name that does not fit a small string");
  get.set(CURLOPT_USERPWD, "someone:a password");
  if (get.curl == nullptr) return static_cast<void>(stage.give_up());
  CURL* const copy = in_library([&] { return curl_easy_duphandle(get.curl); });
  if (copy == nullptr) stage.give_up();
  if (copy != nullptr) stage.perform(copy, get);
  in_library([&] { curl_easy_cleanup(copy); });
}

CURLSH* make_share() {
  CURLSH* const share = curl_share_init();
  if (share == nullptr) return nullptr;
  const bool made = curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
                    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
  if (made) return share;
  curl_share_cleanup(share);
  return nullptr;
}

// Two handles, one in the multi and one by itself, that have names and TLS sessions in common.
void shared_names_and_sessions(Stage& stage) {
  CURLSH* const share = in_library(make_share);
  if (share == nullptr) return static_cast<void>(stage.give_up());
  {
    NameServer names(stage.world);
    Peer secure(stage.world, tls_server());
    const std::string url = "https://server.test:" + std::to_string(secure.port()) + "/";
    stage.also_right = {CURLE_OPERATION_TIMEDOUT};
    Handle first(url);
    Handle second(url);
    for (Handle* const handle : {&first, &second}) {
      trust(*handle);
      handle->set(CURLOPT_SHARE, share);
      names.serve(*handle);
      handle->set(CURLOPT_TIMEOUT_MS, stage.patience_ms());
    }
    const bool right = stage.transfer(first);
    if (right) stage.perform(second.curl, second);
    if (right && stage.failing == Stage::Failing::nothing) {
      EXPECT_EQ(names.server.num_asked, 1);
    }
  }
  EXPECT_EQ(in_library([&] { return curl_share_cleanup(share); }), CURLSHE_OK);
}

constexpr Story kStories[] = {
    {"perform_and_poll", perform_and_poll},
    {"perform_and_wait", perform_and_wait},
    {"perform_and_select", perform_and_select},
    {"perform_and_waitfds", perform_and_waitfds},
    {"wakeup", wakeup},
    {"easy_perform", easy_perform},
    {"easy_perform_https", easy_perform_https},
    {"easy_perform_by_name", easy_perform_by_name, true},
    {"socket_all", socket_all},
    {"duplicate", duplicate},
    {"shared_names_and_sessions", shared_names_and_sessions, true},
};

}  // namespace

std::span<const Story> interface_stories() { return kStories; }

}  // namespace hiper::wire
