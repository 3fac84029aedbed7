// One request and its response, over HTTP without TLS.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "wire/torture/stage.hpp"

namespace hiper::wire {
namespace {

void plain_get(Stage& stage) {
  Handle get(stage.peer.url());
  stage.transfer(get);
}

// The library closes the sockets by itself, not by a callback.
void own_close(Stage& stage) {
  stage.app().hooks_close = false;
  Handle get(stage.peer.url());
  get.set(CURLOPT_FORBID_REUSE, 1L);
  stage.transfer(get);
  get.clear();
  stage.transfer(get);
}

void keep_alive(Stage& stage) {
  Handle get(stage.peer.url());
  if (!stage.transfer(get)) return;
  get.clear();
  if (!stage.transfer(get)) return;
  Handle next(stage.peer.url("/next"));
  if (stage.transfer(next) && stage.failing == Stage::Failing::nothing) {
    EXPECT_EQ(stage.peer.num_accepted(), 1u);
  }
}

void play_several(Stage& stage, int count) {
  std::vector<std::unique_ptr<Handle>> handles;
  for (int i = 0; i < count; ++i) {
    auto get = std::make_unique<Handle>(stage.peer.url("/" + std::to_string(i)));
    if (stage.add(*get)) handles.push_back(std::move(get));
  }
  stage.run(
      [&] { return std::all_of(handles.begin(), handles.end(), [](const auto& get) { return get->done; }); },
      "the end of all transfers");
  for (const auto& get : handles) stage.finish(*get);
}

void several_at_once(Stage& stage) { play_several(stage, 4); }

void behind_host_limit(Stage& stage) {
  in_library([&] { curl_multi_setopt(stage.multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 2L); });
  play_several(stage, 5);
}

void behind_total_limit(Stage& stage) {
  in_library([&] { curl_multi_setopt(stage.multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L); });
  Handle here(stage.peer.url());
  Handle there(stage.other.url());
  const bool first = stage.add(here);
  const bool second = stage.add(there);
  stage.run([&] { return (!first || here.done) && (!second || there.done); }, "the end of both");
  if (first) stage.finish(here);
  if (second) stage.finish(there);
}

void chunked_response(Stage& stage) {
  stage.peer.otherwise(
      {request(),
       send_in("HTTP/1.1 200 OK\r\nContent-Type: text/a-long-type-that-needs-memory\r\nSet-Cookie: a=b\r\n"
               "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Trailer: yes\r\n\r\n",
               {20, 60, 50, 3, 4, 1, 1, 9}),
       again()});
  Handle get(stage.peer.url("/a/path/longer/than/a/small/string?and=a&query=string"));
  get.set(CURLOPT_USERAGENT, "a name that does not fit a small string");
  get.set(CURLOPT_TIMEOUT_MS, 60000L);
  get.set(CURLOPT_NOPROGRESS, 0L);
  if (!stage.transfer(get, "abcdefg")) return;
  in_library([&] {
    curl_header* found = nullptr;
    const CURLHcode code = curl_easy_header(get.curl, "Set-Cookie", 0, CURLH_HEADER, -1, &found);
    if (code == CURLHE_OUT_OF_MEMORY) stage.complete = false;
    EXPECT_TRUE(code == CURLHE_OK || code == CURLHE_OUT_OF_MEMORY) << code;
  });
}

void until_close(Stage& stage) {
  stage.peer.otherwise({request(), send_in("HTTP/1.0 200 OK\r\n\r\nall of it", {25}), close_it()});
  Handle get(stage.peer.url());
  stage.transfer(get, "all of it");
}

void head_request(Stage& stage) {
  stage.peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), again()});
  Handle head(stage.peer.url());
  head.set(CURLOPT_NOBODY, 1L);
  if (stage.transfer(head, "")) stage.transfer(head, "");
}

void no_content(Stage& stage) {
  stage.peer.otherwise(always("HTTP/1.1 204 Nothing\r\n\r\n"));
  Handle get(stage.peer.url());
  if (stage.transfer(get, "")) {
    EXPECT_EQ(get.status(), 204);
  }
}

void large_response(Stage& stage) {
  const std::string large(600000, 'x');
  stage.peer.otherwise({request(), send(response(large)), again()});
  Handle get(stage.peer.url());
  stage.transfer(get, large);
}

// The bytes that gzip makes of "hello hello hello hello hello hello".
void gzip_response(Stage& stage) {
  static constexpr unsigned char kZipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                              0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0xc0, 0x47, 0x02,
                                              0x00, 0x57, 0x37, 0x62, 0x85, 0x23, 0x00, 0x00, 0x00};
  const std::string zipped(reinterpret_cast<const char*>(kZipped), sizeof kZipped);
  stage.peer.otherwise(always(response(zipped, "Content-Encoding: gzip\r\n")));
  Handle get(stage.peer.url());
  get.set(CURLOPT_ACCEPT_ENCODING, "");
  stage.transfer(get, "hello hello hello hello hello hello");
}

void redirect(Stage& stage) {
  stage.peer.otherwise(
      always(response("moved", "Location: " + stage.other.url("/there") + "\r\n", "302 Found")));
  Handle get(stage.peer.url());
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  get.set(CURLOPT_AUTOREFERER, 1L);
  stage.transfer(get);
}

void credentials_asked_for(Stage& stage) {
  stage.peer.expect({request(),
                     send(response("who?", "WWW-Authenticate: Basic realm=\"here\"\r\n", "401 Who")),
                     request(), send(response("ok")), client_gone()});
  Handle get(stage.peer.url());
  get.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_ANY));
  get.set(CURLOPT_USERPWD, "someone:a password");
  stage.peer.otherwise(always(response("ok")));
  stage.transfer(get);
}

void rate_limit(Stage& stage) {
  const std::string text(200000, 'r');
  stage.peer.otherwise({request(), send(response(text)), again()});
  Handle get(stage.peer.url());
  get.set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{20000000});
  stage.transfer(get, text);
}

void time_limit(Stage& stage) {
  stage.peer.otherwise({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), client_gone()});
  Handle get(stage.peer.url());
  get.set(CURLOPT_TIMEOUT_MS, 15L);
  if (stage.add(get) && stage.finish(get, "ab", CURLE_OPERATION_TIMEDOUT)) {
    EXPECT_TRUE(get.done);
  }
}

constexpr Story kStories[] = {
    {"plain_get", plain_get},
    {"own_close", own_close},
    {"keep_alive", keep_alive},
    {"several_at_once", several_at_once},
    {"behind_host_limit", behind_host_limit},
    {"behind_total_limit", behind_total_limit},
    {"chunked_response", chunked_response},
    {"until_close", until_close},
    {"head_request", head_request},
    {"no_content", no_content},
    {"large_response", large_response},
    {"gzip_response", gzip_response},
    {"redirect", redirect},
    {"credentials_asked_for", credentials_asked_for},
    {"rate_limit", rate_limit},
    {"time_limit", time_limit},
};

}  // namespace

std::span<const Story> plain_stories() { return kStories; }

}  // namespace hiper::wire
