// Tells cheaply whether a small configuration file (/etc/hosts, resolv.conf) was changed.
#pragma once
#include <sys/stat.h>

#include "base/clock.hpp"

namespace hiper {

class FileStamp {
 public:
  /// True when the file may differ from what it was at the last true answer: always at the first call, then
  /// at most once a second, so that a burst of lookups costs one stat(2).
  bool changed(const char* path, Nanos now) noexcept {
    if (known_ && now >= checked_at_ && now - checked_at_ < kSecond) return false;
    checked_at_ = now;
    struct stat is = {};
    if (stat(path, &is) != 0) is = {};
    if (known_ && same(is)) return false;
    known_ = true;
    device_ = is.st_dev;
    inode_ = is.st_ino;
    size_ = is.st_size;
    changed_ = is.st_mtim;
    return true;
  }

 private:
  bool same(const struct stat& is) const noexcept {
    return is.st_dev == device_ && is.st_ino == inode_ && is.st_size == size_ &&
           is.st_mtim.tv_sec == changed_.tv_sec && is.st_mtim.tv_nsec == changed_.tv_nsec;
  }
  bool known_ = false;
  Nanos checked_at_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  off_t size_ = 0;
  timespec changed_ = {};
};

}  // namespace hiper
