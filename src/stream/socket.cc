#include "stream/socket.hpp"

#include <sys/socket.h>

#include <cassert>
#include <cerrno>

namespace hiper {
namespace {

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

IoResult SocketStream::read(std::span<char> into) noexcept {
  assert(!into.empty());
  for (;;) {
    const ssize_t count = recv(watch_->fd(), into.data(), into.size(), MSG_DONTWAIT);
    if (count > 0) return IoResult::moved(static_cast<std::size_t>(count));
    if (count == 0) return IoResult::closed();
    if (errno == EINTR) continue;
    if (would_block(errno)) return IoResult::blocked(Events::in);
    return IoResult::failed(CURLE_RECV_ERROR, errno);
  }
}

IoResult SocketStream::write(std::span<const char> from) noexcept {
  assert(!from.empty());
  for (;;) {
    const ssize_t count = send(watch_->fd(), from.data(), from.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) return IoResult::moved(static_cast<std::size_t>(count));
    if (count == 0) return IoResult::blocked(Events::out);
    if (errno == EINTR) continue;
    if (would_block(errno)) return IoResult::blocked(Events::out);
    return IoResult::failed(CURLE_SEND_ERROR, errno);
  }
}

}  // namespace hiper
