// The tree of parts and how it is rendered. What is expected was observed on the wire of libcurl 7.88.1.
#include "body/mime.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "body/mime_reading.hpp"

// CURL_ZERO_TERMINATED is written as a C cast.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace {

using hiper::Mime;
using hiper::MimeOptions;
using hiper::MimePart;
using hiper::testing::render;

constexpr const char* kTop = "multipart/form-data; boundary=<0>\n";

class MimeBody : public ::testing::Test {
 protected:
  ~MimeBody() override {
    curl_mime_free(mime_);
    if (!directory_.empty()) {
      for (const std::string& path : paths_) std::remove(path.c_str());
      std::remove(directory_.c_str());
    }
  }

  curl_mimepart* add(const char* name, const char* data) { return add_to(mime_, name, data); }
  static curl_mimepart* add_to(curl_mime* mime, const char* name, const char* data) {
    curl_mimepart* const part = curl_mime_addpart(mime);
    if (name != nullptr) {
      EXPECT_EQ(curl_mime_name(part, name), CURLE_OK);
    }
    if (data != nullptr) {
      EXPECT_EQ(curl_mime_data(part, data, CURL_ZERO_TERMINATED), CURLE_OK);
    }
    return part;
  }
  /// A file of this name in a directory of its own.
  std::string file(const std::string& name, const std::string& content) {
    if (directory_.empty()) {
      char pattern[] = "/tmp/hiper-mime-XXXXXX";
      directory_ = mkdtemp(pattern);
    }
    paths_.push_back(directory_ + "/" + name);
    std::FILE* const file = std::fopen(paths_.back().c_str(), "wb");
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
    return paths_.back();
  }
  /// The header lines of the only part.
  std::string head() const {
    const std::string text = render(*Mime::from(mime_));
    const std::size_t start = text.find("\r\n") + 2;
    return text.substr(start, text.find("\r\n\r\n") + 2 - start);
  }
  std::string text(const MimeOptions& options = {}) const {
    const std::string whole = render(*Mime::from(mime_), options);
    for (const std::size_t step : {1u, 2u, 7u, 100u})
      EXPECT_EQ(render(*Mime::from(mime_), options, step), whole);
    return whole;
  }

  curl_mime* mime_ = curl_mime_init(nullptr);

 private:
  std::string directory_;
  std::vector<std::string> paths_;
};

TEST_F(MimeBody, WithoutPartsIsTheClosingDelimiter) { EXPECT_EQ(text(), std::string(kTop) + "--<0>--\r\n"); }

TEST_F(MimeBody, FieldsHaveNamesAndData) {
  add("a", "hello");
  add(nullptr, "x");
  add("b", nullptr);
  EXPECT_EQ(text(), std::string(kTop) +
                        "--<0>\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n"
                        "--<0>\r\nContent-Disposition: form-data\r\n\r\nx\r\n"
                        "--<0>\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--<0>--\r\n");
}

TEST_F(MimeBody, BoundaryIsRandomAndLong) {
  curl_mime* const other = curl_mime_init(nullptr);
  const std::string_view boundary = Mime::from(mime_)->boundary();
  EXPECT_EQ(boundary.size(), 46u);
  EXPECT_EQ(boundary.substr(0, 24), std::string(24, '-'));
  EXPECT_EQ(boundary.find_first_not_of('-'), 24u);
  EXPECT_NE(boundary, Mime::from(other)->boundary());
  curl_mime_free(other);
}

TEST_F(MimeBody, DataIsCopiedAndMayHoldNul) {
  char data[] = {'a', '\0', 'b'};
  curl_mimepart* const part = add("n", nullptr);
  EXPECT_EQ(curl_mime_data(part, data, sizeof data), CURLE_OK);
  data[0] = 'X';
  EXPECT_NE(text().find(std::string("\r\n\r\na\0b\r\n", 9)), std::string::npos);
}

TEST_F(MimeBody, TypeComesFromTheExtensionOfTheFilename) {
  const struct {
    const char* filename;
    const char* type;
  } cases[] = {{"t.gif", "image/gif"},       {"t.jpg", "image/jpeg"},    {"t.jpeg", "image/jpeg"},
               {"t.png", "image/png"},       {"t.svg", "image/svg+xml"}, {"t.TXT", "text/plain"},
               {"t.htm", "text/html"},       {"t.html", "text/html"},    {"t.pdf", "application/pdf"},
               {"t.xml", "application/xml"}, {".txt", "text/plain"}};
  curl_mimepart* const part = add("f", "d");
  for (const auto& c : cases) {
    curl_mime_filename(part, c.filename);
    EXPECT_EQ(head(), "Content-Disposition: form-data; name=\"f\"; filename=\"" + std::string(c.filename) +
                          "\"\r\nContent-Type: " + c.type + "\r\n");
  }
  for (const char* filename : {"t.zip", "txt", "t.", ""}) {
    curl_mime_filename(part, filename);
    EXPECT_EQ(head(),
              "Content-Disposition: form-data; name=\"f\"; filename=\"" + std::string(filename) + "\"\r\n");
  }
}

TEST_F(MimeBody, FilesHaveTheirBaseNameAndAType) {
  curl_mimepart* const part = add("f", nullptr);
  EXPECT_EQ(curl_mime_filedata(part, file("up.bin", "content\r\n").c_str()), CURLE_OK);
  EXPECT_EQ(text(), std::string(kTop) +
                        "--<0>\r\nContent-Disposition: form-data; name=\"f\"; filename=\"up.bin\"\r\n"
                        "Content-Type: application/octet-stream\r\n\r\ncontent\r\n\r\n--<0>--\r\n");
  curl_mime_filename(part, "other.txt");
  EXPECT_EQ(
      head(),
      "Content-Disposition: form-data; name=\"f\"; filename=\"other.txt\"\r\nContent-Type: text/plain\r\n");
  curl_mime_filename(part, nullptr);
  EXPECT_EQ(head(), "Content-Disposition: form-data; name=\"f\"\r\n");
}

TEST_F(MimeBody, TheLocalNameOfAFileTellsTheTypeWhenTheFilenameDoesNot) {
  curl_mimepart* const part = add("f", nullptr);
  EXPECT_EQ(curl_mime_filedata(part, file("up.png", "p").c_str()), CURLE_OK);
  curl_mime_filename(part, "foo");
  EXPECT_NE(head().find("filename=\"foo\"\r\nContent-Type: image/png\r\n"), std::string::npos);
  curl_mime_filename(part, nullptr);
  EXPECT_EQ(head(), "Content-Disposition: form-data; name=\"f\"\r\nContent-Type: image/png\r\n");
}

TEST_F(MimeBody, NamesAreEscapedAsFormsDoOrWithBackslashes) {
  curl_mimepart* const part = add("q\"u\\o\r\n;\xc3\xa9", "1");
  curl_mime_filename(part, "f\"i\\l");
  EXPECT_NE(text().find("name=\"q%22u\\o%0D%0A;\xc3\xa9\"; filename=\"f%22i\\l\""), std::string::npos);
  MimeOptions options;
  options.backslash_escape = true;
  EXPECT_NE(text(options).find("name=\"q\\\"u\\\\o\r\n;\xc3\xa9\"; filename=\"f\\\"i\\\\l\""),
            std::string::npos);
}

TEST_F(MimeBody, OwnHeadersReplaceAndFollowTheGeneratedOnes) {
  curl_mimepart* const part = add("h", "1");
  curl_slist* list = curl_slist_append(nullptr, "X-One: 1");
  list = curl_slist_append(list, "content-type:  a/b");
  list = curl_slist_append(list, "Content-Transfer-Encoding: weird");
  curl_mime_encoder(part, "base64");
  EXPECT_EQ(curl_mime_headers(part, list, 1), CURLE_OK);
  EXPECT_EQ(head(),
            "Content-Disposition: form-data; name=\"h\"\r\nContent-Type: a/b\r\n"
            "X-One: 1\r\nContent-Transfer-Encoding: weird\r\n");
  curl_mime_type(part, "x/y");
  EXPECT_NE(head().find("Content-Type: x/y\r\nX-One"), std::string::npos);
  EXPECT_EQ(curl_mime_headers(part, curl_slist_append(nullptr, "Content-Disposition: inline"), 1), CURLE_OK);
  EXPECT_EQ(head(),
            "Content-Type: x/y\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n");
}

TEST_F(MimeBody, HeadersBelongToThePartOnlyIfItTakesThem) {
  curl_mimepart* const part = add("h", "1");
  curl_slist* const mine = curl_slist_append(nullptr, "X-Mine: 1");
  EXPECT_EQ(curl_mime_headers(part, mine, 0), CURLE_OK);
  EXPECT_EQ(curl_mime_headers(part, mine, 1), CURLE_OK);
  EXPECT_EQ(curl_mime_headers(part, mine, 0), CURLE_OK);
  EXPECT_EQ(curl_mime_headers(part, nullptr, 1), CURLE_OK);
  EXPECT_STREQ(mine->data, "X-Mine: 1");
  curl_slist_free_all(mine);
  EXPECT_EQ(curl_mime_headers(part, curl_slist_append(nullptr, "X-Lost: 1"), 1), CURLE_OK);
}

TEST_F(MimeBody, EncodersChangeTheDataAndSaySo) {
  curl_mimepart* const part = add("e", "a=b");
  EXPECT_EQ(curl_mime_encoder(part, "BASE64"), CURLE_OK);
  EXPECT_EQ(text(), std::string(kTop) +
                        "--<0>\r\nContent-Disposition: form-data; name=\"e\"\r\n"
                        "Content-Transfer-Encoding: base64\r\n\r\nYT1i\r\n--<0>--\r\n");
  EXPECT_EQ(curl_mime_encoder(part, "quoted-printable"), CURLE_OK);
  EXPECT_NE(text().find("Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n"), std::string::npos);
  for (const char* same : {"binary", "8bit", "7bit"}) {
    EXPECT_EQ(curl_mime_encoder(part, same), CURLE_OK);
    EXPECT_NE(text().find(std::string("Content-Transfer-Encoding: ") + same + "\r\n\r\na=b\r\n"),
              std::string::npos);
  }
  EXPECT_EQ(curl_mime_encoder(part, "rot13"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(head(), "Content-Disposition: form-data; name=\"e\"\r\n");
  EXPECT_EQ(curl_mime_encoder(part, nullptr), CURLE_OK);
}

TEST_F(MimeBody, MultipartsNest) {
  curl_mimepart* const outer = add("multi", nullptr);
  curl_mime* const inner = curl_mime_init(nullptr);
  add_to(inner, "in1", "1");
  curl_mime_filename(add_to(inner, nullptr, "2"), "in2.txt");
  add_to(inner, nullptr, "3");
  EXPECT_EQ(curl_mime_subparts(outer, inner), CURLE_OK);
  add("after", "z");
  EXPECT_EQ(text(),
            std::string(kTop) +
                "--<0>\r\nContent-Disposition: form-data; name=\"multi\"\r\n"
                "Content-Type: multipart/mixed; boundary=<1>\r\n\r\n"
                "--<1>\r\nContent-Disposition: attachment; name=\"in1\"\r\n\r\n1\r\n"
                "--<1>\r\nContent-Disposition: attachment; filename=\"in2.txt\"\r\n"
                "Content-Type: text/plain\r\n\r\n2\r\n--<1>\r\n\r\n3\r\n--<1>--\r\n"
                "\r\n--<0>\r\nContent-Disposition: form-data; name=\"after\"\r\n\r\nz\r\n--<0>--\r\n");
}

TEST_F(MimeBody, InnerFormsHaveFormFields) {
  curl_mimepart* const outer = add("n", nullptr);
  curl_mime* const inner = curl_mime_init(nullptr);
  add_to(inner, "deep", "1");
  curl_mime_type(outer, "multipart/form-data");
  EXPECT_EQ(curl_mime_subparts(outer, inner), CURLE_OK);
  EXPECT_NE(text().find("--<1>\r\nContent-Disposition: form-data; name=\"deep\"\r\n"), std::string::npos);
}

TEST_F(MimeBody, TheRequestMayAskForAnotherType) {
  curl_mime_filename(add("a", "1"), "x.txt");
  MimeOptions options;
  options.type = "multipart/mixed";
  EXPECT_EQ(text(options),
            "multipart/mixed; boundary=<0>\n--<0>\r\nContent-Disposition: attachment; name=\"a\"; "
            "filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\n1\r\n--<0>--\r\n");
}

TEST_F(MimeBody, TheLastContentCounts) {
  curl_mimepart* const part = add("n", "first");
  curl_mime* const inner = curl_mime_init(nullptr);
  EXPECT_EQ(curl_mime_subparts(part, inner), CURLE_OK);
  EXPECT_EQ(curl_mime_data(part, "second", 6), CURLE_OK);
  EXPECT_NE(text().find("\r\n\r\nsecond\r\n"), std::string::npos);
  EXPECT_EQ(curl_mime_data(part, nullptr, 0), CURLE_OK);
  EXPECT_NE(text().find("name=\"n\"\r\n\r\n\r\n--<0>--"), std::string::npos);
  EXPECT_EQ(curl_mime_filedata(part, nullptr), CURLE_OK);
  EXPECT_EQ(curl_mime_subparts(part, nullptr), CURLE_OK);
  EXPECT_EQ(curl_mime_data_cb(part, 5, nullptr, nullptr, nullptr, nullptr), CURLE_OK);
  EXPECT_EQ(MimePart::from(part)->content(), MimePart::Content::none);
}

TEST_F(MimeBody, CyclesAndSecondParentsAreRefused) {
  curl_mimepart* const part = add("a", nullptr);
  curl_mimepart* const other = add("b", nullptr);
  curl_mime* const inner = curl_mime_init(nullptr);
  curl_mimepart* const deep = curl_mime_addpart(inner);
  EXPECT_EQ(curl_mime_subparts(part, mime_), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_subparts(part, inner), CURLE_OK);
  EXPECT_EQ(curl_mime_subparts(part, inner), CURLE_OK);
  EXPECT_EQ(curl_mime_subparts(other, inner), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_subparts(deep, mime_), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_subparts(deep, inner), CURLE_BAD_FUNCTION_ARGUMENT);
}

TEST_F(MimeBody, DepthIsLimited) {
  curl_mime* inner = curl_mime_init(nullptr);
  int depth = 1;
  for (;;) {
    curl_mime* const outer = curl_mime_init(nullptr);
    const CURLcode code = curl_mime_subparts(curl_mime_addpart(outer), inner);
    if (code != CURLE_OK) {
      EXPECT_EQ(code, CURLE_BAD_FUNCTION_ARGUMENT);
      curl_mime_free(outer);
      break;
    }
    inner = outer;
    ASSERT_LE(++depth, 1000);
  }
  EXPECT_EQ(depth, hiper::kMaxMimeDepth);
  EXPECT_EQ(Mime::from(inner)->depth(), depth);
  EXPECT_NE(render(*Mime::from(inner)), "<not rendered>");
  curl_mime_free(inner);
}

TEST_F(MimeBody, FreeingInnerPartsTakesThemOut) {
  curl_mimepart* const part = add("a", nullptr);
  curl_mime* const inner = curl_mime_init(nullptr);
  ASSERT_EQ(curl_mime_subparts(part, inner), CURLE_OK);
  curl_mime_free(inner);
  EXPECT_EQ(MimePart::from(part)->content(), MimePart::Content::none);
  curl_mime_free(nullptr);
}

TEST_F(MimeBody, MissingHandlesAreRefused) {
  EXPECT_EQ(curl_mime_addpart(nullptr), nullptr);
  EXPECT_EQ(curl_mime_name(nullptr, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_filename(nullptr, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_type(nullptr, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_encoder(nullptr, "8bit"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_data(nullptr, "a", 1), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_filedata(nullptr, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_headers(nullptr, nullptr, 0), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_subparts(nullptr, nullptr), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(curl_mime_data_cb(nullptr, 1, nullptr, nullptr, nullptr, nullptr), CURLE_BAD_FUNCTION_ARGUMENT);
}

TEST_F(MimeBody, CloneIsEqualButForItsBoundaries) {
  curl_mimepart* part = add("a", "data");
  curl_mime_headers(part, curl_slist_append(nullptr, "X-One: 1"), 1);
  curl_mime_encoder(part, "base64");
  part = add("f", nullptr);
  curl_mime_filedata(part, file("up.bin", "content").c_str());
  curl_mime_filename(part, "shown.png");
  part = add("m", nullptr);
  curl_mime* const inner = curl_mime_init(nullptr);
  curl_mime_type(add_to(inner, "in", "1"), "x/y");
  curl_mime_subparts(part, inner);
  const std::unique_ptr<Mime> copy = Mime::from(mime_)->clone();
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(render(*copy), text());
  EXPECT_NE(copy->boundary(), Mime::from(mime_)->boundary());
}

}  // namespace
