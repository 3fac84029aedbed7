// Reading a body whose bytes come from files and from the application.
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "body/mime.hpp"
#include "body/mime_reading.hpp"

// CURL_ZERO_TERMINATED is written as a C cast.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace {

using hiper::Mime;
using hiper::MimeRead;
using hiper::MimeReader;
using hiper::testing::name_boundaries;
using hiper::testing::read_all;
using Kind = hiper::MimeRead::Kind;

/// A read function that plays a script: texts, or one of CURL_READFUNC_*.
struct Script {
  std::vector<std::string> texts;
  std::size_t at = 0;
  int num_calls = 0;
  int num_seeks = 0;
  int num_frees = 0;
  int seek_answer = CURL_SEEKFUNC_OK;
  std::size_t least_room = SIZE_MAX;
};

std::size_t read_script(char* buffer, std::size_t size, std::size_t count, void* argument) {
  Script& script = *static_cast<Script*>(argument);
  ++script.num_calls;
  script.least_room = std::min(script.least_room, size * count);
  if (script.at == script.texts.size()) return 0;
  const std::string& text = script.texts[script.at++];
  if (text == "<pause>") return CURL_READFUNC_PAUSE;
  if (text == "<abort>") return CURL_READFUNC_ABORT;
  if (text == "<lie>") return size * count + 1;
  EXPECT_LE(text.size(), size * count);
  std::memcpy(buffer, text.data(), text.size());
  return text.size();
}

int seek_script(void* argument, curl_off_t offset, int origin) {
  Script& script = *static_cast<Script*>(argument);
  ++script.num_seeks;
  EXPECT_EQ(offset, 0);
  EXPECT_EQ(origin, SEEK_SET);
  script.at = 0;
  return script.seek_answer;
}

void free_script(void* argument) { ++static_cast<Script*>(argument)->num_frees; }

class MimeReading : public ::testing::Test {
 protected:
  ~MimeReading() override { curl_mime_free(mime_); }
  curl_mimepart* add(const char* data) {
    curl_mimepart* const part = curl_mime_addpart(mime_);
    if (data != nullptr) curl_mime_data(part, data, CURL_ZERO_TERMINATED);
    return part;
  }
  curl_mimepart* add_script(curl_off_t size, curl_seek_callback seek = seek_script) {
    curl_mimepart* const part = add(nullptr);
    EXPECT_EQ(curl_mime_data_cb(part, size, read_script, seek, free_script, &script_), CURLE_OK);
    return part;
  }
  const Mime& mime() const { return *Mime::from(mime_); }

  Script script_;
  curl_mime* mime_ = curl_mime_init(nullptr);
};

constexpr const char* kHead = "--<0>\r\nContent-Disposition: form-data\r\n\r\n";
constexpr const char* kTail = "\r\n--<0>--\r\n";

TEST_F(MimeReading, CallbackOfKnownSizeIsNotAskedForItsEnd) {
  script_.texts = {"some ", "data"};
  add_script(9);
  MimeReader reader(mime());
  const std::string text = name_boundaries(read_all(reader).text);
  EXPECT_EQ(text, std::string(kHead) + "some data" + kTail);
  EXPECT_EQ(script_.num_calls, 2);
}

TEST_F(MimeReading, CallbackOfUnknownSizeEndsWithZero) {
  script_.texts = {"some ", "data"};
  add_script(-1);
  MimeReader reader(mime());
  EXPECT_EQ(reader.size(), -1);
  EXPECT_EQ(name_boundaries(read_all(reader).text), std::string(kHead) + "some data" + kTail);
  EXPECT_EQ(script_.num_calls, 3);
}

TEST_F(MimeReading, MoreThanAnnouncedIsCut) {
  script_.texts = {"some data"};
  add_script(4);
  MimeReader reader(mime());
  EXPECT_EQ(name_boundaries(read_all(reader).text), std::string(kHead) + "some" + kTail);
}

TEST_F(MimeReading, LessThanAnnouncedIsAnError) {
  script_.texts = {"some"};
  add_script(9);
  MimeReader reader(mime());
  const auto result = read_all(reader);
  EXPECT_EQ(name_boundaries(result.text), std::string(kHead) + "some");
  EXPECT_EQ(result.last.kind, Kind::error);
  EXPECT_EQ(result.last.code, CURLE_READ_ERROR);
}

TEST_F(MimeReading, AbortAndLiesEndTheBody) {
  for (const char* answer : {"<abort>", "<lie>"}) {
    script_ = Script{};
    script_.texts = {answer, "more"};
    add_script(-1);
    MimeReader reader(mime());
    const auto result = read_all(reader);
    EXPECT_EQ(result.last.kind, answer[1] == 'a' ? Kind::abort : Kind::error);
    EXPECT_EQ(result.last.code, answer[1] == 'a' ? CURLE_ABORTED_BY_CALLBACK : CURLE_READ_ERROR);
    char byte[1];
    EXPECT_EQ(reader.read(byte).kind, result.last.kind) << "an end stays an end";
    EXPECT_EQ(script_.num_calls, 1);
    curl_mime_free(mime_);
    mime_ = curl_mime_init(nullptr);
  }
}

TEST_F(MimeReading, PauseIsSaidOnceAndAfterTheBytesBeforeIt) {
  script_.texts = {"<pause>", "data", "<pause>", "more"};
  add_script(-1);
  MimeReader reader(mime());
  auto result = read_all(reader);
  EXPECT_EQ(name_boundaries(result.text), kHead);
  EXPECT_EQ(result.last.kind, Kind::pause);
  EXPECT_EQ(script_.num_calls, 1);
  result = read_all(reader);
  EXPECT_EQ(result.text, "data");
  EXPECT_EQ(result.last.kind, Kind::pause);
  EXPECT_EQ(script_.num_calls, 3);
  result = read_all(reader);
  EXPECT_EQ(result.text.substr(0, 4), "more");
  EXPECT_EQ(result.last.kind, Kind::end);
}

TEST_F(MimeReading, PauseInsideInnerPartsAndEncoders) {
  script_.texts = {"<pause>", "ab", "<pause>", "c"};
  curl_mimepart* const outer = add(nullptr);
  curl_mime* const inner = curl_mime_init(nullptr);
  curl_mimepart* const part = curl_mime_addpart(inner);
  curl_mime_data_cb(part, -1, read_script, nullptr, nullptr, &script_);
  curl_mime_encoder(part, "base64");
  curl_mime_subparts(outer, inner);
  MimeReader reader(mime());
  std::string text;
  for (int pauses = 0; pauses < 2; ++pauses) {
    const auto result = read_all(reader);
    text += result.text;
    EXPECT_EQ(result.last.kind, Kind::pause);
  }
  text += read_all(reader).text;
  EXPECT_NE(text.find("\r\n\r\nYWJj\r\n"), std::string::npos);
}

TEST_F(MimeReading, WhatACallbackGaveIsHandedOnAtOnce) {
  script_.texts = {"first", "second"};
  add_script(-1);
  MimeReader reader(mime());
  char buffer[16384];
  const MimeRead answer = reader.read(buffer);
  EXPECT_EQ(answer.kind, Kind::bytes);
  EXPECT_TRUE(answer.from_callback);
  EXPECT_EQ(name_boundaries({buffer, answer.count}), std::string(kHead) + "first");
  EXPECT_EQ(script_.num_calls, 1);
}

TEST_F(MimeReading, CallbacksAreOfferedRoom) {
  const std::string filler(15000, 'x');
  add(filler.c_str());
  script_.texts = {"data"};
  add_script(-1);
  MimeReader reader(mime());
  (void)read_all(reader, 15200);
  EXPECT_GE(script_.least_room, 1024u);
}

TEST_F(MimeReading, SevenBitPartWithHighBytesFails) {
  curl_mime_encoder(add("pl\x80n"), "7bit");
  MimeReader reader(mime());
  const auto result = read_all(reader);
  EXPECT_EQ(result.last.code, CURLE_READ_ERROR);
  EXPECT_EQ(result.text.substr(result.text.size() - 2), "pl");
}

TEST_F(MimeReading, RewindsAfterEveryByte) {
  script_.texts = {"abc", "def"};
  add("first");
  curl_mime_encoder(add_script(6), "quoted-printable");
  curl_mime_encoder(add("third"), "base64");
  MimeReader reader(mime());
  const std::string whole = read_all(reader).text;
  for (std::size_t stop = 0; stop <= whole.size(); ++stop) {
    ASSERT_EQ(reader.rewind(), CURLE_OK);
    std::size_t done = 0;
    char byte[1];
    while (done < stop) done += reader.read(byte).count;
    ASSERT_EQ(reader.rewind(), CURLE_OK);
    ASSERT_EQ(read_all(reader).text, whole) << stop;
  }
}

TEST_F(MimeReading, PartsThatCannotGoBackFailTheRewind) {
  script_.texts = {"data"};
  add_script(4, nullptr);
  MimeReader reader(mime());
  EXPECT_EQ(reader.rewind(), CURLE_OK) << "nothing was read";
  (void)read_all(reader);
  EXPECT_EQ(reader.rewind(), CURLE_SEND_FAIL_REWIND);
}

TEST_F(MimeReading, SeekFunctionsThatFailFailTheRewind) {
  for (const int answer : {CURL_SEEKFUNC_FAIL, CURL_SEEKFUNC_CANTSEEK}) {
    script_ = Script{};
    script_.texts = {"data"};
    script_.seek_answer = answer;
    add_script(4);
    MimeReader reader(mime());
    (void)read_all(reader);
    EXPECT_EQ(reader.rewind(), CURLE_SEND_FAIL_REWIND);
    EXPECT_EQ(script_.num_seeks, 1);
    curl_mime_free(mime_);
    mime_ = curl_mime_init(nullptr);
  }
}

TEST_F(MimeReading, FreeFunctionRunsOncePerHolder) {
  curl_mimepart* const part = add_script(4);
  std::unique_ptr<Mime> copy = mime().clone();
  EXPECT_EQ(script_.num_frees, 0);
  curl_mime_data(part, "x", 1);
  EXPECT_EQ(script_.num_frees, 1);
  copy.reset();
  EXPECT_EQ(script_.num_frees, 2);
}

class MimeFile : public MimeReading {
 protected:
  MimeFile() {
    file_ = mkstemp(path_);
    EXPECT_EQ(write(file_, "content", 7), 7);
  }
  ~MimeFile() override {
    close(file_);
    std::remove(path_);
  }
  char path_[32] = "/tmp/hiper-mime-XXXXXX";
  int file_ = -1;
};

TEST_F(MimeFile, IsReadAndReadAgain) {
  EXPECT_EQ(curl_mime_filedata(add(nullptr), path_), CURLE_OK);
  MimeReader reader(mime());
  const std::string whole = read_all(reader, 3).text;
  EXPECT_EQ(reader.size(), static_cast<curl_off_t>(whole.size()));
  EXPECT_NE(whole.find("\r\n\r\ncontent\r\n"), std::string::npos);
  EXPECT_EQ(reader.rewind(), CURLE_OK);
  EXPECT_EQ(read_all(reader).text, whole);
}

TEST_F(MimeFile, ThatGrewIsCutAndThatShrankIsAnError) {
  EXPECT_EQ(curl_mime_filedata(add(nullptr), path_), CURLE_OK);
  MimeReader grown(mime());
  EXPECT_EQ(write(file_, "!", 1), 1);
  EXPECT_NE(read_all(grown).text.find("\r\n\r\ncontent\r\n"), std::string::npos);
  MimeReader shrunk(mime());
  EXPECT_EQ(ftruncate(file_, 3), 0);
  const auto result = read_all(shrunk);
  EXPECT_EQ(result.last.code, CURLE_READ_ERROR);
  EXPECT_EQ(result.text.substr(result.text.size() - 3), "con");
}

TEST_F(MimeFile, ThatIsMissingOrADirectoryIsAReadError) {
  EXPECT_EQ(curl_mime_filedata(add(nullptr), "/nonexistent/file.txt"), CURLE_READ_ERROR);
  MimeReader missing(mime());
  EXPECT_EQ(missing.size(), -1);
  EXPECT_EQ(read_all(missing).last.code, CURLE_READ_ERROR);
  curl_mime_free(mime_);
  mime_ = curl_mime_init(nullptr);
  EXPECT_EQ(curl_mime_filedata(add(nullptr), "/tmp"), CURLE_OK);
  MimeReader directory(mime());
  EXPECT_EQ(directory.size(), -1);
  EXPECT_EQ(read_all(directory).last.code, CURLE_READ_ERROR);
}

TEST_F(MimeFile, MayAppearAfterItWasNamed) {
  std::remove(path_);
  EXPECT_EQ(curl_mime_filedata(add(nullptr), path_), CURLE_READ_ERROR);
  std::FILE* const late = std::fopen(path_, "w");
  ASSERT_NE(late, nullptr);
  std::fputs("late", late);
  std::fclose(late);
  MimeReader reader(mime());
  EXPECT_NE(read_all(reader).text.find("\r\n\r\nlate\r\n"), std::string::npos);
}

TEST_F(MimeFile, StandardInputHasNoSizeAndNoFilename) {
  const int saved = dup(STDIN_FILENO);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  ASSERT_EQ(write(ends[1], "typed", 5), 5);
  close(ends[1]);
  EXPECT_EQ(curl_mime_filedata(add(nullptr), "-"), CURLE_OK);
  MimeReader reader(mime());
  EXPECT_EQ(reader.size(), -1);
  EXPECT_EQ(name_boundaries(read_all(reader).text), std::string(kHead) + "typed" + kTail);
  EXPECT_EQ(reader.rewind(), CURLE_SEND_FAIL_REWIND);
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(ends[0]);
}

}  // namespace
