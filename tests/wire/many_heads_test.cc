// The headers of a hundred responses at once: each handle finds its own with curl_easy_header and
// curl_easy_nextheader, after the transfer, again after the next one, and inside its callbacks; interim
// responses and redirects are told apart.
#include <gtest/gtest.h>

#include "wire/support/crowd.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

constexpr int kHandles = 100;

/// The value of the header, or what is wrong.
std::string value_of(const Handle& handle, const char* name, std::size_t index = 0,
                     unsigned origin = CURLH_HEADER, int request = -1) {
  curl_header* found = nullptr;
  const CURLHcode code =
      in_library([&] { return curl_easy_header(handle.curl, name, index, origin, request, &found); });
  return code == CURLHE_OK ? found->value : "error " + std::to_string(code);
}

/// All headers, one after the other: "name: value|".
std::string all_of(const Handle& handle, unsigned origin = CURLH_HEADER, int request = -1) {
  std::string text;
  curl_header* one = nullptr;
  while ((one = in_library([&] { return curl_easy_nextheader(handle.curl, origin, request, one); })) !=
         nullptr) {
    text.append(one->name).append(": ").append(one->value).append("|");
  }
  return text;
}

std::string path_of(const std::string& request) {
  const std::size_t from = request.find(' ') + 1;
  return request.substr(from, request.find(' ', from) - from);
}

class ManyHeads : public testing::Test {
 protected:
  ManyHeads() {
    // A piece in each round of the loop, so that the heads of all come at the same time.
    peer.otherwise({request(), wire::answer({9, 30, 41, 1, 1, 50}), again()});
    peer.answerer = [this](const std::string& text) {
      const std::string path = path_of(text);
      return respond(path.substr(1), std::to_string(++num_asked_[path]));
    };
    for (int i = 0; i < kHandles; ++i) crowd.make(peer.url("/" + std::to_string(i)));
  }
  /// All of them once.
  void run_all() {
    ++round_;
    crowd.start_all();
    crowd.run_to_the_end();
    EXPECT_EQ(crowd.num_failed(), 0);
  }
  std::string round() const { return std::to_string(round_); }
  void expect_one_connection_each() const { EXPECT_EQ(peer.num_accepted(), std::size_t{kHandles}); }

  World world;
  Crowd crowd{world};  // reads first in each round, so that the next piece follows
  Peer peer{world};
  /// What the peer says to `who`, who asks for the `time`-th time.
  std::function<std::string(const std::string& who, const std::string& time)> respond;

 private:
  std::map<std::string, int> num_asked_;
  int round_ = 0;
};

std::string own_headers(const std::string& who, const std::string& time) {
  return "X-Who: " + who + "\r\nSet-Cookie: one=" + who + "\r\nX-Time: " + time +
         "\r\nset-cookie: two=" + who + "\r\n";
}
std::string expected(const std::string& who, const std::string& time) {
  return "Content-Length: 2|X-Who: " + who + "|Set-Cookie: one=" + who + "|X-Time: " + time +
         "|set-cookie: two=" + who + "|";
}

TEST_F(ManyHeads, AreEachHandlesOwnAfterEachRun) {
  respond = [](const std::string& who, const std::string& time) {
    return response("ok", own_headers(who, time));
  };
  for (int rounds = 0; rounds < 4; ++rounds) {
    run_all();
    for (std::size_t i = 0; i < kHandles; ++i) {
      const std::string who = std::to_string(i);
      const Handle& handle = crowd.at(i);
      ASSERT_EQ(all_of(handle), expected(who, round()));
      ASSERT_EQ(value_of(handle, "x-who"), who);
      ASSERT_EQ(value_of(handle, "SET-COOKIE", 0), "one=" + who);
      ASSERT_EQ(value_of(handle, "SET-COOKIE", 1), "two=" + who);
      ASSERT_EQ(value_of(handle, "SET-COOKIE", 2), "error 1") << "CURLHE_BADINDEX";
      ASSERT_EQ(value_of(handle, "X-Not-There"), "error 2") << "CURLHE_MISSING";
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_HEADER, 1), "error 4") << "CURLHE_NOREQUEST";
    }
  }
  expect_one_connection_each();
}

/// Without pause: some begin while others are at their end.
TEST_F(ManyHeads, AreEachHandlesOwnWhereOneBeginsWhenAnotherEnds) {
  respond = [](const std::string& who, const std::string& time) {
    return response(std::string(std::stoul(who) * 7 % 90, 'x'), own_headers(who, time));
  };
  std::map<const Handle*, std::pair<std::string, int>> all;
  for (std::size_t i = 0; i < kHandles; ++i) all[&crowd.at(i)] = {std::to_string(i), 0};
  crowd.on_done = [&](Handle& handle) {
    auto& [who, times] = all[&handle];
    EXPECT_EQ(value_of(handle, "X-Who"), who);
    EXPECT_EQ(value_of(handle, "X-Time"), std::to_string(++times));
    EXPECT_EQ(value_of(handle, "Set-Cookie", 1), "two=" + who);
    crowd.start(handle);
  };
  crowd.start_all();
  crowd.run(1000);
  EXPECT_EQ(crowd.num_failed(), 0);
  expect_one_connection_each();
}

TEST_F(ManyHeads, TellInterimResponsesRedirectsAndTrailersApart) {
  respond = [](const std::string& who, const std::string& time) {
    const bool moved = who.find("there") == who.npos;
    const std::string early = "HTTP/1.1 103 Early\r\nX-Who: early " + who + "\r\n\r\n";
    if (moved) {
      return early +
             response("gone", "X-Who: first " + who + "\r\nLocation: /" + who + "/there\r\n", "302 Moved");
    }
    return early + "HTTP/1.1 200 OK\r\nX-Who: second " + who + "\r\nX-Time: " + time +
           "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Who: last " + who + "\r\n\r\n";
  };
  for (std::size_t i = 0; i < kHandles; ++i) crowd.at(i).set(CURLOPT_FOLLOWLOCATION, 1L);
  for (int rounds = 0; rounds < 3; ++rounds) {
    run_all();
    for (std::size_t i = 0; i < kHandles; ++i) {
      const std::string who = std::to_string(i);
      const Handle& handle = crowd.at(i);
      ASSERT_EQ(value_of(handle, "X-Who"), "second " + who + "/there");
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_HEADER, 1), "second " + who + "/there");
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_HEADER, 0), "first " + who);
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_1XX, 0), "early " + who);
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_1XX), "early " + who + "/there");
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_TRAILER), "last " + who + "/there");
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_TRAILER, 0), "error 2");
      ASSERT_EQ(value_of(handle, "X-Time"), round());
      ASSERT_EQ(value_of(handle, "X-Who", 0, CURLH_HEADER, 2), "error 4");
      ASSERT_EQ(all_of(handle, CURLH_1XX, 0), "X-Who: early " + who + "|");
      ASSERT_EQ(all_of(handle, CURLH_HEADER, 0),
                "Content-Length: 4|X-Who: first " + who + "|Location: /" + who + "/there|");
      ASSERT_EQ(value_of(handle, "X-Who", 1, CURLH_HEADER | CURLH_1XX), "second " + who + "/there");
    }
  }
  expect_one_connection_each();
}

TEST_F(ManyHeads, AreThereInsideTheCallbacks) {
  respond = [](const std::string& who, const std::string& time) {
    return response("body of " + who, own_headers(who, time));
  };
  int num_looks = 0;
  for (std::size_t i = 0; i < kHandles; ++i) {
    Handle& handle = crowd.at(i);
    const std::string who = std::to_string(i);
    handle.on_body = [&, who](std::string_view piece) {
      EXPECT_EQ(all_of(handle),
                "Content-Length: " + std::to_string(8 + who.size()) +
                    expected(who, round()).substr(std::string_view("Content-Length: 2").size()));
      EXPECT_EQ(value_of(handle, "X-Who"), who);
      ++num_looks;
      return piece.size();
    };
    handle.on_header = [&, who](std::string_view line) {
      // Nothing of the run before; what came up to this line is there.
      const std::string time = value_of(handle, "X-Time");
      EXPECT_TRUE(time == round() || (time.starts_with("error") && line.find("set-cookie") == line.npos))
          << time;
      return line.size();
    };
  }
  for (int rounds = 0; rounds < 3; ++rounds) run_all();
  EXPECT_GE(num_looks, 3 * kHandles);
  for (std::size_t i = 0; i < kHandles; ++i) EXPECT_EQ(crowd.at(i).body, "body of " + std::to_string(i));
}

/// Of a response that needs more memory than the one before, and of one that needs less.
TEST_F(ManyHeads, MayGrowAndShrink) {
  respond = [](const std::string& who, const std::string& time) {
    std::string many;
    const int count = std::stoi(time) % 2 != 0 ? 60 : 2;
    for (int i = 0; i < count; ++i) {
      many +=
          "X-" + std::to_string(i) + ": " + std::string(static_cast<std::size_t>(i) * 3, 'v') + who + "\r\n";
    }
    return response("ok", many);
  };
  for (int rounds = 0; rounds < 4; ++rounds) {
    run_all();
    for (std::size_t i = 0; i < kHandles; ++i) {
      const std::string who = std::to_string(i);
      ASSERT_EQ(value_of(crowd.at(i), "X-1"), "vvv" + who);
      ASSERT_EQ(value_of(crowd.at(i), "X-59"), rounds % 2 == 0 ? std::string(177, 'v') + who : "error 2");
    }
  }
}

TEST_F(ManyHeads, OfARunThatGetsNoResponseAreNone) {
  respond = [](const std::string& who, const std::string& time) {
    return response("ok", own_headers(who, time));
  };
  run_all();
  Handle& get = crowd.at(0);
  EXPECT_EQ(value_of(get, "X-Who"), "0");
  get.set(CURLOPT_URL, "nosuchscheme://127.0.0.1/");
  crowd.start(get);
  crowd.run(1);
  EXPECT_EQ(get.code, CURLE_UNSUPPORTED_PROTOCOL);
  EXPECT_EQ(value_of(get, "X-Who"), "error 3") << "CURLHE_NOHEADERS";
  EXPECT_EQ(all_of(get), "");
  EXPECT_EQ(value_of(crowd.at(1), "X-Who"), "1") << "the others keep theirs";
}

TEST(Heads, StayWithTheHandleWhenItsMultiHasGone) {
  World world;
  Peer peer(world);
  peer.otherwise(always(response("ok", "X-Same: 1\r\nX-Same: 2\r\n")));
  Handle get(peer.url());
  EXPECT_EQ(world.transfer(get), CURLE_OK);
  world.restart();
  EXPECT_EQ(all_of(get), "Content-Length: 2|X-Same: 1|X-Same: 2|");
  curl_header* one = in_library([&] { return curl_easy_nextheader(get.curl, CURLH_HEADER, -1, nullptr); });
  one = in_library([&] { return curl_easy_nextheader(get.curl, CURLH_HEADER, -1, one); });
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->amount, 2u);
  EXPECT_EQ(one->index, 0u);
  in_library([&] { curl_easy_reset(get.curl); });
  SUCCEED() << "a reset of such a handle";
}

}  // namespace
}  // namespace hiper::wire
