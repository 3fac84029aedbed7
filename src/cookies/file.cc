#include "cookies/file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/write_whole.hpp"
#include "cookies/set_cookie.hpp"
#include "parse/ascii.hpp"
#include "parse/h1_head.hpp"

namespace hiper {
namespace {

constexpr std::string_view kHttpOnly = "#HttpOnly_";
constexpr std::string_view kSetCookie = "Set-Cookie:";
constexpr std::size_t kFields = 7;

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  bool ok() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }
  /// False when what was written did not get to the disk.
  bool close() noexcept {
    const int fd = std::exchange(fd_, -1);
    return fd <= STDERR_FILENO || ::close(fd) == 0;
  }

 private:
  int fd_;
};

/// Several tabs in a row are one; the number of fields, at most one more than there should be.
std::size_t split_fields(std::string_view line, std::array<std::string_view, kFields>& fields) noexcept {
  std::size_t count = 0;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    if (end > 0) {
      if (count == kFields) return count + 1;
      fields[count++] = line.substr(0, end);
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return count;
}

bool says_true(std::string_view field) noexcept { return equals_ignore_case(field, "TRUE"); }

/// Digits, blanks before them; what follows them does not count. False for no number, or one too large.
bool parse_time(std::string_view text, std::int64_t& out) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  static_cast<void>(end);
  return error == std::errc() && out >= 0;
}

bool parse_netscape_line(std::string_view line, Cookie& cookie) {
  cookie = Cookie();
  if (line.starts_with(kHttpOnly)) {
    cookie.http_only = true;
    line.remove_prefix(kHttpOnly.size());
  }
  if (line.starts_with('#')) return false;
  std::array<std::string_view, kFields> fields{};
  std::size_t count = split_fields(line, fields);
  if (count > kFields) return false;
  // The path may be missing.
  if (count > 2 && count < kFields && (fields[2] == "TRUE" || fields[2] == "FALSE")) {
    std::copy_backward(fields.begin() + 2, fields.end() - 1, fields.end());
    fields[2] = "/";
    ++count;
  }
  if (count < kFields - 1 || !parse_time(fields[4], cookie.expires)) return false;
  if (fields[0].starts_with('.')) fields[0].remove_prefix(1);
  if (fields[0].empty() || fields[5].size() + fields[6].size() > kCookiePairMax) return false;
  cookie.domain = fields[0];
  cookie.subdomains = says_true(fields[1]);
  cookie.path = fields[2];
  cookie.secure = says_true(fields[3]);
  cookie.name = fields[5];
  cookie.value = fields[6];
  return keeps_name_promise(cookie);
}

/// Cuts what is read into lines.
class CookieFileReader {
 public:
  CookieFileReader(int fd, bool without_session, std::int64_t now, CookieSink& sink) noexcept
      : fd_(fd), without_session_(without_session), now_(now), sink_(sink) {}

  void read_all() {
    std::array<char, 16384> bytes;
    for (;;) {
      const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      take({bytes.data(), static_cast<std::size_t>(count)});
    }
    end_line();
  }

 private:
  // Lines that are too long are skipped: their beginning must not be taken for a whole one.
  static constexpr std::size_t kLineMax = kCookieLineMax + kSetCookie.size() + 2;

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = std::min(bytes.find('\n'), bytes.size());
      const std::size_t room = kLineMax + 1 - line_.size();
      line_.append(bytes.substr(0, std::min(end, room)));
      if (end == bytes.size()) return;
      end_line();
      bytes.remove_prefix(end + 1);
    }
  }

  void end_line() {
    Cookie cookie;
    if (line_.size() <= kLineMax && parse_cookie_line(line_, now_, cookie) &&
        !(without_session_ && cookie.is_session())) {
      cookie.from_file = true;
      sink_.add(std::move(cookie));
    }
    line_.clear();
  }

  int fd_;
  bool without_session_;
  std::int64_t now_;
  CookieSink& sink_;
  std::string line_;
};

bool write_in_place(const char* name, std::string_view text) noexcept {
  Descriptor file(::open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY));
  return file.ok() && write_whole(file.get(), text) && file.close();
}

/// A name beside `name` that nobody can have prepared.
std::string temporary_name(const char* name) {
  std::array<unsigned char, 8> random{};
  static_cast<void>(::getrandom(random.data(), random.size(), GRND_NONBLOCK));
  std::string text(name);
  text += '.';
  for (const unsigned char byte : random) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text += ".tmp";
}

bool write_beside(const char* name, std::string_view text, const struct stat* existing) {
  const std::string temporary = temporary_name(name);
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.ok()) return false;
  bool good = existing == nullptr || ::fchmod(file.get(), existing->st_mode & 0777) == 0;
  good = good && write_whole(file.get(), text);
  good = file.close() && good;
  good = good && ::rename(temporary.c_str(), name) == 0;
  if (good) return true;
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace

bool parse_cookie_line(std::string_view line, std::int64_t now, Cookie& cookie) {
  line = line.substr(0, line.find_first_of(std::string_view("\r\n\0", 3)));
  if (starts_with_ignore_case(line, kSetCookie)) {
    return parse_set_cookie(trim_blanks(line.substr(kSetCookie.size())), nullptr, now, cookie);
  }
  return parse_netscape_line(line, cookie);
}

void append_cookie_line(const Cookie& cookie, std::string& text) {
  if (cookie.http_only) text += kHttpOnly;
  if (cookie.subdomains) text += '.';
  text.append(cookie.domain).append(cookie.subdomains ? "\tTRUE\t" : "\tFALSE\t");
  text.append(cookie.path).append(cookie.secure ? "\tTRUE\t" : "\tFALSE\t");
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), cookie.expires);
  text.append(digits.data(), end.ptr);
  text.append("\t").append(cookie.name).append("\t").append(cookie.value);
}

void read_cookie_file(const char* name, bool without_session, std::int64_t now, CookieSink& sink) {
  if (*name == '\0') return;
  const bool standard = std::strcmp(name, "-") == 0;
  const Descriptor file(standard ? STDIN_FILENO : ::open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.ok()) CookieFileReader(file.get(), without_session, now, sink).read_all();
}

std::string cookie_file_text(const CookieJar& jar) {
  std::string text = "# Netscape HTTP Cookie File\n# Written by the cookie engine of libcurl (hiper).\n\n";
  const std::vector<const Cookie*> cookies = jar.in_order();
  for (auto at = cookies.rbegin(); at != cookies.rend(); ++at) {
    append_cookie_line(**at, text);
    text += '\n';
  }
  return text;
}

bool write_cookie_file(const char* name, std::string_view text) {
  if (std::strcmp(name, "-") == 0) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  }
  struct stat existing;
  const bool exists = ::stat(name, &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) return write_in_place(name, text);
  return write_beside(name, text, exists ? &existing : nullptr);
}

}  // namespace hiper
