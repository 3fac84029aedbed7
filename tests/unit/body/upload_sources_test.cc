// Bodies on their way to the wire: read callbacks, sizes, chunks, trailers, going back.
#include "body/upload_sources.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/slist.hpp"
#include "support/failing_memory.hpp"

namespace {

using hiper::CallbackReader;
using hiper::FramedUpload;
using hiper::MemoryReader;
using hiper::MemoryUpload;
using hiper::Pulled;
using hiper::ReadConfig;
using hiper::Status;
using hiper::UploadFraming;
using hiper::UploadSource;
using Kind = hiper::Pulled::Kind;

/// An application that gives `text` in pieces, and takes notes.
struct Application {
  explicit Application(std::string given = {}) : text(std::move(given)) { rooms.reserve(16); }
  std::string text;
  std::size_t piece = SIZE_MAX;
  std::size_t at = 0;
  std::size_t pause_at = SIZE_MAX;  ///< says so once
  std::size_t abort_at = SIZE_MAX;
  bool lies = false;
  int seek_answer = CURL_SEEKFUNC_OK;
  curlioerr ioctl_answer = CURLIOE_OK;
  std::vector<std::size_t> rooms;
  std::vector<curl_off_t> seeks;
  int num_restarts = 0;
};

std::size_t read_it(char* buffer, std::size_t size, std::size_t count, void* argument) {
  Application& app = *static_cast<Application*>(argument);
  const std::size_t room = size * count;
  app.rooms.push_back(room);
  if (app.lies) return room + 1;
  if (app.at >= app.abort_at) return CURL_READFUNC_ABORT;
  if (app.at >= app.pause_at) {
    app.pause_at = SIZE_MAX;
    return CURL_READFUNC_PAUSE;
  }
  const std::size_t given = std::min({room, app.piece, app.text.size() - app.at});
  std::memcpy(buffer, app.text.data() + app.at, given);
  app.at += given;
  return given;
}

int seek_it(void* argument, curl_off_t offset, int origin) {
  Application& app = *static_cast<Application*>(argument);
  EXPECT_EQ(origin, SEEK_SET);
  app.seeks.push_back(offset);
  if (app.seek_answer == CURL_SEEKFUNC_OK) app.at = static_cast<std::size_t>(offset);
  return app.seek_answer;
}

curlioerr restart_it(CURL*, int command, void* argument) {
  Application& app = *static_cast<Application*>(argument);
  EXPECT_EQ(command, CURLIOCMD_RESTARTREAD);
  ++app.num_restarts;
  if (app.ioctl_answer == CURLIOE_OK) app.at = 0;
  return app.ioctl_answer;
}

ReadConfig reads(Application& app) {
  ReadConfig config;
  config.read = read_it;
  config.data = &app;
  return config;
}
ReadConfig seeks(Application& app) {
  ReadConfig config = reads(app);
  config.seek = seek_it;
  config.seek_data = &app;
  return config;
}

UploadFraming sized(curl_off_t size) {
  UploadFraming framing;
  framing.size = size;
  return framing;
}
UploadFraming chunks() {
  UploadFraming framing;
  framing.chunked = true;
  return framing;
}

FramedUpload upload(const ReadConfig& config, const UploadFraming& framing) {
  return FramedUpload(std::make_unique<CallbackReader>(config), framing);
}

/// Everything up to an answer that is not bytes; the wire takes `step` bytes at a time. Ends with how it
/// ended.
std::string drain(UploadSource& source, std::size_t step = SIZE_MAX) {
  std::string text;
  for (;;) {
    const Pulled pulled = source.pull();
    switch (pulled.kind) {
      case Kind::end:
        return text + "<end>";
      case Kind::paused:
        return text + "<paused>";
      case Kind::failed:
        return text + "<" + std::to_string(pulled.code) + ">";
      case Kind::bytes:
        break;
    }
    if (pulled.bytes.empty()) return text + "<nothing>";
    const std::size_t taken = std::min(step, pulled.bytes.size());
    text.append(pulled.bytes.data(), taken);
    source.consumed(taken);
  }
}

std::string failure(CURLcode code) { return "<" + std::to_string(code) + ">"; }

CURLcode code_of(const Status& status) { return status.code(); }

TEST(MemoryUpload, SendsFromWhereTheBytesLie) {
  const std::string text = "hello";
  MemoryUpload source(text);
  EXPECT_EQ(source.pull().bytes.data(), text.data());
  EXPECT_EQ(drain(source, 2), "hello<end>");
  EXPECT_EQ(source.num_sent(), 5);
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(source.num_sent(), 0);
  EXPECT_EQ(drain(source), "hello<end>");
}

TEST(FramedUpload, OffersTheCallbackTheWholeBuffer) {
  Application app{"0123456789"};
  app.piece = 4;
  FramedUpload source = upload(reads(app), sized(10));
  EXPECT_EQ(drain(source), "0123456789<end>");
  EXPECT_EQ(app.rooms, (std::vector<std::size_t>{65536, 65536, 65536}));
}

TEST(FramedUpload, StopsAskingAtAKnownSize) {
  Application app{"0123456789"};
  FramedUpload source = upload(reads(app), sized(10));
  EXPECT_EQ(drain(source), "0123456789<end>");
  EXPECT_EQ(drain(source), "<end>");
  EXPECT_EQ(app.rooms.size(), 1u);
}

TEST(FramedUpload, OfUnknownSizeGoesOnUntilTheCallbackEnds) {
  Application app{"0123456789"};
  app.piece = 6;
  FramedUpload source = upload(reads(app), sized(-1));
  EXPECT_EQ(drain(source, 1), "0123456789<end>");
  EXPECT_EQ(app.rooms.size(), 3u);
  EXPECT_EQ(drain(source), "<end>");
  EXPECT_EQ(app.rooms.size(), 3u);
}

TEST(FramedUpload, TooMuchIsNotSent) {
  Application app{"0123456789"};
  FramedUpload source = upload(reads(app), sized(4));
  EXPECT_EQ(drain(source), "0123<end>");
  EXPECT_EQ(source.num_sent(), 4);
}

TEST(FramedUpload, TooLittleIsAnError) {
  Application app{"012"};
  FramedUpload source = upload(reads(app), sized(4));
  EXPECT_EQ(drain(source), "012" + failure(CURLE_READ_ERROR));
}

TEST(FramedUpload, AnImpossibleAnswerIsAnError) {
  Application app{"012"};
  app.lies = true;
  FramedUpload source = upload(reads(app), sized(4));
  EXPECT_EQ(drain(source), failure(CURLE_READ_ERROR));
}

TEST(FramedUpload, TheCallbackCanAbort) {
  Application app{"0123456789"};
  app.piece = 4;
  app.abort_at = 4;
  FramedUpload source = upload(reads(app), chunks());
  EXPECT_EQ(drain(source), "4\r\n0123\r\n" + failure(CURLE_ABORTED_BY_CALLBACK));
}

TEST(FramedUpload, TheCallbackCanPause) {
  Application app{"0123456789"};
  app.piece = 4;
  app.pause_at = 4;
  FramedUpload source = upload(reads(app), sized(10));
  EXPECT_EQ(drain(source), "0123<paused>");
  EXPECT_EQ(drain(source), "456789<end>");
}

TEST(FramedUpload, UnconsumedBytesAreOfferedAgain) {
  Application app{"0123456789"};
  FramedUpload source = upload(reads(app), sized(10));
  EXPECT_EQ(source.pull().bytes.size(), 10u);
  source.consumed(3);
  EXPECT_EQ(source.pull().bytes.size(), 7u);
  EXPECT_EQ(source.pull().bytes.front(), '3');
  EXPECT_EQ(app.rooms.size(), 1u);
}

TEST(FramedUpload, ChunksHaveTheirSizes) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    Application app{"0123456789abcdefghij"};
    app.piece = 16;
    FramedUpload source = upload(reads(app), chunks());
    EXPECT_EQ(drain(source, step), "10\r\n0123456789abcdef\r\n4\r\nghij\r\n0\r\n\r\n<end>");
    EXPECT_EQ(source.num_sent(), 20);
  }
}

TEST(FramedUpload, AnEmptyBodyIsOneLastChunk) {
  Application app;
  FramedUpload unknown = upload(reads(app), chunks());
  EXPECT_EQ(drain(unknown), "0\r\n\r\n<end>");
  UploadFraming framing = chunks();
  framing.size = 0;
  app.rooms.clear();
  FramedUpload empty = upload(reads(app), framing);
  EXPECT_EQ(drain(empty), "0\r\n\r\n<end>");
  EXPECT_TRUE(app.rooms.empty());
}

TEST(FramedUpload, AKnownSizeCanGoInChunks) {
  Application app{"0123456789"};
  UploadFraming framing = chunks();
  framing.size = 5;
  FramedUpload source = upload(reads(app), framing);
  EXPECT_EQ(drain(source), "5\r\n01234\r\n0\r\n\r\n<end>");
}

TEST(FramedUpload, ALargeBufferMakesALargeChunk) {
  Application app{std::string(3u << 20, 'x')};
  UploadFraming framing = chunks();
  framing.buffer = 2u << 20;
  FramedUpload source = upload(reads(app), framing);
  const std::string text = drain(source);
  EXPECT_TRUE(text.starts_with("200000\r\nxxx"));
  EXPECT_TRUE(text.ends_with("xxx\r\n0\r\n\r\n<end>"));
  EXPECT_EQ(text.size(), (3u << 20) + std::strlen("200000\r\n\r\n100000\r\n\r\n0\r\n\r\n<end>"));
}

struct Trailers {
  std::vector<const char*> lines;
  int answer = CURL_TRAILERFUNC_OK;
  int num_calls = 0;
};

int give_trailers(curl_slist** list, void* argument) {
  Trailers& trailers = *static_cast<Trailers*>(argument);
  ++trailers.num_calls;
  for (const char* const line : trailers.lines) {
    curl_slist* const head = hiper::slist_append(*list, line);
    if (*list == nullptr) *list = head;
  }
  return trailers.answer;
}

UploadFraming with_trailers(Trailers& trailers) {
  UploadFraming framing = chunks();
  framing.trailer = give_trailers;
  framing.trailer_data = &trailers;
  return framing;
}

TEST(Trailers, FollowTheLastChunk) {
  Application app{"01"};
  Trailers trailers{{"X-A: 1", "X-B: 2\r\n"}};
  FramedUpload source = upload(reads(app), with_trailers(trailers));
  EXPECT_EQ(drain(source, 1), "2\r\n01\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n<end>");
  EXPECT_EQ(trailers.num_calls, 1);
}

TEST(Trailers, MalformedOnesAreLeftOut) {
  Application app;
  Trailers trailers{{"nocolon", "X:nospace", ": noname", "A: b\r\nC: d", "", "Z: ok"}};
  FramedUpload source = upload(reads(app), with_trailers(trailers));
  EXPECT_EQ(drain(source), "0\r\nZ: ok\r\n\r\n<end>");
}

TEST(Trailers, TheirCallbackCanAbort) {
  Application app;
  Trailers trailers{{"X-A: 1"}, CURL_TRAILERFUNC_ABORT};
  const hiper::testing::FailingMemory memory;
  {
    FramedUpload source = upload(reads(app), with_trailers(trailers));
    EXPECT_EQ(drain(source), failure(CURLE_ABORTED_BY_CALLBACK));
  }
  EXPECT_EQ(memory.num_live(), 0) << "the list is freed";
}

int hand_over(curl_slist** list, void* argument) {
  *list = std::exchange(*static_cast<curl_slist**>(argument), nullptr);
  return CURL_TRAILERFUNC_OK;
}

TEST(Trailers, WithoutMemoryAreAnError) {
  Application app;
  const std::string line = "X-Long: " + std::string(100, 'x');
  curl_slist* list = hiper::slist_append(nullptr, line);
  UploadFraming framing = chunks();
  framing.trailer = hand_over;
  framing.trailer_data = &list;
  FramedUpload source = upload(reads(app), framing);
  const hiper::testing::FailingMemory memory(1);
  const Pulled pulled = source.pull();
  EXPECT_EQ(pulled.kind, Kind::failed);
  EXPECT_EQ(pulled.code, CURLE_OUT_OF_MEMORY);
  EXPECT_EQ(memory.num_live(), -2) << "the list is freed";
}

TEST(Trailers, AreForChunksOnly) {
  Application app{"01"};
  Trailers trailers{{"X-A: 1"}};
  UploadFraming framing = with_trailers(trailers);
  framing.chunked = false;
  framing.size = 2;
  FramedUpload source = upload(reads(app), framing);
  EXPECT_EQ(drain(source), "01<end>");
  EXPECT_EQ(trailers.num_calls, 0);
}

UploadFraming converting(std::size_t buffer) {
  UploadFraming framing;
  framing.crlf = true;
  framing.buffer = buffer;
  return framing;
}

TEST(LineEnds, BecomeCrlfWhereverAReadEnds) {
  for (std::size_t piece = 1; piece < 9; ++piece) {
    Application app{"a\nb\r\n\n\rc\n"};
    app.piece = piece;
    FramedUpload source = upload(reads(app), converting(16));
    EXPECT_EQ(drain(source), "a\r\nb\r\n\r\n\rc\r\n<end>") << piece;
  }
}

TEST(LineEnds, MayDoubleAFullBuffer) {
  Application app{std::string(40, '\n')};
  UploadFraming framing = converting(16);
  framing.chunked = true;
  FramedUpload source = upload(reads(app), framing);
  const std::string text = drain(source);
  EXPECT_TRUE(text.starts_with("20\r\n\r\n\r\n"));
  EXPECT_EQ(text.size(), 80u + std::strlen("20\r\n\r\n20\r\n\r\n10\r\n\r\n0\r\n\r\n<end>"));
}

TEST(Rewind, SeeksBack) {
  Application app{"0123456789"};
  FramedUpload source = upload(seeks(app), sized(10));
  EXPECT_EQ(drain(source), "0123456789<end>");
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(source.num_sent(), 0);
  EXPECT_EQ(drain(source), "0123456789<end>");
  EXPECT_EQ(app.seeks, (std::vector<curl_off_t>{0}));
}

TEST(Rewind, ForgetsHalfAChunk) {
  Application app{"0123456789"};
  FramedUpload source = upload(seeks(app), chunks());
  source.pull();
  source.consumed(2);
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "a\r\n0123456789\r\n0\r\n\r\n<end>");
}

TEST(Rewind, CanFrameDifferently) {
  Application app{"0123456789"};
  FramedUpload source = upload(seeks(app), chunks());
  source.pull();
  source.set_chunked(false);
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "0123456789<end>");
}

TEST(Rewind, AsksNobodyBeforeTheFirstRead) {
  Application app{"0123456789"};
  app.seek_answer = CURL_SEEKFUNC_FAIL;
  FramedUpload source = upload(seeks(app), sized(10));
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_TRUE(app.seeks.empty());
}

TEST(Rewind, RestartsThroughIoctl) {
  Application app{"0123456789"};
  ReadConfig config = reads(app);
  config.ioctl = restart_it;
  config.ioctl_data = &app;
  FramedUpload source = upload(config, sized(10));
  EXPECT_EQ(drain(source), "0123456789<end>");
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "0123456789<end>");
  EXPECT_EQ(app.num_restarts, 1);
  app.ioctl_answer = CURLIOE_FAILRESTART;
  EXPECT_EQ(code_of(source.rewind()), CURLE_SEND_FAIL_REWIND);
}

TEST(Rewind, FailsWithoutAWayBack) {
  Application app{"0123456789"};
  FramedUpload source = upload(reads(app), sized(10));
  source.pull();
  EXPECT_EQ(code_of(source.rewind()), CURLE_SEND_FAIL_REWIND);
  for (const int answer : {CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_CANTSEEK}) {
    Application stubborn{"0123456789"};
    stubborn.seek_answer = answer;
    FramedUpload other = upload(seeks(stubborn), sized(10));
    other.pull();
    EXPECT_EQ(code_of(other.rewind()), CURLE_SEND_FAIL_REWIND);
  }
}

TEST(Rewind, OfAFileSeeksTheFile) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::fputs("0123456789", file);
  std::rewind(file);
  ReadConfig config;
  config.data = file;
  config.start = 4;
  FramedUpload source = upload(config, sized(6));
  EXPECT_EQ(code_of(source.begin()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
  std::fclose(file);
}

TEST(Resume, SeeksToTheStart) {
  Application app{"0123456789"};
  ReadConfig config = seeks(app);
  config.start = 4;
  FramedUpload source = upload(config, sized(6));
  EXPECT_EQ(code_of(source.begin()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
  EXPECT_EQ(app.seeks, (std::vector<curl_off_t>{4, 4}));
}

TEST(Resume, ReadsWhereItCannotSeek) {
  Application app{std::string(5000, '-') + "456789"};
  app.seek_answer = CURL_SEEKFUNC_CANTSEEK;
  ReadConfig config = seeks(app);
  config.start = 5000;
  FramedUpload source = upload(config, sized(6));
  EXPECT_EQ(code_of(source.begin()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
}

TEST(Resume, FailsBehindTheEndAndWhenSeekingFails) {
  Application app{"0123456789"};
  ReadConfig config = reads(app);
  config.start = 11;
  FramedUpload source = upload(config, sized(6));
  EXPECT_EQ(code_of(source.begin()), CURLE_READ_ERROR);
  Application broken{"0123456789"};
  broken.seek_answer = CURL_SEEKFUNC_FAIL;
  ReadConfig seeking = seeks(broken);
  seeking.start = 4;
  FramedUpload other = upload(seeking, sized(6));
  EXPECT_EQ(code_of(other.begin()), CURLE_READ_ERROR);
  Application aborting{"0123456789"};
  aborting.abort_at = 0;
  ReadConfig reading = reads(aborting);
  reading.start = 4;
  FramedUpload third = upload(reading, sized(6));
  EXPECT_EQ(code_of(third.begin()), CURLE_ABORTED_BY_CALLBACK);
}

TEST(Resume, RestartsAndSkipsAgainThroughIoctl) {
  Application app{"0123456789"};
  ReadConfig config = reads(app);
  config.ioctl = restart_it;
  config.ioctl_data = &app;
  config.start = 4;
  FramedUpload source = upload(config, sized(6));
  EXPECT_EQ(code_of(source.begin()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "456789<end>");
}

TEST(MemoryReader, GivesTheSameBytesAgain) {
  const std::string text = "hello";
  FramedUpload source(std::make_unique<MemoryReader>(text), chunks());
  EXPECT_EQ(drain(source), "5\r\nhello\r\n0\r\n\r\n<end>");
  EXPECT_EQ(code_of(source.rewind()), CURLE_OK);
  EXPECT_EQ(drain(source), "5\r\nhello\r\n0\r\n\r\n<end>");
}

}  // namespace
