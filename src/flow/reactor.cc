#include "flow/reactor.hpp"

#include <unistd.h>

namespace hiper {

void SocketCloser::close(int fd) const noexcept {
  if (function != nullptr) {
    function(data, fd);
  } else {
    ::close(fd);
  }
}

void Watch::close_released() noexcept {
  closer_.close(fd_);
  delete this;
}

}  // namespace hiper
