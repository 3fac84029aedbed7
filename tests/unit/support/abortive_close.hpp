// How test servers close connections that their client has done with: by a reset, which leaves neither end in
// TIME_WAIT. A minute of graceful closes of a whole test run takes more ports than the kernel has to give
// out, and then servers that bind one fail here and there.
#pragma once
#include <sys/socket.h>
#include <unistd.h>

namespace hiper {

inline void close_abortively(int fd) noexcept {
  const linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

}  // namespace hiper
