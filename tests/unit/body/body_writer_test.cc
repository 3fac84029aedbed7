#include "body/body_writer.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace hiper {
namespace {

class Notes final : public Report {
 public:
  void failure(std::string_view text) noexcept override { failures.emplace_back(text); }
  void info(std::string_view) noexcept override {}
  bool verbose() const noexcept override { return false; }
  std::vector<std::string> failures;
};

/// `text` compressed: window bits as deflateInit2 wants them (31 gzip, 15 zlib, -15 bare).
std::string compressed(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string gzip(const std::string& text) { return compressed(text, 31); }
std::string zlib(const std::string& text) { return compressed(text, 15); }
std::string bare(const std::string& text) { return compressed(text, -15); }

/// An application: what its callbacks got, and how they behave.
struct Application {
  std::string body;
  std::string headers;
  std::vector<std::size_t> pieces;
  bool pausing = false;                   ///< every second call of the write callback
  bool header_pausing = false;            ///< every second call of the header callback
  std::size_t answer_less = 0;            ///< take that many bytes fewer
  std::size_t answer = 0;                 ///< answer this instead, if set
  BodyWriter* stop_after_each = nullptr;  ///< curl_easy_pause() from inside the callback
  int calls = 0;
  int header_calls = 0;

  static std::size_t write(char* bytes, std::size_t size, std::size_t count, void* data) {
    EXPECT_EQ(size, 1u);
    Application& self = *static_cast<Application*>(data);
    if (self.pausing && (++self.calls & 1) != 0) return CURL_WRITEFUNC_PAUSE;
    if (self.answer != 0) return self.answer;
    self.pieces.push_back(count);
    self.body.append(bytes, count);
    if (self.stop_after_each != nullptr) self.stop_after_each->pause();
    return count - self.answer_less;
  }
  static std::size_t header(char* bytes, std::size_t, std::size_t count, void* data) {
    Application& self = *static_cast<Application*>(data);
    if (self.header_pausing && (++self.header_calls & 1) != 0) return CURL_WRITEFUNC_PAUSE;
    self.headers += "<";
    self.headers.append(bytes, count);
    return count - self.answer_less;
  }
};

WriteConfig config_for(Application& application) {
  WriteConfig config;
  config.write = Application::write;
  config.write_data = &application;
  config.decode_content = true;
  return config;
}

HeadLine header_line(HeaderName name, std::string_view value) {
  return {"X: y\r\n", value, LineKind::header, name, false};
}

struct Received {
  std::string body;
  CURLcode code = CURLE_OK;
  std::vector<std::string> failures;
  curl_off_t downloaded = 0;
  curl_off_t delivered = 0;
};

struct Delivery {
  std::string content_encoding;
  std::string transfer_encoding;
  bool pausing = false;
  bool stopping = false;
  std::size_t piece = 0;  ///< offer this many bytes at a time, 0: all
  std::function<void(WriteConfig&)> adjust;

  Received run(const std::string& coded) const {
    Application application;
    application.pausing = pausing;
    Notes notes;
    BodyWriter writer;
    if (stopping) application.stop_after_each = &writer;
    WriteConfig config = config_for(application);
    if (adjust) adjust(config);
    writer.begin(config);
    Received received;
    received.code = encodings(writer, notes);
    if (received.code == CURLE_OK) received.code = offer_all(writer, notes, coded);
    received.body = application.body;
    received.failures = notes.failures;
    received.downloaded = writer.downloaded();
    received.delivered = writer.delivered();
    return received;
  }

 private:
  CURLcode encodings(BodyWriter& writer, Notes& notes) const {
    if (!transfer_encoding.empty()) {
      const CURLcode code =
          writer.header_seen(header_line(HeaderName::transfer_encoding, transfer_encoding), notes);
      if (code != CURLE_OK) return code;
    }
    if (content_encoding.empty()) return CURLE_OK;
    return writer.header_seen(header_line(HeaderName::content_encoding, content_encoding), notes);
  }

  CURLcode offer_all(BodyWriter& writer, Notes& notes, const std::string& coded) const {
    std::size_t offset = 0;
    while (offset < coded.size()) {
      const std::size_t size = piece == 0 ? coded.size() - offset : std::min(piece, coded.size() - offset);
      const std::vector<char> exact(coded.begin() + static_cast<long>(offset),
                                    coded.begin() + static_cast<long>(offset + size));
      const Outcome outcome = writer.write(exact, notes);
      EXPECT_LE(outcome.taken(), size);
      offset += outcome.taken();
      if (outcome.kind() == Outcome::Kind::failed) return outcome.code();
      EXPECT_TRUE(outcome.kind() == Outcome::Kind::paused || outcome.taken() == size);
      if (const CURLcode code = wait(writer, notes, outcome); code != CURLE_OK) return code;
    }
    for (;;) {
      const Outcome outcome = writer.finish(notes);
      if (outcome.kind() == Outcome::Kind::failed) return outcome.code();
      if (outcome.is_ok()) break;
      if (const CURLcode code = wait(writer, notes, outcome); code != CURLE_OK) return code;
    }
    EXPECT_FALSE(writer.has_pending());
    return CURLE_OK;
  }

  static CURLcode wait(BodyWriter& writer, Notes& notes, const Outcome& outcome) {
    bool paused = outcome.kind() == Outcome::Kind::paused;
    while (paused) {
      EXPECT_TRUE(writer.paused());
      const Outcome refused = writer.write(std::vector<char>{'x'}, notes);
      EXPECT_EQ(refused.kind(), Outcome::Kind::paused);
      EXPECT_EQ(refused.taken(), 0u);
      const Outcome resumed = writer.resume(notes);
      if (resumed.kind() == Outcome::Kind::failed) return resumed.code();
      paused = resumed.kind() == Outcome::Kind::paused;
    }
    return CURLE_OK;
  }
};

/// The same body and code however it is offered, with and without pauses.
Received receive(const std::string& coded, Delivery delivery) {
  const Received whole = delivery.run(coded);
  for (const std::size_t piece : {1u, 2u, 7u, 1000u}) {
    if (coded.size() / piece > 20000) continue;
    delivery.piece = piece;
    for (const int how : {0, 1, 2}) {
      delivery.pausing = how == 1;
      delivery.stopping = how == 2;
      const Received other = delivery.run(coded);
      EXPECT_EQ(other.body.size(), whole.body.size())
          << delivery.content_encoding << " " << piece << " " << how;
      EXPECT_EQ(other.body == whole.body, true) << delivery.content_encoding << " " << piece << " " << how;
      EXPECT_EQ(other.code, whole.code) << delivery.content_encoding << " " << piece << " " << how;
      EXPECT_EQ(other.delivered, whole.delivered);
    }
  }
  delivery.piece = 0;
  delivery.pausing = true;
  delivery.stopping = false;
  EXPECT_EQ(delivery.run(coded).body == whole.body, true) << delivery.content_encoding;
  return whole;
}

Delivery encoded(std::string content_encoding) {
  Delivery delivery;
  delivery.content_encoding = std::move(content_encoding);
  return delivery;
}

std::string sample_text() {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < 50000) text += "hello world " + std::to_string(random() % 1000) + "\n";
  return text;
}

TEST(BodyWriter, PlainBodiesArriveUnchanged) {
  const Received received = receive(sample_text(), {});
  EXPECT_EQ(received.body == sample_text(), true);
  EXPECT_EQ(received.downloaded, static_cast<curl_off_t>(sample_text().size()));
}

TEST(BodyWriter, PiecesAreNoLargerThanTheBufferAndCurlMaxWriteSize) {
  for (const std::size_t buffer : {1024u, 16384u, 100000u}) {
    Application application;
    WriteConfig config = config_for(application);
    config.buffer_size = buffer;
    BodyWriter writer;
    writer.begin(config);
    Notes notes;
    const std::string text(40000, 'x');
    const Outcome outcome = writer.write(text, notes);
    EXPECT_TRUE(outcome.is_ok());
    const std::size_t limit = std::min<std::size_t>(buffer, 16384);
    EXPECT_EQ(application.pieces.size(), (text.size() + limit - 1) / limit);
    EXPECT_EQ(application.pieces.front(), limit);
  }
}

TEST(BodyWriter, DecodesGzipAndBothKindsOfDeflate) {
  const std::string text = sample_text();
  EXPECT_EQ(receive(gzip(text), encoded("gzip")).body == text, true);
  EXPECT_EQ(receive(gzip(text), encoded("X-GZIP")).body == text, true);
  EXPECT_EQ(receive(zlib(text), encoded("gzip")).body == text, true);
  EXPECT_EQ(receive(zlib(text), encoded("deflate")).body == text, true);
  EXPECT_EQ(receive(bare(text), encoded("Deflate")).body == text, true);
  EXPECT_EQ(receive(bare(text) + "abcd", encoded("deflate")).body == text, true);
  EXPECT_EQ(receive(gzip("a") + gzip("b") + gzip(text), encoded("gzip")).body == "ab" + text, true);
  EXPECT_EQ(receive(gzip(""), encoded("gzip")).body, "");
  EXPECT_EQ(receive(bare("a"), encoded("deflate")).body, "a");
  const Received received = receive(gzip(text), encoded("gzip"));
  EXPECT_EQ(received.downloaded, static_cast<curl_off_t>(gzip(text).size()));
  EXPECT_EQ(received.delivered, static_cast<curl_off_t>(text.size()));
}

TEST(BodyWriter, DecodesStackedCodings) {
  const std::string text = sample_text();
  EXPECT_EQ(receive(zlib(gzip(text)), encoded("gzip, deflate")).body == text, true);
  EXPECT_EQ(receive(gzip(bare(text)), encoded("deflate,,identity,gzip")).body == text, true);
  std::string five = text;
  for (int i = 0; i < 5; ++i) five = gzip(five);
  EXPECT_EQ(receive(five, encoded("gzip, gzip, gzip, gzip, gzip")).body == text, true);
  EXPECT_EQ(receive(gzip(five), encoded("gzip, gzip, gzip, gzip, gzip, gzip")).code,
            CURLE_BAD_CONTENT_ENCODING);
  Delivery both = encoded("deflate");
  both.transfer_encoding = "gzip, chunked";
  EXPECT_EQ(receive(gzip(zlib(text)), both).body == text, true);
}

TEST(BodyWriter, CodingsOfSeveralHeadersAddUp) {
  Application application;
  BodyWriter writer;
  writer.begin(config_for(application));
  Notes notes;
  EXPECT_EQ(writer.header_seen(header_line(HeaderName::content_encoding, "gzip"), notes), CURLE_OK);
  EXPECT_EQ(writer.header_seen(header_line(HeaderName::content_encoding, "deflate"), notes), CURLE_OK);
  HeadLine interim = header_line(HeaderName::content_encoding, "foo");
  interim.interim = true;
  EXPECT_EQ(writer.header_seen(interim, notes), CURLE_OK);
  const Outcome outcome = writer.write(zlib(gzip("hello")), notes);
  EXPECT_TRUE(outcome.is_ok());
  EXPECT_EQ(application.body, "hello");
}

TEST(BodyWriter, DecodesOnlyWhatTheApplicationAskedFor) {
  Delivery off = encoded("gzip");
  off.adjust = [](WriteConfig& config) { config.decode_content = false; };
  EXPECT_EQ(receive(gzip("hello"), off).body, gzip("hello"));
  off.content_encoding = "unheard-of";
  EXPECT_EQ(receive("hello", off).body, "hello");
  off.content_encoding.clear();
  off.transfer_encoding = "gzip";
  EXPECT_EQ(receive(gzip("hello"), off).body, "hello");
  off.adjust = [](WriteConfig& config) { config.decode_transfer = false; };
  EXPECT_EQ(receive(gzip("hello"), off).body, gzip("hello"));
}

TEST(BodyWriter, UnknownCodingsFailWithTheFirstByte) {
  const Received received = receive("hello", encoded("unheard-of"));
  EXPECT_EQ(received.code, CURLE_BAD_CONTENT_ENCODING);
  ASSERT_EQ(received.failures.size(), 1u);
  EXPECT_NE(received.failures[0].find("deflate, gzip"), std::string::npos);
  EXPECT_EQ(receive("", encoded("unheard-of")).code, CURLE_OK);
  EXPECT_EQ(receive("hello", encoded("chunked")).code, CURLE_BAD_CONTENT_ENCODING);
}

TEST(BodyWriter, DamagedContentIsAnError) {
  const std::string text = "hello world hello world hello world";
  const auto damaged = [](std::string coded, std::size_t from_end) {
    coded[coded.size() - from_end] = static_cast<char>(coded[coded.size() - from_end] ^ 0x55);
    return coded;
  };
  struct {
    std::string coded;
    const char* coding;
    CURLcode code;
  } const cases[] = {
      {"not gzip at all", "gzip", CURLE_BAD_CONTENT_ENCODING},
      {"\x1f\x8bnonsense", "gzip", CURLE_BAD_CONTENT_ENCODING},
      {"not deflate at all", "deflate", CURLE_BAD_CONTENT_ENCODING},
      {gzip(text), "deflate", CURLE_BAD_CONTENT_ENCODING},
      {damaged(gzip(text), 6), "gzip", CURLE_BAD_CONTENT_ENCODING},  // checksum
      {damaged(gzip(text), 2), "gzip", CURLE_BAD_CONTENT_ENCODING},  // length
      {damaged(zlib(text), 1), "deflate", CURLE_BAD_CONTENT_ENCODING},
      {gzip(text) + "garbage", "gzip", CURLE_WRITE_ERROR},
      {gzip(text) + std::string(20, '\0'), "gzip", CURLE_WRITE_ERROR},
      {gzip(text) + "\x1f!", "gzip", CURLE_BAD_CONTENT_ENCODING},
      {zlib(text) + "xx", "deflate", CURLE_WRITE_ERROR},
      {bare(text) + "xxxxx", "deflate", CURLE_WRITE_ERROR},
      {gzip(text.substr(0, 9)), "gzip, gzip", CURLE_BAD_CONTENT_ENCODING},
  };
  for (const auto& c : cases) {
    const Received received = receive(c.coded, encoded(c.coding));
    EXPECT_EQ(received.code, c.code) << c.coding << " " << c.coded.size();
    EXPECT_EQ(received.failures.size(), 1u);
  }
}

TEST(BodyWriter, TruncatedContentGivesWhatThereIs) {
  const std::string text = sample_text();
  const std::string coded = gzip(text);
  for (const std::size_t cut : {1u, 8u, 12u, 1000u}) {
    const Received received = receive(coded.substr(0, coded.size() - cut), encoded("gzip"));
    EXPECT_EQ(received.code, CURLE_OK);
    EXPECT_EQ(text.starts_with(received.body), true);
    if (cut <= 8) {
      EXPECT_EQ(received.body.size(), text.size());
    }
  }
  EXPECT_EQ(receive(coded.substr(0, 5), encoded("gzip")).body, "");
  EXPECT_EQ(receive("x", encoded("deflate")).code, CURLE_OK);
}

TEST(BodyWriter, ABombComesInPiecesAndStopsAtAPause) {
  const std::string bomb = gzip(gzip(std::string(20'000'000, '\0')));
  EXPECT_LT(bomb.size(), 1000u);
  Application application;
  application.pausing = true;
  BodyWriter writer;
  writer.begin(config_for(application));
  Notes notes;
  ASSERT_EQ(writer.header_seen(header_line(HeaderName::content_encoding, "gzip, gzip"), notes), CURLE_OK);
  std::size_t offset = 0;
  std::size_t waits = 0;
  bool paused = false;
  while (offset < bomb.size() || paused) {
    const std::size_t before = application.body.size();
    if (paused) {
      const Outcome resumed = writer.resume(notes);
      ASSERT_NE(resumed.kind(), Outcome::Kind::failed);
      paused = resumed.kind() == Outcome::Kind::paused;
    } else {
      const Outcome outcome = writer.write(std::span<const char>(bomb).subspan(offset), notes);
      ASSERT_NE(outcome.kind(), Outcome::Kind::failed);
      offset += outcome.taken();
      paused = outcome.kind() == Outcome::Kind::paused;
    }
    ASSERT_LE(application.body.size() - before, 2u * 16384);
    ++waits;
  }
  for (;;) {
    const Outcome outcome = writer.finish(notes);
    ASSERT_NE(outcome.kind(), Outcome::Kind::failed);
    if (outcome.is_ok()) break;
    const Outcome resumed = writer.resume(notes);
    ASSERT_NE(resumed.kind(), Outcome::Kind::failed);
  }
  EXPECT_EQ(application.body.size(), 20'000'000u);
  EXPECT_GT(waits, 1000u);
}

TEST(BodyWriter, SizeLimitCountsDecodedBytes) {
  Delivery limited = encoded("gzip");
  limited.adjust = [](WriteConfig& config) { config.size_max = 30000; };
  const Received received = limited.run(gzip(std::string(40000, 'a')));
  EXPECT_EQ(received.code, CURLE_FILESIZE_EXCEEDED);
  EXPECT_LE(received.delivered, 30000);
  EXPECT_EQ(limited.run(gzip(std::string(30000, 'a'))).code, CURLE_OK);
  limited.content_encoding.clear();
  EXPECT_EQ(limited.run(std::string(30001, 'a')).code, CURLE_FILESIZE_EXCEEDED);
}

TEST(BodyWriter, ShortCountsAreAWriteError) {
  for (const std::size_t answer : {std::size_t{CURL_WRITEFUNC_ERROR}, std::size_t{1}, std::size_t{6}}) {
    Application application;
    application.answer = answer;
    BodyWriter writer;
    writer.begin(config_for(application));
    Notes notes;
    const Outcome outcome = writer.write(std::string_view("hello"), notes);
    EXPECT_EQ(outcome.kind(), Outcome::Kind::failed);
    EXPECT_EQ(outcome.code(), CURLE_WRITE_ERROR);
    EXPECT_EQ(notes.failures.size(), 1u);
    EXPECT_EQ(writer.delivered(), 0);
  }
}

TEST(BodyWriter, PauseFromInsideTheCallbackStopsAfterThatPiece) {
  Application application;
  BodyWriter writer;
  application.stop_after_each = &writer;
  WriteConfig config = config_for(application);
  config.buffer_size = 1024;
  writer.begin(config);
  Notes notes;
  const std::string text(3000, 'x');
  const Outcome outcome = writer.write(text, notes);
  EXPECT_EQ(outcome.kind(), Outcome::Kind::paused);
  EXPECT_EQ(outcome.taken(), 1024u);
  const Outcome resumed = writer.resume(notes);
  EXPECT_TRUE(resumed.is_ok());
}

TEST(BodyWriter, WithoutACallbackBytesGoToTheFile) {
  FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  WriteConfig config;
  config.write_data = file;
  config.headers_in_body = true;
  BodyWriter writer;
  writer.begin(config);
  Notes notes;
  HeaderWriter headers;
  const Outcome head = headers.write(config, "A: b\r\n", LineKind::header, notes);
  EXPECT_TRUE(head.is_ok());
  const Outcome outcome = writer.write(std::string_view("hello"), notes);
  EXPECT_TRUE(outcome.is_ok());
  std::rewind(file);
  char bytes[32];
  const std::size_t count = std::fread(bytes, 1, sizeof bytes, file);
  EXPECT_EQ(std::string(bytes, count), "A: b\r\nhello");
  std::fclose(file);
}

std::string headers_told(const std::function<void(WriteConfig&)>& adjust, LineKind kind, std::string* body) {
  Application application;
  WriteConfig config = config_for(application);
  adjust(config);
  Notes notes;
  HeaderWriter writer;
  const Outcome outcome = writer.write(config, "A: b\r\n", kind, notes);
  EXPECT_TRUE(outcome.is_ok());
  *body = application.body;
  return application.headers;
}

TEST(HeaderWriter, FollowsTheRulesOfHeaderFunctionAndHeaderData) {
  Application other;
  std::string body;
  const auto none = [](WriteConfig&) {};
  EXPECT_EQ(headers_told(none, LineKind::header, &body), "");
  EXPECT_EQ(body, "");
  // A function.
  headers_told(
      [&](WriteConfig& config) {
        config.header = Application::header;
        config.header_data = &other;
      },
      LineKind::header, &body);
  EXPECT_EQ(other.headers, "<A: b\r\n");
  EXPECT_EQ(body, "");
  // Only data: the write function gets it.
  headers_told([&](WriteConfig& config) { config.header_data = &other; }, LineKind::header, &body);
  EXPECT_EQ(other.body, "A: b\r\n");
  EXPECT_EQ(body, "");
  // CURLOPT_HEADER: both, but trailers never in the body.
  other = {};
  const auto both = [&](WriteConfig& config) {
    config.headers_in_body = true;
    config.header = Application::header;
    config.header_data = &other;
  };
  headers_told(both, LineKind::header, &body);
  EXPECT_EQ(body, "A: b\r\n");
  EXPECT_EQ(other.headers, "<A: b\r\n");
  headers_told(both, LineKind::trailer, &body);
  EXPECT_EQ(body, "");
  EXPECT_EQ(other.headers, "<A: b\r\n<A: b\r\n");
  EXPECT_TRUE(HeaderWriter::idle(WriteConfig{}));
}

TEST(HeaderWriter, NothingIsLostOrTwiceWhenEitherCallbackPauses) {
  Application application;
  application.pausing = true;
  application.header_pausing = true;
  WriteConfig config = config_for(application);
  config.headers_in_body = true;
  config.header = Application::header;
  config.header_data = &application;
  Notes notes;
  HeaderWriter writer;
  const std::string line = "X: " + std::string(40000, 'a') + "\r\n";
  const Outcome outcome = writer.write(config, std::string(line), LineKind::header, notes);
  EXPECT_EQ(outcome.kind(), Outcome::Kind::paused);
  EXPECT_EQ(outcome.taken(), line.size());
  int waits = 0;
  while (writer.has_pending()) {
    const Outcome resumed = writer.resume(config, notes);
    ASSERT_NE(resumed.kind(), Outcome::Kind::failed);
    ++waits;
  }
  EXPECT_EQ(waits, 4);  // three pieces to the body and the line to the header callback, each refused once
  EXPECT_EQ(application.body == line, true);
  EXPECT_EQ(application.headers == "<" + line, true);
}

TEST(HeaderWriter, ShortCountsAreAWriteError) {
  Application application;
  application.answer_less = 1;
  WriteConfig config = config_for(application);
  config.header = Application::header;
  config.header_data = &application;
  Notes notes;
  HeaderWriter writer;
  const Outcome outcome = writer.write(config, "A: b\r\n", LineKind::header, notes);
  EXPECT_EQ(outcome.code(), CURLE_WRITE_ERROR);
  EXPECT_FALSE(writer.has_pending());
  EXPECT_EQ(notes.failures.size(), 1u);
}

}  // namespace
}  // namespace hiper
