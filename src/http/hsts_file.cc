#include "http/hsts_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

#include "base/write_whole.hpp"
#include "parse/ascii.hpp"
#include "parse/date.hpp"

namespace hiper {
namespace {

constexpr std::string_view kUnlimited = "unlimited";
constexpr std::string_view kHeading =
    "# Hosts that are to be asked by https only (HSTS), one in a line: host \"expires\", in UTC.\n"
    "# Written by hiper; it is written again when the program ends.\n";

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// Takes the text up to the next blank.
std::string_view take_word(std::string_view& line) noexcept {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  const auto end = static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_blank) - line.begin());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

/// Cuts what is read into lines.
class LineFeeder {
 public:
  explicit LineFeeder(std::vector<HstsEntry>& entries) noexcept : entries_(entries) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = std::min(bytes.find('\n'), bytes.size());
      // One byte too much tells that the line is too long.
      line_.append(bytes.substr(0, std::min(end, kHstsLineMax + 1 - line_.size())));
      if (end == bytes.size()) return;
      end_line();
      bytes.remove_prefix(end + 1);
    }
  }
  void end_line() {
    HstsEntry entry;
    if (line_.size() <= kHstsLineMax && parse_hsts_line(line_, entry)) entries_.push_back(std::move(entry));
    line_.clear();
  }

 private:
  std::vector<HstsEntry>& entries_;
  std::string line_;
};

bool write_directly(const char* path, std::string_view text) noexcept {
  const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  const bool written = write_whole(fd, text);
  return close(fd) == 0 && written;
}

bool write_and_rename(const std::string& path, mode_t mode, std::string_view text) {
  std::string beside = path + ".XXXXXX";
  const int fd = mkostemp(beside.data(), O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write_whole(fd, text) && fchmod(fd, mode) == 0;
  const bool closed = close(fd) == 0;
  if (written && closed && rename(beside.c_str(), path.c_str()) == 0) return true;
  unlink(beside.c_str());
  return false;
}

}  // namespace

HstsStamp format_hsts_stamp(std::int64_t expires) noexcept {
  HstsStamp stamp{};
  const auto time = static_cast<time_t>(expires);
  tm parts;
  if (expires > kHstsLastSecond || gmtime_r(&time, &parts) == nullptr) {
    kUnlimited.copy(stamp.data(), stamp.size() - 1);
  } else {
    std::strftime(stamp.data(), stamp.size(), "%Y%m%d %H:%M:%S", &parts);
  }
  return stamp;
}

bool parse_hsts_stamp(std::string_view stamp, std::int64_t& expires) noexcept {
  if (equals_ignore_case(stamp, kUnlimited)) {
    expires = kHstsForever;
    return true;
  }
  const DateResult date = parse_date(stamp);
  if (date.ok) expires = date.seconds;
  return date.ok;
}

bool parse_hsts_line(std::string_view line, HstsEntry& entry) {
  std::string_view host = take_word(line);
  if (host.empty() || host.starts_with('#')) return false;
  entry.subdomains = host.starts_with('.');
  if (entry.subdomains) host.remove_prefix(1);
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  if (!line.starts_with('"')) return false;
  line.remove_prefix(1);
  return parse_hsts_stamp(line.substr(0, line.find('"')), entry.expires) && hsts_name(host, entry.host);
}

void append_hsts_line(const HstsEntry& entry, std::string& text) {
  if (entry.subdomains) text.append(1, '.');
  text.append(entry.host).append(" \"").append(format_hsts_stamp(entry.expires).data()).append("\"\n");
}

bool load_hsts_file(const char* path, std::vector<HstsEntry>& entries) {
  const File file(std::fopen(path, "re"));
  if (file == nullptr) return errno == ENOENT;
  LineFeeder lines(entries);
  std::array<char, 4096> bytes;
  for (std::size_t total = 0; total < kHstsFileMax;) {
    const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), file.get());
    if (count == 0) break;
    total += count;
    lines.feed({bytes.data(), count});
  }
  lines.end_line();
  return std::ferror(file.get()) == 0;
}

bool save_hsts_file(const char* path, const std::vector<HstsEntry>& entries) {
  std::string text(kHeading);
  for (const HstsEntry& entry : entries) append_hsts_line(entry, text);
  struct stat there {};
  if (stat(path, &there) != 0) return write_and_rename(path, S_IRUSR | S_IWUSR, text);
  if (!S_ISREG(there.st_mode)) return write_directly(path, text);
  std::array<char, PATH_MAX> real;
  return realpath(path, real.data()) != nullptr && write_and_rename(real.data(), there.st_mode & 0777, text);
}

}  // namespace hiper
