#include "easy/options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "setting.hpp"

namespace hiper {
namespace {

using testing::CountedMemory;

std::vector<Opt> options_of(Storage storage) {
  std::vector<Opt> found;
  for (std::size_t i = 0; i < kOptCount; ++i) {
    if (storage_of(static_cast<Opt>(i)) == storage) found.push_back(static_cast<Opt>(i));
  }
  return found;
}

void* as_pointer(std::size_t number) { return reinterpret_cast<void*>(number); }

TEST(Options, AllNumbersAreKeptApartInAnyOrder) {
  const std::vector<Opt> numbers = options_of(Storage::number);
  ASSERT_GT(numbers.size(), 100u);
  for (const bool backwards : {false, true}) {
    Options options;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Opt option = numbers[backwards ? numbers.size() - 1 - i : i];
      EXPECT_EQ(options.offset(option), initial_of(option));
      ASSERT_EQ(options.set_number(option, 1000 + static_cast<int>(option)), CURLE_OK);
    }
    for (const Opt option : numbers) EXPECT_EQ(options.number(option), 1000 + static_cast<int>(option));
    EXPECT_EQ(options.size(), numbers.size());
  }
}

TEST(Options, ASetIsFoundWhenAnyOfItIsSetAndNotForItsNeighbours) {
  for (std::size_t i = 0; i < kOptCount; ++i) {
    const auto option = static_cast<Opt>(i);
    if (storage_of(option) != Storage::number) continue;
    Options options;
    ASSERT_EQ(options.set_number(option, 1), CURLE_OK);
    for (std::size_t other = 0; other < kOptCount; ++other) {
      const OptSet one{static_cast<Opt>(other)};
      EXPECT_EQ(options.any_of(one), other == i) << other << " when only " << i << " is set";
    }
    EXPECT_TRUE(options.any_of({Opt::url, option, Opt::cainfo})) << i;
    options.erase(option);
    EXPECT_FALSE(options.any_of({Opt::url, option, Opt::cainfo})) << i;
  }
  EXPECT_FALSE(Options().any_of({}));
}

TEST(Options, EveryPlaceCanBeFilledAtOnceAndEmptiedOneByOne) {
  Options options;
  for (std::size_t i = 0; i < kOptCount; ++i) {
    const auto option = static_cast<Opt>(i);
    curl_blob blob{const_cast<char*>("blob"), 4, CURL_BLOB_COPY};
    switch (storage_of(option)) {
      case Storage::number:
        ASSERT_EQ(options.set_number(option, static_cast<std::int64_t>(i)), CURLE_OK);
        break;
      case Storage::text:
        ASSERT_EQ(options.set_text(option, std::to_string(i).c_str()), CURLE_OK);
        break;
      case Storage::text_list:
        ASSERT_EQ(options.append_text(option, "entry"), CURLE_OK);
        break;
      case Storage::blob:
        ASSERT_EQ(options.set_blob(option, &blob), CURLE_OK);
        break;
      default:
        ASSERT_EQ(options.set_pointer(option, as_pointer(i + 1)), CURLE_OK);
    }
  }
  EXPECT_EQ(options.size(), kOptCount);
  for (std::size_t i = 0; i < kOptCount; i += 2) options.erase(static_cast<Opt>(i));
  EXPECT_EQ(options.size(), kOptCount / 2);
  for (std::size_t i = 0; i < kOptCount; ++i) {
    const auto option = static_cast<Opt>(i);
    ASSERT_EQ(options.has(option), i % 2 == 1);
    const Storage storage = storage_of(option);
    if (i % 2 == 0) continue;
    EXPECT_TRUE(storage != Storage::text || options.text(option) == std::to_string(i));
    EXPECT_TRUE(storage != Storage::number || options.offset(option) == static_cast<long>(i));
    EXPECT_TRUE(storage != Storage::pointer || options.pointer(option) == as_pointer(i + 1));
  }
}

TEST(Options, UnsetTextsListsFunctionsAndBlobsAreNull) {
  const Options options;
  EXPECT_EQ(options.text(Opt::url), nullptr);
  EXPECT_EQ(options.list(Opt::httpheader), nullptr);
  EXPECT_EQ(options.blob(Opt::cainfo_blob), nullptr);
  EXPECT_EQ(options.pointer(Opt::writedata), nullptr);
  EXPECT_EQ(options.function<curl_write_callback>(Opt::writefunction), nullptr);
}

TEST(Options, DefaultsAreThoseOfTheManPages) {
  const Options options;
  EXPECT_EQ(options.number(Opt::connecttimeout_ms), 300000);
  EXPECT_EQ(options.number(Opt::timeout_ms), 0);
  EXPECT_EQ(options.number(Opt::server_response_timeout_ms), 60000);
  EXPECT_EQ(options.number(Opt::maxredirs), 30);
  EXPECT_EQ(options.number(Opt::ssl_verifyhost), 2);
  EXPECT_TRUE(options.flag(Opt::ssl_verifypeer));
  EXPECT_TRUE(options.flag(Opt::noprogress));
  EXPECT_FALSE(options.flag(Opt::followlocation));
  EXPECT_EQ(options.number(Opt::httpauth), CURLAUTH_BASIC);
  EXPECT_EQ(options.offset(Opt::postfieldsize_large), -1);
  EXPECT_EQ(options.number(Opt::http_version), CURL_HTTP_VERSION_2TLS);
  EXPECT_EQ(options.offset(Opt::protocols), -1);
  EXPECT_EQ(options.number(Opt::redir_protocols),
            CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FTP | CURLPROTO_FTPS);
  EXPECT_EQ(options.method(), Method::get);
  EXPECT_STREQ(options.text(Opt::cainfo), kDefaultCaFile);
}

TEST(Options, ACaFileSetToNullIsNotTheDefault) {
  Options options;
  EXPECT_EQ(options.set_text(Opt::cainfo, nullptr), CURLE_OK);
  EXPECT_TRUE(options.has(Opt::cainfo));
  EXPECT_EQ(options.text(Opt::cainfo), nullptr);
  EXPECT_EQ(options.set_text(Opt::cainfo, "/ca.pem"), CURLE_OK);
  EXPECT_STREQ(options.text(Opt::cainfo), "/ca.pem");
}

TEST(Options, TextsAreCopiedAndFreed) {
  const CountedMemory memory;
  {
    Options options;
    std::string text = "first";
    EXPECT_EQ(options.set_text(Opt::url, text.c_str()), CURLE_OK);
    text = "other";
    EXPECT_STREQ(options.text(Opt::url), "first");
    EXPECT_EQ(options.set_text(Opt::url, "second"), CURLE_OK);
    EXPECT_STREQ(options.text(Opt::url), "second");
    EXPECT_EQ(options.set_text(Opt::useragent, "x"), CURLE_OK);
    EXPECT_EQ(options.set_text(Opt::useragent, nullptr), CURLE_OK);
    EXPECT_FALSE(options.has(Opt::useragent));
    EXPECT_EQ(options.append_text(Opt::hsts, "one"), CURLE_OK);
    EXPECT_EQ(options.append_text(Opt::hsts, "two"), CURLE_OK);
    EXPECT_STREQ(options.list(Opt::hsts)->next->data, "two");
    EXPECT_EQ(CountedMemory::num_live(), 1 + 1 + 2 * 2);
  }
  EXPECT_EQ(CountedMemory::num_live(), 0);
}

TEST(Options, ATextMayBeSetToItself) {
  Options options;
  ASSERT_EQ(options.set_text(Opt::url, "http://a/"), CURLE_OK);
  ASSERT_EQ(options.set_text(Opt::url, options.text(Opt::url)), CURLE_OK);
  ASSERT_EQ(options.set_text(Opt::url, options.text(Opt::url) + 5), CURLE_OK);
  EXPECT_STREQ(options.text(Opt::url), "//a/");
}

TEST(Options, BlobsObeyTheirFlags) {
  Options options;
  char data[] = "key";
  curl_blob blob{data, 3, CURL_BLOB_COPY};
  ASSERT_EQ(options.set_blob(Opt::sslkey_blob, &blob), CURLE_OK);
  blob.flags = CURL_BLOB_NOCOPY;
  ASSERT_EQ(options.set_blob(Opt::sslcert_blob, &blob), CURLE_OK);
  data[0] = 'K';
  EXPECT_EQ(std::memcmp(options.blob(Opt::sslkey_blob)->data, "key", 3), 0);
  EXPECT_EQ(options.blob(Opt::sslcert_blob)->data, data);
  EXPECT_EQ(options.blob(Opt::sslcert_blob)->len, 3u);
}

TEST(Options, GenerationFollowsWhatShapesARequestOrConnection) {
  Options options;
  std::uint32_t before = options.generation();
  const auto moved = [&options, &before] {
    const bool changed = options.generation() != before;
    before = options.generation();
    return changed;
  };
  options.set_text(Opt::url, "http://a/");
  EXPECT_TRUE(moved());
  options.set_text(Opt::url, "http://a/");
  EXPECT_FALSE(moved());
  options.set_number(Opt::ssl_verifypeer, 1);
  EXPECT_FALSE(moved()) << "that is the default";
  options.set_number(Opt::ssl_verifypeer, 0);
  EXPECT_TRUE(moved());
  options.set_number(Opt::timeout_ms, 5);
  options.set_pointer(Opt::writedata, &options);
  options.set_pointer(Opt::private_, &options);
  options.set_pointer(Opt::errorbuffer, &before);
  options.set_function(Opt::writefunction, [] {});
  options.set_number(Opt::verbose, 1);
  EXPECT_FALSE(moved());
  curl_slist list{const_cast<char*>("A: b"), nullptr};
  options.set_list(Opt::httpheader, &list);
  EXPECT_TRUE(moved());
  options.set_list(Opt::httpheader, &list);
  EXPECT_TRUE(moved()) << "it may have grown in place";
  options.erase(Opt::httpheader);
  EXPECT_TRUE(moved());
  options.erase(Opt::httpheader);
  EXPECT_FALSE(moved());
  curl_blob blob{const_cast<char*>("ca"), 2, CURL_BLOB_COPY};
  options.set_blob(Opt::cainfo_blob, &blob);
  EXPECT_TRUE(moved());
  options.set_blob(Opt::cainfo_blob, &blob);
  EXPECT_FALSE(moved());
  options.clear();
  EXPECT_TRUE(moved());
}

TEST(Options, EverythingThatShapesATransferMovesTheGeneration) {
  for (std::size_t i = 0; i < kOptCount; ++i) {
    const auto option = static_cast<Opt>(i);
    Options options;
    const std::uint32_t before = options.generation();
    if (storage_of(option) == Storage::number) options.set_number(option, initial_of(option) + 1);
    if (storage_of(option) == Storage::text) options.set_text(option, "text");
    if (storage_of(option) == Storage::pointer) options.set_pointer(option, &options);
    if (!options.has(option)) continue;
    EXPECT_EQ(options.generation() != before, shape_of(option) != Shape::none) << i;
  }
}

TEST(Options, ACopyOwnsItsTextsAndSharesTheRest) {
  const CountedMemory memory;
  {
    Options copy;
    curl_slist list{const_cast<char*>("A: b"), nullptr};
    {
      Options options;
      curl_blob blob{const_cast<char*>("ca"), 2, CURL_BLOB_COPY};
      options.set_text(Opt::url, "http://a/");
      options.set_text(Opt::cainfo, nullptr);
      options.set_list(Opt::httpheader, &list);
      options.set_blob(Opt::cainfo_blob, &blob);
      options.set_number(Opt::timeout_ms, 7);
      options.append_text(Opt::cookiefile, "jar");
      ASSERT_EQ(copy.copy_from(options), CURLE_OK);
      EXPECT_NE(copy.text(Opt::url), options.text(Opt::url));
    }
    EXPECT_STREQ(copy.text(Opt::url), "http://a/");
    EXPECT_EQ(copy.text(Opt::cainfo), nullptr);
    EXPECT_EQ(copy.list(Opt::httpheader), &list);
    EXPECT_EQ(std::memcmp(copy.blob(Opt::cainfo_blob)->data, "ca", 2), 0);
    EXPECT_EQ(copy.number(Opt::timeout_ms), 7);
    EXPECT_STREQ(copy.list(Opt::cookiefile)->data, "jar");
    EXPECT_EQ(copy.set_text(Opt::useragent, "more"), CURLE_OK);
  }
  EXPECT_EQ(CountedMemory::num_live(), 0);
}

/// Fills `options`; stops at the first failure.
CURLcode fill(Options& options) {
  curl_blob blob{const_cast<char*>("data"), 4, CURL_BLOB_COPY};
  for (int i = 0; i < 20; ++i) {
    const auto number = options_of(Storage::number)[static_cast<std::size_t>(i)];
    if (const CURLcode code = options.set_number(number, i); code != CURLE_OK) return code;
  }
  if (const CURLcode code = options.set_text(Opt::url, "http://a/"); code != CURLE_OK) return code;
  if (const CURLcode code = options.set_blob(Opt::sslkey_blob, &blob); code != CURLE_OK) return code;
  if (const CURLcode code = options.append_text(Opt::hsts, "a"); code != CURLE_OK) return code;
  return options.append_text(Opt::hsts, "b");
}

TEST(Options, EveryFailedAllocationIsAnErrorAndNoLeak) {
  int failures = 0;
  for (int n = 1;; ++n) {
    const CountedMemory memory(n);
    CURLcode code;
    {
      Options options;
      Options copy;
      code = fill(options);
      if (code == CURLE_OK) code = copy.copy_from(options);
      if (code != CURLE_OK && copy.size() != 0) ADD_FAILURE() << "half a copy";
    }
    EXPECT_EQ(CountedMemory::num_live(), 0);
    if (!CountedMemory::has_failed()) break;
    EXPECT_EQ(code, CURLE_OUT_OF_MEMORY);
    ++failures;
  }
  EXPECT_GT(failures, 15);
}

TEST(Options, PostBodyIsTheCopyOrTheApplicationsData) {
  Options options;
  char data[] = "abc";
  EXPECT_EQ(options.post_body().data, nullptr);
  options.set_pointer(Opt::postfields, data);
  EXPECT_EQ(options.post_body().data, data);
  EXPECT_EQ(options.post_body().size, -1);
  options.set_number(Opt::postfieldsize_large, 2);
  EXPECT_EQ(options.post_body().size, 2);
}

}  // namespace
}  // namespace hiper
