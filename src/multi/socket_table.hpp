// Which watch belongs to a descriptor number. Descriptors are small integers that the kernel reuses, so the
// table is indexed by them: O(1), no hashing. The engine owns the watches through it.
#pragma once
#include <cstddef>
#include <vector>

#include "flow/reactor.hpp"

namespace hiper {

class SocketTable {
 public:
  /// nullptr for descriptors that are not ours, negative ones included.
  Watch* find(int fd) const noexcept {
    const auto at = static_cast<std::size_t>(fd);
    return fd >= 0 && at < watches_.size() ? watches_[at] : nullptr;
  }
  /// Throws std::bad_alloc; then nothing was inserted.
  void insert(Watch& watch) {
    const auto at = static_cast<std::size_t>(watch.fd());
    if (at >= watches_.size()) watches_.resize(at + at / 2 + 16);
    watches_[at] = &watch;
  }
  void erase(const Watch& watch) noexcept {
    // An application's open callback may hand out a number whose former watch is not closed yet.
    Watch*& place = watches_[static_cast<std::size_t>(watch.fd())];
    if (place == &watch) place = nullptr;
  }

  /// Calls `visit(Watch&)` for every watch. O(highest descriptor): for fdset, waitfds and cleanup only.
  template <class Visit>
  void for_each(Visit visit) const {
    for (Watch* const watch : watches_) {
      if (watch != nullptr) visit(*watch);
    }
  }

 private:
  std::vector<Watch*> watches_;
};

}  // namespace hiper
