// What a transfer may use of its engine. Filled by multi/engine, handed down to transfer/, http/ and conn/.
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "flow/reactor.hpp"

namespace hiper {

class Pool;
class Resolver;
class TlsSessions;

/// One large buffer per engine that every transfer reads into: what is read is parsed and delivered before
/// anybody else reads. A large one is freed when the engine has nothing to do.
class ReadBuffer {
 public:
  static constexpr std::size_t kUsualRead = 65536;  ///< bytes

  /// Room for at least `size` bytes, valid until the next call. Throws std::bad_alloc.
  std::span<char> room(std::size_t size) {
    if (size > size_) {
      bytes_ = std::make_unique_for_overwrite<char[]>(size);
      size_ = size;
    }
    return {bytes_.get(), size_};
  }
  void shrink() noexcept {
    if (size_ <= kUsualRead) return;
    bytes_.reset();
    size_ = 0;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

struct Services {
  Reactor& reactor;
  Pool& pool;
  Resolver& resolver;
  TlsSessions& sessions;
  ReadBuffer& read_buffer;
};

}  // namespace hiper
