// A handle that is used again behaves as its options say now: what was changed without telling the library
// (lists, bodies and URL handles in place), callbacks, limits, what a response is taken for; curl_easy_reset
// and curl_easy_duphandle.
#include <gtest/gtest.h>

#include "unit/stream/tls_fixture.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

class ChangedBehaviour : public testing::Test {
 protected:
  /// The hook sets options in between, so that all would be planned anew.
  ChangedBehaviour() { world.app().hooks_close = false; }
  CURLcode run(Handle& handle) {
    handle.clear();
    return world.transfer(handle);
  }
  /// The request that it makes.
  std::string request_of(Handle& handle) {
    EXPECT_EQ(run(handle), CURLE_OK) << handle.error;
    return peer.requests.empty() ? "" : peer.requests.back();
  }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

  World world;
  Peer peer{world};
};
using InPlace = ChangedBehaviour;

// --- Changed in place

TEST_F(InPlace, ALineIsAppendedToTheHeaders) {
  Handle get(peer.url());
  curl_slist* const list = curl_slist_append(nullptr, "X-A: b");
  get.set(CURLOPT_HTTPHEADER, list);
  EXPECT_TRUE(has(request_of(get), "X-A: b\r\n"));
  curl_slist_append(list, "X-C: d");
  const std::string both = request_of(get);
  EXPECT_TRUE(has(both, "X-A: b\r\nX-C: d\r\n")) << both;
  get.set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  curl_slist_free_all(list);
}

TEST_F(InPlace, ALineOfTheHeadersIsWrittenOver) {
  Handle get(peer.url());
  curl_slist* const list = curl_slist_append(nullptr, "X-A: first");
  get.set(CURLOPT_HTTPHEADER, list);
  EXPECT_TRUE(has(request_of(get), "X-A: first\r\n"));
  std::string_view("other").copy(list->data + 5, 5);
  EXPECT_TRUE(has(request_of(get), "X-A: other\r\n"));
  EXPECT_EQ(peer.num_accepted(), 1u);
  get.set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  curl_slist_free_all(list);
}

TEST_F(InPlace, PostFieldsAreWrittenOver) {
  char fields[] = "a=1";
  Handle post(peer.url());
  post.set(CURLOPT_POSTFIELDS, fields);
  EXPECT_TRUE(request_of(post).ends_with("\r\n\r\na=1"));
  fields[2] = '2';
  EXPECT_TRUE(request_of(post).ends_with("\r\n\r\na=2"));
  // The length is that of the text now, unless it was said.
  fields[1] = '\0';
  const std::string shorter = request_of(post);
  EXPECT_TRUE(
      shorter.ends_with("Content-Length: 1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na"))
      << shorter;
}

TEST_F(InPlace, CopiedPostFieldsAreNot) {
  char fields[] = "a=1";
  Handle post(peer.url());
  post.set(CURLOPT_COPYPOSTFIELDS, fields);
  EXPECT_TRUE(request_of(post).ends_with("\r\n\r\na=1"));
  fields[2] = '2';
  EXPECT_TRUE(request_of(post).ends_with("\r\n\r\na=1"));
}

TEST_F(InPlace, AUrlHandleIsLookedAtEachTime) {
  Peer other(world);
  CURLU* const url = curl_url();
  curl_url_set(url, CURLUPART_URL, peer.url("/one?a=b").c_str(), 0);
  Handle get;
  get.set(CURLOPT_URL, static_cast<char*>(nullptr));
  get.set(CURLOPT_CURLU, url);
  EXPECT_TRUE(request_of(get).starts_with("GET /one?a=b HTTP/1.1\r\n"));
  curl_url_set(url, CURLUPART_PATH, "/two", 0);
  EXPECT_TRUE(request_of(get).starts_with("GET /two?a=b HTTP/1.1\r\n"));
  curl_url_set(url, CURLUPART_QUERY, nullptr, 0);
  curl_url_set(url, CURLUPART_USER, "u", 0);
  curl_url_set(url, CURLUPART_PASSWORD, "p", 0);
  const std::string login = request_of(get);
  EXPECT_TRUE(login.starts_with("GET /two HTTP/1.1\r\n")) << login;
  EXPECT_TRUE(has(login, "Basic dTpw\r\n")) << login;
  EXPECT_EQ(peer.num_accepted(), 1u);
  curl_url_set(url, CURLUPART_PORT, std::to_string(other.port()).c_str(), 0);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(other.requests.size(), 1u);
  curl_url_cleanup(url);
}

TEST_F(InPlace, APartOfAMimeGetsOtherData) {
  Handle post(peer.url());
  curl_mime* const form = curl_mime_init(post.curl);
  curl_mimepart* const part = curl_mime_addpart(form);
  curl_mime_name(part, "field");
  curl_mime_data(part, "first", CURL_ZERO_TERMINATED);
  post.set(CURLOPT_MIMEPOST, form);
  EXPECT_TRUE(has(request_of(post), "\r\n\r\nfirst\r\n"));
  curl_mime_data(part, "the second, longer", CURL_ZERO_TERMINATED);
  const std::string second = request_of(post);
  EXPECT_TRUE(has(second, "\r\n\r\nthe second, longer\r\n")) << second;
  post.set(CURLOPT_MIMEPOST, static_cast<curl_mime*>(nullptr));
  curl_mime_free(form);
}

TEST_F(InPlace, AFormGetsAnotherPart) {
  Handle post(peer.url());
  curl_httppost* first = nullptr;
  curl_httppost* last = nullptr;
  curl_formadd(&first, &last, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "one", CURLFORM_END);
  post.set(CURLOPT_HTTPPOST, first);
  const std::string one = request_of(post);
  EXPECT_TRUE(has(one, "\r\n\r\none\r\n") && !has(one, "\r\n\r\ntwo\r\n")) << one;
  curl_formadd(&first, &last, CURLFORM_COPYNAME, "b", CURLFORM_COPYCONTENTS, "two", CURLFORM_END);
  post.set(CURLOPT_HTTPPOST, first);
  const std::string both = request_of(post);
  EXPECT_TRUE(has(both, "\r\n\r\none\r\n") && has(both, "\r\n\r\ntwo\r\n")) << both;
  post.set(CURLOPT_HTTPGET, 1L);
  curl_formfree(first);
}

TEST_F(InPlace, ANetrcFileIsReadEachTime) {
  const TemporaryFile file("machine 127.0.0.1 login u password p\n");
  Handle get(peer.url());
  get.set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  get.set(CURLOPT_NETRC_FILE, file.path().c_str());
  EXPECT_TRUE(has(request_of(get), "Basic dTpw\r\n"));
  file.write("machine 127.0.0.1 login a password b\n");
  EXPECT_TRUE(has(request_of(get), "Basic YTpi\r\n")) << peer.requests.back();
  const TemporaryFile other("machine 127.0.0.1 login u password b\n");
  get.set(CURLOPT_NETRC_FILE, other.path().c_str());
  EXPECT_TRUE(has(request_of(get), "Basic dTpi\r\n")) << peer.requests.back();
  get.set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  EXPECT_FALSE(has(request_of(get), "Authorization")) << peer.requests.back();
}

TEST_F(InPlace, CookiesThatTheApplicationAddsAreSent) {
  Handle get(peer.url());
  get.set(CURLOPT_COOKIEFILE, "");
  EXPECT_FALSE(has(request_of(get), "Cookie:"));
  get.set(CURLOPT_COOKIELIST, "Set-Cookie: a=b; domain=127.0.0.1");
  EXPECT_TRUE(has(request_of(get), "Cookie: a=b\r\n"));
  get.set(CURLOPT_COOKIELIST, "Set-Cookie: a=c; domain=127.0.0.1");
  EXPECT_TRUE(has(request_of(get), "Cookie: a=c\r\n"));
  get.set(CURLOPT_COOKIELIST, "ALL");
  EXPECT_FALSE(has(request_of(get), "Cookie:"));
}

// --- Callbacks

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* text) {
  const InsideLibrary outside(false);
  static_cast<std::string*>(text)->append(bytes, size * count);
  return size * count;
}
std::size_t append_loudly(char* bytes, std::size_t size, std::size_t count, void* text) {
  const InsideLibrary outside(false);
  static_cast<std::string*>(text)->append("<").append(bytes, size * count).append(">");
  return size * count;
}

TEST_F(ChangedBehaviour, TheBodyGoesWhereItIsToGoNow) {
  std::string one;
  std::string other;
  Handle get(peer.url());
  get.set(CURLOPT_WRITEFUNCTION, append);
  get.set(CURLOPT_WRITEDATA, &one);
  EXPECT_EQ(run(get), CURLE_OK);
  get.set(CURLOPT_WRITEDATA, &other);
  EXPECT_EQ(run(get), CURLE_OK);
  get.set(CURLOPT_WRITEFUNCTION, append_loudly);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(one, "ok");
  EXPECT_EQ(other, "ok<ok>");
}

TEST_F(ChangedBehaviour, TheHeadersGoWhereTheyAreToGoNow) {
  std::string one;
  std::string other;
  Handle get(peer.url());
  get.set(CURLOPT_HEADERFUNCTION, append);
  get.set(CURLOPT_HEADERDATA, &one);
  EXPECT_EQ(run(get), CURLE_OK);
  const std::string first = one;
  EXPECT_TRUE(has(first, "Content-Length: 2\r\n"));
  get.set(CURLOPT_HEADERDATA, &other);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(one, first);
  EXPECT_EQ(other, first);
  get.set(CURLOPT_HEADERFUNCTION, append_loudly);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_TRUE(has(other, "<Content-Length: 2\r\n>")) << other;
  const std::string before = other;
  get.set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
  get.set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(other, before);
}

TEST_F(ChangedBehaviour, HeaderPutsTheHeadersIntoTheBody) {
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  get.set(CURLOPT_HEADER, 1L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, response("ok"));
  get.set(CURLOPT_HEADER, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "ok");
}

int count_progress(void* count, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  ++*static_cast<int*>(count);
  return 0;
}
int stop_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return 1; }

TEST_F(ChangedBehaviour, ProgressIsToldWhileItIsAskedFor) {
  int count = 0;
  Handle get(peer.url());
  get.set(CURLOPT_XFERINFOFUNCTION, count_progress);
  get.set(CURLOPT_XFERINFODATA, &count);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(count, 0);
  get.set(CURLOPT_NOPROGRESS, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_GT(count, 0);
  get.set(CURLOPT_XFERINFOFUNCTION, stop_progress);
  EXPECT_EQ(run(get), CURLE_ABORTED_BY_CALLBACK);
  get.set(CURLOPT_NOPROGRESS, 1L);
  const int before = count;
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(count, before);
}

int count_lines(CURL*, curl_infotype, char*, std::size_t, void* count) {
  ++*static_cast<int*>(count);
  return 0;
}

TEST_F(ChangedBehaviour, VerboseTellsWhileItIsAskedFor) {
  int count = 0;
  Handle get(peer.url());
  get.set(CURLOPT_DEBUGFUNCTION, count_lines);
  get.set(CURLOPT_DEBUGDATA, &count);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(count, 0);
  get.set(CURLOPT_VERBOSE, 1L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_GT(count, 3);
  get.set(CURLOPT_VERBOSE, 0L);
  const int before = count;
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(count, before);
}

int refuse(void* count, char*, char*, int, int) {
  ++*static_cast<int*>(count);
  return CURL_PREREQFUNC_ABORT;
}

TEST_F(ChangedBehaviour, ACallbackBeforeTheRequestIsAskedOnAKeptConnection) {
  int count = 0;
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  get.set(CURLOPT_PREREQFUNCTION, refuse);
  get.set(CURLOPT_PREREQDATA, &count);
  EXPECT_EQ(run(get), CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(peer.requests.size(), 1u);
  get.set(CURLOPT_PREREQFUNCTION, static_cast<curl_prereq_callback>(nullptr));
  EXPECT_EQ(run(get), CURLE_OK);
}

TEST_F(ChangedBehaviour, AnUploadReadsFromWhereItIsToReadNow) {
  Handle one(peer.url());
  one.post_by_callback("first", 5);
  EXPECT_TRUE(request_of(one).ends_with("\r\n\r\nfirst"));
  one.post_by_callback("other", 5);
  EXPECT_TRUE(request_of(one).ends_with("\r\n\r\nother"));
  one.post_by_callback("chunks", -1);
  one.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  EXPECT_TRUE(request_of(one).ends_with("6\r\nchunks\r\n0\r\n\r\n"));
}

TEST_F(ChangedBehaviour, ErrorsAreToldWhereTheyAreToBeTold) {
  char room[CURL_ERROR_SIZE] = "";
  Handle get(peer.url());
  get.set(CURLOPT_FAILONERROR, 1L);
  peer.otherwise(always(response("", "", "404 Not There")));
  EXPECT_EQ(run(get), CURLE_HTTP_RETURNED_ERROR);
  EXPECT_STRNE(get.error, "");
  get.error[0] = '\0';
  get.set(CURLOPT_ERRORBUFFER, room);
  EXPECT_EQ(run(get), CURLE_HTTP_RETURNED_ERROR);
  EXPECT_STRNE(room, "");
  EXPECT_STREQ(get.error, "");
  get.set(CURLOPT_ERRORBUFFER, get.error);
}

// --- Limits, and what a response is taken for

TEST_F(ChangedBehaviour, ATimeLimitCountsForTheRunForWhichItIsSet) {
  peer.otherwise({request(), send(response("ok")), request(), hold(), send(response("ok")), client_gone()});
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  get.set(CURLOPT_TIMEOUT_MS, 20L);
  EXPECT_EQ(run(get), CURLE_OPERATION_TIMEDOUT);
  get.set(CURLOPT_TIMEOUT_MS, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_FALSE(world.app().timer_armed());
}

TEST_F(ChangedBehaviour, TheLargestFileIsLookedAtEachTime) {
  peer.otherwise(always(response("0123456789")));
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  get.set(CURLOPT_MAXFILESIZE, 5L);
  EXPECT_EQ(run(get), CURLE_FILESIZE_EXCEEDED);
  get.set(CURLOPT_MAXFILESIZE_LARGE, curl_off_t{10});
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "0123456789");
}

TEST_F(ChangedBehaviour, RedirectsAreFollowedWhileThatIsAskedFor) {
  Peer other(world);
  peer.otherwise(always(response("moved", "Location: " + other.url("/there") + "\r\n", "302 Moved")));
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.status(), 302);
  get.set(CURLOPT_FOLLOWLOCATION, 1L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.status(), 200);
  EXPECT_EQ(get.body, "ok");
  EXPECT_FALSE(has(other.requests.back(), "Referer:"));
  get.set(CURLOPT_AUTOREFERER, 1L);
  get.set(CURLOPT_USERPWD, "u:p");
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_TRUE(has(other.requests.back(), "Referer: " + peer.url()));
  EXPECT_FALSE(has(other.requests.back(), "Authorization"));
  get.set(CURLOPT_UNRESTRICTED_AUTH, 1L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_TRUE(has(other.requests.back(), "Basic dTpw\r\n"));
  get.set(CURLOPT_MAXREDIRS, 0L);
  EXPECT_EQ(run(get), CURLE_TOO_MANY_REDIRECTS);
  get.set(CURLOPT_MAXREDIRS, -1L);
  get.set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
  EXPECT_EQ(run(get), CURLE_UNSUPPORTED_PROTOCOL);
  get.set(CURLOPT_FOLLOWLOCATION, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.status(), 302);
}

TEST_F(ChangedBehaviour, FailOnErrorCountsForTheRunForWhichItIsSet) {
  peer.otherwise(always(response("gone", "", "404 Not There")));
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "gone");
  get.set(CURLOPT_FAILONERROR, 1L);
  EXPECT_EQ(run(get), CURLE_HTTP_RETURNED_ERROR);
  EXPECT_EQ(get.body, "");
  get.set(CURLOPT_FAILONERROR, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "gone");
}

TEST_F(ChangedBehaviour, BodiesAreDecodedWhileThatIsAskedFor) {
  peer.otherwise(always(response(kGzipOfUnpacked, "Content-Encoding: gzip\r\n")));
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, kGzipOfUnpacked);
  get.set(CURLOPT_ACCEPT_ENCODING, "gzip");
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "unpacked");
  get.set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, kGzipOfUnpacked);
  get.set(CURLOPT_HTTP_CONTENT_DECODING, 1L);
  get.set(CURLOPT_ACCEPT_ENCODING, static_cast<char*>(nullptr));
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, kGzipOfUnpacked);
}

TEST_F(ChangedBehaviour, ChunksAreTakenApartUnlessTheyAreAskedFor) {
  peer.otherwise(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "ok");
  get.set(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "2\r\nok\r\n0\r\n\r\n");
  get.set(CURLOPT_HTTP_TRANSFER_DECODING, 1L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(get.body, "ok");
}

TEST_F(ChangedBehaviour, ALoginInTheUrlIsRefusedWhileThatIsAskedFor) {
  Handle get("http://u:p@127.0.0.1:" + std::to_string(peer.port()) + "/");
  EXPECT_EQ(run(get), CURLE_OK);
  get.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  EXPECT_EQ(run(get), CURLE_LOGIN_DENIED);
  get.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 0L);
  EXPECT_EQ(run(get), CURLE_OK);
  EXPECT_EQ(peer.requests.size(), 2u);
}

// --- curl_easy_reset and curl_easy_duphandle

/// What the handles of these tests need to work in a World.
void make_usable(Handle& handle, CURL* easy, const std::string& url) {
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &handle);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &handle.body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, append);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &handle.headers);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle.error);
}

void decorate(Handle& handle) {
  handle.set(CURLOPT_USERAGENT, "agent/1");
  handle.set(CURLOPT_REFERER, "http://from.test/");
  handle.set(CURLOPT_COOKIE, "a=b");
  handle.set(CURLOPT_USERPWD, "u:p");
  handle.set(CURLOPT_RANGE, "0-");
  handle.set(CURLOPT_ACCEPT_ENCODING, "gzip");
  handle.set(CURLOPT_COPYPOSTFIELDS, "body");
  handle.set(CURLOPT_CUSTOMREQUEST, "PATCH");
  handle.set(CURLOPT_FAILONERROR, 1L);
}

TEST_F(ChangedBehaviour, AfterAResetNothingOfBeforeIsSent) {
  Handle get(peer.url("/old"));
  decorate(get);
  EXPECT_TRUE(request_of(get).starts_with("PATCH /old HTTP/1.1\r\n"));
  in_library([&] { curl_easy_reset(get.curl); });
  make_usable(get, get.curl, peer.url("/new"));
  const std::string after = request_of(get);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(after, "GET /new HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
                       "\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(peer.num_accepted(), 1u) << "connections stay";
}

TEST_F(ChangedBehaviour, AfterAResetAHandleWithoutAUrlFails) {
  Handle get(peer.url());
  EXPECT_EQ(run(get), CURLE_OK);
  in_library([&] { curl_easy_reset(get.curl); });
  curl_easy_setopt(get.curl, CURLOPT_PRIVATE, &get);
  EXPECT_EQ(run(get), CURLE_URL_MALFORMAT);
  EXPECT_EQ(peer.requests.size(), 1u);
}

TEST_F(ChangedBehaviour, ADuplicateAsksTheSameAndThenWhatItIsToldItself) {
  auto get = std::make_unique<Handle>(peer.url("/path"));
  decorate(*get);
  const std::string first = request_of(*get);
  Handle copy;
  copy.become(in_library([&] { return curl_easy_duphandle(get->curl); }));
  make_usable(copy, copy.curl, peer.url("/path"));
  EXPECT_EQ(request_of(copy), first);
  EXPECT_EQ(copy.body, "ok");
  copy.set(CURLOPT_USERAGENT, "other/2");
  copy.set(CURLOPT_CUSTOMREQUEST, static_cast<char*>(nullptr));
  const std::string other = request_of(copy);
  EXPECT_TRUE(other.starts_with("POST /path HTTP/1.1\r\n")) << other;
  EXPECT_TRUE(has(other, "User-Agent: other/2\r\n")) << other;
  EXPECT_EQ(request_of(*get), first);
  get->set(CURLOPT_COOKIE, "c=d");
  EXPECT_NE(request_of(*get), first);
  EXPECT_EQ(request_of(copy), other);
  get.reset();
  EXPECT_EQ(request_of(copy), other);
  EXPECT_EQ(peer.num_accepted(), 1u);
}

TEST_F(ChangedBehaviour, ADuplicateOfAHandleThatWasResetIsAsIfNew) {
  Handle get(peer.url());
  decorate(get);
  EXPECT_EQ(run(get), CURLE_OK);
  in_library([&] { curl_easy_reset(get.curl); });
  Handle copy;
  copy.become(in_library([&] { return curl_easy_duphandle(get.curl); }));
  make_usable(copy, copy.curl, peer.url());
  EXPECT_EQ(request_of(copy),
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) + "\r\nAccept: */*\r\n\r\n");
}

}  // namespace
}  // namespace hiper::wire
