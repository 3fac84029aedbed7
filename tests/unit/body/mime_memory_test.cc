// Every allocation of the MIME and form doors fails once: a code, no leak, and what was there before is
// intact. operator new of this program goes through the memory door as in the shared library.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <string>

#include "base/operator_new.cc"  // NOLINT: the replacement has to be part of the program
#include "body/form.hpp"
#include "body/mime.hpp"
#include "body/mime_reading.hpp"
#include "support/failing_memory.hpp"

// CURL_ZERO_TERMINATED is written as a C cast.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace {

using hiper::Mime;
using hiper::MimeRead;
using hiper::MimeReader;
using hiper::testing::FailingMemory;

/// Runs `attempt` with the first, second … allocation failing, until it succeeds without a failure. `attempt`
/// answers whether it succeeded. Returns how many failures it took.
template <class Attempt>
int until_it_succeeds(Attempt attempt) {
  for (int fail_at = 1; fail_at < 500; ++fail_at) {
    bool succeeded = false;
    int live = 0;
    bool failed = false;
    {
      const FailingMemory memory(fail_at);
      succeeded = attempt();
      live = FailingMemory::num_live();
      failed = FailingMemory::has_failed();
    }
    EXPECT_EQ(live, 0) << fail_at;
    EXPECT_EQ(succeeded, !failed) << fail_at;
    if (!failed) return fail_at;
  }
  ADD_FAILURE() << "never succeeded";
  return 0;
}

constexpr const char* kLong = "a text that is too long for the room inside of a std::string";

bool build(curl_mime* mime) {
  curl_mimepart* part = curl_mime_addpart(mime);
  if (part == nullptr) return false;
  bool ok = curl_mime_name(part, kLong) == CURLE_OK && curl_mime_filename(part, kLong) == CURLE_OK &&
            curl_mime_type(part, kLong) == CURLE_OK &&
            curl_mime_data(part, kLong, CURL_ZERO_TERMINATED) == CURLE_OK &&
            curl_mime_encoder(part, "base64") == CURLE_OK;
  curl_slist* const headers = curl_slist_append(nullptr, kLong);
  ok = ok && headers != nullptr && curl_mime_headers(part, headers, 1) == CURLE_OK;
  if (!ok) {
    if (headers != nullptr && hiper::MimePart::from(part)->headers() == nullptr) curl_slist_free_all(headers);
    return false;
  }
  part = curl_mime_addpart(mime);
  curl_mime* const inner = curl_mime_init(nullptr);
  if (part == nullptr || inner == nullptr) {
    curl_mime_free(inner);
    return false;
  }
  if (curl_mime_subparts(part, inner) != CURLE_OK) return false;
  curl_mimepart* const file = curl_mime_addpart(inner);
  return file != nullptr && curl_mime_filedata(file, "/dev/null") == CURLE_OK;
}

TEST(MimeMemory, BuildingSurvivesEveryFailure) {
  const int attempts = until_it_succeeds([] {
    curl_mime* const mime = curl_mime_init(nullptr);
    const bool ok = mime != nullptr && build(mime);
    curl_mime_free(mime);
    return ok;
  });
  EXPECT_GT(attempts, 10);
}

TEST(MimeMemory, AFailedSetterKeepsWhatWasThere) {
  curl_mime* const mime = curl_mime_init(nullptr);
  curl_mimepart* const part = curl_mime_addpart(mime);
  curl_mime_name(part, "old");
  curl_mime_data(part, "old data", 8);
  {
    const FailingMemory memory(1);
    EXPECT_EQ(curl_mime_name(part, kLong), CURLE_OUT_OF_MEMORY);
    EXPECT_EQ(curl_mime_data(part, kLong, CURL_ZERO_TERMINATED), CURLE_OUT_OF_MEMORY);
    EXPECT_EQ(curl_mime_filedata(part, kLong), CURLE_OUT_OF_MEMORY);
    EXPECT_EQ(curl_mime_addpart(mime), nullptr);
  }
  EXPECT_NE(hiper::testing::render(*Mime::from(mime)).find("name=\"old\"\r\n\r\nold data\r\n"),
            std::string::npos);
  curl_mime_free(mime);
}

TEST(MimeMemory, CloningAndReadingSurviveEveryFailure) {
  curl_mime* const mime = curl_mime_init(nullptr);
  ASSERT_TRUE(build(mime));
  const int attempts = until_it_succeeds([mime]() -> bool {
    try {
      const std::unique_ptr<Mime> copy = Mime::from(mime)->clone();
      MimeReader reader(*copy);
      char buffer[64];
      for (;;) {
        const MimeRead answer = reader.read(buffer);
        if (answer.kind != MimeRead::Kind::bytes) return answer.kind == MimeRead::Kind::end;
      }
    } catch (const std::bad_alloc&) {
      return false;
    }
  });
  EXPECT_GT(attempts, 20);
  curl_mime_free(mime);
}

std::size_t ignore(void*, const char*, std::size_t length) { return length; }

TEST(FormMemory, AddingAndWritingSurviveEveryFailure) {
  const int attempts = until_it_succeeds([] {
    curl_httppost* first = nullptr;
    curl_httppost* last = nullptr;
    const bool ok =
        curl_formadd(&first, &last, CURLFORM_COPYNAME, kLong, CURLFORM_COPYCONTENTS, kLong,
                     CURLFORM_CONTENTTYPE, kLong, CURLFORM_END) == CURL_FORMADD_OK &&
        curl_formadd(&first, &last, CURLFORM_COPYNAME, kLong, CURLFORM_FILE, "/dev/null", CURLFORM_FILENAME,
                     kLong, CURLFORM_FILE, "/dev/null", CURLFORM_END) == CURL_FORMADD_OK &&
        curl_formget(first, nullptr, ignore) == CURLE_OK;
    curl_formfree(first);
    return ok;
  });
  EXPECT_GT(attempts, 20);
}

TEST(FormMemory, AFailedSectionLeavesTheChainAsItWas) {
  curl_httppost* first = nullptr;
  curl_httppost* last = nullptr;
  ASSERT_EQ(curl_formadd(&first, &last, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "1", CURLFORM_END),
            CURL_FORMADD_OK);
  curl_httppost* const before = last;
  {
    const FailingMemory memory(2);
    EXPECT_EQ(curl_formadd(&first, &last, CURLFORM_COPYNAME, "b", CURLFORM_COPYCONTENTS, "2", CURLFORM_END),
              CURL_FORMADD_MEMORY);
  }
  EXPECT_EQ(last, before);
  EXPECT_EQ(last->next, nullptr);
  curl_formfree(first);
}

}  // namespace
