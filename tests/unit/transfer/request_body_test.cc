// Where request bodies come from, and that they are the same in every round of a transfer.
#include "transfer/request_body.hpp"

#include <cstring>

#include "base/memory.hpp"
#include "transfer/planning.hpp"

// Callbacks given to curl_easy_setopt in C have no exception specification to lose.
namespace {

using hiper::Method;
using hiper::Pulled;
using hiper::RequestBody;
using hiper::Status;
using hiper::UploadSource;
using hiper::testing::Note;
using hiper::testing::set;

struct Source {
  const char* text = "0123456789";
  std::size_t at = 0;
};

std::size_t read_it(char* buffer, std::size_t size, std::size_t count, void* argument) {
  Source& source = *static_cast<Source*>(argument);
  const std::size_t given = std::min(size * count, std::strlen(source.text + source.at));
  std::memcpy(buffer, source.text + source.at, given);
  source.at += given;
  return given;
}

int seek_it(void* argument, curl_off_t offset, int) {
  static_cast<Source*>(argument)->at = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

class Body : public ::testing::Test {
 protected:
  void read_from(Source& source, bool seeks) {
    set(easy_, CURLOPT_READFUNCTION, read_it);
    set(easy_, CURLOPT_READDATA, static_cast<void*>(&source));
    if (!seeks) return;
    set(easy_, CURLOPT_SEEKFUNCTION, seek_it);
    set(easy_, CURLOPT_SEEKDATA, static_cast<void*>(&source));
  }
  CURLcode prepare() {
    const Status prepared = body_.prepare(easy_, easy_.options.method(), note_);
    return prepared.code();
  }
  /// One round: the body as it goes to the wire, or the error. `most` ends it early.
  std::string send(bool chunked, std::size_t most = SIZE_MAX) {
    UploadSource* source = nullptr;
    const Status opened = body_.open(easy_, chunked, source);
    if (!opened.ok()) return "<open " + std::to_string(opened.code()) + ">";
    if (source == nullptr) return "<none>";
    std::string text;
    while (text.size() < most) {
      const Pulled pulled = source->pull();
      if (pulled.kind == Pulled::Kind::failed) return text + "<" + std::to_string(pulled.code) + ">";
      if (pulled.kind != Pulled::Kind::bytes) break;
      const std::size_t taken = std::min(pulled.bytes.size(), most - text.size());
      text.append(pulled.bytes.data(), taken);
      source->consumed(taken);
    }
    return text;
  }

  hiper::Easy easy_;
  Note note_;
  RequestBody body_;
};

TEST_F(Body, OfAGetIsNone) {
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_FALSE(body_.plan().present);
  EXPECT_EQ(send(false), "<none>");
}

TEST_F(Body, OfPostfieldsIsSentFromMemory) {
  set(easy_, CURLOPT_POSTFIELDS, "hello");
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(body_.plan().size, 5);
  EXPECT_EQ(body_.plan().type, "application/x-www-form-urlencoded");
  EXPECT_EQ(send(false), "hello");
  EXPECT_EQ(send(false), "hello");
  EXPECT_EQ(send(true, 4), "5\r\nh") << "the next round may be chunked";
}

TEST_F(Body, OfPostfieldsCanBeChunked) {
  set(easy_, CURLOPT_POSTFIELDS, "hello");
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(send(true), "5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(send(true), "5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(send(false), "hello");
}

TEST_F(Body, OfPostfieldsHasTheSizeThatWasGiven) {
  set(easy_, CURLOPT_POSTFIELDSIZE, 3L);
  set(easy_, CURLOPT_POSTFIELDS, "a\0c");
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(send(false), std::string("a\0c", 3));
  body_.close();
  set(easy_, CURLOPT_POSTFIELDSIZE, 0L);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_TRUE(body_.plan().present);
  EXPECT_EQ(body_.plan().size, 0);
  EXPECT_EQ(send(false), "<none>");
  EXPECT_EQ(send(true), "0\r\n\r\n");
}

TEST_F(Body, OfAnUploadIsReadAndReadAgain) {
  Source source;
  read_from(source, true);
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_INFILESIZE, 10L);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(body_.plan().size, 10);
  EXPECT_FALSE(body_.begun());
  EXPECT_EQ(send(false, 4), "0123");
  EXPECT_TRUE(body_.begun());
  ASSERT_EQ(prepare(), CURLE_OK) << "a retry prepares again";
  EXPECT_EQ(send(false), "0123456789");
}

TEST_F(Body, ThatCannotGoBackIsAnErrorInTheNextRound) {
  Source source;
  read_from(source, false);
  set(easy_, CURLOPT_UPLOAD, 1L);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(body_.plan().size, -1);
  EXPECT_EQ(send(true, 1), "a");
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(send(true), "<open " + std::to_string(CURLE_SEND_FAIL_REWIND) + ">");
}

TEST_F(Body, IsForgottenWhenTheMethodChanges) {
  Source source;
  read_from(source, false);
  set(easy_, CURLOPT_UPLOAD, 1L);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(send(true, 1), "a");
  const Status to_get = body_.prepare(easy_, Method::get, note_);
  ASSERT_TRUE(to_get.ok());
  EXPECT_EQ(send(false), "<none>");
}

TEST_F(Body, OfAResumedUploadBeginsLater) {
  Source source;
  read_from(source, true);
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_INFILESIZE, 10L);
  set(easy_, CURLOPT_RESUME_FROM, 6L);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(body_.plan().size, 4);
  EXPECT_EQ(send(false), "6789");
  EXPECT_EQ(send(false), "6789");
}

TEST_F(Body, OfAnUploadThatIsCompleteIsAnError) {
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_INFILESIZE, 10L);
  set(easy_, CURLOPT_RESUME_FROM, 10L);
  EXPECT_EQ(prepare(), CURLE_PARTIAL_FILE);
  EXPECT_NE(note_.said, "");
}

TEST_F(Body, WithConvertedLineEndsHasNoKnownSize) {
  Source source{"a\nb", 0};
  read_from(source, true);
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_INFILESIZE, 3L);
  set(easy_, CURLOPT_CRLF, 1L);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(body_.plan().size, -1);
  EXPECT_EQ(send(true), "4\r\na\r\nb\r\n0\r\n\r\n");
}

TEST_F(Body, OfMimeHasItsBoundaryInTheType) {
  curl_mime* const mime = curl_mime_init(easy_.handle());
  curl_mimepart* const part = curl_mime_addpart(mime);
  curl_mime_name(part, "n");
  curl_mime_data(part, "v", 1);
  set(easy_, CURLOPT_MIMEPOST, mime);
  ASSERT_EQ(prepare(), CURLE_OK);
  const std::string type(body_.plan().type);
  ASSERT_TRUE(type.starts_with("multipart/form-data; boundary=")) << type;
  EXPECT_TRUE(body_.plan().mime);
  const std::string boundary = type.substr(type.find('=') + 1);
  const std::string text =
      "--" + boundary + "\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--" + boundary + "--\r\n";
  EXPECT_EQ(body_.plan().size, static_cast<curl_off_t>(text.size()));
  EXPECT_EQ(send(false), text);
  EXPECT_EQ(send(false, 7), text.substr(0, 7));
  EXPECT_EQ(send(false), text);
  body_.close();
  curl_mime_free(mime);
}

TEST_F(Body, OfMimeTakesTheTypeOfTheApplication) {
  const hiper::OwnedSlist list(hiper::slist_append(nullptr, "Content-Type: multipart/x"));
  curl_mime* const mime = curl_mime_init(easy_.handle());
  set(easy_, CURLOPT_MIMEPOST, mime);
  set(easy_, CURLOPT_HTTPHEADER, list.get());
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_TRUE(body_.plan().type.starts_with("multipart/x; boundary=")) << body_.plan().type;
  body_.close();
  curl_mime_free(mime);
}

TEST_F(Body, OfMimeEscapesAsAsked) {
  curl_mime* const mime = curl_mime_init(easy_.handle());
  curl_mime_name(curl_mime_addpart(mime), "a\"b");
  set(easy_, CURLOPT_MIMEPOST, mime);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_NE(send(false).find("name=\"a%22b\""), std::string::npos);
  body_.close();
  set(easy_, CURLOPT_MIME_OPTIONS, static_cast<long>(CURLMIMEOPT_FORMESCAPE));
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_NE(send(false).find("name=\"a\\\"b\""), std::string::npos);
  body_.close();
  curl_mime_free(mime);
}

TEST_F(Body, OfMimeReadsItsCallbacksAgainInTheNextTransfer) {
  Source source;
  curl_mime* const mime = curl_mime_init(easy_.handle());
  curl_mime_data_cb(curl_mime_addpart(mime), 10, read_it, seek_it, nullptr, &source);
  set(easy_, CURLOPT_MIMEPOST, mime);
  for (int transfer = 0; transfer < 2; ++transfer) {
    ASSERT_EQ(prepare(), CURLE_OK);
    EXPECT_NE(send(false).find("\r\n\r\n0123456789\r\n--"), std::string::npos) << transfer;
    body_.close();
  }
  curl_mime_free(mime);
}

TEST_F(Body, OfMimeThatWasReadAndCannotGoBackIsAnErrorInTheNextTransfer) {
  Source source;
  curl_mime* const mime = curl_mime_init(easy_.handle());
  curl_mime_data_cb(curl_mime_addpart(mime), 10, read_it, nullptr, nullptr, &source);
  set(easy_, CURLOPT_MIMEPOST, mime);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_NE(send(false).find("0123456789"), std::string::npos);
  body_.close();
  EXPECT_EQ(prepare(), CURLE_SEND_FAIL_REWIND);
  body_.close();
  curl_mime_free(mime);
}

TEST_F(Body, OfMimeWithoutAMimeIsEmpty) {
  set(easy_, CURLOPT_MIMEPOST, nullptr);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_TRUE(body_.plan().present);
  EXPECT_EQ(body_.plan().size, 0);
  EXPECT_EQ(body_.plan().type, "");
  body_.close();
  set(easy_, CURLOPT_HTTPPOST, nullptr);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_EQ(body_.plan().size, 0);
}

TEST_F(Body, OfAFormIsAMultipart) {
  curl_httppost* first = nullptr;
  curl_httppost* last = nullptr;
  ASSERT_EQ(curl_formadd(&first, &last, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_END),
            CURL_FORMADD_OK);
  set(easy_, CURLOPT_HTTPPOST, first);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_TRUE(body_.plan().mime);
  const std::string text = send(false);
  EXPECT_NE(text.find("Content-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--"), std::string::npos)
      << text;
  EXPECT_EQ(body_.plan().size, static_cast<curl_off_t>(text.size()));
  EXPECT_EQ(send(false), text);
  body_.close();
  curl_formfree(first);
}

TEST_F(Body, OfAFormCanComeFromTheReadFunction) {
  Source source;
  read_from(source, false);
  curl_httppost* first = nullptr;
  curl_httppost* last = nullptr;
  ASSERT_EQ(curl_formadd(&first, &last, CURLFORM_COPYNAME, "n", CURLFORM_STREAM, &source, CURLFORM_CONTENTLEN,
                         static_cast<curl_off_t>(10), CURLFORM_END),
            CURL_FORMADD_OK);
  set(easy_, CURLOPT_HTTPPOST, first);
  ASSERT_EQ(prepare(), CURLE_OK);
  EXPECT_NE(send(false).find("\r\n\r\n0123456789\r\n--"), std::string::npos);
  EXPECT_EQ(send(false), "<open " + std::to_string(CURLE_SEND_FAIL_REWIND) + ">");
  body_.close();
  curl_formfree(first);
}

}  // namespace
