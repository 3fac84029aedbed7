// The cookie engine end to end: what servers set, what goes back to whom, files, commands, shares.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "unit/stream/tls_fixture.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

std::string set_cookies(std::initializer_list<const char*> values) {
  std::string headers;
  for (const char* const value : values) headers += std::string("Set-Cookie: ") + value + "\r\n";
  return headers;
}

/// The values of all Cookie lines of a request, "|" between them.
std::string cookies_of(const std::string& request) {
  std::string found;
  const std::string name = "\r\nCookie:";
  for (std::size_t at = request.find(name); at != request.npos; at = request.find(name, at + 1)) {
    const std::size_t start = at + name.size();
    const std::string value = request.substr(start, request.find("\r\n", start) - start);
    if (!found.empty()) found += "|";
    found += value.starts_with(' ') ? value.substr(1) : value;
  }
  return found;
}

class Cookies : public testing::Test {
 protected:
  Cookies() {
    char pattern[] = "/tmp/hiper-cookies-XXXXXX";
    directory_ = mkdtemp(pattern);
    jar = directory_ + "/jar";
    // Every host is the peer.
    const std::string entry = "::127.0.0.1:" + std::to_string(peer.port());
    to_peer_ = curl_slist_append(nullptr, entry.c_str());
  }
  ~Cookies() override {
    std::filesystem::remove_all(directory_);
    curl_slist_free_all(to_peer_);
    curl_slist_free_all(headers_);
  }

  void prepare(Handle& handle) { handle.set(CURLOPT_CONNECT_TO, to_peer_); }
  void prepare_with_engine(Handle& handle) {
    prepare(handle);
    handle.set(CURLOPT_COOKIEFILE, "");
  }
  /// One transfer to `url`; the cookies that went with its requests, ", " between them.
  std::string get(Handle& handle, const std::string& url) {
    handle.set(CURLOPT_URL, url.c_str());
    peer.requests.clear();
    EXPECT_EQ(world.transfer(handle), CURLE_OK) << handle.error;
    std::string sent;
    for (std::size_t i = 0; i < peer.requests.size(); ++i) {
      if (i > 0) sent += ", ";
      sent += cookies_of(peer.requests[i]);
    }
    return sent;
  }
  /// The server sets cookies in answer to this request.
  void receive(Handle& handle, const std::string& url, std::initializer_list<const char*> values) {
    peer.forget();
    peer.otherwise(always(response("ok", set_cookies(values))));
    get(handle, url);
    peer.forget();
    peer.otherwise(always(response("ok")));
  }
  void header(Handle& handle, const char* line) {
    curl_slist_free_all(headers_);
    headers_ = line != nullptr ? curl_slist_append(nullptr, line) : nullptr;
    handle.set(CURLOPT_HTTPHEADER, headers_);
  }
  static std::string list(const Handle& handle) {
    auto* const all = handle.info<curl_slist*>(CURLINFO_COOKIELIST);
    std::string text;
    for (const curl_slist* item = all; item != nullptr; item = item->next)
      text += std::string(item->data) + "\n";
    curl_slist_free_all(all);
    return text;
  }
  static std::string text_of(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(name).rdbuf();
    return text.str();
  }
  std::string write(const char* file, const std::string& text) const {
    const std::string name = directory_ + "/" + file;
    std::ofstream(name) << text;
    return name;
  }
  static std::string line(const std::string& name_and_value, const char* expires = "0") {
    return "www.example.com\tFALSE\t/\tFALSE\t" + std::string(expires) + "\t" + name_and_value + "\n";
  }

  World world;
  Peer peer{world};
  std::string directory_;
  std::string jar;
  curl_slist* to_peer_ = nullptr;
  curl_slist* headers_ = nullptr;
};

const char* const kSite = "http://www.example.com/";

TEST_F(Cookies, ComeBackToTheHostThatSetThem) {
  Handle handle;
  prepare_with_engine(handle);
  receive(handle, kSite, {"a=1", "b=2; path=/sub", "c=3; domain=example.com", "d=4; domain=other.com"});
  EXPECT_EQ(get(handle, kSite), "a=1; c=3");
  EXPECT_EQ(get(handle, "http://www.example.com/sub/x"), "b=2; a=1; c=3");
  EXPECT_EQ(get(handle, "http://example.com/"), "c=3");
  EXPECT_EQ(get(handle, "http://WWW.Example.com:99/"), "a=1; c=3") << "ports do not matter";
  EXPECT_EQ(get(handle, "http://other.com/"), "");
}

TEST_F(Cookies, AreNotTakenUnlessAskedFor) {
  Handle handle;
  prepare(handle);
  receive(handle, kSite, {"a=1"});
  EXPECT_EQ(get(handle, kSite), "");
  EXPECT_EQ(list(handle), "");
}

TEST_F(Cookies, EveryWayToSwitchTheEngineOn) {
  const std::pair<CURLoption, std::string> ways[] = {{CURLOPT_COOKIEFILE, ""},
                                                     {CURLOPT_COOKIEFILE, directory_ + "/missing"},
                                                     {CURLOPT_COOKIEJAR, jar},
                                                     {CURLOPT_COOKIELIST, "no cookie at all"}};
  for (const auto& [option, value] : ways) {
    SCOPED_TRACE(value);
    Handle handle;
    prepare(handle);
    handle.set(option, value.c_str());
    receive(handle, kSite, {"a=1"});
    EXPECT_EQ(get(handle, kSite), "a=1");
    handle.set(CURLOPT_COOKIEFILE, nullptr);
    EXPECT_EQ(list(handle), "") << "and off again";
    receive(handle, kSite, {"a=1"});
    EXPECT_EQ(get(handle, kSite), "");
  }
  for (const char* const command : {"ALL", "SESS", "FLUSH", "RELOAD"}) {
    Handle handle;
    prepare(handle);
    EXPECT_EQ(handle.set(CURLOPT_COOKIELIST, command), CURLE_OK);
    receive(handle, kSite, {"a=1"});
    EXPECT_EQ(list(handle), "") << command;
  }
}

TEST_F(Cookies, OneLineHasThoseOfTheEngineAndTheApplications) {
  Handle handle;
  prepare_with_engine(handle);
  receive(handle, kSite, {"a=1", "b=2"});
  handle.set(CURLOPT_COOKIE, "own=3; two=4");
  EXPECT_EQ(get(handle, kSite), "b=2; a=1; own=3; two=4");
  EXPECT_EQ(get(handle, "http://other.com/"), "own=3; two=4");
  handle.set(CURLOPT_COOKIE, "");
  EXPECT_EQ(get(handle, kSite), "b=2; a=1");
  header(handle, "Cookie: c=5");
  EXPECT_EQ(get(handle, kSite), "b=2; a=1|c=5");
  header(handle, "Cookie:");
  EXPECT_EQ(get(handle, kSite), "b=2; a=1");
}

TEST_F(Cookies, AnswerMayBeReadByteByByteAndInACallback) {
  Handle handle;
  prepare_with_engine(handle);
  peer.otherwise({request(), trickle(response("ok", set_cookies({"a=1"}))), again()});
  get(handle, kSite);
  EXPECT_EQ(get(handle, kSite), "a=1");
  // With nobody to look at headers they come in bulk.
  Handle quiet;
  prepare_with_engine(quiet);
  quiet.set(CURLOPT_HEADERFUNCTION, nullptr);
  quiet.set(CURLOPT_HEADERDATA, nullptr);
  receive(quiet, kSite, {"b=2"});
  EXPECT_EQ(get(quiet, kSite), "b=2");
}

TEST_F(Cookies, FiftyOfOneResponseCount) {
  Handle handle;
  prepare_with_engine(handle);
  std::string headers;
  for (int i = 0; i < 60; ++i) headers += "Set-Cookie: c" + std::to_string(i) + "=1\r\n";
  peer.otherwise(always(response("ok", headers)));
  get(handle, kSite);
  const std::string all = list(handle);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 50);
}

TEST_F(Cookies, AreChosenAnewForEachRequestOfOneHandle) {
  Handle handle;
  prepare_with_engine(handle);
  EXPECT_EQ(get(handle, kSite), "");
  handle.set(CURLOPT_COOKIELIST, "Set-Cookie: a=1; domain=www.example.com");
  EXPECT_EQ(get(handle, kSite), "a=1") << "although the rest of the head is kept";
  handle.set(CURLOPT_COOKIELIST, "ALL");
  EXPECT_EQ(get(handle, kSite), "");
}

// --- Redirects

TEST_F(Cookies, OnARedirectGoToWhomTheyBelong) {
  Handle handle;
  prepare_with_engine(handle);
  handle.set(CURLOPT_FOLLOWLOCATION, 1L);
  handle.set(CURLOPT_COOKIE, "own=1");
  handle.set(CURLOPT_COOKIELIST, "Set-Cookie: o=other; domain=other.com");
  handle.set(CURLOPT_COOKIELIST, "Set-Cookie: s=same; domain=www.example.com");
  const auto chain = [](std::initializer_list<const char*> targets) {
    Script script;
    for (const char* const target : targets) {
      script.push_back(request());
      script.push_back(send(response("", std::string("Location: ") + target + "\r\n", "302 Found")));
    }
    script.push_back(request());
    script.push_back(send(response("ok")));
    script.push_back(again());
    return script;
  };
  // Each host has a connection of its own, so each answers as its place in the chain wants.
  peer.expect({request(), send(response("", "Location: http://other.com/\r\n", "302 Found")), client_gone()});
  peer.expect({request(), send(response("", "Location: http://www.example.com/back\r\n", "302 Found")),
               client_gone()});
  peer.otherwise(always(response("ok")));
  handle.set(CURLOPT_FORBID_REUSE, 1L);
  EXPECT_EQ(get(handle, kSite), "s=same; own=1, o=other, s=same; own=1");
  handle.set(CURLOPT_FORBID_REUSE, 0L);
  peer.otherwise(chain({"/x"}));
  EXPECT_EQ(get(handle, kSite), "s=same; own=1, s=same; own=1");
}

TEST_F(Cookies, SetByARedirectGoWithTheNextRequest) {
  Handle handle;
  prepare_with_engine(handle);
  handle.set(CURLOPT_FOLLOWLOCATION, 1L);
  peer.expect(
      {request(),
       send(response("", set_cookies({"n=1", "p=2; path=/next"}) + "Location: /next\r\n", "302 Found")),
       request(), send(response("ok")), client_gone()});
  EXPECT_EQ(get(handle, kSite), ", p=2; n=1");
}

TEST_F(Cookies, AHostHeaderOfTheApplicationCountsWhereItIsSent) {
  Handle handle;
  prepare_with_engine(handle);
  handle.set(CURLOPT_COOKIELIST, "Set-Cookie: o=other; domain=other.com");
  header(handle, "Host: www.example.com:8080");
  receive(handle, "http://some.where/", {"a=1"});
  EXPECT_NE(list(handle).find("\n" + line("a\t1")), std::string::npos) << list(handle);
  EXPECT_EQ(get(handle, "http://some.where/"), "a=1");
  handle.set(CURLOPT_FOLLOWLOCATION, 1L);
  peer.expect({request(), send(response("", "Location: http://other.com/\r\n", "302 Found")), client_gone()});
  EXPECT_EQ(get(handle, "http://where.else/"), "a=1, o=other");
}

// --- Secure

TEST_F(Cookies, SecureOnesGoOverTlsAndToThisMachineOnly) {
  Handle handle;
  prepare_with_engine(handle);
  receive(handle, kSite, {"a=1; secure", "__Secure-b=1"});
  EXPECT_EQ(list(handle), "") << "an insecure server may not set them";
  for (const char* const local : {"http://localhost/", "http://127.0.0.1/", "http://[::1]/"}) {
    handle.set(CURLOPT_COOKIELIST, "ALL");
    receive(handle, local, {"a=1; secure"});
    EXPECT_EQ(get(handle, local), "a=1");
  }
  OwnedSslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), good_server().certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), good_server().key.get());
  Peer secure(world, context.get());
  secure.otherwise(always(response("ok", set_cookies({"s=1; secure", "__Host-h=2; secure; path=/"}))));
  const std::string entry = ":443:127.0.0.1:" + std::to_string(secure.port());
  curl_slist* const both = curl_slist_append(curl_slist_append(nullptr, entry.c_str()), to_peer_->data);
  handle.set(CURLOPT_CONNECT_TO, both);
  handle.set(CURLOPT_SSL_VERIFYPEER, 0L);
  handle.set(CURLOPT_SSL_VERIFYHOST, 0L);
  get(handle, "https://www.example.com/");
  get(handle, "https://www.example.com/");
  EXPECT_EQ(cookies_of(secure.requests.back()), "__Host-h=2; s=1");
  EXPECT_EQ(get(handle, kSite), "");
  receive(handle, kSite, {"s=evil"});
  get(handle, "https://www.example.com/");
  EXPECT_EQ(cookies_of(secure.requests.back()), "__Host-h=2; s=1");
  handle.set(CURLOPT_CONNECT_TO, to_peer_);
  curl_slist_free_all(both);
}

// --- Files and commands

TEST_F(Cookies, FilesAreReadWhenATransferBegins) {
  const std::string one =
      write("one", "# Netscape HTTP Cookie File\n" + line("x\t1") + line("y\t2", "2000000000"));
  const std::string two = write("two", line("x\t9") + "Set-Cookie: z=3; domain=www.example.com\n");
  Handle handle;
  prepare(handle);
  handle.set(CURLOPT_COOKIEFILE, one.c_str());
  handle.set(CURLOPT_COOKIEFILE, two.c_str());
  EXPECT_EQ(list(handle), "");
  EXPECT_EQ(get(handle, kSite), "z=3; y=2; x=9");
  receive(handle, kSite, {"x=; max-age=0"});
  EXPECT_EQ(get(handle, kSite), "z=3; y=2") << "what a server deletes does not come back";
  handle.set(CURLOPT_COOKIELIST, "SESS");
  EXPECT_EQ(get(handle, kSite), "y=2");
  handle.set(CURLOPT_COOKIELIST, "ALL");
  EXPECT_EQ(get(handle, kSite), "");
  handle.set(CURLOPT_COOKIELIST, "RELOAD");
  EXPECT_EQ(get(handle, kSite), "z=3; y=2; x=9");
  receive(handle, kSite, {"y=new"});
  handle.set(CURLOPT_COOKIELIST, "RELOAD");
  EXPECT_EQ(get(handle, kSite), "z=3; y=new; x=9") << "files do not replace what is newer";
}

TEST_F(Cookies, ANewSessionLeavesTheOldOnesCookies) {
  const std::string file = write("file", line("x\t1") + line("y\t2", "2000000000"));
  Handle handle;
  prepare(handle);
  handle.set(CURLOPT_COOKIESESSION, 1L);
  handle.set(CURLOPT_COOKIEFILE, file.c_str());
  handle.set(CURLOPT_COOKIELIST, line("z\t3").c_str());
  EXPECT_EQ(get(handle, kSite), "y=2; z=3");
}

TEST_F(Cookies, TheJarIsWrittenAtTheEndAndOnDemand) {
  {
    Handle handle;
    prepare(handle);
    handle.set(CURLOPT_COOKIEJAR, jar.c_str());
    receive(handle, kSite, {"a=1", "b=2; httponly; domain=example.com", "gone=1; max-age=0"});
    EXPECT_FALSE(std::filesystem::exists(jar));
    EXPECT_EQ(handle.set(CURLOPT_COOKIELIST, "FLUSH"), CURLE_OK);
    const std::string flushed = text_of(jar);
    EXPECT_NE(
        flushed.find(
            "\n#HttpOnly_.example.com\tTRUE\t/\tFALSE\t0\tb\t2\nwww.example.com\tFALSE\t/\tFALSE\t0\ta\t1\n"),
        flushed.npos)
        << flushed;
    EXPECT_EQ(flushed.find("gone"), flushed.npos);
    receive(handle, kSite, {"c=3"});
  }
  EXPECT_NE(text_of(jar).find("\tc\t3\n"), std::string::npos);
  Handle next;
  prepare(next);
  next.set(CURLOPT_COOKIEFILE, jar.c_str());
  EXPECT_EQ(get(next, kSite), "a=1; c=3; b=2") << "the newest was written first";
}

TEST_F(Cookies, AJarThatCannotBeWrittenIsNoError) {
  Handle handle;
  prepare(handle);
  handle.set(CURLOPT_COOKIEJAR, (directory_ + "/missing/jar").c_str());
  receive(handle, kSite, {"a=1"});
  EXPECT_EQ(handle.set(CURLOPT_COOKIELIST, "FLUSH"), CURLE_OK);
  EXPECT_EQ(get(handle, kSite), "a=1");
}

TEST_F(Cookies, AJarNeedsNoTransferToKeepWhatAFileHas) {
  const std::string file = write("file", line("x\t1"));
  {
    Handle handle;
    handle.set(CURLOPT_COOKIEFILE, file.c_str());
    handle.set(CURLOPT_COOKIEJAR, jar.c_str());
  }
  EXPECT_NE(text_of(jar).find(line("x\t1")), std::string::npos) << text_of(jar);
}

TEST_F(Cookies, AResetKeepsThemAndForgetsTheFiles) {
  Handle handle;
  prepare(handle);
  handle.set(CURLOPT_COOKIEFILE, write("file", line("x\t1")).c_str());
  handle.set(CURLOPT_COOKIEJAR, jar.c_str());
  receive(handle, kSite, {"a=1"});
  curl_easy_reset(handle.curl);
  handle.set(CURLOPT_PROXY, "");
  handle.set(CURLOPT_PRIVATE, &handle);
  prepare(handle);
  EXPECT_EQ(get(handle, kSite), "a=1; x=1");
  handle.set(CURLOPT_COOKIEFILE, write("other", line("y\t2")).c_str());
  EXPECT_EQ(get(handle, kSite), "y=2; a=1; x=1") << "a new list of files is read";
  EXPECT_FALSE(std::filesystem::exists(jar));
}

TEST_F(Cookies, ADuplicateHasTheFilesAndNotTheCookies) {
  Handle original;
  prepare(original);
  original.set(CURLOPT_COOKIEFILE, write("file", line("x\t1")).c_str());
  receive(original, kSite, {"a=1"});
  CURL* const copy = curl_easy_duphandle(original.curl);
  curl_slist* all = nullptr;
  EXPECT_EQ(curl_easy_getinfo(copy, CURLINFO_COOKIELIST, &all), CURLE_OK);
  EXPECT_EQ(all, nullptr);
  curl_easy_setopt(copy, CURLOPT_COOKIELIST, "RELOAD");
  curl_easy_getinfo(copy, CURLINFO_COOKIELIST, &all);
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(all->data + std::string("\n"), line("x\t1"));
  EXPECT_EQ(all->next, nullptr);
  curl_slist_free_all(all);
  curl_easy_cleanup(copy);
}

// --- Shares

class OwnShare {
 public:
  OwnShare() { curl_share_setopt(handle, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE); }
  ~OwnShare() { EXPECT_EQ(curl_share_cleanup(handle), CURLSHE_OK); }
  CURLSH* handle = curl_share_init();
};

TEST_F(Cookies, OfAShareAreThoseOfAllItsHandles) {
  const OwnShare share;
  Handle one;
  Handle two;
  for (Handle* const handle : {&one, &two}) {
    prepare_with_engine(*handle);
    handle->set(CURLOPT_SHARE, share.handle);
  }
  receive(one, kSite, {"a=1"});
  EXPECT_EQ(get(two, kSite), "a=1");
  world.restart();  // another multi
  EXPECT_EQ(get(two, kSite), "a=1");
  two.set(CURLOPT_COOKIELIST, "ALL");
  EXPECT_EQ(list(one), "");
  receive(two, kSite, {"b=2"});
  one.set(CURLOPT_COOKIEFILE, nullptr);
  EXPECT_EQ(get(one, kSite), "") << "off for this handle";
  EXPECT_EQ(get(two, kSite), "b=2") << "but not for the other";
  one.set(CURLOPT_COOKIEFILE, "");
  EXPECT_EQ(get(one, kSite), "b=2");
  one.set(CURLOPT_SHARE, nullptr);
  one.set(CURLOPT_COOKIEFILE, nullptr);
  EXPECT_EQ(get(one, kSite), "");
  EXPECT_EQ(list(two), line("b\t2"));
  two.set(CURLOPT_SHARE, nullptr);
  EXPECT_EQ(list(two), "");
}

TEST_F(Cookies, OfAShareAreOnlyForHandlesWithTheEngine) {
  const OwnShare share;
  Handle with;
  Handle without;
  prepare_with_engine(with);
  prepare(without);
  with.set(CURLOPT_SHARE, share.handle);
  without.set(CURLOPT_SHARE, share.handle);
  receive(without, kSite, {"refused=1"});
  EXPECT_EQ(list(with), "");
  receive(with, kSite, {"a=1"});
  EXPECT_EQ(get(without, kSite), "") << "nothing is sent by it";
  EXPECT_EQ(list(without), line("a\t1")) << "but it can list what its share has";
  EXPECT_EQ(get(with, kSite), "a=1");
  without.set(CURLOPT_COOKIEFILE, "");
  EXPECT_EQ(get(without, kSite), "a=1");
}

TEST_F(Cookies, AShareTakesThePlaceOfTheHandlesOwn) {
  const OwnShare share;
  Handle handle;
  prepare(handle);
  handle.set(CURLOPT_COOKIELIST, line("own\t1").c_str());
  handle.set(CURLOPT_SHARE, share.handle);
  EXPECT_EQ(list(handle), "");
  handle.set(CURLOPT_COOKIEFILE, write("file", line("x\t1")).c_str());
  EXPECT_EQ(get(handle, kSite), "x=1");
  Handle other;
  other.set(CURLOPT_SHARE, share.handle);
  EXPECT_EQ(list(other), line("x\t1"));
  handle.set(CURLOPT_SHARE, nullptr);
  other.set(CURLOPT_COOKIEJAR, jar.c_str());
  other.set(CURLOPT_COOKIELIST, "FLUSH");
  EXPECT_NE(text_of(jar).find(line("x\t1")), std::string::npos);
  other.set(CURLOPT_COOKIEJAR, nullptr);
  other.set(CURLOPT_SHARE, nullptr);
}

TEST_F(Cookies, OfAShareAreLockedInPairs) {
  struct Locks {
    int num_locked = 0;
    int num_unlocked = 0;
    bool other_kind = false;
  } locks;
  const OwnShare share;
  curl_share_setopt(share.handle, CURLSHOPT_USERDATA, &locks);
  const curl_lock_function lock = [](CURL*, curl_lock_data kind, curl_lock_access, void* all) {
    auto& l = *static_cast<Locks*>(all);
    if (kind == CURL_LOCK_DATA_COOKIE) ++l.num_locked;
    l.other_kind = l.other_kind || (kind != CURL_LOCK_DATA_COOKIE && kind != CURL_LOCK_DATA_SHARE);
  };
  const curl_unlock_function unlock = [](CURL*, curl_lock_data kind, void* all) {
    auto& l = *static_cast<Locks*>(all);
    if (kind == CURL_LOCK_DATA_COOKIE) {
      EXPECT_EQ(++l.num_unlocked, l.num_locked);
    }
  };
  curl_share_setopt(share.handle, CURLSHOPT_LOCKFUNC, lock);
  curl_share_setopt(share.handle, CURLSHOPT_UNLOCKFUNC, unlock);
  {
    Handle handle;
    prepare_with_engine(handle);
    handle.set(CURLOPT_SHARE, share.handle);
    receive(handle, kSite, {"a=1"});
    EXPECT_EQ(locks.num_locked, 2) << "once to look, once to add";
    list(handle);
    handle.set(CURLOPT_COOKIELIST, "ALL");
    EXPECT_EQ(locks.num_locked, 4);
  }
  EXPECT_EQ(locks.num_unlocked, 4);
  EXPECT_FALSE(locks.other_kind);
}

}  // namespace
}  // namespace hiper::wire
