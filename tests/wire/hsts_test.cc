// HSTS from end to end: https hosts that want to be asked by https only, the requests that follow, the files
// and callbacks that keep what is known, and handles that share it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAsk = "Strict-Transport-Security: max-age=1000\r\n";
constexpr const char* kAskAll = "Strict-Transport-Security: max-age=1000; includeSubDomains\r\n";
constexpr const char* kTakeBack = "Strict-Transport-Security: max-age=0\r\n";

class Hsts : public testing::Test {
 protected:
  Hsts() {
    std::string name = testing::TempDir() + "hsts.XXXXXX";
    folder = mkdtemp(name.data());
    file = folder / "hosts";
    const std::string to_plain = ":80:127.0.0.1:" + std::to_string(plain.port());
    const std::string to_secure = "::127.0.0.1:" + std::to_string(secure.port());
    way = curl_slist_append(curl_slist_append(nullptr, to_plain.c_str()), to_secure.c_str());
  }
  ~Hsts() override {
    curl_slist_free_all(way);
    fs::remove_all(folder);
  }

  /// All names lead to the peers here: port 80 to the plain one, others to the one with TLS. Nobody looks at
  /// the headers, so that the library may skip those that it does not need itself.
  void aim(Handle& handle) const {
    handle.set(CURLOPT_CONNECT_TO, way);
    handle.set(CURLOPT_SSL_VERIFYPEER, 0L);
    handle.set(CURLOPT_SSL_VERIFYHOST, 0L);
    handle.set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
    handle.set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
  }
  std::unique_ptr<Handle> made(bool enabled = true) const {
    auto handle = std::make_unique<Handle>();
    aim(*handle);
    if (enabled) handle->set(CURLOPT_HSTS_CTRL, static_cast<long>(CURLHSTS_ENABLE));
    return handle;
  }
  /// How a transfer of `url` was done: "http", "https", or what went wrong.
  std::string way_of(Handle& handle, const std::string& url) {
    const std::size_t before = secure.requests.size();
    const std::size_t before_plain = plain.requests.size();
    handle.set(CURLOPT_URL, url.c_str());
    const CURLcode code = world.transfer(handle);
    if (code != CURLE_OK) return curl_easy_strerror(code);
    if (plain.requests.size() > before_plain) return "http";
    return secure.requests.size() > before ? "https" : "nobody was asked";
  }
  /// `host` answers by TLS, with these headers.
  void hear(Handle& handle, const std::string& host, const char* headers) {
    secure.expect(always(response("ok", headers)));
    handle.set(CURLOPT_FRESH_CONNECT, 1L);
    handle.set(CURLOPT_FORBID_REUSE, 1L);
    EXPECT_EQ(way_of(handle, "https://" + host + "/"), "https");
    handle.set(CURLOPT_FRESH_CONNECT, 0L);
    handle.set(CURLOPT_FORBID_REUSE, 0L);
  }
  static std::string url_of(const Handle& handle) { return handle.info<char*>(CURLINFO_EFFECTIVE_URL); }
  void put(const fs::path& path, const std::string& text) const { std::ofstream(path) << text; }
  /// The lines of a file that are no comments, each with a '|' behind it.
  static std::string lines(const fs::path& path) {
    std::ifstream stream(path);
    std::string text;
    for (std::string line; std::getline(stream, line);) {
      if (!line.starts_with('#')) text += line + "|";
    }
    return text;
  }

  World world;
  Peer plain{world};
  Peer secure{world, tls_server()};
  fs::path folder;
  fs::path file;
  curl_slist* way;
};

// --- Which requests go by https

TEST_F(Hsts, AHostThatWantsItIsAskedByHttps) {
  const auto handle = made();
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
  hear(*handle, "host.test", kAsk);
  EXPECT_EQ(way_of(*handle, "http://host.test/a?b"), "https");
  EXPECT_EQ(url_of(*handle), "https://host.test/a?b");
  EXPECT_EQ(handle->info<long>(CURLINFO_REDIRECT_COUNT), 0);
  EXPECT_STRCASEEQ(handle->info<char*>(CURLINFO_SCHEME), "https");
  EXPECT_EQ(way_of(*handle, "HOST.test."), "https") << "a guessed scheme, and another spelling";
  EXPECT_EQ(way_of(*handle, "http://other.test/"), "http");
}

TEST_F(Hsts, WithoutTheOptionNothingHappens) {
  const auto handle = made(false);
  hear(*handle, "host.test", kAsk);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
  EXPECT_EQ(url_of(*handle), "http://host.test/");
}

TEST_F(Hsts, ACertificateThatIsCheckedServesAsWell) {
  const auto handle = made();
  trust(*handle);
  handle->set(CURLOPT_SSL_VERIFYPEER, 1L);
  handle->set(CURLOPT_SSL_VERIFYHOST, 2L);
  hear(*handle, "server.test", kAsk);
  EXPECT_EQ(way_of(*handle, "http://server.test/"), "https");
}

TEST_F(Hsts, SubdomainsAreAskedByHttpsIfThatWasSaid) {
  const auto handle = made();
  hear(*handle, "exact.test", kAsk);
  hear(*handle, "all.test", kAskAll);
  EXPECT_EQ(way_of(*handle, "http://www.exact.test/"), "http");
  EXPECT_EQ(way_of(*handle, "http://www.all.test/"), "https");
  EXPECT_EQ(way_of(*handle, "http://wwwall.test/"), "http");
}

TEST_F(Hsts, TheDefaultPortChangesAndOthersStay) {
  const auto handle = made();
  hear(*handle, "host.test", kAsk);
  EXPECT_EQ(way_of(*handle, "http://host.test:80/"), "https");
  EXPECT_EQ(url_of(*handle), "https://host.test/") << "RFC 6797, section 8.3";
  EXPECT_EQ(way_of(*handle, "http://host.test:8080/"), "https");
  EXPECT_EQ(url_of(*handle), "https://host.test:8080/");
  EXPECT_NE(secure.requests.back().find("Host: host.test:8080\r\n"), std::string::npos);
  handle->set(CURLOPT_PORT, 80L);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  EXPECT_NE(secure.requests.back().find("Host: host.test\r\n"), std::string::npos);
}

TEST_F(Hsts, OnlyHttpsMaySaySo) {
  const auto handle = made();
  plain.otherwise(always(response("ok", kAskAll)));
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
}

TEST_F(Hsts, AddressesAreNoHosts) {
  put(file, "127.0.0.1 \"unlimited\"\n");
  const auto handle = made();
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "127.0.0.1", kAskAll);
  EXPECT_EQ(way_of(*handle, "http://127.0.0.1/"), "http");
  hear(*handle, "[::1]", kAskAll);
  EXPECT_EQ(way_of(*handle, "http://[::1]/"), "http");
}

TEST_F(Hsts, TheFirstHeaderOfTheResponseCounts) {
  const auto handle = made();
  hear(*handle, "one.test",
       "Strict-Transport-Security: max-age=100\r\nStrict-Transport-Security: max-age=0\r\n");
  EXPECT_EQ(way_of(*handle, "http://one.test/"), "https");
  hear(*handle, "two.test",
       "Strict-Transport-Security: max-age=x\r\nStrict-Transport-Security: max-age=9\r\n");
  EXPECT_EQ(way_of(*handle, "http://two.test/"), "http") << "RFC 6797, section 8.1";
  secure.expect(
      always("HTTP/1.1 103 Early\r\nStrict-Transport-Security: max-age=9\r\n\r\n" + response("ok")));
  EXPECT_EQ(way_of(*handle, "https://early.test/"), "https");
  EXPECT_EQ(way_of(*handle, "http://early.test/"), "http");
  secure.expect(
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
             "Strict-Transport-Security: max-age=9\r\n\r\n"));
  EXPECT_EQ(way_of(*handle, "https://late.test/"), "https");
  EXPECT_EQ(way_of(*handle, "http://late.test/"), "http");
}

TEST_F(Hsts, AHostCanTakeItBack) {
  const auto handle = made();
  hear(*handle, "host.test", kAskAll);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  hear(*handle, "www.host.test", kTakeBack);
  EXPECT_EQ(way_of(*handle, "http://www.host.test/"), "https") << "only for itself";
  hear(*handle, "host.test", kTakeBack);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
}

TEST_F(Hsts, WhatWasPreparedBeforeIsPreparedAgain) {
  const auto handle = made();
  const auto other = made();
  CURLSH* const share = curl_share_init();
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_HSTS);
  handle->set(CURLOPT_SHARE, share);
  other->set(CURLOPT_SHARE, share);
  handle->set(CURLOPT_URL, "http://host.test/");
  for (int round = 0; round < 2; ++round) {  // between them, no option of the handle changes
    EXPECT_EQ(world.transfer(*handle), CURLE_OK);
    EXPECT_EQ(url_of(*handle), "http://host.test/");
    hear(*other, "host.test", kAsk);
    EXPECT_EQ(world.transfer(*handle), CURLE_OK);
    EXPECT_EQ(url_of(*handle), "https://host.test/");
    EXPECT_EQ(world.transfer(*handle), CURLE_OK);
    EXPECT_EQ(url_of(*handle), "https://host.test/");
    hear(*other, "host.test", kTakeBack);
  }
  hear(*other, "host.test", kAsk);
  handle->set(CURLOPT_HSTS_CTRL, 0L);
  EXPECT_EQ(world.transfer(*handle), CURLE_OK);
  EXPECT_EQ(url_of(*handle), "http://host.test/");
  handle->set(CURLOPT_SHARE, static_cast<void*>(nullptr));
  other->set(CURLOPT_SHARE, static_cast<void*>(nullptr));
  EXPECT_EQ(curl_share_cleanup(share), CURLSHE_OK);
}

TEST_F(Hsts, WhatIsAllowedIsAskedAboutTheRealProtocol) {
  const auto handle = made();
  hear(*handle, "host.test", kAsk);
  handle->set(CURLOPT_PROTOCOLS_STR, "https");
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  handle->set(CURLOPT_PROTOCOLS_STR, "http");
  handle->set(CURLOPT_URL, "http://host.test/");
  EXPECT_EQ(world.transfer(*handle), CURLE_UNSUPPORTED_PROTOCOL);
}

// --- Redirects and rounds

TEST_F(Hsts, RedirectsAreFollowedByHttps) {
  const auto handle = made();
  handle->set(CURLOPT_FOLLOWLOCATION, 1L);
  handle->set(CURLOPT_MAXREDIRS, 1L);
  handle->set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
  hear(*handle, "host.test", kAsk);
  secure.expect(once(response("", "Location: http://host.test:80/a?b#c\r\n", "302 Found")));
  EXPECT_EQ(way_of(*handle, "https://start.test/"), "https");
  EXPECT_EQ(url_of(*handle), "https://host.test/a?b#c");
  EXPECT_EQ(handle->info<long>(CURLINFO_REDIRECT_COUNT), 1);
  EXPECT_TRUE(secure.requests.back().starts_with("GET /a?b HTTP/1.1\r\n"));
  handle->set(CURLOPT_FOLLOWLOCATION, 0L);
  secure.expect(once(response("", "Location: http://host.test/\r\n", "302 Found")));
  EXPECT_EQ(way_of(*handle, "https://start2.test/"), "https");
  EXPECT_STREQ(handle->info<char*>(CURLINFO_REDIRECT_URL), "http://host.test/");
}

TEST_F(Hsts, ARedirectMayTellTheHostThatItLeadsTo) {
  const auto handle = made();
  handle->set(CURLOPT_FOLLOWLOCATION, 1L);
  const std::string headers = std::string(kAsk) + "Location: http://host.test/next\r\n";
  secure.expect({request(), send(response("", headers, "302 Found")), request(), send(response("there")),
                 client_gone()});
  EXPECT_EQ(way_of(*handle, "https://host.test/"), "https");
  EXPECT_EQ(handle->body, "there");
  EXPECT_EQ(secure.num_accepted(), 1u) << "on the same connection";
}

TEST_F(Hsts, ARedirectWithinTheOriginKeepsItsCredentials) {
  const auto handle = made();
  handle->set(CURLOPT_FOLLOWLOCATION, 1L);
  handle->set(CURLOPT_USERPWD, "me:secret");
  hear(*handle, "host.test", kAsk);
  const std::string moved = response("", "Location: http://host.test/next\r\n", "302 Found");
  secure.expect({request(), send(moved), request(), send(response("ok")), client_gone()});
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  EXPECT_NE(secure.requests.back().find("GET /next"), std::string::npos);
  EXPECT_NE(secure.requests.back().find("Authorization: Basic"), std::string::npos);
}

TEST_F(Hsts, TheSecondRoundOfAnAuthenticationStaysWhereItWas) {
  const auto handle = made();
  handle->set(CURLOPT_USERPWD, "me:secret");
  handle->set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC | CURLAUTH_BEARER);
  hear(*handle, "host.test", kAsk);
  const std::string asks =
      response("", std::string(kTakeBack) + "WWW-Authenticate: Basic realm=\"x\"\r\n", "401 Who");
  secure.expect({request(), send(asks), request(), send(response("ok")), client_gone()});
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  EXPECT_EQ(handle->status(), 200);
  EXPECT_NE(secure.requests.back().find("Authorization: Basic"), std::string::npos);
  EXPECT_TRUE(plain.requests.empty());
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http") << "but it was taken back";
}

// --- Files

TEST_F(Hsts, AFileIsReadAndWritten) {
  put(file, "# comment\n.known.test \"20391121 12:21:40\"\nold.test \"20011121 12:21:40\"\n");
  auto handle = made(false);
  EXPECT_EQ(handle->set(CURLOPT_HSTS, file.c_str()), CURLE_OK);
  EXPECT_EQ(way_of(*handle, "http://www.known.test/"), "https");
  EXPECT_EQ(way_of(*handle, "http://old.test/"), "http");
  hear(*handle, "unlimited.test", "Strict-Transport-Security: max-age=999999999999\r\n");
  EXPECT_EQ(lines(file), ".known.test \"20391121 12:21:40\"|old.test \"20011121 12:21:40\"|") << "not yet";
  handle.reset();
  EXPECT_EQ(lines(file), ".known.test \"20391121 12:21:40\"|unlimited.test \"unlimited\"|");
}

TEST_F(Hsts, AFileThatIsNotThereIsMade) {
  auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  handle.reset();
  EXPECT_FALSE(fs::exists(file)) << "there was no transfer";
  handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "host.test", kAskAll);
  handle.reset();
  EXPECT_TRUE(lines(file).starts_with(".host.test \"20")) << lines(file);
}

TEST_F(Hsts, AFileMayBeReadOnly) {
  put(file, "known.test \"unlimited\"\n");
  for (const bool file_first : {false, true}) {
    auto handle = made(false);
    if (file_first) handle->set(CURLOPT_HSTS, file.c_str());
    handle->set(CURLOPT_HSTS_CTRL, static_cast<long>(CURLHSTS_ENABLE | CURLHSTS_READONLYFILE));
    if (!file_first) handle->set(CURLOPT_HSTS, file.c_str());
    EXPECT_EQ(way_of(*handle, "http://known.test/"), "https");
    hear(*handle, "host.test", kAsk);
    handle.reset();
    EXPECT_EQ(lines(file), "known.test \"unlimited\"|");
  }
}

TEST_F(Hsts, OfSeveralFilesAllAreReadAndTheLastIsWritten) {
  const fs::path second = folder / "second";
  put(file, "first.test \"unlimited\"\n");
  put(second, "second.test \"unlimited\"\n");
  auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  handle->set(CURLOPT_HSTS, second.c_str());
  EXPECT_EQ(way_of(*handle, "http://first.test/"), "https");
  EXPECT_EQ(way_of(*handle, "http://second.test/"), "https");
  handle.reset();
  EXPECT_EQ(lines(file), "first.test \"unlimited\"|");
  EXPECT_EQ(lines(second), "first.test \"unlimited\"|second.test \"unlimited\"|");
}

TEST_F(Hsts, NoFileSwitchesItOnAllTheSame) {
  for (const char* const none : {static_cast<const char*>(nullptr), ""}) {
    put(file, "known.test \"unlimited\"\n");
    auto handle = made(false);
    handle->set(CURLOPT_HSTS, file.c_str());
    EXPECT_EQ(handle->set(CURLOPT_HSTS, none), CURLE_OK);
    EXPECT_EQ(way_of(*handle, "http://known.test/"), "https");
    hear(*handle, "host.test", kAsk);
    EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
    handle.reset();
    EXPECT_EQ(lines(file), "known.test \"unlimited\"|");
  }
}

TEST_F(Hsts, ThatItIsSwitchedOffForgetsAll) {
  put(file, "known.test \"unlimited\"\n");
  auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "host.test", kAsk);
  handle->set(CURLOPT_HSTS_CTRL, 0L);
  EXPECT_EQ(way_of(*handle, "http://known.test/"), "http");
  handle->set(CURLOPT_HSTS_CTRL, static_cast<long>(CURLHSTS_ENABLE));
  EXPECT_EQ(way_of(*handle, "http://known.test/"), "http");
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
  handle.reset();
  EXPECT_EQ(lines(file), "known.test \"unlimited\"|") << "and the file is left alone";
  handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "host.test", kAsk);
  handle->set(CURLOPT_HSTS_CTRL, 0L);
  handle.reset();
  EXPECT_EQ(lines(file), "known.test \"unlimited\"|");
}

TEST_F(Hsts, WhatCannotBeReadIsNotReplaced) {
  fs::create_directory(file);
  auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "host.test", kAsk);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  handle.reset();
  EXPECT_TRUE(fs::is_directory(file));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

TEST_F(Hsts, AFileIsReadOnce) {
  put(file, "host.test \"unlimited\"\n");
  const auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "https");
  hear(*handle, "host.test", kTakeBack);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http") << "what was taken back does not come back";
}

// --- Reset and duplicates

TEST_F(Hsts, AResetKeepsWhatIsKnown) {
  auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "host.test", kAsk);
  curl_easy_reset(handle->curl);
  handle->set(CURLOPT_PROTOCOLS_STR, "http");
  handle->set(CURLOPT_URL, "http://host.test/");
  EXPECT_EQ(curl_easy_perform(handle->curl), CURLE_UNSUPPORTED_PROTOCOL) << "that is https";
  handle.reset();
  EXPECT_TRUE(lines(file).starts_with("host.test \"20")) << lines(file);
}

TEST_F(Hsts, ADuplicateReadsTheFilesAndLearnsByItself) {
  put(file, "known.test \"unlimited\"\n");
  auto handle = made(false);
  handle->set(CURLOPT_HSTS, file.c_str());
  hear(*handle, "host.test", kAsk);
  CURL* const copy = curl_easy_duphandle(handle->curl);
  const std::string closed = "::127.0.0.1:" + std::to_string(std::make_unique<Peer>(world)->port());
  curl_slist* const nowhere = curl_slist_append(nullptr, closed.c_str());
  curl_easy_setopt(copy, CURLOPT_CONNECT_TO, nowhere);
  curl_easy_setopt(copy, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(copy, CURLOPT_URL, "http://known.test/");
  EXPECT_EQ(curl_easy_perform(copy), CURLE_UNSUPPORTED_PROTOCOL) << "that is https";
  curl_easy_setopt(copy, CURLOPT_URL, "http://host.test/");
  EXPECT_EQ(curl_easy_perform(copy), CURLE_COULDNT_CONNECT) << "that is http";
  curl_easy_cleanup(copy);
  curl_slist_free_all(nowhere);
  EXPECT_EQ(lines(file), "known.test \"unlimited\"|");
}

// --- Callbacks

/// The application's own store.
struct Store {
  struct Entry {
    const char* name;
    bool subdomains;
    const char* expire;
  };
  static CURLSTScode read(CURL*, curl_hstsentry* entry, void* self) {
    Store& store = *static_cast<Store*>(self);
    ++store.num_reads;
    EXPECT_GE(entry->namelen, 253u);
    EXPECT_EQ(entry->includeSubDomains, 0u);
    EXPECT_STREQ(entry->expire, "");
    if (store.at == store.entries.size()) {
      store.at = 0;
      return store.last;
    }
    const Entry& next = store.entries[store.at++];
    std::strcpy(entry->name, next.name);
    entry->includeSubDomains = next.subdomains ? 1 : 0;
    std::strcpy(entry->expire, next.expire);
    return CURLSTS_OK;
  }
  static CURLSTScode write(CURL*, curl_hstsentry* entry, curl_index* index, void* self) {
    Store& store = *static_cast<Store*>(self);
    EXPECT_EQ(std::strlen(entry->name), entry->namelen);
    store.written += std::to_string(index->index) + "/" + std::to_string(index->total) + " " +
                     (entry->includeSubDomains != 0 ? "." : "") + entry->name + " " + entry->expire + "|";
    return store.answer;
  }
  void serve(Handle& handle) {
    handle.set(CURLOPT_HSTSREADFUNCTION, &Store::read);
    handle.set(CURLOPT_HSTSREADDATA, static_cast<void*>(this));
    handle.set(CURLOPT_HSTSWRITEFUNCTION, &Store::write);
    handle.set(CURLOPT_HSTSWRITEDATA, static_cast<void*>(this));
  }
  std::vector<Entry> entries;
  std::size_t at = 0;
  CURLSTScode last = CURLSTS_DONE;
  int num_reads = 0;
  CURLSTScode answer = CURLSTS_OK;
  std::string written;
};

TEST_F(Hsts, TheApplicationGivesAndTakes) {
  Store store;
  store.entries = {{"one.test", false, ""},
                   {".two.test", false, "20391121 12:21:40"},
                   {"THREE.test", true, "unlimited"},
                   {"bad.test", false, "no date"},
                   {"old.test", false, "20011121 12:21:40"},
                   {"127.0.0.1", false, ""},
                   {"bad\n.test", false, ""}};
  auto handle = made();
  store.serve(*handle);
  EXPECT_EQ(way_of(*handle, "http://one.test/"), "https");
  EXPECT_EQ(store.num_reads, 8);
  EXPECT_EQ(way_of(*handle, "http://www.two.test/"), "https");
  EXPECT_EQ(store.num_reads, 16) << "each transfer asks again";
  EXPECT_EQ(way_of(*handle, "http://www.three.test/"), "https");
  EXPECT_EQ(way_of(*handle, "http://bad.test/"), "http");
  EXPECT_EQ(store.written, "");
  handle.reset();
  EXPECT_EQ(store.written,
            "0/3 one.test unlimited|1/3 .two.test 20391121 12:21:40|2/3 .three.test unlimited|");
}

TEST_F(Hsts, ARedirectDoesNotAskTheApplicationAgain) {
  Store store;
  const auto handle = made();
  store.serve(*handle);
  handle->set(CURLOPT_FOLLOWLOCATION, 1L);
  plain.expect(once(response("", "Location: http://other.test/\r\n", "302 Found")));
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
  EXPECT_EQ(store.num_reads, 1);
}

TEST_F(Hsts, AFailingReadCallbackStopsTheTransfer) {
  Store store;
  store.entries = {{"one.test", false, ""}};
  store.last = CURLSTS_FAIL;
  auto handle = made();
  store.serve(*handle);
  handle->set(CURLOPT_URL, "http://host.test/");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(world.transfer(*handle), CURLE_ABORTED_BY_CALLBACK);
    EXPECT_STRNE(handle->error, "");
  }
  EXPECT_TRUE(plain.requests.empty());
  store.last = CURLSTS_DONE;
  EXPECT_EQ(way_of(*handle, "http://one.test/"), "https");
  store.entries = {{"", false, ""}};
  handle->set(CURLOPT_URL, "http://host.test/");
  EXPECT_EQ(world.transfer(*handle), CURLE_BAD_FUNCTION_ARGUMENT) << "a name is missing";
}

TEST_F(Hsts, WithoutHstsNoCallbackIsCalled) {
  Store store;
  auto handle = made(false);
  store.serve(*handle);
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
  handle.reset();
  EXPECT_EQ(store.num_reads, 0);
  EXPECT_EQ(store.written, "");
}

TEST_F(Hsts, AWriteCallbackThatHasEnoughIsCalledNoMore) {
  for (const CURLSTScode answer : {CURLSTS_DONE, CURLSTS_FAIL}) {
    fs::remove(file);
    Store store;
    store.entries = {{"one.test", false, ""}, {"two.test", false, ""}};
    store.answer = answer;
    auto handle = made(false);
    handle->set(CURLOPT_HSTS, file.c_str());
    store.serve(*handle);
    EXPECT_EQ(way_of(*handle, "http://one.test/"), "https");
    handle.reset();
    EXPECT_EQ(store.written, "0/2 one.test unlimited|");
    EXPECT_EQ(lines(file), "one.test \"unlimited\"|two.test \"unlimited\"|")
        << "the file is written all the same";
  }
}

TEST_F(Hsts, ANameThatFillsTheRoomIsCut) {
  auto handle = made();
  const curl_hstsread_callback fill = [](CURL*, curl_hstsentry* entry, void* asked) {
    if (std::exchange(*static_cast<bool*>(asked), true)) return CURLSTS_DONE;
    std::memset(entry->name, 'a', entry->namelen);
    std::memset(entry->expire, '9', sizeof entry->expire);
    return CURLSTS_OK;
  };
  bool asked = false;
  handle->set(CURLOPT_HSTSREADFUNCTION, fill);
  handle->set(CURLOPT_HSTSREADDATA, static_cast<void*>(&asked));
  EXPECT_EQ(way_of(*handle, "http://host.test/"), "http");
}

TEST_F(Hsts, AReadCallbackThatNeverEndsIsStopped) {
  auto handle = made();
  const curl_hstsread_callback same = [](CURL*, curl_hstsentry* entry, void*) {
    std::strcpy(entry->name, "same.test");
    return CURLSTS_OK;
  };
  handle->set(CURLOPT_HSTSREADFUNCTION, same);
  EXPECT_EQ(way_of(*handle, "http://same.test/"), "https");
}

// --- Sharing

struct Locks {
  static void lock(CURL*, curl_lock_data kind, curl_lock_access, void* self) {
    Locks& locks = *static_cast<Locks*>(self);
    EXPECT_FALSE(locks.held[kind]) << kind;
    locks.held[kind] = true;
    ++locks.taken[kind];
  }
  static void unlock(CURL*, curl_lock_data kind, void* self) {
    Locks& locks = *static_cast<Locks*>(self);
    EXPECT_TRUE(locks.held[kind]) << kind;
    locks.held[kind] = false;
  }
  bool held[CURL_LOCK_DATA_LAST] = {};
  int taken[CURL_LOCK_DATA_LAST] = {};
};

TEST_F(Hsts, HandlesShareWhatTheyKnow) {
  Locks locks;
  CURLSH* const share = curl_share_init();
  curl_share_setopt(share, CURLSHOPT_LOCKFUNC, &Locks::lock);
  curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, &Locks::unlock);
  curl_share_setopt(share, CURLSHOPT_USERDATA, static_cast<void*>(&locks));
  EXPECT_EQ(curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_HSTS), CURLSHE_OK);
  EXPECT_EQ(curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_PSL), CURLSHE_OK);
  put(file, "known.test \"unlimited\"\n");
  auto one = made(false);
  auto two = made(false);  // the share alone switches HSTS on
  auto off = made(false);
  for (Handle* const handle : {one.get(), two.get(), off.get()}) handle->set(CURLOPT_SHARE, share);
  one->set(CURLOPT_HSTS, file.c_str());
  off->set(CURLOPT_HSTS_CTRL, 0L);
  hear(*one, "host.test", kAsk);
  EXPECT_EQ(way_of(*two, "http://host.test/"), "https");
  EXPECT_EQ(way_of(*two, "http://known.test/"), "https");
  EXPECT_EQ(way_of(*off, "http://host.test/"), "http");
  hear(*two, "second.test", kAsk);
  one.reset();
  EXPECT_NE(lines(file).find("second.test"), std::string::npos) << "the file has what the share knows";
  EXPECT_EQ(way_of(*two, "http://host.test/"), "https") << "it outlives the handle";
  two->set(CURLOPT_SHARE, static_cast<void*>(nullptr));
  EXPECT_EQ(way_of(*two, "http://host.test/"), "http");
  two.reset();
  off.reset();
  EXPECT_GT(locks.taken[CURL_LOCK_DATA_HSTS], 0);
  EXPECT_EQ(std::count(std::begin(locks.held), std::end(locks.held), true), 0);
  EXPECT_EQ(curl_share_cleanup(share), CURLSHE_OK);
}

TEST_F(Hsts, FilesAreReadIntoTheShareThatIsJoinedLater) {
  put(file, "known.test \"unlimited\"\n");
  CURLSH* const share = curl_share_init();
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_HSTS);
  {
    const auto handle = made(false);
    handle->set(CURLOPT_HSTS, file.c_str());
    EXPECT_EQ(way_of(*handle, "http://known.test/"), "https");
    handle->set(CURLOPT_SHARE, share);
    EXPECT_EQ(way_of(*handle, "http://known.test/"), "https");
    handle->set(CURLOPT_SHARE, static_cast<void*>(nullptr));
    EXPECT_EQ(way_of(*handle, "http://known.test/"), "https");
  }
  EXPECT_EQ(curl_share_cleanup(share), CURLSHE_OK);
}

TEST_F(Hsts, TheLibrarySaysThatItCan) {
  const curl_version_info_data* const info = curl_version_info(CURLVERSION_NOW);
  EXPECT_NE(info->features & CURL_VERSION_HSTS, 0);
  bool named = false;
  for (const char* const* name = info->feature_names; *name != nullptr; ++name) {
    named = named || std::strcmp(*name, "HSTS") == 0;
  }
  EXPECT_TRUE(named);
}

// --- Memory

/// Reads the file, meets its host, and writes it; nobody is asked, as http is all that is allowed.
CURLcode meet_known_host(const char* file) {
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) return CURLE_OUT_OF_MEMORY;
  CURLcode code = curl_easy_setopt(easy, CURLOPT_HSTS, file);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_URL, "http://a.host.with.a.long.name.known.test/");
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
  if (code == CURLE_OK) code = curl_easy_perform(easy);
  curl_easy_cleanup(easy);
  return code;
}

TEST(HstsMemory, EveryAllocationMayFail) {
  std::string folder = testing::TempDir() + "hsts.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string file = folder + "/hosts";
  const std::string known = ".with.a.long.name.known.test \"unlimited\"";
  Faults::install();
  bool struck = true;
  for (long n = 1; struck; ++n) {
    SCOPED_TRACE(n);
    std::ofstream(file) << known << "\n";
    const long live = Faults::num_live();
    Faults::arm(n, Faults::How::once);
    const CURLcode code = in_library([&] { return meet_known_host(file.c_str()); });
    struck = Faults::struck();
    Faults::disarm();
    EXPECT_EQ(Faults::num_live(), live);
    EXPECT_TRUE(code == CURLE_UNSUPPORTED_PROTOCOL || (struck && code == CURLE_OUT_OF_MEMORY)) << code;
    std::ifstream stream(file);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_NE(text.find(known), std::string::npos) << "what is not written is not lost";
    ASSERT_LT(n, 2000);
  }
  Faults::uninstall();
  fs::remove_all(folder);
}

}  // namespace
}  // namespace hiper::wire
