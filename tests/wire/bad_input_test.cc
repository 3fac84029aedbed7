// Peers that answer with nonsense, too little or too much. Each answer comes all at once, byte by byte and
// cut at each place; it ends with the expected code, its connection is closed, and a transfer beside it goes
// on and completes.
#include <gtest/gtest.h>

#include <algorithm>

#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

enum class End { stays, fin, reset };

struct Case {
  const char* name;
  std::string text;
  CURLcode code;
  End end = End::stays;
  std::string body = {};
  void (*options)(Handle&) = nullptr;
};

class BadInput : public testing::Test {
 protected:
  App& app() { return world.app(); }

  void prepare(Script script) {
    world.restart();
    bad.forget();
    good.forget();
    bad.expect(std::move(script));
    good.expect({request(), send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhe"), hold(), send("re"),
                 client_gone()});
  }

  /// Runs `handle` beside a healthy transfer, which is half done then and completes afterwards.
  void run_beside_a_good_one(Handle& handle) {
    Handle beside(good.url("/good"));
    app().add(beside);
    world.run([&] { return beside.body == "he"; }, "the first half of the healthy transfer");
    app().add(handle);
    world.run_until_done(handle);
    EXPECT_FALSE(beside.done);
    good.release();
    world.run_until_done(beside);
    EXPECT_EQ(beside.code, CURLE_OK);
    EXPECT_EQ(beside.body, "here");
    app().remove(handle);
    app().remove(beside);
    world.pump();
  }

  void run_case(const Case& one, std::vector<std::size_t> sizes) {
    Script script = {request(), send_in(one.text, std::move(sizes))};
    if (one.end == End::fin) script.push_back(end_sending());
    if (one.end == End::reset) script.push_back(reset_it());
    script.push_back(client_gone());
    prepare(std::move(script));
    Handle handle(bad.url("/bad"));
    if (one.options != nullptr) one.options(handle);
    run_beside_a_good_one(handle);
    EXPECT_EQ(handle.code, one.code) << handle.error;
    EXPECT_EQ(handle.body, one.body);
    if (one.code != CURLE_OK) {
      EXPECT_EQ(bad.num_open(), 0u) << "nothing is expected from such a peer any more";
      EXPECT_NE(handle.error[0], '\0');
    }
  }

  /// In all ways of cutting; long texts at some places only.
  void run_in_all_ways(const Case& one) {
    SCOPED_TRACE(one.name);
    const int failures = num_failures();
    const std::size_t size = one.text.size();
    run_case(one, {});
    if (num_failures() == failures && size <= 2000) run_case(one, std::vector<std::size_t>(size, 1));
    const std::size_t stride = std::max<std::size_t>(1, size / 300);
    for (std::size_t at = 1; at<size; at += size> 10000 ? size / 8 : stride) {
      if (num_failures() != failures) return;
      SCOPED_TRACE("cut at " + std::to_string(at));
      run_case(one, {at});
    }
  }
  static int num_failures() {
    return testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
  }
  void run_all(const std::vector<Case>& cases) {
    for (const Case& one : cases) run_in_all_ways(one);
  }

  World world;
  Peer bad{world};
  Peer good{world};
};

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kEmpty = "Content-Length: 0\r\n\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kFive = kOk + "Content-Length: 5\r\n\r\nhello";

std::string with_nul(const char* before, const char* after) { return std::string(before) + '\0' + after; }

// contract: 1.11
TEST_F(BadInput, StatusLines) {
  run_all({
      {"letters for digits", "HTTP/1.1 2OO OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"two digits", "HTTP/1.1 20 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"four digits", "HTTP/1.1 2000 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"a negative number", "HTTP/1.1 -20 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"no number", "HTTP/1.1 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"nothing behind the version", "HTTP/1.1\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"nothing behind the space", "HTTP/1.1 \r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"text behind the number", "HTTP/1.1 200OK\r\n" + kEmpty, CURLE_OK},
      {"version 1.2", "HTTP/1.2 200 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"version 2.5", "HTTP/2.5 200 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"version 11", "HTTP/11 200 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"no version", "HTTP 200 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"another protocol", "ICY 200 OK\r\n" + kEmpty, CURLE_UNSUPPORTED_PROTOCOL},
      {"NUL", with_nul("HTTP/1.1 200 O", "K\r\n") + kEmpty, CURLE_WEIRD_SERVER_REPLY},
      {"no reason", "HTTP/1.1 200\r\n" + kEmpty, CURLE_OK},
      {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", CURLE_OK, End::stays, "hello"},
  });
}

TEST_F(BadInput, GarbageBeforeTheResponse) {
  run_all({
      {"an empty line", "\r\n" + kFive, CURLE_UNSUPPORTED_PROTOCOL},
      {"a space", " " + kFive, CURLE_UNSUPPORTED_PROTOCOL},
      {"NUL", std::string(1, '\0') + kFive, CURLE_UNSUPPORTED_PROTOCOL},
      {"a word", "garbage" + kFive, CURLE_UNSUPPORTED_PROTOCOL},
      {"a body of before", "0\r\n\r\n" + kFive, CURLE_UNSUPPORTED_PROTOCOL},
      {"HTTP/0.9", "<html>hello</html>", CURLE_UNSUPPORTED_PROTOCOL},
      {"nearly HTTP", "HTTQ/1.1 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL},
  });
  const auto allow = [](Handle& handle) { handle.set(CURLOPT_HTTP09_ALLOWED, 1L); };
  run_all({
      {"HTTP/0.9, allowed", "<html>hello</html>", CURLE_OK, End::fin, "<html>hello</html>", allow},
      {"HTTP/0.9 that begins like HTTP", "HTTquake", CURLE_OK, End::fin, "HTTquake", allow},
  });
}

TEST_F(BadInput, HeaderLines) {
  run_all({
      {"no colon", kOk + "nocolon\r\n" + kEmpty, CURLE_WEIRD_SERVER_REPLY},
      {"no colon, last", kOk + "Content-Length: 0\r\nnocolon\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {"NUL in a name", kOk + with_nul("X", "Y: 1\r\n") + kEmpty, CURLE_WEIRD_SERVER_REPLY},
      {"NUL in a value", kOk + with_nul("X: ", "1\r\n") + kEmpty, CURLE_WEIRD_SERVER_REPLY},
      {"NUL at the start", kOk + with_nul("", "X: 1\r\n") + kEmpty, CURLE_WEIRD_SERVER_REPLY},
      {"a continuation of nothing", kOk + " folded: 1\r\n" + kEmpty, CURLE_WEIRD_SERVER_REPLY},
      {"folding", kOk + "X: 1\r\n  2\r\nContent-Length:\r\n 5\r\n\r\nhello", CURLE_OK, End::stays, "hello"},
      {"an empty name", kOk + ": 1\r\n" + kEmpty, CURLE_OK},
  });
}

// contract: 1.11
TEST_F(BadInput, HeadsThatAreTooLarge) {
  const std::string line = "X-Long: " + std::string(1 << 20, 'x') + "\r\n";
  std::string block;
  while (block.size() < 310000) block += "X-Block: " + std::string(1000, 'x') + "\r\n";
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "X:" + std::to_string(i) + "\r\n";
  run_all({
      {"a line of a megabyte", kOk + line + kEmpty, CURLE_TOO_LARGE},
      {"a status line of a megabyte", "HTTP/1.1 200 " + std::string(1 << 20, 'x') + "\r\n" + kEmpty,
       CURLE_TOO_LARGE},
      {"a line that never ends", kOk + "X: " + std::string(1 << 20, 'x'), CURLE_TOO_LARGE},
      {"a block over 300 kB", kOk + block + kEmpty, CURLE_RECV_ERROR},
      {"thousands of headers", kOk + many + kEmpty, CURLE_TOO_LARGE},
  });
}

TEST_F(BadInput, ContentLengths) {
  const auto length = [](const char* value) { return kOk + "Content-Length: " + value + "\r\n\r\nhello"; };
  std::vector<Case> cases;
  for (const char* const value :
       {"-1", "-5", "+5", "x", "5x", "5 5", "0x5", "5.0", "", "5;6", "\"5\"", "5, 6", "6, 5"}) {
    cases.push_back({value, length(value), CURLE_WEIRD_SERVER_REPLY});
  }
  cases.push_back({"two that differ", kOk + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                   CURLE_WEIRD_SERVER_REPLY});
  cases.push_back({"garbage beside chunked", kOk + "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n",
                   CURLE_WEIRD_SERVER_REPLY});
  cases.push_back({"twice the same", kOk + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", CURLE_OK,
                   End::stays, "hello"});
  cases.push_back({"a list of the same", length("5, 5"), CURLE_OK, End::stays, "hello"});
  cases.push_back({"zeros in front", length("005"), CURLE_OK, End::stays, "hello"});
  cases.push_back({"too large for a number", length("99999999999999999999"), CURLE_OK, End::fin, "hello"});
  cases.push_back({"the largest", length("9223372036854775807"), CURLE_PARTIAL_FILE, End::fin, "hello"});
  run_all(cases);
}

// contract: 1.11
TEST_F(BadInput, Chunks) {
  std::vector<Case> cases;
  for (const char* const size :
       {"", "g", "-1", "+5", " 5", "\t5", "0x5", "5g", "x5", "5\r5", "fffffffffffffffff", "ffffffffffffffff",
        "8000000000000000", "00000000000000005", ";ext"}) {
    cases.push_back({size, kChunked + size + "\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR});
  }
  const auto partly = [&cases](const char* name, std::string text, CURLcode code, End end = End::stays) {
    cases.push_back({name, kChunked + std::move(text), code, end, "hello"});
  };
  partly("no line end behind the data", "5\r\nhelloX", CURLE_RECV_ERROR);
  partly("a wrong one", "5\r\nhello\rX", CURLE_RECV_ERROR);
  partly("a bad second size", "5\r\nhello\r\nx\r\n", CURLE_RECV_ERROR);
  partly("NUL for a size", "5\r\nhello\r\n" + std::string(1, '\0') + "\r\n", CURLE_RECV_ERROR);
  partly("a trailer without a colon", "5\r\nhello\r\n0\r\nnocolon\r\n\r\n", CURLE_WEIRD_SERVER_REPLY);
  partly("a trailer with NUL", "5\r\nhello\r\n0\r\n" + with_nul("X: ", "\r\n\r\n"), CURLE_WEIRD_SERVER_REPLY);
  partly("extensions", "5;a=b\r\nhello\r\n0;c\r\n\r\n", CURLE_OK);
  partly("blanks", "5 \r\nhello\r\n0\t\r\n\r\n", CURLE_OK);
  partly("bare line feeds", "5\nhello\n0\n\n", CURLE_OK);
  partly("zeros in front", "0005\r\nhello\r\n00\r\n\r\n", CURLE_OK);
  partly("trailers", "5\r\nhello\r\n0\r\nX: 1\r\nY: 2\r\n\r\n", CURLE_OK);
  run_all(cases);
  run_all({
      {"an extension without end", kChunked + "5;" + std::string(300000, 'x'), CURLE_RECV_ERROR},
      {"trailers without end",
       kChunked + "0\r\n" +
           [] {
             std::string lines;
             while (lines.size() < 310000) lines += "X-Block: " + std::string(1000, 'x') + "\r\n";
             return lines;
           }(),
       CURLE_RECV_ERROR},
  });
}

TEST_F(BadInput, ResponsesThatEndTooEarly) {
  run_all({
      {"nothing", "", CURLE_GOT_NOTHING, End::fin},
      {"part of a status line", "HTTP/1.1 20", CURLE_GOT_NOTHING, End::fin},
      {"part of the head", kOk + "X: 1\r\nY", CURLE_PARTIAL_FILE, End::fin},
      {"no blank line", kOk + "X: 1\r\n", CURLE_PARTIAL_FILE, End::fin},
      {"no body", kOk + "Content-Length: 5\r\n\r\n", CURLE_PARTIAL_FILE, End::fin},
      {"part of the body", kOk + "Content-Length: 5\r\n\r\nhell", CURLE_PARTIAL_FILE, End::fin, "hell"},
      {"no chunk", kChunked, CURLE_PARTIAL_FILE, End::fin},
      {"part of a size", kChunked + "5", CURLE_PARTIAL_FILE, End::fin},
      {"part of a chunk", kChunked + "5\r\nhell", CURLE_PARTIAL_FILE, End::fin, "hell"},
      {"no last chunk", kChunked + "5\r\nhello\r\n", CURLE_PARTIAL_FILE, End::fin, "hello"},
      {"no end of the trailers", kChunked + "5\r\nhello\r\n0\r\n", CURLE_PARTIAL_FILE, End::fin, "hello"},
      {"only an interim one", "HTTP/1.1 103 Early\r\n\r\n", CURLE_GOT_NOTHING, End::fin},
      {"a body until the end", kOk + "\r\nhello", CURLE_OK, End::fin, "hello"},
      {"reset at once", "", CURLE_RECV_ERROR, End::reset},
      {"reset in the head", kOk + "X: 1\r\n", CURLE_RECV_ERROR, End::reset},
      {"reset in the body", kOk + "Content-Length: 5\r\n\r\nhell", CURLE_RECV_ERROR, End::reset, "hell"},
      {"reset in a body until the end", kOk + "\r\nhello", CURLE_RECV_ERROR, End::reset, "hello"},
  });
}

TEST_F(BadInput, InterimResponses) {
  std::string flood;
  for (int i = 0; i < 10000; ++i) flood += "HTTP/1.1 102 Processing\r\nX: " + std::to_string(i) + "\r\n\r\n";
  const std::string cont = "HTTP/1.1 100 Continue\r\n\r\n";
  run_all({
      {"one nobody asked for", cont + kFive, CURLE_OK, End::stays, "hello"},
      {"several kinds", cont + "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 199 x\r\n\r\n" + kFive,
       CURLE_OK, End::stays, "hello"},
      {"one with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n" + kFive, CURLE_OK,
       End::stays, "hello"},
      {"garbage behind one", cont + "xyz" + kFive, CURLE_UNSUPPORTED_PROTOCOL},
      {"a flood", flood + kFive, CURLE_TOO_LARGE},
  });
}

// --- More than was asked for

TEST_F(BadInput, BytesBehindTheResponseEndTheConnection) {
  for (const std::string& surplus : {std::string("x"), std::string("\r\n"), kFive, std::string(5000, 'x')}) {
    for (const std::string& text : {kFive, kChunked + "5\r\nhello\r\n0\r\n\r\n"}) {
      prepare({request(), send(text + surplus), client_gone()});
      Handle handle(bad.url());
      run_beside_a_good_one(handle);
      EXPECT_EQ(handle.code, CURLE_OK);
      EXPECT_EQ(handle.body, "hello");
      EXPECT_EQ(bad.num_open(), 0u);
      handle.clear();
      EXPECT_EQ(world.transfer(handle), CURLE_OK);
      EXPECT_EQ(handle.body, "ok");
      EXPECT_EQ(bad.num_accepted(), 2u);
    }
  }
}

// A reply that nobody asked for lies in the socket when the connection is used again, a moment later.
// Disabled: within the first second of idleness the pool does not look, to save a system call
// (kProbeAfterIdle in conn/pool.cc); libcurl 7.88 does the same. After a longer pause it does.
TEST_F(BadInput, DISABLED_BytesOnAnIdleConnectionAreNotTakenForTheNextAnswer) {
  prepare({request(), send(kFive), hold(), send(response("injected")), client_gone()});
  Handle handle(bad.url());
  EXPECT_EQ(world.transfer(handle), CURLE_OK);
  bad.release();
  world.pump();
  handle.clear();
  EXPECT_EQ(world.transfer(handle), CURLE_OK);
  EXPECT_EQ(handle.body, "ok") << "the answer to a request that was not made yet";
  EXPECT_EQ(bad.num_accepted(), 2u);
}

TEST_F(BadInput, AResponseBeforeTheRequestWasRead) {
  prepare({send(kFive), request(), client_gone()});
  Handle handle(bad.url());
  run_beside_a_good_one(handle);
  EXPECT_EQ(handle.code, CURLE_OK);
  EXPECT_EQ(handle.body, "hello");
}

TEST_F(BadInput, AResponseBeforeTheRequestWasReadAndAReset) {
  prepare({send(kFive), close_it()});
  Handle handle(bad.url());
  run_beside_a_good_one(handle);
  EXPECT_TRUE(handle.code == CURLE_OK || handle.code == CURLE_RECV_ERROR || handle.code == CURLE_SEND_ERROR)
      << handle.code;
}

// --- The connection ends at every byte of an exchange

class Cut : public BadInput {
 protected:
  /// A handle that sends `method`: GET, or POST with its body byte by byte.
  void make(Handle& handle, bool post) {
    if (!post) return;
    handle.post_by_callback("0123456789", 10);
    handle.read_most = 1;
    handle.pause_after_read = true;
  }
  /// Keeps the upload going, one byte per round.
  void run_to_the_end(Handle& handle) {
    world.run([&] {
      if (!handle.done && handle.pause_after_read) app().pause(handle, CURLPAUSE_CONT);
      return handle.done;
    });
  }
  std::size_t size_of_request(bool post) {
    prepare(once(kFive));
    Handle handle(bad.url("/bad"));
    make(handle, post);
    app().add(handle);
    run_to_the_end(handle);
    EXPECT_EQ(handle.code, CURLE_OK);
    return bad.requests.at(0).size();
  }
  /// Uses the connection once, so that the next transfer finds it in the pool.
  void warm_up() {
    Handle first(bad.url("/warm"));
    EXPECT_EQ(world.transfer(first), CURLE_OK);
  }
  /// After `count` bytes of the request, with `end`.
  void run_cut_request(bool post, bool reused, End end, std::size_t count) {
    SCOPED_TRACE(testing::Message() << (post ? "POST" : "GET") << (reused ? ", reused" : ", fresh") << ", "
                                    << (end == End::fin ? "FIN" : "RST") << " after byte " << count);
    Script script;
    if (reused) script = {request(), send(kFive)};
    script.push_back(bytes(count));
    script.push_back(end == End::fin ? end_sending() : reset_it());
    if (end == End::fin) script.push_back(client_gone());
    prepare(std::move(script));
    if (reused) warm_up();
    Handle handle(bad.url("/bad"));
    make(handle, post);
    app().add(handle);
    run_to_the_end(handle);
    if (reused) {
      EXPECT_EQ(handle.code, CURLE_OK) << "tried again on another connection: " << handle.error;
      EXPECT_EQ(handle.body, "ok");
      EXPECT_TRUE(!post || bad.requests.back().find("\r\n\r\n0123456789") != std::string::npos)
          << bad.requests.back();
    } else if (end == End::fin) {
      EXPECT_EQ(handle.code, CURLE_GOT_NOTHING) << handle.error;
    } else {
      const bool never_connected = count == 0 && handle.code == CURLE_COULDNT_CONNECT;
      EXPECT_TRUE(handle.code == CURLE_RECV_ERROR || handle.code == CURLE_SEND_ERROR || never_connected)
          << handle.code;
    }
    app().remove(handle);
    Handle next(good.url("/good"));
    good.release();
    EXPECT_EQ(world.transfer(next), CURLE_OK);
    EXPECT_EQ(app().num_announced(), 0u);
  }
  /// After `count` bytes of the response.
  void run_cut_response(bool post, bool reused, End end, const std::string& text, std::size_t count) {
    SCOPED_TRACE(testing::Message() << (post ? "POST" : "GET") << (reused ? ", reused" : ", fresh") << ", "
                                    << (end == End::fin ? "FIN" : "RST") << " after byte " << count
                                    << " of the response");
    Script script;
    if (reused) script = {request(), send(kFive)};
    script.insert(script.end(),
                  {request(), send(text.substr(0, count)), end == End::fin ? end_sending() : reset_it()});
    if (end == End::fin) script.push_back(client_gone());
    prepare(std::move(script));
    if (reused) warm_up();
    Handle handle(bad.url("/bad"));
    make(handle, post);
    app().add(handle);
    run_to_the_end(handle);
    const bool whole = count == text.size();
    if (whole || (reused && count == 0)) {
      EXPECT_EQ(handle.code, CURLE_OK) << handle.error;
    } else if (end == End::reset) {
      EXPECT_EQ(handle.code, CURLE_RECV_ERROR) << handle.error;
    } else {
      EXPECT_EQ(handle.code, count < text.find('\n') + 1 ? CURLE_GOT_NOTHING : CURLE_PARTIAL_FILE)
          << handle.error;
    }
    app().remove(handle);
    Handle next(good.url("/good"));
    good.release();
    EXPECT_EQ(world.transfer(next), CURLE_OK);
    EXPECT_EQ(app().num_announced(), 0u);
  }
};

// contract: 1.11
TEST_F(Cut, AtEveryByteOfTheRequest) {
  for (const bool post : {false, true}) {
    const std::size_t size = size_of_request(post);
    for (const bool reused : {false, true}) {
      for (const End end : {End::fin, End::reset}) {
        for (std::size_t at = 0; at <= size && !HasFailure(); ++at) run_cut_request(post, reused, end, at);
      }
    }
  }
}

// contract: 1.11
TEST_F(Cut, AtEveryByteOfTheResponse) {
  for (const std::string& text : {kFive, kChunked + "5\r\nhello\r\n0\r\n\r\n"}) {
    for (const bool post : {false, true}) {
      for (const bool reused : {false, true}) {
        for (const End end : {End::fin, End::reset}) {
          for (std::size_t at = 0; at <= text.size() && !HasFailure(); ++at) {
            run_cut_response(post, reused, end, text, at);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace hiper::wire
