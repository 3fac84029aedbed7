// Tells whether the files that a TLS context was made from are still the same ones.
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hiper {

/// Files as they were when they were read. Files that are not there count, too.
class FileStamps {
 public:
  /// Remembers `path` as it is now; nothing if it is empty. Throws std::bad_alloc.
  void add(const std::string& path);
  /// True while every file is as it was. One stat(2) for each.
  bool unchanged() const noexcept;
  /// Appends what the files looked like to `key`. Throws std::bad_alloc.
  void describe(std::string& key) const;

 private:
  struct Look {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const Look&) const = default;
  };
  struct File {
    std::string path;
    Look look;
  };
  static Look look_at(const char* path) noexcept;
  std::vector<File> files_;
};

}  // namespace hiper
