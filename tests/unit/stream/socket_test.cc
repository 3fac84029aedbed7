#include "stream/socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "support/fake_reactor.hpp"

namespace hiper {
namespace {

using Kind = IoResult::Kind;

class Socket : public testing::Test {
 protected:
  Socket() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    peer = fds[1];
    fd = fds[0];
    stream = std::make_unique<SocketStream>(OwnedWatch(&reactor.adopt(fd, {}, nullptr)));
  }
  ~Socket() override {
    stream.reset();
    close_peer();
  }
  void close_peer() {
    if (peer >= 0) close(peer);
    peer = -1;
  }
  FakeReactor reactor;
  int fd = -1;
  int peer = -1;
  std::unique_ptr<SocketStream> stream;
  char buffer[64] = "";
};

TEST_F(Socket, ReadsWhatIsThereThenIsBlockedThenClosed) {
  EXPECT_EQ(stream->read(buffer).kind(), Kind::blocked);
  EXPECT_EQ(stream->read(buffer).wants(), Events::in);
  ASSERT_EQ(send(peer, "hello", 5, 0), 5);
  const IoResult result = stream->read(buffer);
  EXPECT_EQ(result.kind(), Kind::bytes);
  EXPECT_EQ(std::string(buffer, result.count()), "hello");
  EXPECT_FALSE(stream->has_buffered());
  close_peer();
  EXPECT_EQ(stream->read(buffer).kind(), Kind::closed);
}

TEST_F(Socket, WritesUntilThePeerIsFull) {
  const std::string much(1 << 20, 'x');
  std::size_t count = 0;
  IoResult result = IoResult::moved(0);
  while ((result = stream->write(much)).kind() == Kind::bytes) count += result.count();
  EXPECT_GT(count, 0u);
  EXPECT_EQ(result.kind(), Kind::blocked);
  EXPECT_EQ(result.wants(), Events::out);
}

TEST_F(Socket, ErrorsCarryTheErrnoAndNoSignalIsRaised) {
  close_peer();
  const IoResult written = stream->write(std::string_view("x"));
  EXPECT_EQ(written.kind(), Kind::failed);
  EXPECT_EQ(written.code(), CURLE_SEND_ERROR);
  EXPECT_EQ(written.os_error(), EPIPE);
}

TEST_F(Socket, UnreadDataAtThePeersCloseIsAReset) {
  ASSERT_EQ(stream->write(std::string_view("x")).kind(), Kind::bytes);
  close_peer();
  const IoResult result = stream->read(buffer);
  EXPECT_EQ(result.kind(), Kind::failed);
  EXPECT_EQ(result.code(), CURLE_RECV_ERROR);
  EXPECT_EQ(result.os_error(), ECONNRESET);
}

TEST_F(Socket, NeverBlocksEvenIfTheDescriptorWould) {
  ASSERT_EQ(fcntl(fd, F_SETFL, 0), 0);
  EXPECT_EQ(stream->read(buffer).kind(), Kind::blocked);
}

TEST_F(Socket, DescriptorIsRetiredWithTheStreamUnlessItWasTaken) {
  EXPECT_EQ(reactor.num_live(), 1u);
  OwnedWatch watch = stream->take_watch();
  stream.reset();
  reactor.end_turn();
  EXPECT_EQ(reactor.num_live(), 1u);
  watch.reset();
  reactor.end_turn();
  EXPECT_EQ(reactor.num_live(), 0u);
}

}  // namespace
}  // namespace hiper
