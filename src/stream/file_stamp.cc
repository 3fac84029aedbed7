#include "stream/file_stamp.hpp"

namespace hiper {

void FileStamps::add(const std::string& path) {
  if (!path.empty()) files_.push_back({path, look_at(path.c_str())});
}

bool FileStamps::unchanged() const noexcept {
  for (const File& file : files_) {
    if (look_at(file.path.c_str()) != file.look) return false;
  }
  return true;
}

void FileStamps::describe(std::string& key) const {
  for (const File& file : files_) {
    const Look& look = file.look;
    for (const std::int64_t part :
         {static_cast<std::int64_t>(look.device), static_cast<std::int64_t>(look.inode), look.size,
          look.seconds, look.nanoseconds}) {
      key += std::to_string(part);
      key += ',';
    }
  }
}

FileStamps::Look FileStamps::look_at(const char* path) noexcept {
  struct stat is = {};
  if (stat(path, &is) != 0) return {};
  return {static_cast<std::uint64_t>(is.st_dev), static_cast<std::uint64_t>(is.st_ino),
          static_cast<std::int64_t>(is.st_size), static_cast<std::int64_t>(is.st_mtim.tv_sec),
          static_cast<std::int64_t>(is.st_mtim.tv_nsec)};
}

}  // namespace hiper
