#include "http/h1_response.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace hiper {
namespace {

/// Writes down what a response tells.
class Recorder final : public H1Sink {
 public:
  HeaderNames lines_wanted() const noexcept override { return wanted; }
  void head_lines(const HeadLines& lines) override {
    EXPECT_FALSE(lines.raw.empty());
    if (lines.begins_head) text.clear();
    text += lines.raw;
    std::string_view rest = lines.raw;
    while (!rest.empty()) {
      const std::size_t size = rest.find('\n') + 1;
      EXPECT_NE(size, 0u);
      log += lines.interim ? "I" : "H";
      log += rest.substr(0, size);
      rest.remove_prefix(size);
    }
  }
  Outcome header(const HeadLine& line) override {
    log += line.kind == LineKind::trailer ? "T" : line.interim ? "I" : "H";
    log += line.raw;
    text += line.raw;
    if (line.kind == LineKind::status) text = line.raw;
    return pauses() ? Outcome::paused(line.raw.size()) : Outcome::ok(line.raw.size());
  }
  HeadVerdict head_complete(const H1Response& response) override {
    log += "[" + std::to_string(response.status()) + "]";
    return response.is_interim() ? HeadVerdict{} : verdict;
  }
  Outcome body(std::span<const char> bytes) override {
    EXPECT_FALSE(bytes.empty());
    const bool paused = pauses();
    const std::size_t taken = paused && (calls_ & 2) == 0 ? bytes.size() / 2 : bytes.size();
    body_text.append(bytes.data(), taken);
    if (fail_body) return Outcome::failed(CURLE_WRITE_ERROR);
    return paused ? Outcome::paused(taken) : Outcome::ok(taken);
  }

  std::string log;
  std::string text;  ///< the raw lines of the last head
  std::string body_text;
  HeadVerdict verdict;
  HeaderNames wanted = kEveryHeaderName;
  bool pausing = false;  ///< every second call pauses
  bool fail_body = false;

 private:
  bool pauses() { return pausing && (++calls_ & 1) != 0; }
  int calls_ = 0;
};

struct Heard {
  std::string log;
  std::string body;
  CURLcode code = CURLE_OK;
  FedState state = FedState::need_more;
  std::size_t left = 0;
  bool keep_alive = false;
  curl_off_t length = -1;
  bool operator==(const Heard&) const = default;
};

void PrintTo(const Heard& heard, std::ostream* out) {
  *out << heard.log << "|" << heard.body << "| code " << heard.code << " state "
       << static_cast<int>(heard.state) << " left " << heard.left << " keep " << heard.keep_alive
       << " length " << heard.length;
}

enum class End { none, clean, broken };

struct Conversation {
  ResponseRules rules;
  HeadVerdict verdict;
  End end = End::clean;
  bool pausing = false;
  HeaderNames wanted = kEveryHeaderName;

  /// Feeds the pieces one after the other; what is not consumed stays in front of the next one.
  Heard run(const std::vector<std::string>& pieces) const {
    Recorder sink;
    sink.verdict = verdict;
    sink.pausing = pausing;
    sink.wanted = wanted;
    H1Response response(sink);
    response.begin(rules);
    Fed fed;
    std::string waiting;
    for (const std::string& piece : pieces) {
      waiting += piece;
      do {
        const std::vector<char> exact(waiting.begin(), waiting.end());
        fed = response.feed(exact);
        EXPECT_LE(fed.consumed, waiting.size());
        waiting.erase(0, fed.consumed);
      } while (fed.state == FedState::paused);
      if (fed.state == FedState::need_more) {
        EXPECT_TRUE(waiting.empty());
      }
    }
    if (end != End::none && fed.state == FedState::need_more) fed = response.end_of_stream(end == End::clean);
    const std::size_t left = fed.state == FedState::failed ? 0 : waiting.size();
    return {sink.log,
            sink.body_text,
            fed.code,
            fed.state,
            left,
            response.keep_alive(),
            response.content_length()};
  }
};

std::vector<std::string> bytewise(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

/// The same result whether the text comes at once, byte by byte, in any two pieces, or with pauses, and
/// whether the sink wants all lines one by one or only some.
Heard hear(const std::string& text, Conversation talk = {}) {
  const Heard whole = talk.run({text});
  EXPECT_EQ(talk.run(bytewise(text)), whole) << text.substr(0, 200);
  const std::size_t step = text.size() > 2000 ? 97 : 1;
  for (std::size_t i = 1; i < text.size(); i += step) {
    EXPECT_EQ(talk.run({text.substr(0, i), text.substr(i)}), whole) << text.substr(0, 200) << " cut at " << i;
  }
  for (const HeaderNames wanted : {HeaderNames{0}, set_of(HeaderName::content_length)}) {
    talk.wanted = wanted;
    EXPECT_EQ(talk.run({text}), whole) << text.substr(0, 200) << " together";
    for (std::size_t i = 1; i < text.size(); i += step) {
      EXPECT_EQ(talk.run({text.substr(0, i), text.substr(i)}), whole)
          << text.substr(0, 200) << " together, cut at " << i;
    }
  }
  talk.wanted = kEveryHeaderName;
  talk.pausing = true;
  EXPECT_EQ(talk.run({text}), whole) << text.substr(0, 200) << " with pauses";
  EXPECT_EQ(talk.run(bytewise(text)), whole) << text.substr(0, 200) << " with pauses, byte by byte";
  return whole;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";

TEST(H1Response, CountedBodyAndWhatFollowsStaysWithTheCaller) {
  const Heard heard = hear(kOk + "Content-Length: 5\r\n\r\nhelloEXTRA");
  EXPECT_EQ(heard.log, "HHTTP/1.1 200 OK\r\nHContent-Length: 5\r\nH\r\n[200]");
  EXPECT_EQ(heard.body, "hello");
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_EQ(heard.left, 5u);
  EXPECT_EQ(heard.length, 5);
  EXPECT_TRUE(heard.keep_alive);
}

TEST(H1Response, EmptyBodyIsCompleteWithTheHead) {
  const Heard heard = hear(kOk + "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_EQ(heard.body, "");
}

TEST(H1Response, ChunkedBodyWithTrailers) {
  const Heard heard = hear(
      kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\nX-T: 1\r\n 2\r\n\r\nNEXT");
  EXPECT_EQ(heard.log, "HHTTP/1.1 200 OK\r\nHTransfer-Encoding: chunked\r\nH\r\n[200]TX-T: 1 2\r\n");
  EXPECT_EQ(heard.body, "hello world");
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_EQ(heard.left, 4u);
  EXPECT_TRUE(heard.keep_alive);
}

TEST(H1Response, ChunkedBeatsContentLengthWhicheverComesFirst) {
  const std::string body = "\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const char* head :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked ,\r\n"}) {
    const Heard heard = hear(kOk + head + body);
    EXPECT_EQ(heard.body, "hello") << head;
    EXPECT_EQ(heard.length, -1) << head;
    EXPECT_EQ(heard.state, FedState::complete) << head;
  }
}

TEST(H1Response, OtherTransferCodingsAreFramedByClose) {
  const Heard heard = hear(kOk + "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhello");
  EXPECT_EQ(heard.body, "hello");
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_FALSE(heard.keep_alive);
}

TEST(H1Response, TransferDecodingOffGivesTheFramingToTheApplication) {
  Conversation talk;
  talk.rules.decode_transfer = false;
  const std::string raw = "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n";
  const Heard heard = hear(kOk + "Transfer-Encoding: chunked\r\n\r\n" + raw + "NEXT", talk);
  EXPECT_EQ(heard.body, raw);
  EXPECT_EQ(heard.left, 4u);
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_TRUE(heard.keep_alive);
  const Heard bad = hear(kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz", talk);
  EXPECT_EQ(bad.code, CURLE_RECV_ERROR);
  EXPECT_EQ(bad.body, "5\r\nhello\r\n");
}

TEST(H1Response, InterimResponsesAreToldAndForgotten) {
  const Heard heard = hear(
      "HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\nHTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n" +
      kOk + "Content-Length: 2\r\n\r\nok");
  EXPECT_EQ(heard.log,
            "IHTTP/1.1 100 Continue\r\nIContent-Length: x\r\nI\r\n[100]IHTTP/1.1 103 Hints\r\nIConnection: "
            "close\r\nI\r\n"
            "[103]HHTTP/1.1 200 OK\r\nHContent-Length: 2\r\nH\r\n[200]");
  EXPECT_EQ(heard.body, "ok");
  EXPECT_TRUE(heard.keep_alive);
}

TEST(H1Response, SomeResponsesHaveNoBody) {
  for (const char* head :
       {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 304 No\r\n\r\n"}) {
    const Heard heard = hear(std::string(head) + "next!");
    EXPECT_EQ(heard.state, FedState::complete) << head;
    EXPECT_EQ(heard.left, 5u) << head;
    EXPECT_EQ(heard.length, 0) << head;
    EXPECT_TRUE(heard.keep_alive) << head;
  }
  Conversation talk;
  talk.rules.no_body = true;
  const Heard heard = hear(kOk + "Content-Length: 5\r\n\r\n", talk);
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_EQ(heard.length, 5);
  EXPECT_TRUE(heard.keep_alive);
  EXPECT_TRUE(hear(kOk + "\r\n", talk).keep_alive);
  EXPECT_EQ(hear("HTTP/1.1 205 Reset\r\nContent-Length: 5\r\n\r\nhello").body, "hello");
}

TEST(H1Response, OfferedUpgradeEndsTheMessage) {
  const std::string text = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nframe";
  Conversation talk;
  talk.rules.upgrade_offered = true;
  const Heard heard = hear(text, talk);
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_EQ(heard.left, 5u);
  EXPECT_FALSE(heard.keep_alive);
  EXPECT_EQ(hear(text).body, "frame");
}

TEST(H1Response, WithoutALengthTheBodyEndsWithTheConnection) {
  const Heard heard = hear(kOk + "\r\nhello");
  EXPECT_EQ(heard.state, FedState::complete);
  EXPECT_EQ(heard.body, "hello");
  EXPECT_FALSE(heard.keep_alive);
  Conversation broken;
  broken.end = End::broken;
  EXPECT_EQ(hear(kOk + "\r\nhello", broken).code, CURLE_RECV_ERROR);
}

TEST(H1Response, KeepAliveFollowsVersionAndConnection) {
  const std::string body = "Content-Length: 0\r\n\r\n";
  struct {
    const char* head;
    bool keep;
  } const cases[] = {{"HTTP/1.1 200 OK\r\n", true},
                     {"HTTP/1.1 200 OK\r\nConnection: close\r\n", false},
                     {"HTTP/1.1 200 OK\r\nConnection: foo, CLOSE\r\n", false},
                     {"HTTP/1.1 200 OK\r\nConnection: close, keep-alive\r\n", false},
                     {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\n", false},
                     {"HTTP/1.1 200 OK\r\nProxy-Connection: close\r\n", true},
                     {"HTTP/1.0 200 OK\r\n", false},
                     {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", true},
                     {"HTTP/1.0 200 OK\r\nConnection: x, keep-alive\r\n", true},
                     {"HTTP/1.0 200 OK\r\nProxy-Connection: keep-alive\r\n", false},
                     {"HTTP/2 200 OK\r\n", true}};
  for (const auto& c : cases) EXPECT_EQ(hear(c.head + body).keep_alive, c.keep) << c.head;
  Conversation proxied;
  proxied.rules.from_proxy = true;
  EXPECT_FALSE(hear(kOk + "Proxy-Connection: close\r\n" + body, proxied).keep_alive);
}

TEST(H1Response, BareLineFeedsAreLineEnds) {
  const Heard heard = hear("HTTP/1.1 200 OK\nContent-Length: 5\nX: y\n\nhello");
  EXPECT_EQ(heard.log, "HHTTP/1.1 200 OK\nHContent-Length: 5\nHX: y\nH\n[200]");
  EXPECT_EQ(heard.body, "hello");
  EXPECT_EQ(hear(kOk + "Content-Length: 5\r\n\r\r\nhello").body, "hello");
}

TEST(H1Response, FoldedHeadersArriveAsOneLine) {
  const Heard heard = hear(kOk + "X: 1\r\n\t 2\r\nContent-Length:\r\n 5\r\n\r\nhello");
  EXPECT_EQ(heard.log, "HHTTP/1.1 200 OK\r\nHX: 1 2\r\nHContent-Length: 5\r\nH\r\n[200]");
  EXPECT_EQ(heard.body, "hello");
}

struct BadInput {
  std::string text;
  CURLcode code;
};

TEST(H1Response, BadInputIsAnErrorCode) {
  const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  const BadInput cases[] = {
      {"hello world\n", CURLE_UNSUPPORTED_PROTOCOL},
      {"HTTP 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {"HTTP/1.2 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {"HTTP/3 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {"HTTP/1.1 20 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {"HTTP/1.1 2000 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {"\r\n" + kOk + "\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {" " + kOk + "\r\n", CURLE_UNSUPPORTED_PROTOCOL},
      {std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20), CURLE_WEIRD_SERVER_REPLY},
      {kOk + "nocolon\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + " X: folded\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + std::string("X: 1\0002\r\n\r\n", 10), CURLE_WEIRD_SERVER_REPLY},
      {kOk + std::string("X\0: 1\r\n\r\n", 9), CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: -1\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: x\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length:\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: 5 5\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: 5x\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: 5, 6\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Content-Length: 99999999999999999999\r\nContent-Length: 6\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {kOk + "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {chunked + "x\r\n", CURLE_RECV_ERROR},
      {chunked + "\r\n", CURLE_RECV_ERROR},
      {chunked + "fffffffffffffffff\r\n", CURLE_RECV_ERROR},
      {chunked + "5\r\nhelloX", CURLE_RECV_ERROR},
      {chunked + "0\r\nnocolon\r\n\r\n", CURLE_WEIRD_SERVER_REPLY},
      {chunked + std::string("0\r\nX: \0\r\n\r\n", 11), CURLE_WEIRD_SERVER_REPLY},
      {"", CURLE_GOT_NOTHING},
      {"HTT", CURLE_GOT_NOTHING},
      {"HTTP/1.1 200", CURLE_GOT_NOTHING},
      {"HTTP/1.1 103 Hints\r\n\r\n", CURLE_GOT_NOTHING},
      {"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.", CURLE_GOT_NOTHING},
      {kOk, CURLE_PARTIAL_FILE},
      {kOk + "X: y\r\nFoo", CURLE_PARTIAL_FILE},
      {kOk + "Content-Length: 10\r\n", CURLE_PARTIAL_FILE},
      {kOk + "Content-Length: 10\r\n\r\nhello", CURLE_PARTIAL_FILE},
      {kOk + "Content-Length: 10\r\n\r\n", CURLE_PARTIAL_FILE},
      {chunked, CURLE_PARTIAL_FILE},
      {chunked + "5\r\nhel", CURLE_PARTIAL_FILE},
      {chunked + "5\r\nhello\r\n", CURLE_PARTIAL_FILE},
      {chunked + "5\r\nhello\r\n0\r\n", CURLE_PARTIAL_FILE},
      {chunked + "5\r\nhello\r\n0\r\nX: 1\r\n", CURLE_PARTIAL_FILE},
  };
  for (const BadInput& c : cases) {
    const Heard heard = hear(c.text);
    EXPECT_EQ(heard.state, FedState::failed) << c.text;
    EXPECT_EQ(heard.code, c.code) << c.text;
    EXPECT_FALSE(heard.keep_alive) << c.text;
  }
}

TEST(H1Response, UnusualLengthsThatAreAccepted) {
  EXPECT_EQ(hear(kOk + "Content-Length: 5, 5\r\nContent-Length:\t05 \r\n\r\nhello").body, "hello");
  const Heard huge = hear(kOk + "Content-Length: 9223372036854775808\r\n\r\nhello");
  EXPECT_EQ(huge.state, FedState::complete);
  EXPECT_EQ(huge.length, -1);
  EXPECT_FALSE(huge.keep_alive);
  EXPECT_EQ(hear(kOk + "Content-Length: 9223372036854775807\r\n\r\nhello").code, CURLE_PARTIAL_FILE);
  Conversation ignoring;
  ignoring.rules.ignore_length = true;
  EXPECT_EQ(hear(kOk + "Content-Length: x\r\n\r\nhello", ignoring).body, "hello");
  EXPECT_EQ(hear(kOk + "Content-Length: 3\r\n\r\nhello", ignoring).body, "hello");
}

TEST(H1Response, FilesThatAreTooLargeAreRefusedBehindTheirHead) {
  Conversation talk;
  talk.rules.size_max = 4;
  const Heard heard = hear(kOk + "Content-Length: 5\r\nA: b\r\n\r\nhello", talk);
  EXPECT_EQ(heard.code, CURLE_FILESIZE_EXCEEDED);
  EXPECT_EQ(heard.log.substr(0, 45), "HHTTP/1.1 200 OK\r\nHContent-Length: 5\r\nHA: b\r\n") << heard.log;
  EXPECT_EQ(heard.body, "");
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_EQ(hear(kOk + "Content-Length: 5\r\n" + chunked, talk).code, CURLE_OK);
  EXPECT_EQ(hear(kOk + "Content-Length: 99999999999999999999\r\n\r\n", talk).code, CURLE_FILESIZE_EXCEEDED);
  EXPECT_EQ(hear(kOk + "Content-Length: 4\r\n\r\nhell", talk).body, "hell");
}

TEST(H1Response, HeadsHaveLimits) {
  Conversation talk;
  const auto code_of = [&](const std::string& text) { return talk.run({text}).code; };
  const std::string end = "Content-Length: 0\r\n\r\n";
  EXPECT_EQ(code_of(kOk + "X: " + std::string(102394, 'a') + "\r\n" + end), CURLE_OK);
  EXPECT_EQ(code_of(kOk + "X: " + std::string(102395, 'a') + "\r\n" + end), CURLE_TOO_LARGE);
  EXPECT_EQ(code_of("HTTP/1.1 200 " + std::string(102395, 'a')), CURLE_TOO_LARGE);
  std::string line = "X: " + std::string(995, 'a') + "\r\n";
  std::string head;
  for (int i = 0; i < 300; ++i) head += line;
  EXPECT_EQ(code_of(kOk + head + end), CURLE_OK);
  for (int i = 0; i < 10; ++i) head += line;
  EXPECT_EQ(code_of(kOk + head + end), CURLE_RECV_ERROR);
  EXPECT_EQ(code_of(kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + head + "\r\n"), CURLE_RECV_ERROR);
  std::string interims;
  for (int i = 0; i < 20000; ++i) interims += "HTTP/1.1 103 x\r\n\r\n";
  EXPECT_EQ(code_of(interims), CURLE_TOO_LARGE);
  std::string many;
  for (int i = 0; i < 5001; ++i) many += "X:\n";
  EXPECT_EQ(code_of(kOk + many + end), CURLE_TOO_LARGE);
}

TEST(H1Response, Http09IsABodyWhenAllowed) {
  Conversation talk;
  talk.rules.http09_allowed = true;
  for (const char* text :
       {"hello", "HELLO\r\nworld\r\n", "HTXP/1.1 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n"}) {
    const Heard heard = hear(text, talk);
    EXPECT_EQ(heard.body, text);
    EXPECT_EQ(heard.log, "[0]");
    EXPECT_EQ(heard.state, FedState::complete);
    EXPECT_FALSE(heard.keep_alive);
  }
  EXPECT_EQ(hear("HTT", talk).code, CURLE_GOT_NOTHING);
  talk.rules.http09_allowed = false;
  talk.end = End::none;
  EXPECT_EQ(talk.run({"HTX"}).code, CURLE_UNSUPPORTED_PROTOCOL);
}

TEST(H1Response, AliasesStandForAnOldOk) {
  char icy[] = "ICY";
  curl_slist alias{icy, nullptr};
  Conversation talk;
  talk.rules.aliases = &alias;
  const Heard heard = hear("ICY 404 nope\r\nContent-Length: 2\r\n\r\nok", talk);
  EXPECT_EQ(heard.log, "HICY 404 nope\r\nHContent-Length: 2\r\nH\r\n[200]");
  EXPECT_EQ(heard.body, "ok");
  EXPECT_FALSE(heard.keep_alive);
  EXPECT_EQ(hear(kOk + "Content-Length: 2\r\n\r\nok", talk).body, "ok");
  EXPECT_EQ(hear("FOO 200\r\n", talk).code, CURLE_UNSUPPORTED_PROTOCOL);
}

TEST(H1Response, VerdictsDecideAboutTheBody) {
  const std::string text = kOk + "Content-Length: 5\r\n\r\nhello";
  Conversation talk;
  talk.verdict = {HeadVerdict::Action::ignore, CURLE_OK};
  const Heard ignored = hear(text, talk);
  EXPECT_EQ(ignored.body, "");
  EXPECT_EQ(ignored.state, FedState::complete);
  EXPECT_TRUE(ignored.keep_alive);
  EXPECT_EQ(hear(kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n", talk).state,
            FedState::complete);

  talk.verdict = {HeadVerdict::Action::stop, CURLE_OK};
  EXPECT_EQ(talk.run({text}).state, FedState::complete);
  EXPECT_EQ(talk.run({text}).left, 5u);
  EXPECT_FALSE(talk.run({text}).keep_alive);
  EXPECT_TRUE(talk.run({kOk + "Content-Length: 0\r\n\r\n"}).keep_alive);

  talk.verdict = {HeadVerdict::Action::fail, CURLE_HTTP_RETURNED_ERROR};
  EXPECT_EQ(hear(text, talk).code, CURLE_HTTP_RETURNED_ERROR);
}

TEST(H1Response, SlicesPointIntoTheHead) {
  Recorder sink;
  H1Response response(sink);
  response.begin({});
  const std::string text =
      "HTTP/1.1 103 x\r\nLocation: /early\r\n\r\n"
      "HTTP/1.1 302 Found\r\nX: a\r\n b\r\nLocation:  /a b \r\nLocation: /second\r\nContent-Type: a/b\r\n"
      "Content-Type:\r\nContent-Type: c/d; x\r\nETag: \"e\"\r\nLast-Modified: now\r\nRetry-After: 120\r\n"
      "Content-Range: bytes 0-1/2\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(response.feed(text).state, FedState::complete);
  const auto view = [&](HeadSlice slice) { return sink.text.substr(slice.offset, slice.length); };
  EXPECT_EQ(view(response.location()), "/a b");
  EXPECT_EQ(view(response.content_type()), "c/d; x");
  EXPECT_EQ(view(response.etag()), "\"e\"");
  EXPECT_EQ(view(response.last_modified()), "now");
  EXPECT_EQ(view(response.retry_after()), "120");
  EXPECT_EQ(view(response.content_range()), "bytes 0-1/2");
  EXPECT_TRUE(response.has(HeaderName::set_cookie));
  EXPECT_FALSE(response.has(HeaderName::www_authenticate));
  EXPECT_EQ(response.header_bytes(), text.size() - 2);  // unfolded: CR LF went
}

TEST(H1Response, IsReusedForTheNextExchange) {
  Recorder sink;
  H1Response response(sink);
  for (int i = 0; i < 3; ++i) {
    response.begin({});
    EXPECT_FALSE(response.any_bytes());
    EXPECT_EQ(response.feed(std::string("HTTP/1.1 200 OK\r\nContent-Le")).state, FedState::need_more);
    EXPECT_TRUE(response.any_bytes());
    const Fed fed = response.feed(std::string("ngth: 2\r\n\r\nokHTTP"));
    EXPECT_EQ(fed.state, FedState::complete);
    EXPECT_EQ(fed.consumed, 13u);
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.feed(std::string("more")).consumed, 0u);
  }
  EXPECT_EQ(sink.body_text, "okokok");
}

TEST(H1Response, AFailingSinkEndsTheTransfer) {
  Recorder sink;
  sink.fail_body = true;
  H1Response response(sink);
  response.begin({});
  const Fed fed = response.feed(kOk + "Content-Length: 2\r\n\r\nok");
  EXPECT_EQ(fed.state, FedState::failed);
  EXPECT_EQ(fed.code, CURLE_WRITE_ERROR);
}

/// Pieces of responses, glued and damaged at random: nothing may crash, and every way of cutting gives the
/// same end.
TEST(H1Response, GarbageGivesTheSameResultHoweverItIsCut) {
  const std::string parts[] = {"HTTP/1.1 200 OK\r\n",
                               "HTTP/1.1 103 x\r\n",
                               "HTTP/1.0 404 x\n",
                               "Content-Length: 5\r\n",
                               "Transfer-Encoding: chunked\r\n",
                               "\r\n",
                               "\n",
                               "5\r\nhello\r\n",
                               "0\r\n\r\n",
                               "hello",
                               "X: y\r\n",
                               " folded\r\n",
                               "Connection: close\r\n",
                               "\r",
                               "A",
                               ":",
                               "\t",
                               "1;ext\r\nx\r\n"};
  std::mt19937 random(20240607);
  for (int round = 0; round < 4000; ++round) {
    std::string text = round % 4 == 0 ? "" : parts[random() % 3];
    for (std::size_t n = random() % 10; n > 0; --n) text += parts[random() % std::size(parts)];
    for (std::size_t n = random() % 3; n > 0 && !text.empty(); --n)
      text[random() % text.size()] = static_cast<char>(random());
    Conversation talk;
    talk.rules.http09_allowed = random() % 4 == 0;
    talk.rules.decode_transfer = random() % 4 != 0;
    const Heard whole = talk.run({text});
    ASSERT_NE(whole.state, FedState::need_more) << text;
    ASSERT_EQ(talk.run(bytewise(text)), whole) << text;
    if (!text.empty()) {
      const std::size_t cut = random() % text.size();
      ASSERT_EQ(talk.run({text.substr(0, cut), text.substr(cut)}), whole) << text << " at " << cut;
    }
    talk.pausing = true;
    ASSERT_EQ(talk.run({text}), whole) << text;
  }
}

/// Counts the calls.
class Counting final : public H1Sink {
 public:
  HeaderNames lines_wanted() const noexcept override { return set_of(HeaderName::content_encoding); }
  Outcome header(const HeadLine& line) override {
    told += line.raw;
    return Outcome::ok(line.raw.size());
  }
  void head_lines(const HeadLines& lines) override {
    ++num_blocks;
    block = lines.raw;
  }
  HeadVerdict head_complete(const H1Response&) override { return {}; }
  Outcome body(std::span<const char> bytes) override { return Outcome::ok(bytes.size()); }

  std::string told;
  std::string block;
  int num_blocks = 0;
};

TEST(H1Response, AHeadThatNobodyReadsComesInOnePiece) {
  const std::string head = kOk + "Server: x\r\nContent-Length: 0\r\nX-A: b:c\r\n\r\n";
  Counting sink;
  H1Response response(sink, ResponseRules{});
  const Fed fed = response.feed(head);
  EXPECT_EQ(fed.state, FedState::complete);
  EXPECT_EQ(sink.num_blocks, 1);
  EXPECT_EQ(sink.block, head);
  EXPECT_EQ(sink.told, "");
  EXPECT_EQ(response.header_bytes(), head.size());
}

TEST(H1Response, OnlyWantedLinesComeAlone) {
  const std::string head = kOk + "Server: x\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n";
  Counting sink;
  H1Response response(sink, ResponseRules{});
  EXPECT_EQ(response.feed(head).state, FedState::complete);
  EXPECT_EQ(sink.told, "Content-Encoding: gzip\r\n");
  EXPECT_EQ(sink.num_blocks, 2);
  EXPECT_EQ(sink.block, "Content-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace hiper
