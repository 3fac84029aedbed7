// A keep-alive GET with a handle that was used before asks for no memory at all, however many are in flight:
// the library's requests are counted at the functions given to curl_global_init_mem.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "multi/frame_cache.hpp"
#include "wire/support/crowd.hpp"
#include "wire/support/faults.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"
#include "wire/torture/sys_faults.hpp"

namespace hiper::wire {
namespace {

const std::string kBody(100000, 'x');

std::string chunked(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
         chunks(body, 4096) + "0\r\n\r\n";
}

class Allocations : public testing::Test {
 protected:
  Allocations() { Faults::install(); }
  void SetUp() override {
    if (!FrameCache::kRecycles) GTEST_SKIP() << "a sanitizer is to see every frame go";
  }
  ~Allocations() override { Faults::uninstall(); }

  /// What the library asks for while `work` runs.
  template <class Work>
  static long count(Work work) {
    Faults::arm(0, Faults::How::once);
    work();
    const long asked = Faults::num_asked();
    Faults::disarm();
    return asked;
  }
  /// Each is added again when it ends, from now on.
  static void add_for_ever(Crowd& crowd) {
    crowd.removes = true;
    crowd.on_done = [at = &crowd](Handle& handle) { at->start(handle); };
  }
  /// Rounds in which all handles begin in one turn, after all have ended, and after some that warm up.
  static long of_crowd(Crowd& crowd, int rounds) {
    crowd.removes = false;
    crowd.start_all();
    const auto all = [&] {
      crowd.run_to_the_end();
      crowd.restart_all();
    };
    for (int i = 0; i < 3; ++i) all();
    const long asked = count([&] {
      for (int i = 0; i < rounds; ++i) all();
    });
    EXPECT_EQ(crowd.num_failed(), 0);
    return asked;
  }
};

/// The count is not always zero: it sees what the library does.
TEST_F(Allocations, AreSeen) {
  World world;
  Peer peer(world);
  Handle get(peer.url());
  EXPECT_GT(count([&] { EXPECT_EQ(world.transfer(get), CURLE_OK); }), 10);
  EXPECT_GT(count([&] { get.set(CURLOPT_USERAGENT, "longer than what fits into the room of a string"); }), 0);
  EXPECT_GT(count([&] { EXPECT_EQ(world.transfer(get), CURLE_OK); }), 0) << "another head was made";
}

// --- One handle

/// Performs `get` again and again; the peers work while the library waits.
class Performer {
 public:
  explicit Performer(World& world) {
    SysFaults::arm(0, SysCall::none, 0, SysFaults::How::once);  // forgets how long others have waited
    SysFaults::disarm();
    SysFaults::while_waiting = [&world] { world.pump(); };
  }
  Performer(const Performer&) = delete;
  Performer& operator=(const Performer&) = delete;
  ~Performer() { SysFaults::while_waiting = nullptr; }

  static void perform(Handle& get) {
    get.clear();
    EXPECT_EQ(in_library([&] { return curl_easy_perform(get.curl); }), CURLE_OK) << get.error;
  }
};

TEST_F(Allocations, OfOneHandleAfterTheOtherAreNone) {
  World world;
  Peer peer(world);
  Performer performer(world);
  Handle get(peer.url());
  for (int i = 0; i < 3; ++i) Performer::perform(get);
  const long asked = count([&] {
    for (int i = 0; i < 50; ++i) Performer::perform(get);
  });
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(get.body, "ok");
  EXPECT_EQ(peer.num_accepted(), 1u);
}

/// What applications ask for after a transfer.
void ask(CURL* easy) {
  curl_header* found = nullptr;
  EXPECT_EQ(curl_easy_header(easy, "content-type", 0, CURLH_HEADER, -1, &found), CURLHE_OK);
  EXPECT_STREQ(found->value, "text/a-type-longer-than-the-room-of-a-string");
  EXPECT_EQ(curl_easy_header(easy, "X-Not-There", 0, CURLH_HEADER, -1, &found), CURLHE_MISSING);
  int num_headers = 0;
  for (curl_header* one = nullptr; (one = curl_easy_nextheader(easy, CURLH_HEADER, -1, one)) != nullptr;) {
    ++num_headers;
  }
  EXPECT_EQ(num_headers, 4);
  const char* text = nullptr;
  long number = 0;
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text), CURLE_OK);
  EXPECT_NE(text, nullptr);
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text), CURLE_OK);
  EXPECT_STREQ(text, "text/a-type-longer-than-the-room-of-a-string");
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &text), CURLE_OK);
  EXPECT_STREQ(text, "127.0.0.1");
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_LOCAL_IP, &text), CURLE_OK);
  EXPECT_STREQ(text, "127.0.0.1");
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &number), CURLE_OK);
  EXPECT_EQ(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &number), CURLE_OK);
  EXPECT_EQ(number, 200);
}

const std::string kManyHeaders =
    "HTTP/1.1 200 OK\r\nContent-Type: text/a-type-longer-than-the-room-of-a-string\r\nX-Same: 1\r\n"
    "X-Same: 2\r\nContent-Length: 2\r\n\r\nok";

TEST_F(Allocations, OfAPerformWithQuestionsAfterItAreNone) {
  World world;
  Peer peer(world);
  peer.otherwise(always(kManyHeaders));
  Performer performer(world);
  Handle get(peer.url("/a/path/longer/than/what/fits/into/the/room/of/a/string?and=a&query=too"));
  const auto all = [&] {
    Performer::perform(get);
    in_library([&] { ask(get.curl); });
  };
  for (int i = 0; i < 3; ++i) all();
  const long asked = count([&] {
    for (int i = 0; i < 20; ++i) all();
  });
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(get.headers.empty()) << "the header callback was called";
}

/// The response goes to the standard functions, no header callback.
TEST_F(Allocations, WithoutAHeaderCallbackAreNone) {
  World world;
  Peer peer(world);
  peer.otherwise(always(kManyHeaders));
  Performer performer(world);
  Handle get(peer.url());
  get.set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
  get.set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
  for (int i = 0; i < 3; ++i) Performer::perform(get);
  EXPECT_EQ(count([&] {
              for (int i = 0; i < 20; ++i) Performer::perform(get);
            }),
            0);
}

/// What `count` transfers ask for with handles on which `prepare` has set options, after some that warm up.
template <class Prepare>
long asked_with(int count, Prepare prepare) {
  World world;
  Peer peer(world);
  Crowd crowd(world);
  for (int i = 0; i < 4; ++i) prepare(crowd.make(peer.url()));
  crowd.on_done = [&](Handle& handle) { crowd.start(handle); };
  crowd.start_all();
  crowd.run(20);
  Faults::arm(0, Faults::How::once);
  crowd.run(count);
  const long asked = Faults::num_asked();
  Faults::disarm();
  EXPECT_EQ(crowd.num_failed(), 0);
  EXPECT_EQ(peer.num_accepted(), 4u);
  return asked;
}

TEST_F(Allocations, WithOptionsThatShapeTheRequestAreNone) {
  curl_slist* headers = curl_slist_append(nullptr, "X-Own-Header: with a value of its own, which is long");
  headers = curl_slist_append(headers, "Accept: text/html,application/xhtml+xml");
  EXPECT_EQ(asked_with(20,
                       [&](Handle& get) {
                         get.set(CURLOPT_HTTPHEADER, headers);
                         get.set(CURLOPT_USERAGENT, "a name that does not fit into the room of a string");
                         get.set(CURLOPT_REFERER, "http://a.place.from/where/one/comes/and/which/is/long");
                         get.set(CURLOPT_COOKIE, "a=b; a-cookie-of-its-own=with a value that is long");
                         get.set(CURLOPT_USERPWD, "somebody-with-a-long-name:and-a-long-password");
                         get.set(CURLOPT_ACCEPT_ENCODING, "");
                       }),
            0);
  curl_slist_free_all(headers);
}

TEST_F(Allocations, WithLimitsOfTimeAreNone) {
  EXPECT_EQ(asked_with(20,
                       [](Handle& get) {
                         get.set(CURLOPT_TIMEOUT_MS, 60000L);
                         get.set(CURLOPT_CONNECTTIMEOUT_MS, 30000L);
                       }),
            0);
}

/// As package managers and git do it.
TEST_F(Allocations, WithALowestSpeedAreNone) {
  EXPECT_EQ(asked_with(20,
                       [](Handle& get) {
                         get.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
                         get.set(CURLOPT_LOW_SPEED_TIME, 60L);
                       }),
            0);
}

// --- Bodies

void expect_large_body_is_free(const std::string& text) {
  constexpr int kHandles = 4;
  constexpr int kRounds = 10;
  World world;
  Peer peer(world);
  // In the first round all bodies are under way at once; in those that follow chance decides how many are.
  Script script = {request(), send(text.substr(0, text.size() / 2)), hold(),
                   send(text.substr(text.size() / 2))};
  for (int i = 0; i < 3 + kRounds; ++i) script.insert(script.end(), {request(), send(text)});
  peer.otherwise(script);
  Crowd crowd(world);
  std::size_t received = 0;
  std::set<const Handle*> begun;
  for (int i = 0; i < kHandles; ++i) {
    Handle& handle = crowd.make(peer.url());
    handle.on_body = [&](std::string_view piece) {
      begun.insert(&handle);
      return received += piece.size(), piece.size();
    };
  }
  crowd.start_all();
  world.run([&] { return begun.size() == kHandles; }, "the begin of each body");
  EXPECT_EQ(crowd.num_done(), 0);
  peer.release(kHandles);
  crowd.run_to_the_end();
  const auto all = [&] {
    crowd.start_all();
    crowd.run_to_the_end();
  };
  for (int i = 0; i < 3; ++i) all();
  received = 0;
  Faults::arm(0, Faults::How::once);
  for (int i = 0; i < kRounds; ++i) all();
  EXPECT_EQ(Faults::num_asked(), 0);
  Faults::disarm();
  EXPECT_EQ(received, kRounds * kHandles * kBody.size());
  EXPECT_EQ(crowd.num_failed(), 0);
}

TEST_F(Allocations, OfALargeBodyAreNone) { expect_large_body_is_free(response(kBody)); }
TEST_F(Allocations, OfALargeChunkedBodyAreNone) { expect_large_body_is_free(chunked(kBody)); }

// --- Many handles

TEST_F(Allocations, OfAHundredHandlesThatAreAddedForEverAreNone) {
  World world;
  Peer peer(world);
  peer.otherwise(always(kManyHeaders));
  Crowd crowd(world);
  crowd.make(peer.url("/a/path/longer/than/what/fits/into/the/room/of/a/string"), 100);
  bool asks = false;
  crowd.on_done = [&](Handle& handle) {
    if (asks) in_library([&] { ask(handle.curl); });
    crowd.start(handle);
  };
  crowd.start_all();
  crowd.run(500);
  EXPECT_EQ(count([&] { crowd.run(2000); }), 0);
  asks = true;
  crowd.run(200);
  EXPECT_EQ(count([&] { crowd.run(1000); }), 0) << "with questions after each";
  EXPECT_EQ(crowd.num_failed(), 0);
  EXPECT_EQ(peer.num_accepted(), 100u);
}

TEST_F(Allocations, OfAHundredHandlesWithPerformAndPollAreNone) {
  World world;
  Peer peer(world);
  Crowd crowd(world, Crowd::Api::perform);
  crowd.make(peer.url(), 100);
  EXPECT_EQ(of_crowd(crowd, 10), 0);
  add_for_ever(crowd);
  crowd.run(500);
  EXPECT_EQ(count([&] { crowd.run(1000); }), 0);
}

/// A thousand that begin in one turn, after a thousand have ended: what they give back must serve again.
TEST_F(Allocations, OfAThousandThatBeginInOneTurnAreNone) {
  World world;
  Peer peer(world);
  Crowd crowd(world);
  crowd.make(peer.url(), 1000);
  EXPECT_EQ(of_crowd(crowd, 3), 0);
  EXPECT_EQ(peer.num_accepted(), 1000u);
}

/// The same where one turn ends all of them, too.
TEST_F(Allocations, OfAThousandThatEndAndBeginInOneTurnAreNone) {
  World world;
  Peer peer(world);
  Crowd crowd(world, Crowd::Api::perform);
  crowd.make(peer.url(), 1000);
  EXPECT_EQ(of_crowd(crowd, 3), 0);
  add_for_ever(crowd);
  crowd.run(3000);
  EXPECT_EQ(count([&] { crowd.run(3000); }), 0);
  EXPECT_EQ(peer.num_accepted(), 1000u);
}

/// Handles that are new each time cost what a handle is, and not more with every round.
TEST_F(Allocations, OfNewHandlesStayTheSame) {
  World world;
  Peer peer(world);
  Crowd crowd(world);
  crowd.on_done = [&](Handle& handle) {
    crowd.destroy(handle);
    crowd.start(crowd.make(peer.url()));
  };
  crowd.make(peer.url(), 20);
  crowd.start_all();
  crowd.run(100);
  const long live = Faults::num_live();
  const long first = count([&] { crowd.run(200); });
  const long second = count([&] { crowd.run(200); });
  EXPECT_EQ(first, second);
  EXPECT_LE(first, 200 * 40);
  EXPECT_LE(Faults::num_live(), live + 600) << "the peer keeps each request";
}

// --- TLS

/// OpenSSL asks the C library for its memory, not us: what is counted here is the library's own.
TEST_F(Allocations, OfHttpsOnKeptConnectionsAreNone) {
  World world;
  Peer peer(world, tls_server());
  Crowd crowd(world);
  for (int i = 0; i < 20; ++i) trust(crowd.make(peer.url()));
  crowd.start_all();
  crowd.run_to_the_end();
  EXPECT_EQ(of_crowd(crowd, 10), 0);
  add_for_ever(crowd);
  crowd.run(100);
  EXPECT_EQ(count([&] { crowd.run(400); }), 0);
  EXPECT_EQ(crowd.num_failed(), 0);
  EXPECT_EQ(peer.num_accepted(), 20u);
}

}  // namespace
}  // namespace hiper::wire
