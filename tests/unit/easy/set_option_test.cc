#include "easy/set_option.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "easy/option_names.hpp"
#include "easy/option_rows.hpp"
#include "setting.hpp"

namespace hiper {
namespace {

using testing::CountedMemory;
using testing::set;
using testing::set_by_number;

constexpr long kMaxLong = std::numeric_limits<long>::max();

bool is_built_in(const OptionRow& row) {
  return availability(row.feature) == CURLE_OK && row.setter != Setter::unknown;
}

TEST(SetOption, NumbersThatAreNoOptionAreUnknown) {
  Easy easy;
  for (const int id : {-1, 0, 1, 8, 333, 9999, 10000, 10035, 10133, 10333, 20000, 20317, 30271, 40000, 40311,
                       50013, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(set_by_number(&easy, id, nullptr), CURLE_UNKNOWN_OPTION) << id;
  }
  EXPECT_EQ(easy.options.size(), 0u);
}

/// Numbers; false for the other setters.
bool expect_number_stored(Easy& easy, const OptionRow& row, CURLoption id) {
  const Options& options = easy.options;
  switch (row.setter) {
    case Setter::number:
    case Setter::saturated:
      EXPECT_EQ(set_by_number(&easy, id, static_cast<long>(row.low + 1)), CURLE_OK);
      EXPECT_EQ(options.offset(row.slot), row.low + 1);
      return true;
    case Setter::flag:
      EXPECT_EQ(set_by_number(&easy, id, 5L), CURLE_OK);
      EXPECT_EQ(options.number(row.slot), 1);
      EXPECT_EQ(set_by_number(&easy, id, 0L), CURLE_OK);
      EXPECT_EQ(options.number(row.slot), 0);
      return true;
    case Setter::seconds:
      EXPECT_EQ(set_by_number(&easy, id, 3L), CURLE_OK);
      EXPECT_EQ(options.number(row.slot), 3000);
      return true;
    default:
      return false;
  }
}

/// Texts, lists, pointers, functions and blobs; false for the other setters.
bool expect_pointer_stored(Easy& easy, const OptionRow& row, CURLoption id) {
  const Options& options = easy.options;
  static curl_slist list{const_cast<char*>("a"), nullptr};
  static curl_blob blob{const_cast<char*>("abc"), 3, CURL_BLOB_COPY};
  static char buffer[CURL_ERROR_SIZE];
  switch (row.setter) {
    case Setter::text:
      EXPECT_EQ(set_by_number(&easy, id, "text"), CURLE_OK);
      EXPECT_STREQ(options.text(row.slot), "text");
      EXPECT_EQ(set_by_number(&easy, id, static_cast<char*>(nullptr)), CURLE_OK);
      EXPECT_EQ(options.text(row.slot), nullptr);
      return true;
    case Setter::list:
      EXPECT_EQ(set_by_number(&easy, id, &list), CURLE_OK);
      EXPECT_EQ(options.list(row.slot), &list);
      return true;
    case Setter::pointer:
    case Setter::errorbuffer:
    case Setter::postfields:
    case Setter::httppost:
      EXPECT_EQ(set_by_number(&easy, id, buffer), CURLE_OK);
      EXPECT_EQ(options.pointer(row.slot), buffer);
      return true;
    case Setter::function:
      EXPECT_EQ(set_by_number(&easy, id, &std::abort), CURLE_OK);
      EXPECT_EQ(options.function<decltype(&std::abort)>(row.slot), &std::abort);
      EXPECT_EQ(set_by_number(&easy, id, static_cast<void*>(nullptr)), CURLE_OK);
      EXPECT_FALSE(options.has(row.slot));
      return true;
    case Setter::blob:
      EXPECT_EQ(set_by_number(&easy, id, &blob), CURLE_OK);
      EXPECT_EQ(options.blob(row.slot)->len, 3u);
      return true;
    default:
      return false;
  }
}

TEST(SetOption, EveryOptionOfTheTableIsStoredByItsType) {
  int stored = 0;
  for (const curl_easyoption* option = option_after(nullptr); option != nullptr;
       option = option_after(option)) {
    SCOPED_TRACE(option->name);
    const OptionRow* const row = find_option_row(option->id);
    ASSERT_NE(row, nullptr);
    Easy easy;
    if (!is_built_in(*row)) {
      EXPECT_EQ(set_by_number(&easy, option->id, nullptr), CURLE_UNKNOWN_OPTION);
      continue;
    }
    // The other setters have tests of their own.
    if (expect_number_stored(easy, *row, option->id) || expect_pointer_stored(easy, *row, option->id))
      ++stored;
  }
  EXPECT_GT(stored, 225);
}

TEST(SetOption, RangesOfAllNumbersAreKept) {
  for (const curl_easyoption* option = option_after(nullptr); option != nullptr;
       option = option_after(option)) {
    const OptionRow* const row = find_option_row(option->id);
    if (row->setter != Setter::number || !is_built_in(*row)) continue;
    SCOPED_TRACE(option->name);
    Easy easy;
    EXPECT_EQ(set_by_number(&easy, option->id, row->low), CURLE_OK);
    EXPECT_EQ(set_by_number(&easy, option->id, row->high), CURLE_OK);
    const std::int64_t kept = easy.options.offset(row->slot);
    if (row->low > std::numeric_limits<long>::min()) {
      EXPECT_EQ(set_by_number(&easy, option->id, row->low - 1), CURLE_BAD_FUNCTION_ARGUMENT);
    }
    if (row->high < kMaxLong) {
      EXPECT_EQ(set_by_number(&easy, option->id, row->high + 1), CURLE_BAD_FUNCTION_ARGUMENT);
    }
    EXPECT_EQ(easy.options.offset(row->slot), kept) << "a refused value changed something";
  }
}

// Rows in which libcurl 7.88.1 is surprising: the table says what it was seen to answer.
struct Surprise {
  CURLoption option;
  long value;
  CURLcode code;
};
constexpr Surprise kSurprises[] = {
    {CURLOPT_TIMEOUT, 2147483, CURLE_OK},
    {CURLOPT_TIMEOUT, 2147484, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_CONNECTTIMEOUT, -1, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_DNS_CACHE_TIMEOUT, -1, CURLE_OK},
    {CURLOPT_DNS_CACHE_TIMEOUT, -2, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_MAXREDIRS, -2, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_MAXREDIRS, 2147483648, CURLE_OK},
    {CURLOPT_HTTP09_ALLOWED, 2, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_CONNECT_ONLY, 3, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_SSLv2, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_SSLv3, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_3, CURLE_OK},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_MAX_TLSv1_3 + 65536, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_SSLVERSION, 8, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_HTTP_VERSION, -1, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS, CURLE_OK},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, CURLE_UNSUPPORTED_PROTOCOL},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_3, CURLE_UNSUPPORTED_PROTOCOL},
    {CURLOPT_HTTP_VERSION, 6, CURLE_UNSUPPORTED_PROTOCOL},
    {CURLOPT_SOCKS5_AUTH, CURLAUTH_DIGEST, CURLE_NOT_BUILT_IN},
    {CURLOPT_SSL_FALSESTART, 0, CURLE_NOT_BUILT_IN},
    {CURLOPT_POSTREDIR, -1, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_POSTREDIR, 1000, CURLE_OK},
    {CURLOPT_STREAM_WEIGHT, 257, CURLE_OK},
    {CURLOPT_BUFFERSIZE, -5, CURLE_OK},
    {CURLOPT_PROXYTYPE, 8, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_NEW_FILE_PERMS, 512, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_INFILESIZE, -2, CURLE_BAD_FUNCTION_ARGUMENT},
    {CURLOPT_FOLLOWLOCATION, -1, CURLE_OK},
    {CURLOPT_DNS_USE_GLOBAL_CACHE, 1, CURLE_OK},
};

TEST(SetOption, AnswersAsLibcurlDoesAtTheEdges) {
  for (const Surprise& row : kSurprises) {
    Easy easy;
    EXPECT_EQ(set(easy, row.option, row.value), row.code) << row.option << " = " << row.value;
  }
}

TEST(SetOption, OutOfRangeValuesAreMovedWhereTheManPageSaysSo) {
  Easy easy;
  const Options& options = easy.options;
  set(easy, CURLOPT_BUFFERSIZE, 10L);
  EXPECT_EQ(options.number(Opt::buffersize), 1024);
  set(easy, CURLOPT_BUFFERSIZE, 1L << 40);
  EXPECT_EQ(options.number(Opt::buffersize), CURL_MAX_READ_SIZE);
  set(easy, CURLOPT_BUFFERSIZE, 0L);
  EXPECT_EQ(options.number(Opt::buffersize), 16384);
  set(easy, CURLOPT_STREAM_WEIGHT, 32L);
  set(easy, CURLOPT_STREAM_WEIGHT, 0L);
  EXPECT_EQ(options.number(Opt::stream_weight), 32);
  set(easy, CURLOPT_TCP_KEEPCNT, kMaxLong);
  EXPECT_EQ(options.number(Opt::tcp_keepcnt), std::numeric_limits<int>::max());
  set(easy, CURLOPT_SSL_VERIFYHOST, 1L);
  EXPECT_EQ(options.number(Opt::ssl_verifyhost), 2);
  set(easy, CURLOPT_FOLLOWLOCATION, 2L);
  EXPECT_EQ(options.number(Opt::followlocation), CURLFOLLOW_OBEYCODE);
  set(easy, CURLOPT_FOLLOWLOCATION, 77L);
  EXPECT_EQ(options.number(Opt::followlocation), CURLFOLLOW_ALL);
}

TEST(SetOption, TwoNamesForOneSettingTheLastOneCounts) {
  Easy easy;
  const Options& options = easy.options;
  set(easy, CURLOPT_TIMEOUT_MS, 1500L);
  set(easy, CURLOPT_TIMEOUT, 2L);
  EXPECT_EQ(options.number(Opt::timeout_ms), 2000);
  set(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t{1} << 40);
  EXPECT_EQ(options.offset(Opt::infilesize_large), curl_off_t{1} << 40);
  set(easy, CURLOPT_INFILESIZE, 9L);
  EXPECT_EQ(options.offset(Opt::infilesize_large), 9);
  set(easy, CURLOPT_RESUME_FROM, 4L);
  EXPECT_EQ(options.offset(Opt::resume_from_large), 4);
}

TEST(SetOption, TextsAreLimited) {
  Easy easy;
  std::string text(kMaxInput + 1, 'a');
  EXPECT_EQ(set(easy, CURLOPT_URL, text.c_str()), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_FALSE(easy.options.has(Opt::url));
  EXPECT_EQ(set(easy, CURLOPT_USERPWD, text.c_str()), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(set(easy, CURLOPT_COPYPOSTFIELDS, text.c_str()), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_blob blob{text.data(), text.size(), CURL_BLOB_NOCOPY};
  EXPECT_EQ(set(easy, CURLOPT_SSLKEY_BLOB, &blob), CURLE_BAD_FUNCTION_ARGUMENT);
  text.pop_back();
  EXPECT_EQ(set(easy, CURLOPT_URL, text.c_str()), CURLE_OK);
  blob.len = text.size();
  EXPECT_EQ(set(easy, CURLOPT_SSLKEY_BLOB, &blob), CURLE_OK);
}

TEST(SetOption, UserpwdIsSplitAtTheFirstColon) {
  struct Case {
    const char* given;
    const char* user;
    const char* password;
  };
  for (const Case& c :
       {Case{"a:b", "a", "b"}, Case{"a", "a", ""}, Case{":b", "", "b"}, Case{"a:b:c", "a", "b:c"},
        Case{"", "", ""}, Case{":", "", ""}, Case{nullptr, nullptr, nullptr}}) {
    Easy easy;
    set(easy, CURLOPT_USERPWD, "old:old");
    EXPECT_EQ(set(easy, CURLOPT_USERPWD, c.given), CURLE_OK);
    EXPECT_STREQ(easy.options.text(Opt::username), c.user);
    EXPECT_STREQ(easy.options.text(Opt::password), c.password);
    EXPECT_EQ(set(easy, CURLOPT_PROXYUSERPWD, c.given), CURLE_OK);
    EXPECT_STREQ(easy.options.text(Opt::proxyusername), c.user);
    EXPECT_STREQ(easy.options.text(Opt::proxypassword), c.password);
  }
}

TEST(SetOption, ProtocolsAreOneMaskHoweverTheyAreNamed) {
  Easy easy;
  const Options& options = easy.options;
  EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS_STR, "http,HTTPS"), CURLE_OK);
  EXPECT_EQ(options.offset(Opt::protocols), CURLPROTO_HTTP | CURLPROTO_HTTPS);
  EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS_STR, "all"), CURLE_OK);
  EXPECT_EQ(options.offset(Opt::protocols), -1);
  EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS, long{CURLPROTO_HTTP | CURLPROTO_FTP}), CURLE_OK);
  EXPECT_EQ(options.offset(Opt::protocols), CURLPROTO_HTTP | CURLPROTO_FTP);
  for (const char* const bad : {"x", "http,", ",http", "http, https", "all,-http", "http://"}) {
    EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS_STR, bad), CURLE_UNSUPPORTED_PROTOCOL) << bad;
  }
  EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS_STR, nullptr), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS_STR, ""), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(options.offset(Opt::protocols), CURLPROTO_HTTP | CURLPROTO_FTP);
  EXPECT_EQ(set(easy, CURLOPT_PROTOCOLS, -1L), CURLE_OK);
  EXPECT_EQ(options.offset(Opt::protocols), -1);
  EXPECT_EQ(set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https"), CURLE_OK);
  EXPECT_EQ(options.offset(Opt::redir_protocols), CURLPROTO_HTTPS);
}

TEST(SetOption, AuthMasksKeepOnlyWhatIsBuiltIn) {
  Easy easy;
  const auto kept = [&easy](unsigned long asked) {
    EXPECT_EQ(set(easy, CURLOPT_HTTPAUTH, static_cast<long>(asked)), CURLE_OK);
    return static_cast<std::uint32_t>(easy.options.number(Opt::httpauth));
  };
  EXPECT_EQ(kept(CURLAUTH_BASIC), CURLAUTH_BASIC);
  EXPECT_EQ(kept(CURLAUTH_NONE), 0u);
  EXPECT_EQ(kept(CURLAUTH_ANY), kAuthMethods);
  EXPECT_EQ(kept(CURLAUTH_ANYSAFE) & CURLAUTH_BASIC, 0u);
  EXPECT_EQ(kept(CURLAUTH_ONLY | CURLAUTH_BEARER), CURLAUTH_ONLY | CURLAUTH_BEARER);
  EXPECT_EQ(set(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_DIGEST)), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(kept(CURLAUTH_BASIC | CURLAUTH_NTLM), CURLAUTH_BASIC);
  EXPECT_EQ(set(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_NTLM)), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(set(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_ONLY)), CURLE_NOT_BUILT_IN);
  EXPECT_EQ(kept(CURLAUTH_BASIC), CURLAUTH_BASIC);
}

TEST(SetOption, CookieFilesPileUpAndCommandsAreNotKept) {
  Easy easy;
  const Options& options = easy.options;
  set(easy, CURLOPT_COOKIEFILE, "");
  set(easy, CURLOPT_COOKIEFILE, "second");
  EXPECT_STREQ(options.list(Opt::cookiefile)->data, "");
  EXPECT_STREQ(options.list(Opt::cookiefile)->next->data, "second");
  set(easy, CURLOPT_COOKIELIST, "ALL");
  set(easy, CURLOPT_COOKIELIST, nullptr);
  EXPECT_EQ(options.size(), 1u);
  set(easy, CURLOPT_COOKIEFILE, nullptr);
  EXPECT_FALSE(options.has(Opt::cookiefile));
}

TEST(SetOption, AnHstsFileSwitchesHstsOn) {
  for (const char* const name : {"file", "", static_cast<const char*>(nullptr)}) {
    Easy easy;
    EXPECT_EQ(set(easy, CURLOPT_HSTS, name), CURLE_OK);
    EXPECT_EQ(easy.options.number(Opt::hsts_ctrl), CURLHSTS_ENABLE);
    EXPECT_STREQ(easy.options.list(Opt::hsts)->data, name != nullptr ? name : "");
  }
}

TEST(SetOption, HstsFilesPileUpUntilItIsSwitchedOff) {
  Easy easy;
  const Options& options = easy.options;
  set(easy, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE | CURLHSTS_READONLYFILE);
  for (const char* const name : {"first", "first", "second"}) set(easy, CURLOPT_HSTS, name);
  EXPECT_STREQ(options.list(Opt::hsts)->data, "first");
  EXPECT_STREQ(options.list(Opt::hsts)->next->data, "second");
  EXPECT_EQ(options.list(Opt::hsts)->next->next, nullptr);
  EXPECT_EQ(options.number(Opt::hsts_ctrl), CURLHSTS_ENABLE | CURLHSTS_READONLYFILE);
  EXPECT_EQ(set(easy, CURLOPT_HSTS_CTRL, 255L), CURLE_OK);
  EXPECT_EQ(options.number(Opt::hsts_ctrl), CURLHSTS_ENABLE | CURLHSTS_READONLYFILE);
  EXPECT_EQ(set(easy, CURLOPT_HSTS_CTRL, 4L), CURLE_OK);
  EXPECT_EQ(options.number(Opt::hsts_ctrl), 0);
  EXPECT_FALSE(options.has(Opt::hsts));
}

TEST(SetOption, ResolverAddressesAreChecked) {
  Easy easy;
  for (const char* const good :
       {"127.0.0.1", "1.1.1.1:53,8.8.8.8", "::1", "[::1]:5353", "[fe80::1%eth0]", ""}) {
    EXPECT_EQ(set(easy, CURLOPT_DNS_SERVERS, good), CURLE_OK) << good;
  }
  for (const char* const bad :
       {"x", "1.1.1.1:", "1.1.1.1:0", "1.1.1.1:65536", "1.1.1.1,", "[::1", "[::1]x", "1.2.3"}) {
    EXPECT_EQ(set(easy, CURLOPT_DNS_SERVERS, bad), CURLE_BAD_FUNCTION_ARGUMENT) << bad;
  }
  EXPECT_EQ(set(easy, CURLOPT_DNS_LOCAL_IP4, "10.0.0.1"), CURLE_OK);
  EXPECT_EQ(set(easy, CURLOPT_DNS_LOCAL_IP4, "::1"), CURLE_BAD_FUNCTION_ARGUMENT);
  EXPECT_EQ(set(easy, CURLOPT_DNS_LOCAL_IP6, "::1"), CURLE_OK);
  EXPECT_STREQ(easy.options.text(Opt::dns_local_ip4), "10.0.0.1");
}

TEST(SetOption, ThereAreNoTlsEngines) {
  Easy easy;
  EXPECT_EQ(set(easy, CURLOPT_SSLENGINE, "pkcs11"), CURLE_SSL_ENGINE_NOTFOUND);
  EXPECT_EQ(set(easy, CURLOPT_SSLENGINE, nullptr), CURLE_OK);
  EXPECT_EQ(set(easy, CURLOPT_SSLENGINE_DEFAULT, 1L), CURLE_OK);
}

TEST(SetOption, OptionsWithoutEffectAreAcceptedAndNotKept) {
  Easy easy;
  EXPECT_EQ(set(easy, CURLOPT_STREAM_DEPENDS, easy.handle()), CURLE_OK);
  EXPECT_EQ(set(easy, CURLOPT_RANDOM_FILE, "/dev/urandom"), CURLE_OK);
  EXPECT_EQ(set(easy, CURLOPT_KRBLEVEL, "private"), CURLE_OK);
  EXPECT_EQ(set(easy, CURLOPT_SSL_ENABLE_NPN, 1L), CURLE_OK);
  EXPECT_EQ(easy.options.size(), 0u);
}

TEST(SetOption, EveryFailedAllocationIsReportedAndNothingLeaks) {
  const auto run = [](Easy& easy) {
    for (const auto& [option, text] :
         {std::pair{CURLOPT_URL, "http://a/"}, std::pair{CURLOPT_USERPWD, "a:b"},
          std::pair{CURLOPT_COPYPOSTFIELDS, "body"}, std::pair{CURLOPT_COOKIEFILE, "some"}}) {
      if (const CURLcode code = set(easy, option, text); code != CURLE_OK) return code;
    }
    return set(easy, CURLOPT_NOBODY, 1L);
  };
  int failures = 0;
  for (int n = 1;; ++n) {
    const CountedMemory memory(n);
    {
      Easy easy;
      const CURLcode code = run(easy);
      EXPECT_EQ(code, CountedMemory::has_failed() ? CURLE_OUT_OF_MEMORY : CURLE_OK);
      if (CountedMemory::has_failed()) {
        EXPECT_EQ(run(easy), CURLE_OK) << "the handle works again";
      }
    }
    EXPECT_EQ(CountedMemory::num_live(), 0);
    if (!CountedMemory::has_failed()) break;
    ++failures;
  }
  EXPECT_GT(failures, 6);
}

}  // namespace
}  // namespace hiper
