// How connections are opened, and how they end.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>

#include "wire/support/name_server.hpp"
#include "wire/torture/stage.hpp"

namespace hiper::wire {
namespace {

/// A handle that asks this server, and does not wait for lost answers.
void ask(Stage& stage, Handle& handle, const NameServer& names) {
  handle.set(CURLOPT_DNS_SERVERS, names.server.address().c_str());
  handle.set(CURLOPT_TIMEOUT_MS, stage.patience_ms());
  // c-ares takes an answer that it has no memory for as a lost one, and asks again seconds later.
  stage.also_right = {CURLE_OPERATION_TIMEDOUT};
}

// Nobody listens at the first address.
void name_with_two_addresses(Stage& stage) {
  NameServer names(stage.world);
  names.server.answerer = [](const DnsQuestion& question) {
    return MockDnsServer::reply(question, {"127.0.0.2", "127.0.0.1"});
  };
  Handle get(NameServer::url("some.test", stage.peer));
  ask(stage, get, names);
  get.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  if (!stage.transfer(get)) return;
  get.clear();
  stage.transfer(get);
}

void name_of_both_families(Stage& stage) {
  NameServer names(stage.world);
  names.server.answerer = [](const DnsQuestion& question) {
    return MockDnsServer::reply(question, {question.type == MockDnsServer::kAaaa ? "::1" : "127.0.0.1"});
  };
  Handle get(NameServer::url("both.test", stage.peer));
  ask(stage, get, names);
  stage.also_right.push_back(CURLE_COULDNT_CONNECT);  // only the answer that leads nowhere was understood
  stage.transfer(get);
}

void unknown_name(Stage& stage) {
  NameServer names(stage.world);
  names.server.answerer = [](const DnsQuestion& question) { return MockDnsServer::reply(question, {}, 3); };
  Handle get(NameServer::url("no.test", stage.peer));
  ask(stage, get, names);
  stage.transfer(get, "", CURLE_COULDNT_RESOLVE_HOST);
}

// Removed while the name server is silent.
void name_given_up(Stage& stage) {
  NameServer names(stage.world);
  names.be_silent();
  Handle get(NameServer::url("late.test", stage.peer));
  ask(stage, get, names);
  if (!stage.add(get)) return;
  stage.run([&] { return get.done || names.server.num_asked > 0; }, "the question");
  if (get.done) stage.judge(get.code, CURLE_OK);
  EXPECT_EQ(stage.app().remove(get), CURLM_OK);
}

void names_by_option(Stage& stage) {
  const std::string entry = "given.test:" + std::to_string(stage.peer.port()) + ":127.0.0.2,127.0.0.1";
  curl_slist* const list = in_library([&] { return curl_slist_append(nullptr, entry.c_str()); });
  if (list == nullptr) return static_cast<void>(stage.give_up());
  Handle get(NameServer::url("given.test", stage.peer));
  get.set(CURLOPT_RESOLVE, list);
  stage.transfer(get);
  get.set(CURLOPT_RESOLVE, nullptr);
  in_library([&] { curl_slist_free_all(list); });
}

// Some connect before their sockets are announced.
void crowd(Stage& stage) {
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < 9; ++i) {
    auto one = std::make_unique<Handle>(stage.peer.url());
    if (!stage.add(*one)) break;
    handles.push_back(std::move(one));
  }
  for (const auto& one : handles) stage.finish(*one);
}

void refused_port(Stage& stage) {
  std::uint16_t port = 0;
  { port = Peer(stage.world).port(); }
  Handle get("http://127.0.0.1:" + std::to_string(port) + "/");
  stage.transfer(get, "", CURLE_COULDNT_CONNECT);
}

void socket_options(Stage& stage) {
  Handle get(stage.peer.url());
  get.set(CURLOPT_TCP_KEEPALIVE, 1L);
  get.set(CURLOPT_INTERFACE, "host!127.0.0.1");
  get.set(CURLOPT_FORBID_REUSE, 1L);
  if (!stage.transfer(get)) return;
  get.clear();
  get.set(CURLOPT_INTERFACE, "if!lo");
  get.set(
      CURLOPT_SOCKOPTFUNCTION, +[](void*, curl_socket_t, curlsocktype) { return int{CURL_SOCKOPT_OK}; });
  get.set(
      CURLOPT_OPENSOCKETFUNCTION, +[](void*, curlsocktype, curl_sockaddr* address) {
        return in_test([&] { return socket(address->family, address->socktype, address->protocol); });
      });
  stage.transfer(get);
}

/// Accepts for a Peer at an abstract Unix address.
class UnixDoor final : public Actor {
 public:
  explicit UnixDoor(Peer& peer) : peer_(peer), fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(bind(fd_, static_cast<sockaddr*>(static_cast<void*>(&address)), length), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    peer_.world().join(*this);
  }
  ~UnixDoor() {
    peer_.world().leave(*this);
    close(fd_);
  }
  UnixDoor(const UnixDoor&) = delete;
  UnixDoor& operator=(const UnixDoor&) = delete;
  void pump() override {
    for (int fd; (fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      inside_.push_back(std::make_unique<PeerConnection>(peer_, fd, always(response("ok")), nullptr));
    }
    for (const auto& one : inside_) one->pump();
  }
  void add_to(std::vector<pollfd>& set) const override {
    set.push_back({fd_, POLLIN, 0});
    for (const auto& one : inside_) one->add_to(set);
  }
  const std::string name = "hiper-torture-" + std::to_string(getpid());

 private:
  Peer& peer_;
  int fd_;
  std::vector<std::unique_ptr<PeerConnection>> inside_;
};

void unix_socket(Stage& stage) {
  UnixDoor door(stage.peer);
  Handle get("http://somewhere/");
  get.set(CURLOPT_ABSTRACT_UNIX_SOCKET, door.name.c_str());
  if (!stage.transfer(get)) return;
  get.clear();
  stage.transfer(get);
}

void peer_resets(Stage& stage) {
  stage.peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"), reset_it()});
  Handle get(stage.peer.url());
  stage.transfer(get, "ab", CURLE_RECV_ERROR);
}

void peer_says_nothing(Stage& stage) {
  stage.peer.otherwise({request(), close_it()});
  Handle get(stage.peer.url());
  stage.transfer(get, "", CURLE_GOT_NOTHING);
}

// The peer drops the kept connection when it sees the second request on it.
void died_in_the_pool(Stage& stage) {
  stage.peer.expect({request(), send(response("ok")), request(), reset_it()});
  Handle get(stage.peer.url());
  if (!stage.transfer(get)) return;
  get.clear();
  if (stage.transfer(get) && stage.failing == Stage::Failing::nothing) {
    EXPECT_EQ(stage.peer.num_accepted(), 2u);
  }
}

void removed_and_added_again(Stage& stage) {
  stage.peer.expect({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), client_gone()});
  Handle get(stage.peer.url());
  if (!stage.add(get)) return;
  stage.run([&] { return get.done || get.body == "ab"; }, "the first bytes");
  if (get.done) stage.judge(get.code, CURLE_OK);
  EXPECT_EQ(stage.app().remove(get), CURLM_OK);
  if (get.done) return;
  EXPECT_EQ(stage.app().num_announced(), 0u);
  get.clear();
  stage.transfer(get);
}

void connect_only(Stage& stage) {
  Handle only(stage.peer.url());
  only.set(CURLOPT_CONNECT_ONLY, 1L);
  if (!stage.transfer(only, "")) return;
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\n\r\n";
  std::size_t sent = 0;
  CURLcode code = CURLE_OK;
  for (int i = 0; i < 100 && sent < kRequest.size() && (code == CURLE_OK || code == CURLE_AGAIN); ++i) {
    std::size_t count = 0;
    code = in_library(
        [&] { return curl_easy_send(only.curl, kRequest.data() + sent, kRequest.size() - sent, &count); });
    if (code == CURLE_OK) sent += count;
  }
  if (!stage.judge(code, CURLE_OK)) return;
  std::string answer;
  for (int i = 0; i < 1000 && answer != response("ok") && (code == CURLE_OK || code == CURLE_AGAIN); ++i) {
    stage.world.pump();
    char room[100];
    std::size_t count = 0;
    code = in_library([&] { return curl_easy_recv(only.curl, room, sizeof room, &count); });
    if (code == CURLE_OK) answer.append(room, count);
  }
  if (stage.judge(code, CURLE_OK)) {
    EXPECT_EQ(answer, response("ok"));
  }
}

// The multi handle goes while one transfer runs, one waits in the queue, and a connection is idle.
void cleaned_up_in_the_middle(Stage& stage) {
  in_library([&] { curl_multi_setopt(stage.multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L); });
  stage.peer.otherwise({request(), client_gone()});
  Handle idle(stage.other.url());
  stage.transfer(idle);
  Handle runs(stage.peer.url("/runs"));
  Handle waits(stage.peer.url("/waits"));
  const bool running = stage.add(runs);
  stage.add(waits);
  if (running) stage.run([&] { return runs.done || !stage.peer.requests.empty(); }, "the request");
  if (runs.done) stage.judge(runs.code, CURLE_OK);
  EXPECT_EQ(stage.app().cleanup(), CURLM_OK);
}

constexpr Story kStories[] = {
    {"name_with_two_addresses", name_with_two_addresses, true},
    {"name_of_both_families", name_of_both_families, true},
    {"unknown_name", unknown_name, true},
    {"name_given_up", name_given_up, true},
    {"names_by_option", names_by_option},
    {"crowd", crowd},
    {"refused_port", refused_port},
    {"socket_options", socket_options},
    {"unix_socket", unix_socket},
    {"peer_resets", peer_resets},
    {"peer_says_nothing", peer_says_nothing},
    {"died_in_the_pool", died_in_the_pool},
    {"removed_and_added_again", removed_and_added_again},
    {"connect_only", connect_only},
    {"cleaned_up_in_the_middle", cleaned_up_in_the_middle},
};

}  // namespace

std::span<const Story> connection_stories() { return kStories; }

}  // namespace hiper::wire
