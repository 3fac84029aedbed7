#include "cookies/engine.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

#include "base/slist.hpp"
#include "cookies/file.hpp"
#include "cookies/set_cookie.hpp"

namespace hiper {
namespace {

std::int64_t seconds_now() noexcept { return static_cast<std::int64_t>(std::time(nullptr)); }

/// What a handle has while its engine is on, or was switched off although its share has cookies.
class CookieEngine final : public EasyPart {
 public:
  CookieJar jar;                     ///< unless the share has one
  const curl_slist* read = nullptr;  ///< the last of the options' cookie files that was read
  bool off = false;                  ///< COOKIEFILE was set to NULL
};

class SharedCookies final : public GuardedData {
 public:
  explicit SharedCookies(Share& share) noexcept : GuardedData(share, CURL_LOCK_DATA_COOKIE) {}
  CookieJar jar;
};

CookieEngine* engine_of(const Easy& easy) noexcept { return static_cast<CookieEngine*>(easy.cookies.get()); }

SharedCookies* shared_cookies_of(const Easy& easy) noexcept {
  return shared_data<SharedCookies>(easy, CURL_LOCK_DATA_COOKIE);
}

bool switched_off(const Easy& easy) noexcept {
  const CookieEngine* const engine = engine_of(easy);
  return engine != nullptr && engine->off;
}

/// The handle's jar for the length of a scope: the share's, or its own, or none.
class UsingJar {
 public:
  explicit UsingJar(Easy& easy) noexcept
      : shared_(switched_off(easy) ? nullptr : shared_cookies_of(easy)),
        guard_(shared_, easy.handle()),
        jar_(shared_ != nullptr ? &shared_->jar : own_jar(easy)) {}
  explicit operator bool() const noexcept { return jar_ != nullptr; }
  CookieJar& operator*() const noexcept { return *jar_; }
  CookieJar* operator->() const noexcept { return jar_; }

 private:
  static CookieJar* own_jar(const Easy& easy) noexcept {
    CookieEngine* const engine = engine_of(easy);
    return engine != nullptr && !engine->off ? &engine->jar : nullptr;
  }
  SharedCookies* const shared_;
  const DataGuard guard_;
  CookieJar* const jar_;
};

/// Switches the engine on. Throws std::bad_alloc.
CookieEngine& engine_on(Easy& easy) {
  if (easy.cookies == nullptr) easy.cookies = std::make_unique<CookieEngine>();
  CookieEngine& engine = *engine_of(easy);
  engine.off = false;
  return engine;
}

/// Collects first, so that no lock is held while a file is read.
class CookiesRead final : public CookieSink {
 public:
  void add(Cookie&& cookie) override { cookies.push_back(std::move(cookie)); }
  std::vector<Cookie> cookies;
};

/// Reads the cookie files that come after `last` (nullptr: all of them).
void read_files(Easy& easy, const curl_slist* last) {
  CookieEngine& engine = engine_on(easy);
  const curl_slist* next = last != nullptr ? last->next : easy.options.list(Opt::cookiefile);
  if (next == nullptr) return;
  const std::int64_t now = seconds_now();
  CookiesRead sink;
  for (; next != nullptr; next = next->next) {
    read_cookie_file(next->data, easy.options.flag(Opt::cookiesession), now, sink);
    last = next;
  }
  if (!sink.cookies.empty()) {
    const UsingJar jar(easy);
    for (Cookie& cookie : sink.cookies) jar->add(std::move(cookie), nullptr, now);
  }
  engine.read = last;
}

void read_new_files(Easy& easy) {
  const CookieEngine* const engine = engine_of(easy);
  read_files(easy, engine != nullptr ? engine->read : nullptr);
}

/// Reads and writes what the options name; quietly where nothing can be told.
void write_jar(Easy& easy) {
  const char* const name = easy.options.text(Opt::cookiejar);
  if (name == nullptr || !uses_cookies(easy)) return;
  std::string text;
  {
    const UsingJar jar(easy);
    jar->erase_expired(seconds_now());
    text = cookie_file_text(*jar);
  }
  static_cast<void>(write_cookie_file(name, text));
}

void take_line(Easy& easy, std::string_view line) {
  engine_on(easy);
  const std::int64_t now = seconds_now();
  Cookie cookie;
  if (!parse_cookie_line(line, now, cookie)) return;
  const UsingJar jar(easy);
  jar->add(std::move(cookie), nullptr, now);
}

void obey(Easy& easy, std::string_view command) {
  if (command == "FLUSH") return write_cookies(easy);
  if (command == "RELOAD") return easy.options.has(Opt::cookiefile) ? read_files(easy, nullptr) : void();
  if (command != "ALL" && command != "SESS") return take_line(easy, command);
  const UsingJar jar(easy);
  if (!jar) return;
  if (command == "ALL") {
    jar->erase_all();
  } else {
    jar->erase_session();
  }
}

}  // namespace

std::unique_ptr<SharedData> make_shared_cookies(Share& share) {
  return std::make_unique<SharedCookies>(share);
}

bool uses_cookies(const Easy& easy) noexcept {
  const CookieEngine* const engine = engine_of(easy);
  return engine != nullptr && !engine->off;
}

bool start_cookies(Easy& easy) {
  if (easy.options.has(Opt::cookiefile)) read_new_files(easy);
  return uses_cookies(easy);
}

void append_cookies(Easy& easy, const CookieOrigin& request, std::size_t room, std::string& text) {
  const UsingJar jar(easy);
  if (jar) jar->append_header(request, seconds_now(), room, text);
}

void receive_cookie(Easy& easy, const CookieOrigin& request, std::string_view value) {
  const std::int64_t now = seconds_now();
  Cookie cookie;
  if (!parse_set_cookie(value, &request, now, cookie)) return;
  const UsingJar jar(easy);
  if (jar) jar->add(std::move(cookie), &request, now);
}

// The doors.

CURLcode enable_cookies(Easy& easy) noexcept {
  try {
    engine_on(easy);
    return CURLE_OK;
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

CURLcode disable_cookies(Easy& easy) noexcept {
  try {
    const bool shared = shared_cookies_of(easy) != nullptr;
    easy.cookies.reset();
    if (!shared) return CURLE_OK;
    engine_on(easy);
    engine_of(easy)->off = true;
    return CURLE_OK;
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

void forget_cookie_files(Easy& easy) noexcept {
  if (easy.cookies != nullptr) engine_of(easy)->read = nullptr;
}

CURLcode cookie_command(Easy& easy, const char* command) noexcept {
  if (command == nullptr) return CURLE_OK;
  try {
    obey(easy, command);
    return CURLE_OK;
  } catch (const std::bad_alloc&) {
    return CURLE_OUT_OF_MEMORY;
  }
}

void write_cookies(Easy& easy) noexcept {
  try {
    if (easy.options.has(Opt::cookiefile)) read_new_files(easy);
    write_jar(easy);
  } catch (const std::bad_alloc&) {
    // The old file is still there; nobody can be told.
  }
}

curl_slist* list_cookies(Easy& easy) {
  const UsingJar jar(easy);
  if (!jar) return nullptr;
  OwnedSlist list;
  std::string line;
  for (const Cookie* const cookie : jar->in_order()) {
    line.clear();
    append_cookie_line(*cookie, line);
    curl_slist* const longer = slist_append(list.get(), line);
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list.release();
}

}  // namespace hiper
