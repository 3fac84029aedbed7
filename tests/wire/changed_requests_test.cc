// A handle that is used again asks for what its options say now, not for what they said before: every option
// that shapes a request is changed between two runs and back, and the peer looks at what comes. What comes
// must be, byte for byte, what a new handle with these options sends.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "easy/options.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// What rows may need.
struct Scene {
  World world;
  Peer peer{world};
  std::vector<curl_slist*> lists;

  Scene() {
    peer.otherwise(always(response("")));
    world.app().hooks_close = false;  // which sets options in between, so that all is planned anew
  }
  ~Scene() {
    for (curl_slist* const list : lists) curl_slist_free_all(list);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  curl_slist* list(const char* line) {
    lists.push_back(curl_slist_append(nullptr, line));
    return lists.back();
  }
  /// What the peer gets from `handle`.
  std::string request_of(Handle& handle, CURLcode expected = CURLE_OK) {
    const std::size_t before = peer.requests.size();
    handle.clear();
    EXPECT_EQ(world.transfer(handle), expected) << handle.error;
    EXPECT_EQ(peer.requests.size(), before + 1);
    return peer.requests.size() > before ? peer.requests.back() : "";
  }
};

using Set = std::function<void(Handle&, Scene&)>;

struct Row {
  const char* name;
  std::vector<Opt> options;  ///< that this row changes
  Set first;
  Set second;
  std::string_view seen_first;  ///< in requests of the first kind only; empty: nothing to look for
  std::string_view seen_second;
  bool one_connection = true;
  bool is_repeatable = true;  ///< equal options make equal requests
  std::string answer = response("");
};

/// For GoogleTest.
[[maybe_unused]] void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

template <class Value>
Set setting(CURLoption option, Value value) {
  return [=](Handle& handle, Scene&) { EXPECT_EQ(handle.set(option, value), CURLE_OK); };
}

/// A row for an option whose value is a text that is seen in the request.
Row text_row(const char* name, Opt slot, CURLoption option, const char* one, const char* other,
             std::string_view seen_one, std::string_view seen_other) {
  return {name, {slot}, setting(option, one), setting(option, other), seen_one, seen_other};
}

void put(Handle& handle, const char* body) {
  handle.post_by_callback(body, static_cast<curl_off_t>(std::string_view(body).size()));
  handle.set(CURLOPT_UPLOAD, 1L);
  handle.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(std::string_view(body).size()));
}

void mime(Handle& handle, const char* value) {
  static std::vector<std::unique_ptr<curl_mime, decltype(&curl_mime_free)>> kept;
  curl_mime* const form = curl_mime_init(handle.curl);
  curl_mimepart* const part = curl_mime_addpart(form);
  curl_mime_name(part, "field");
  curl_mime_data(part, value, CURL_ZERO_TERMINATED);
  handle.set(CURLOPT_MIMEPOST, form);
  kept.emplace_back(form, curl_mime_free);
}

const std::string kRest = response("", "Content-Range: bytes 7-7/7\r\n", "206 Partial Content");

const std::vector<Row> kRows = {
    {"URL",
     {Opt::url},
     [](Handle& h, Scene& s) { h.set(CURLOPT_URL, s.peer.url("/one?x").c_str()); },
     [](Handle& h, Scene& s) { h.set(CURLOPT_URL, s.peer.url("/two").c_str()); },
     "GET /one?x HTTP/1.1\r\n",
     "GET /two HTTP/1.1\r\n"},
    {"the login in the URL",
     {},
     [](Handle& h, Scene& s) {
       h.set(CURLOPT_URL, ("http://u:p@127.0.0.1:" + std::to_string(s.peer.port()) + "/").c_str());
     },
     [](Handle& h, Scene& s) {
       h.set(CURLOPT_URL, ("http://a:b@127.0.0.1:" + std::to_string(s.peer.port()) + "/").c_str());
     },
     "Basic dTpw\r\n",
     "Basic YTpi\r\n"},
    {"DEFAULT_PROTOCOL",
     {Opt::default_protocol},
     [](Handle& h, Scene& s) {
       h.set(CURLOPT_URL, s.peer.url().substr(7).c_str());
       h.set(CURLOPT_DEFAULT_PROTOCOL, "http");
       h.set(CURLOPT_USERAGENT, "first");
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_DEFAULT_PROTOCOL, static_cast<char*>(nullptr));
       h.set(CURLOPT_USERAGENT, "second");
     },
     "first",
     "second",
     true,
     false},
    text_row("CUSTOMREQUEST", Opt::customrequest, CURLOPT_CUSTOMREQUEST, "PURGE", nullptr, "PURGE / ",
             "GET / "),
    text_row("REQUEST_TARGET", Opt::request_target, CURLOPT_REQUEST_TARGET, "*", nullptr, "GET * ", "GET / "),
    text_row("USERAGENT", Opt::useragent, CURLOPT_USERAGENT, "one/1", "other", "User-Agent: one/1\r\n",
             "User-Agent: other\r\n"),
    text_row("USERAGENT", Opt::useragent, CURLOPT_USERAGENT, "one/1", nullptr, "User-Agent:", ""),
    text_row("REFERER", Opt::referer, CURLOPT_REFERER, "http://from.test/", "http://else.test/",
             "Referer: http://from.test/\r\n", "Referer: http://else.test/\r\n"),
    text_row("COOKIE", Opt::cookie, CURLOPT_COOKIE, "a=b", "c=d", "Cookie: a=b\r\n", "Cookie: c=d\r\n"),
    text_row("COOKIE", Opt::cookie, CURLOPT_COOKIE, "a=b", nullptr, "Cookie", ""),
    text_row("RANGE", Opt::range, CURLOPT_RANGE, "0-1", "2-", "Range: bytes=0-1\r\n", "Range: bytes=2-\r\n"),
    {"RESUME_FROM",
     {Opt::resume_from_large},
     [](Handle& h, Scene&) { h.set(CURLOPT_RESUME_FROM, 7L); },
     [](Handle& h, Scene&) { h.set(CURLOPT_RESUME_FROM, 0L); },
     "Range: bytes=7-\r\n",
     "",
     true,
     true,
     kRest},
    {"RESUME_FROM_LARGE",
     {Opt::resume_from_large},
     [](Handle& h, Scene&) { h.set(CURLOPT_RESUME_FROM_LARGE, curl_off_t{7}); },
     [](Handle& h, Scene&) { h.set(CURLOPT_RESUME_FROM_LARGE, curl_off_t{0}); },
     "Range: bytes=7-\r\n",
     "",
     true,
     true,
     kRest},
    text_row("POSTFIELDS", Opt::postfields, CURLOPT_POSTFIELDS, "a=1", "b=22", "\r\n\r\na=1", "\r\n\r\nb=22"),
    text_row("COPYPOSTFIELDS", Opt::copypostfields, CURLOPT_COPYPOSTFIELDS, "a=1", "b=22", "\r\n\r\na=1",
             "\r\n\r\nb=22"),
    {"POSTFIELDSIZE",
     {Opt::postfieldsize_large},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_POSTFIELDS, "abcdef");
       h.set(CURLOPT_POSTFIELDSIZE, 2L);
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_POSTFIELDS, "abcdef");
       h.set(CURLOPT_POSTFIELDSIZE, 4L);
     },
     "Content-Length: 2\r\n",
     "Content-Length: 4\r\n"},
    {"POSTFIELDSIZE_LARGE",
     {Opt::postfieldsize_large},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_POSTFIELDS, "abcdef");
       h.set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{-1});
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_POSTFIELDS, "abcdef");
       h.set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{3});
     },
     "abcdef",
     "Content-Length: 3\r\n"},
    {"NOBODY",
     {Opt::nobody},
     [](Handle& h, Scene&) { h.set(CURLOPT_NOBODY, 1L); },
     [](Handle& h, Scene&) { h.set(CURLOPT_HTTPGET, 1L); },
     "HEAD / ",
     "GET / "},
    {"NOBODY after a POST",
     {},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_NOBODY, 0L);
       h.set(CURLOPT_POSTFIELDS, "a=1");
     },
     [](Handle& h, Scene&) { h.set(CURLOPT_NOBODY, 1L); },
     "POST / ",
     "HEAD / "},
    {"HTTPGET after a POST",
     {},
     [](Handle& h, Scene&) { h.set(CURLOPT_POSTFIELDS, "a=1"); },
     [](Handle& h, Scene&) { h.set(CURLOPT_HTTPGET, 1L); },
     "POST / ",
     "GET / "},
    {"UPLOAD",
     {Opt::infilesize_large},
     [](Handle& h, Scene&) { put(h, "body"); },
     [](Handle& h, Scene&) { h.set(CURLOPT_HTTPGET, 1L); },
     "PUT / ",
     "GET / "},
    {"INFILESIZE",
     {Opt::infilesize_large},
     [](Handle& h, Scene&) { put(h, "body"); },
     [](Handle& h, Scene&) { put(h, "longer body"); },
     "Content-Length: 4\r\n",
     "Content-Length: 11\r\n"},
    {"MIMEPOST",
     {Opt::mimepost, Opt::mime_options},
     [](Handle& h, Scene&) { mime(h, "the first"); },
     [](Handle& h, Scene&) { mime(h, "the second one"); },
     "\r\nthe first\r\n",
     "\r\nthe second one\r\n",
     true,
     false},
    {"HTTPHEADER",
     {Opt::httpheader},
     [](Handle& h, Scene& s) { h.set(CURLOPT_HTTPHEADER, s.list("X-A: b")); },
     [](Handle& h, Scene& s) { h.set(CURLOPT_HTTPHEADER, s.list("X-C: d")); },
     "X-A: b\r\n",
     "X-C: d\r\n"},
    {"HTTPHEADER that takes one away",
     {},
     [](Handle& h, Scene& s) { h.set(CURLOPT_HTTPHEADER, s.list("X-A: b")); },
     [](Handle& h, Scene& s) { h.set(CURLOPT_HTTPHEADER, s.list("Accept:")); },
     "Accept: */*\r\n",
     ""},
    {"HTTPHEADER that names another host",
     {},
     [](Handle& h, Scene& s) { h.set(CURLOPT_HTTPHEADER, s.list("Host: one.test")); },
     [](Handle& h, Scene&) { h.set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr)); },
     "Host: one.test\r\n",
     "Host: 127.0.0.1:"},
    text_row("USERPWD", Opt::username, CURLOPT_USERPWD, "u:p", "a:b", "Basic dTpw\r\n", "Basic YTpi\r\n"),
    text_row("USERPWD", Opt::username, CURLOPT_USERPWD, "u:p", nullptr, "Authorization", ""),
    {"USERNAME",
     {Opt::username},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_USERNAME, "u");
       h.set(CURLOPT_PASSWORD, "p");
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_USERNAME, "a");
       h.set(CURLOPT_PASSWORD, "p");
     },
     "Basic dTpw\r\n",
     "Basic YTpw\r\n"},
    {"PASSWORD",
     {Opt::password},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_USERNAME, "u");
       h.set(CURLOPT_PASSWORD, "p");
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_USERNAME, "u");
       h.set(CURLOPT_PASSWORD, "b");
     },
     "Basic dTpw\r\n",
     "Basic dTpi\r\n"},
    {"XOAUTH2_BEARER",
     {Opt::xoauth2_bearer},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
       h.set(CURLOPT_XOAUTH2_BEARER, "one");
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
       h.set(CURLOPT_XOAUTH2_BEARER, "two");
     },
     "Bearer one\r\n",
     "Bearer two\r\n"},
    {"HTTPAUTH",
     {Opt::httpauth},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_USERPWD, "u:p");
       h.set(CURLOPT_XOAUTH2_BEARER, "one");
       h.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_USERPWD, "u:p");
       h.set(CURLOPT_XOAUTH2_BEARER, "one");
       h.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
     },
     "Basic dTpw\r\n",
     "Bearer one\r\n"},
    text_row("ACCEPT_ENCODING", Opt::accept_encoding, CURLOPT_ACCEPT_ENCODING, "gzip", "identity",
             "Accept-Encoding: gzip\r\n", "Accept-Encoding: identity\r\n"),
    {"TRANSFER_ENCODING",
     {Opt::transfer_encoding},
     setting(CURLOPT_TRANSFER_ENCODING, 1L),
     setting(CURLOPT_TRANSFER_ENCODING, 0L),
     "TE: gzip",
     ""},
    {"TIMECONDITION",
     {Opt::timecondition},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_TIMEVALUE, 86400L);
       h.set(CURLOPT_TIMECONDITION, static_cast<long>(CURL_TIMECOND_IFMODSINCE));
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_TIMEVALUE, 86400L);
       h.set(CURLOPT_TIMECONDITION, static_cast<long>(CURL_TIMECOND_IFUNMODSINCE));
     },
     "If-Modified-Since: Fri, 02 Jan 1970 00:00:00 GMT\r\n",
     "If-Unmodified-Since: Fri, 02 Jan 1970 00:00:00 GMT\r\n"},
    {"TIMEVALUE",
     {Opt::timevalue_large},
     [](Handle& h, Scene&) {
       h.set(CURLOPT_TIMEVALUE, 86400L);
       h.set(CURLOPT_TIMECONDITION, static_cast<long>(CURL_TIMECOND_IFMODSINCE));
     },
     [](Handle& h, Scene&) {
       h.set(CURLOPT_TIMEVALUE_LARGE, curl_off_t{2 * 86400});
       h.set(CURLOPT_TIMECONDITION, static_cast<long>(CURL_TIMECOND_IFMODSINCE));
     },
     "Fri, 02 Jan 1970",
     "Sat, 03 Jan 1970"},
    {"HTTP_VERSION",
     {Opt::http_version},
     [](Handle& h, Scene&) { h.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)); },
     [](Handle& h, Scene&) { h.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_0)); },
     " HTTP/1.1\r\n",
     " HTTP/1.0\r\n",
     false},
    {"PATH_AS_IS",
     {Opt::path_as_is},
     [](Handle& h, Scene& s) {
       h.set(CURLOPT_URL, s.peer.url("/a/../b").c_str());
       h.set(CURLOPT_PATH_AS_IS, 1L);
     },
     [](Handle& h, Scene& s) {
       h.set(CURLOPT_URL, s.peer.url("/a/../b").c_str());
       h.set(CURLOPT_PATH_AS_IS, 0L);
     },
     "GET /a/../b ",
     "GET /b "},
};

class ChangedRequests : public testing::TestWithParam<Row> {
 protected:
  static bool has(const std::string& request, std::string_view seen) {
    return !seen.empty() && request.find(seen) != request.npos;
  }
  static void expect_only_in(const std::string& with, const std::string& without, std::string_view seen) {
    EXPECT_TRUE(seen.empty() || has(with, seen)) << seen << " is not in " << with;
    EXPECT_FALSE(has(without, seen)) << seen << " is still in " << without;
  }
};

TEST_P(ChangedRequests, AreWhatANewHandleWouldSend) {
  const Row& row = GetParam();
  Scene scene;
  scene.peer.otherwise(always(row.answer));
  Handle handle(scene.peer.url());
  row.first(handle, scene);
  const std::string first = scene.request_of(handle);
  const std::string again = scene.request_of(handle);
  row.second(handle, scene);
  const std::string second = scene.request_of(handle);
  row.first(handle, scene);
  const std::string back = scene.request_of(handle);
  EXPECT_NE(first, second);
  expect_only_in(first, second, row.seen_first);
  expect_only_in(again, second, row.seen_first);
  expect_only_in(back, second, row.seen_first);
  expect_only_in(second, first, row.seen_second);
  EXPECT_FALSE(has(back, row.seen_second)) << back;
  EXPECT_TRUE(!row.one_connection || scene.peer.num_accepted() == 1);
  if (!row.is_repeatable) return;
  EXPECT_EQ(first, again);
  EXPECT_EQ(first, back);
  Handle fresh(scene.peer.url());
  row.second(fresh, scene);
  EXPECT_EQ(scene.request_of(fresh), second);
}

INSTANTIATE_TEST_SUITE_P(Rows, ChangedRequests, testing::ValuesIn(kRows), [](const auto& of) {
  std::string name = std::to_string(of.index) + "_";
  for (const char c : std::string_view(of.param.name)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
});

// --- Nothing is forgotten

/// Options of requests that no row above changes, and why.
constexpr Opt kNotHere[] = {
    // Below, or with the connections.
    Opt::curlu, Opt::httppost, Opt::netrc, Opt::netrc_file, Opt::port,
    // What the response is taken for, and redirects (changed_behaviour_test.cc).
    Opt::autoreferer, Opt::disallow_username_in_url, Opt::http_transfer_decoding, Opt::unrestricted_auth,
    // Proxies.
    Opt::headeropt, Opt::httpproxytunnel, Opt::proxyauth, Opt::proxyheader, Opt::proxypassword,
    Opt::proxyusername,
    // Other protocols, or not built in.
    Opt::append, Opt::aws_sigv4, Opt::crlf, Opt::dirlistonly, Opt::ftp_create_missing_dirs,
    Opt::ftp_filemethod, Opt::httpsig_algorithm, Opt::httpsig_headers, Opt::httpsig_key, Opt::httpsig_keyid,
    Opt::login_options, Opt::mail_auth, Opt::mail_from, Opt::mail_rcpt, Opt::postquote, Opt::prequote,
    Opt::quote, Opt::rtsp_client_cseq, Opt::rtsp_request, Opt::rtsp_server_cseq, Opt::rtsp_session_id,
    Opt::rtsp_stream_uri, Opt::rtsp_transport, Opt::stream_weight, Opt::telnetoptions, Opt::transfertext,
    Opt::upload_flags};

struct TableRow {
  Opt slot;
  const char* name;
};
constexpr TableRow kTable[] = {
#define HIPER_OPTION(slot, name, ...) {Opt::slot, #name},
#include "easy/option_table.inc"
};

bool is_changed_by_a_row(Opt option) {
  return std::any_of(kRows.begin(), kRows.end(), [=](const Row& row) {
    return std::find(row.options.begin(), row.options.end(), option) != row.options.end();
  });
}

TEST(ChangedOptions, EveryOptionOfARequestIsChangedHereOrSaidNotToBe) {
  for (const TableRow& option : kTable) {
    if (shape_of(option.slot) != Shape::request) continue;
    const bool said = std::count(std::begin(kNotHere), std::end(kNotHere), option.slot) == 1;
    EXPECT_NE(is_changed_by_a_row(option.slot), said) << option.name;
  }
}

}  // namespace
}  // namespace hiper::wire
