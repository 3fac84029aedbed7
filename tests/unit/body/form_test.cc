// curl_formadd, curl_formget and curl_formfree. Codes and texts were observed on libcurl 7.88.1.
#include "body/form.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "body/mime_reading.hpp"
#include "support/failing_memory.hpp"

namespace {

using hiper::testing::FailingMemory;

std::size_t append(void* to, const char* text, std::size_t length) {
  static_cast<std::string*>(to)->append(text, length);
  return length;
}
std::size_t append_less(void*, const char*, std::size_t length) { return length - 1; }

class Form : public ::testing::Test {
 protected:
  ~Form() override { curl_formfree(first_); }

  template <class... Arguments>
  int add(Arguments... arguments) {
    return curl_formadd(&first_, &last_, arguments...);
  }
  std::string text() const {
    std::string whole;
    const int code = curl_formget(first_, &whole, append);
    if (code != CURLE_OK) return "<error " + std::to_string(code) + ">";
    return hiper::testing::name_boundaries(whole);
  }
  /// The only part, head and content.
  std::string part() const {
    const std::string whole = text();
    const std::size_t start = whole.find("--<0>\r\n");
    const std::size_t end = whole.rfind("\r\n--<0>--");
    if (start == std::string::npos || end == std::string::npos) return whole;
    return whole.substr(start + 7, end - start - 7);
  }

  curl_httppost* first_ = nullptr;
  curl_httppost* last_ = nullptr;
  char pointed_[8] = "ptrdata";
};

TEST_F(Form, SectionsAreChainedInOrder) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "1", CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(first_, last_);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "b", CURLFORM_COPYCONTENTS, "2", CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(first_->next, last_);
  EXPECT_EQ(text(),
            "Content-Type: multipart/form-data; boundary=<0>\r\n\r\n"
            "--<0>\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
            "--<0>\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n2\r\n--<0>--\r\n");
}

TEST_F(Form, LengthsCutNamesAndContents) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "name", CURLFORM_NAMELENGTH, 2L, CURLFORM_COPYCONTENTS, "value",
                CURLFORM_CONTENTSLENGTH, 3L, CURLFORM_END),
            CURL_FORMADD_OK);
  EXPECT_EQ(part(), "Content-Disposition: form-data; name=\"na\"\r\n\r\nval");
  EXPECT_EQ(first_->namelength, 2);
  EXPECT_EQ(first_->contentlen, 3);
  EXPECT_EQ(first_->flags, CURL_HTTPPOST_LARGE);
}

TEST_F(Form, PointersStayTheApplications) {
  EXPECT_EQ(add(CURLFORM_PTRNAME, pointed_, CURLFORM_NAMELENGTH, 3L, CURLFORM_PTRCONTENTS, pointed_,
                CURLFORM_CONTENTLEN, curl_off_t{4}, CURLFORM_END),
            CURL_FORMADD_OK);
  EXPECT_EQ(first_->name, pointed_);
  EXPECT_EQ(first_->contents, pointed_);
  std::memcpy(pointed_, "XYZ", 3);
  EXPECT_EQ(part(), "Content-Disposition: form-data; name=\"XYZ\"\r\n\r\nXYZd");
}

TEST_F(Form, BuffersLookLikeFiles) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_BUFFER, "fn.txt", CURLFORM_BUFFERPTR, pointed_,
                CURLFORM_BUFFERLENGTH, 4L, CURLFORM_END),
            CURL_FORMADD_OK);
  EXPECT_EQ(part(),
            "Content-Disposition: form-data; name=\"n\"; filename=\"fn.txt\"\r\nContent-Type: "
            "text/plain\r\n\r\nptrd");
}

TEST_F(Form, TypesAndHeadersAreAdded) {
  curl_slist* const list = curl_slist_append(nullptr, "X: y");
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTTYPE, "t/t",
                CURLFORM_CONTENTHEADER, list, CURLFORM_END),
            CURL_FORMADD_OK);
  EXPECT_EQ(part(), "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: t/t\r\nX: y\r\n\r\nv");
  curl_formfree(first_);
  first_ = last_ = nullptr;
  curl_slist_free_all(list);
}

TEST_F(Form, ArraysHoldOptions) {
  const curl_forms array[] = {
      {CURLFORM_COPYNAME, "arr"}, {CURLFORM_COPYCONTENTS, "val"}, {CURLFORM_END, nullptr}};
  EXPECT_EQ(add(CURLFORM_ARRAY, array, CURLFORM_CONTENTTYPE, "a/b", CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(part(), "Content-Disposition: form-data; name=\"arr\"\r\nContent-Type: a/b\r\n\r\nval");
}

TEST_F(Form, MistakesHaveTheirCodes) {
  const curl_forms nested[] = {{CURLFORM_ARRAY, "x"}, {CURLFORM_END, nullptr}};
  char* const nothing = nullptr;
  EXPECT_EQ(add(CURLFORM_END), CURL_FORMADD_INCOMPLETE);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_END), CURL_FORMADD_INCOMPLETE);
  EXPECT_EQ(add(CURLFORM_COPYCONTENTS, "v", CURLFORM_END), CURL_FORMADD_INCOMPLETE);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_BUFFER, "x", CURLFORM_END), CURL_FORMADD_INCOMPLETE);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_FILE, "x", CURLFORM_CONTENTTYPE, "a/b", CURLFORM_CONTENTTYPE,
                "c/d", CURLFORM_END),
            CURL_FORMADD_INCOMPLETE);
  EXPECT_EQ(add(CURLFORM_COPYNAME, nothing, CURLFORM_END), CURL_FORMADD_NULL);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_FILE, nothing, CURLFORM_END), CURL_FORMADD_NULL);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_STREAM, nothing, CURLFORM_END), CURL_FORMADD_NULL);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_ARRAY, nothing, CURLFORM_END), CURL_FORMADD_NULL);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n\0m", CURLFORM_NAMELENGTH, 3L, CURLFORM_COPYCONTENTS, "v", CURLFORM_END),
            CURL_FORMADD_NULL);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_NAMELENGTH, -1L, CURLFORM_COPYCONTENTS, "v", CURLFORM_END),
            CURL_FORMADD_NULL);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_COPYNAME, "m", CURLFORM_END), CURL_FORMADD_OPTION_TWICE);
  EXPECT_EQ(
      add(CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_PTRCONTENTS, pointed_, CURLFORM_END),
      CURL_FORMADD_OPTION_TWICE);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTTYPE, "a",
                CURLFORM_CONTENTTYPE, "b", CURLFORM_END),
            CURL_FORMADD_OPTION_TWICE);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", 99, "x", CURLFORM_END), CURL_FORMADD_UNKNOWN_OPTION);
  EXPECT_EQ(add(CURLFORM_NOTHING), CURL_FORMADD_UNKNOWN_OPTION);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_ARRAY, nested, CURLFORM_END), CURL_FORMADD_ILLEGAL_ARRAY);
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTLEN, curl_off_t{-1},
                CURLFORM_END),
            CURL_FORMADD_MEMORY);
  EXPECT_EQ(first_, nullptr);
  EXPECT_EQ(last_, nullptr);
}

std::size_t read_stream(char* buffer, std::size_t, std::size_t, void* argument) {
  std::memcpy(buffer, argument, 7);
  return 7;
}

TEST_F(Form, StreamsAskTheReadFunctionOfTheTransfer) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_STREAM, pointed_, CURLFORM_CONTENTLEN, curl_off_t{7},
                CURLFORM_FILENAME, "s.txt", CURLFORM_END),
            CURL_FORMADD_OK);
  const std::string head =
      "Content-Disposition: form-data; name=\"n\"; filename=\"s.txt\"\r\nContent-Type: text/plain\r\n\r\n";
  EXPECT_EQ(part(), head);
  const std::unique_ptr<hiper::Mime> mime = hiper::form_to_mime(first_, read_stream);
  ASSERT_NE(mime, nullptr);
  EXPECT_EQ(hiper::testing::render(*mime),
            "multipart/form-data; boundary=<0>\n--<0>\r\n" + head + "ptrdata\r\n--<0>--\r\n");
}

TEST_F(Form, GetReportsFailingCallbacksAndEmptyForms) {
  std::string whole;
  EXPECT_EQ(curl_formget(nullptr, &whole, append), CURLE_OK);
  EXPECT_EQ(whole, "Content-Type: multipart/form-data\r\n\r\n");
  EXPECT_EQ(add(CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "1", CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(curl_formget(first_, nullptr, append_less), CURLE_READ_ERROR);
  EXPECT_EQ(curl_formget(first_, nullptr, nullptr), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_formfree(nullptr);
}

TEST_F(Form, LargeContentsAreWrittenInPieces) {
  const std::string large(100'000, 'x');
  EXPECT_EQ(add(CURLFORM_COPYNAME, "a", CURLFORM_PTRCONTENTS, large.c_str(), CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(part(), "Content-Disposition: form-data; name=\"a\"\r\n\r\n" + large);
}

class FormFiles : public Form {
 protected:
  FormFiles() {
    char pattern[] = "/tmp/hiper-form-XXXXXX";
    directory_ = mkdtemp(pattern);
    text_ = make("f.txt", "file!");
    image_ = make("f.png", "png!");
    other_ = make("f.zzz", "zzz!");
  }
  ~FormFiles() override {
    for (const std::string& path : {text_, image_, other_, directory_}) std::remove(path.c_str());
  }
  std::string make(const char* name, const char* content) const {
    const std::string path = directory_ + "/" + name;
    std::FILE* const file = std::fopen(path.c_str(), "w");
    std::fputs(content, file);
    std::fclose(file);
    return path;
  }
  std::string directory_, text_, image_, other_;
};

TEST_F(FormFiles, OneFileIsThePart) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_FILE, text_.c_str(), CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(part(),
            "Content-Disposition: form-data; name=\"n\"; filename=\"f.txt\"\r\nContent-Type: "
            "text/plain\r\n\r\nfile!");
}

TEST_F(FormFiles, UnknownExtensionsTakeTheTypeBeforeThem) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_FILE, other_.c_str(), CURLFORM_FILE, image_.c_str(),
                CURLFORM_FILE, other_.c_str(), CURLFORM_END),
            CURL_FORMADD_OK);
  EXPECT_STREQ(first_->contenttype, "application/octet-stream");
  EXPECT_STREQ(first_->more->contenttype, "image/png");
  EXPECT_STREQ(first_->more->more->contenttype, "image/png");
}

TEST_F(FormFiles, SeveralFilesAreAMultipartOfTheirOwn) {
  EXPECT_EQ(
      add(CURLFORM_COPYNAME, "n", CURLFORM_FILE, text_.c_str(), CURLFORM_CONTENTTYPE, "a/b",
          CURLFORM_CONTENTTYPE, "c/d", CURLFORM_FILE, image_.c_str(), CURLFORM_FILENAME, "two", CURLFORM_END),
      CURL_FORMADD_OK);
  EXPECT_EQ(
      part(),
      "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: multipart/mixed; boundary=<1>\r\n\r\n"
      "--<1>\r\nContent-Disposition: attachment; filename=\"f.txt\"\r\nContent-Type: a/b\r\n\r\nfile!\r\n"
      "--<1>\r\nContent-Disposition: attachment; filename=\"two\"\r\nContent-Type: "
      "c/d\r\n\r\npng!\r\n--<1>--\r\n");
}

TEST_F(FormFiles, ContentOfAFileIsNoFile) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_FILECONTENT, text_.c_str(), CURLFORM_FILENAME, "x.png",
                CURLFORM_END),
            CURL_FORMADD_OK);
  EXPECT_EQ(part(), "Content-Disposition: form-data; name=\"n\"\r\n\r\nfile!");
}

TEST_F(FormFiles, MissingFilesAreAnErrorWhenRead) {
  EXPECT_EQ(add(CURLFORM_COPYNAME, "n", CURLFORM_FILE, "/nonexistent", CURLFORM_END), CURL_FORMADD_OK);
  EXPECT_EQ(text(), "<error 26>");
}

}  // namespace
