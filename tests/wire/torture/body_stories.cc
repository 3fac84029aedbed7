// Requests with a body, and bodies that are paused.
#include <gtest/gtest.h>

#include "unit/stream/tls_fixture.hpp"
#include "wire/torture/stage.hpp"

namespace hiper::wire {
namespace {

/// The last request ended with this body, if the transfer went well.
void expect_sent(const Stage& stage, const Handle& handle, std::string_view body) {
  if (!handle.done || handle.code != CURLE_OK) return;
  ASSERT_FALSE(stage.peer.requests.empty());
  EXPECT_TRUE(stage.peer.requests.back().ends_with(body)) << stage.peer.requests.back().substr(0, 300);
}

void put_by_callback(Stage& stage) {
  const std::string body(300000, 'u');
  Handle put(stage.peer.url());
  put.post_by_callback(body, 300000);
  put.set(CURLOPT_CUSTOMREQUEST, "PUT");
  put.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  stage.transfer(put);
  expect_sent(stage, put, body);
}

void post_fields(Stage& stage) {
  Handle post(stage.peer.url());
  post.set(CURLOPT_COPYPOSTFIELDS, "one=1&two=2");
  if (stage.transfer(post)) {
    post.clear();
    stage.transfer(post);
  }
  expect_sent(stage, post, "\r\n\r\none=1&two=2");
}

void post_with_expect(Stage& stage) {
  stage.peer.otherwise(
      {head(), send("HTTP/1.1 100 Continue\r\n\r\n"), bytes(10), send(response("ok")), again()});
  Handle post(stage.peer.url());
  post.post_by_callback("0123456789", 10);
  curl_slist* list = in_library([] { return curl_slist_append(nullptr, "Expect: 100-continue"); });
  if (list == nullptr) return static_cast<void>(stage.give_up());
  post.set(CURLOPT_HTTPHEADER, list);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 30L);
  stage.transfer(post);
  post.set(CURLOPT_HTTPHEADER, nullptr);
  in_library([&] { curl_slist_free_all(list); });
}

void refused_post(Stage& stage) {
  stage.peer.otherwise({head(), send(response("no", "", "403 No")), client_gone()});
  Handle post(stage.peer.url());
  post.post_by_callback(std::string(2000000, 'p'), 2000000);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 2000L);
  stage.transfer(post, "no");
}

void chunked_upload(Stage& stage) {
  Handle post(stage.peer.url());
  post.post_by_callback("0123456789", -1);
  post.read_most = 4;
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  stage.transfer(post);
  expect_sent(stage, post, "4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n");
}

void redirected_post(Stage& stage) {
  stage.peer.otherwise(
      always(response("moved", "Location: " + stage.other.url("/there") + "\r\n", "307 Moved")));
  Handle post(stage.peer.url());
  post.post_by_callback("0123456789", 10);
  post.set(CURLOPT_FOLLOWLOCATION, 1L);
  if (!stage.transfer(post)) return;
  ASSERT_EQ(stage.other.requests.size(), 1u);
  EXPECT_TRUE(stage.other.requests.front().ends_with("\r\n\r\n0123456789"));
}

/// A part in memory, and one that is a file. nullptr: no memory.
curl_mime* make_form(CURL* easy, const std::string& path) {
  curl_mime* const form = curl_mime_init(easy);
  if (form == nullptr) return nullptr;
  curl_mimepart* const text = curl_mime_addpart(form);
  curl_mimepart* const file = text != nullptr ? curl_mime_addpart(form) : nullptr;
  const bool made = file != nullptr && curl_mime_name(text, "field") == CURLE_OK &&
                    curl_mime_data(text, "a value", CURL_ZERO_TERMINATED) == CURLE_OK &&
                    curl_mime_name(file, "file") == CURLE_OK &&
                    curl_mime_filedata(file, path.c_str()) == CURLE_OK &&
                    curl_mime_filename(file, "shown.txt") == CURLE_OK;
  if (made) return form;
  curl_mime_free(form);
  return nullptr;
}

void mime_post(Stage& stage) {
  const TemporaryFile file("the content of the file");
  Handle post(stage.peer.url());
  if (post.curl == nullptr) return static_cast<void>(stage.give_up());
  const std::string path = file.path();
  curl_mime* const form = in_library([&] { return make_form(post.curl, path); });
  if (form == nullptr) return static_cast<void>(stage.give_up());
  post.set(CURLOPT_MIMEPOST, form);
  const bool right = stage.transfer(post);
  if (right && stage.peer.requests.size() == 1) {
    const std::string& request = stage.peer.requests.front();
    EXPECT_NE(request.find("\r\n\r\na value\r\n"), request.npos) << request;
    EXPECT_NE(request.find("\r\n\r\nthe content of the file\r\n"), request.npos) << request;
  }
  in_library([&] { curl_mime_free(form); });
}

void paused_receive(Stage& stage) {
  const std::string text(100000, 'x');
  stage.peer.otherwise({request(), send(response(text)), again()});
  Handle get(stage.peer.url());
  bool paused = false;
  get.on_body = [&](std::string_view piece) {
    return std::exchange(paused, true) ? piece.size() : std::size_t{CURL_WRITEFUNC_PAUSE};
  };
  if (!stage.add(get)) return;
  stage.run([&] {
    if (paused && !get.done) stage.app().pause(get, CURLPAUSE_CONT);
    return get.done;
  });
  stage.finish(get, text);
}

// Paused by the application from outside, in both directions, and resumed in a later turn.
void paused_from_outside(Stage& stage) {
  stage.peer.otherwise({request(), hold(), send(response("ok")), again()});
  Handle get(stage.peer.url());
  if (!stage.add(get)) return;
  stage.run([&] { return get.done || !stage.peer.requests.empty(); }, "the request");
  if (!get.done) stage.app().pause(get, CURLPAUSE_ALL);
  stage.peer.release();
  stage.world.pump();
  if (!get.done) stage.app().pause(get, CURLPAUSE_CONT);
  stage.finish(get);
}

void paused_send(Stage& stage) {
  Handle post(stage.peer.url());
  post.post_by_callback(std::string(30000, 'p'), -1);
  post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  post.read_most = 10000;
  post.pause_after_read = true;
  if (!stage.add(post)) return;
  stage.run([&] {
    if (!post.done) stage.app().pause(post, CURLPAUSE_CONT);
    return post.done;
  });
  stage.finish(post);
}

constexpr Story kStories[] = {
    {"put_by_callback", put_by_callback},
    {"post_fields", post_fields},
    {"post_with_expect", post_with_expect},
    {"refused_post", refused_post},
    {"chunked_upload", chunked_upload},
    {"redirected_post", redirected_post},
    {"mime_post", mime_post},
    {"paused_receive", paused_receive},
    {"paused_from_outside", paused_from_outside},
    {"paused_send", paused_send},
};

}  // namespace

std::span<const Story> body_stories() { return kStories; }

}  // namespace hiper::wire
