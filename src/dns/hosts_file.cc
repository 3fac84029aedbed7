#include "dns/hosts_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "dns/text.hpp"

namespace hiper {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

/// The next word of `text` at or behind `at`, which is moved behind it; empty at the end.
std::string_view next_word(std::string_view text, std::size_t& at) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks, at), text.size());
  at = std::min(text.find_first_of(kBlanks, begin), text.size());
  return text.substr(begin, at - begin);
}

/// The line that starts at `begin`, without its comment and newline.
std::string_view line_at(std::string_view text, std::size_t begin, std::size_t& next) noexcept {
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  next = end + 1;
  const std::string_view line = text.substr(begin, end - begin);
  return line.substr(0, line.find('#'));
}

std::string read_file(const char* path) {
  std::string text;
  // Non-blocking, so that a pipe in the file's place cannot stop the engine.
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return text;
  struct stat is = {};
  const bool regular = fstat(fd, &is) == 0 && S_ISREG(is.st_mode);
  try {
    const auto size = static_cast<std::size_t>(std::max<off_t>(is.st_size, 0));
    text.resize(regular ? std::min(size, HostsTable::kMaxBytes) : 0);
  } catch (const std::bad_alloc&) {
    close(fd);
    throw;
  }
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = read(fd, text.data() + have, text.size() - have);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  close(fd);
  return text;
}

}  // namespace

void HostsTable::assign(std::string text) {
  if (text.size() > kMaxBytes) text.resize(kMaxBytes);
  std::vector<Name> names;
  for (std::size_t begin = 0, next = 0; begin < text.size(); begin = next) {
    const std::string_view line = line_at(text, begin, next);
    std::size_t at = 0;
    next_word(line, at);  // the address; it is read when it is asked for
    for (std::string_view word = next_word(line, at); !word.empty(); word = next_word(line, at)) {
      const auto offset = static_cast<std::size_t>(word.data() - text.data());
      names.push_back({dns::hash_nocase(word), static_cast<std::uint32_t>(offset),
                       static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(word.size())});
    }
  }
  std::sort(names.begin(), names.end(),
            [](const Name& a, const Name& b) { return a.hash != b.hash ? a.hash < b.hash : a.at < b.at; });
  text_ = std::move(text);
  names_ = std::move(names);
}

AddressList HostsTable::find(std::string_view host, int family) const {
  const std::string_view text = text_;
  const std::uint32_t hash = dns::hash_nocase(host);
  auto name = std::lower_bound(names_.begin(), names_.end(), hash,
                               [](const Name& a, std::uint32_t wanted) { return a.hash < wanted; });
  std::vector<Address> found;
  for (; name != names_.end() && name->hash == hash && found.size() < kMaxAddresses; ++name) {
    if (!dns::equal_nocase(text.substr(name->at, name->size), host)) continue;
    std::size_t at = 0;
    std::size_t next = 0;
    Address address;
    if (!parse_address(next_word(line_at(text, name->line, next), at), address)) continue;
    if (family != AF_UNSPEC && address.family() != family) continue;
    if (std::find(found.begin(), found.end(), address) == found.end()) found.push_back(address);
  }
  return AddressList(found);
}

AddressList HostsFile::find(std::string_view host, int family, Nanos now) {
  FileStamp stamp = stamp_;
  const bool changed = stamp.changed(path_.c_str(), now);
  if (changed) table_.assign(read_file(path_.c_str()));
  stamp_ = stamp;  // only now: if memory ran out, the next one reads the file
  return table_.find(host, family);
}

}  // namespace hiper
