#include "transfer/netrc_login.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace hiper {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// "" if nobody knows.
std::string home_folder() {
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
  std::array<char, 4096> room;
  passwd entry;
  passwd* user = nullptr;
  const int failed = getpwuid_r(geteuid(), &entry, room.data(), room.size(), &user);
  return failed == 0 && user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "";
}

std::string file_name(const Options& options) {
  const char* const given = options.text(Opt::netrc_file);
  if (given != nullptr && *given != '\0') return given;
  const std::string home = home_folder();
  return home.empty() ? home : home + "/.netrc";
}

/// False if there is no such file.
bool read_file(const std::string& name, std::string& text) {
  const std::unique_ptr<std::FILE, CloseFile> file(name.empty() ? nullptr : std::fopen(name.c_str(), "re"));
  if (file == nullptr) return false;
  std::array<char, 4096> bytes;
  while (text.size() < kNetrcMax) {
    const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), file.get());
    if (count == 0) break;
    text.append(bytes.data(), count);
  }
  return true;
}

}  // namespace

Status look_up_netrc(const Options& options, std::string_view host, std::optional<std::string_view> user,
                     Report& report, bool& found, NetrcLogin& login) {
  found = false;
  const std::string name = file_name(options);
  std::string text;
  if (!read_file(name, text)) {
    if (report.verbose()) report.infof("There is no file %s to be read", name.c_str());
    return Status();
  }
  const NetrcResult result = find_netrc_login(text, host, user, login);
  found = result == NetrcResult::found;
  if (result != NetrcResult::malformed) return Status();
  report.failuref("A quoted text in the file %s has no end", name.c_str());
  return Status(CURLE_READ_ERROR);
}

}  // namespace hiper
