#include "stream/tls.hpp"

#include <openssl/err.h>

#include <cerrno>

#include "stream/tls_fixture.hpp"

namespace hiper {
namespace {

using Kind = IoResult::Kind;

class Tls : public TlsFixture {};
class TlsByVersion : public TlsFixture, public testing::WithParamInterface<int> {
 protected:
  TlsByVersion() { SSL_CTX_set_max_proto_version(server.context.get(), GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Versions, TlsByVersion, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsByVersion, RequestAndAnswerGetThrough) {
  ASSERT_EQ(connect(), CURLE_OK) << report.first;
  EXPECT_EQ(client->version(), GetParam() == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
  EXPECT_EQ(client->alpn(), "http/1.1");
  EXPECT_FALSE(client->cipher().empty());
  EXPECT_FALSE(client->resumed());
  EXPECT_EQ(client->verify_result(), 0);
  write_all("GET /");
  EXPECT_EQ(server.received, "GET /");
  server.send(wire, "hello");
  EXPECT_EQ(read_all(), "hello");
  EXPECT_EQ(last.kind(), Kind::blocked);
  EXPECT_EQ(last.wants(), Events::in);
  EXPECT_FALSE(report.infos.empty());
}

TEST_P(TlsByVersion, EverythingSplitAtEveryByteAndBlockedBetween) {
  wire.read_most = wire.write_most = 1;
  wire.block_between = true;
  ASSERT_EQ(connect(), CURLE_OK) << report.first;
  write_all("GET /");
  EXPECT_EQ(server.received, "GET /");
  server.send(wire, "hello");
  std::string text;
  for (int i = 0; i < 1000 && text.size() < 5; ++i) text += read_all();
  EXPECT_EQ(text, "hello");
}

TEST_P(TlsByVersion, CancelledAfterEachStepLeavesNothingBehind) {
  ASSERT_EQ(connect(), CURLE_OK);
  wire.read_most = 40;
  wire.write_most = 40;
  wire.block_between = true;
  bool finished = false;
  for (int steps = 0; !finished && steps < 1000; ++steps) {
    task.flow.reset();
    client.reset();
    wire.to_client.clear();
    wire.to_server.clear();
    server.accept();
    ASSERT_EQ(open(), CURLE_OK);
    task.start(*client, report, kNever);
    for (int i = 0; i < steps && !task.flow->done(); ++i) step();
    finished = task.flow->done();
    EXPECT_TRUE(finished || any(client->watch().wanted()));
    task.flow.reset();
    EXPECT_FALSE(any(client->watch().wanted()));
    reactor.end_turn();
  }
  EXPECT_TRUE(finished);
}

TEST_P(TlsByVersion, BigTransferInBothDirections) {
  ASSERT_EQ(connect(), CURLE_OK);
  std::string big(1000 * 1000, 'x');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 + i / 251);
  write_all(big);
  EXPECT_TRUE(server.received == big);
  for (const std::size_t room : {std::size_t{100}, std::size_t{16384}, std::size_t{100000}}) {
    server.send(wire, big);
    EXPECT_TRUE(read_all(room) == big) << room;
  }
}

TEST_P(TlsByVersion, BlockedUploadGoesOnWithTheSameBytes) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("first");
  const std::string big(100000, 'u');
  wire.block_writes = true;
  last = client->write(big);
  ASSERT_EQ(last.kind(), Kind::blocked);
  EXPECT_EQ(last.wants(), Events::out);
  ASSERT_EQ(client->write(big).kind(), Kind::blocked);
  wire.block_writes = false;
  wire.write_most = 1000;
  write_all(big);
  EXPECT_TRUE(server.received == "first" + big);
}

TEST_P(TlsByVersion, CloseNotifyIsTheEnd) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  server.send(wire, "bye");
  server.say_goodbye(wire);
  wire.fin = true;
  EXPECT_EQ(read_all(), "bye");
  EXPECT_EQ(last.kind(), Kind::closed);
  EXPECT_FALSE(client->truncated());
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(last.kind(), Kind::closed);
}

// libcurl 7.88.1 with OpenSSL 3.0 accepts this as the end of a body without a length, and answers 18 to
// one that is too short: to its exchanges both ends look the same.
TEST_P(TlsByVersion, BareFinIsTheEndButSaysThatItIsTruncated) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  server.send(wire, "bye");
  wire.fin = true;
  EXPECT_EQ(read_all(), "bye");
  EXPECT_EQ(last.kind(), Kind::closed);
  EXPECT_TRUE(client->truncated());
}

TEST_P(TlsByVersion, RecordCutInTheMiddleIsTruncated) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  server.send(wire, "bye");
  wire.to_client.resize(wire.to_client.size() - 3);
  wire.fin = true;
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(last.kind(), Kind::closed) << "at once: an edge-triggered application is told of a FIN only once";
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(last.kind(), Kind::closed);
  EXPECT_TRUE(client->truncated());
}

TEST_P(TlsByVersion, ResetIsAReceiveErrorWithItsErrno) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  server.send(wire, "part");
  wire.read_error = ECONNRESET;
  EXPECT_EQ(read_all(), "part");
  EXPECT_EQ(last.kind(), Kind::failed);
  EXPECT_EQ(last.code(), CURLE_RECV_ERROR);
  EXPECT_EQ(last.os_error(), ECONNRESET);
}

TEST_P(TlsByVersion, DamagedRecordIsAReceiveErrorWithAReason) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  server.send(wire, "part");
  wire.to_client.back() = static_cast<char>(wire.to_client.back() ^ 1);
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(last.code(), CURLE_RECV_ERROR);
  EXPECT_NE(client->why().find("bad record mac"), std::string_view::npos) << client->why();
  EXPECT_EQ(client->read(std::span<char>(report.first)).code(), CURLE_RECV_ERROR);
}

TEST_P(TlsByVersion, BrokenSendingSideIsASendErrorAndWhatWasAnsweredCanBeRead) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  server.send(wire, "too large");
  wire.write_error = EPIPE;
  last = client->write(std::string_view("more"));
  EXPECT_EQ(last.code(), CURLE_SEND_ERROR);
  EXPECT_EQ(last.os_error(), EPIPE);
  EXPECT_EQ(read_all(), "too large");
  EXPECT_EQ(last.kind(), Kind::failed);
}

TEST_P(TlsByVersion, FarewellSendsCloseNotifyAndNeverWaits) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  client->farewell();
  server.pump(wire);
  EXPECT_TRUE(server.got_goodbye());
  ASSERT_EQ(connect(), CURLE_OK);
  wire.block_writes = true;
  client->farewell();
  EXPECT_TRUE(wire.to_server.empty());
}

TEST_P(TlsByVersion, FarewellDuringTheHandshakeDoesNothingBad) {
  server.accept();
  ASSERT_EQ(open(), CURLE_OK);
  client->farewell();
  EXPECT_TRUE(wire.to_server.empty());
}

TEST_P(TlsByVersion, OneReadOfTheSocketPerAnswer) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  server.send(wire, "answer");
  wire.num_reads = 0;
  std::vector<char> buffer(16384);
  last = client->read(buffer);
  EXPECT_EQ(last.count(), 6u);
  EXPECT_EQ(wire.num_reads, 1);
  EXPECT_FALSE(client->has_buffered());
}

TEST_P(TlsByVersion, ManyRecordsInOneReadOfTheSocket) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  for (int i = 0; i < 100; ++i) server.send(wire, "0123456789");
  wire.num_reads = 0;
  std::vector<char> buffer(16384);
  last = client->read(buffer);
  EXPECT_EQ(last.count(), 1000u);
  EXPECT_EQ(wire.num_reads, 1);
  EXPECT_FALSE(client->has_buffered());
}

TEST_P(TlsByVersion, HasBufferedIsTrueWhileAReadCanMakeProgress) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  EXPECT_FALSE(client->has_buffered());
  server.send(wire, "0123456789");
  server.send(wire, "abc");
  wire.to_client.resize(wire.to_client.size() - 1);
  const std::string rest = "rest";
  std::vector<char> buffer(4);
  std::string text;
  int num_fruitless = 0;
  for (int i = 0; i < 3; ++i) {
    last = client->read(buffer);
    ASSERT_EQ(last.kind(), Kind::bytes);
    text.append(buffer.data(), last.count());
    EXPECT_TRUE(i == 2 || client->has_buffered());
  }
  EXPECT_EQ(text, "0123456789");
  for (; client->has_buffered() && num_fruitless < 10; ++num_fruitless)
    EXPECT_EQ(client->read(buffer).kind(), Kind::blocked);
  EXPECT_LE(num_fruitless, 1);
}

TEST_P(TlsByVersion, IdleGivesTheBuffersBackAndTheConnectionGoesOn) {
  ASSERT_EQ(connect(), CURLE_OK);
  for (int i = 0; i < 3; ++i) {
    client->idle();
    EXPECT_EQ(SSL_has_pending(client->native()), 0);
    write_all("x");
    server.send(wire, "y");
    EXPECT_EQ(read_all(), "y");
  }
  EXPECT_EQ(server.received, "xxx");
}

TEST_P(TlsByVersion, LastHandshakeMessageLeavesWithTheRequest) {
  ASSERT_EQ(connect(), CURLE_OK);
  EXPECT_EQ(server.done, GetParam() == TLS1_2_VERSION);
  wire.num_writes = 0;
  write_all("GET");
  EXPECT_EQ(wire.num_writes, 1);
  EXPECT_EQ(server.received, "GET");
}

TEST_P(TlsByVersion, HandshakeAsksTheSocketForNothingThatCannotBeThere) {
  wire.num_blocked_reads = wire.num_writes = 0;
  ASSERT_EQ(connect(), CURLE_OK);
  // Behind the server's flight there may be a FIN. TLS 1.3 has nothing to wait for then.
  EXPECT_EQ(wire.num_blocked_reads, GetParam() == TLS1_3_VERSION ? 0 : 1);
  EXPECT_EQ(wire.num_writes, GetParam() == TLS1_3_VERSION ? 1 : 2);
}

TEST_P(TlsByVersion, LastHandshakeMessageLeavesWithTheFirstReadOrWhenIdle) {
  ASSERT_EQ(connect(), CURLE_OK);
  EXPECT_EQ(read_all(), "");
  server.pump(wire);
  EXPECT_TRUE(server.done);
  ASSERT_EQ(connect(), CURLE_OK);
  client->idle();
  server.pump(wire);
  EXPECT_TRUE(server.done);
}

TEST_P(TlsByVersion, ReadWithBlockedOutputAlsoWaitsForRoom) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("x");
  wire.block_writes = true;
  ASSERT_EQ(client->write(std::string_view("y")).kind(), Kind::blocked);
  (void)read_all();
  EXPECT_EQ(last.kind(), Kind::blocked);
  EXPECT_EQ(last.wants(), Events::inout);
}

TEST_F(Tls, KeyUpdateIsAnsweredWithTheNextWriteEvenIfThatBlocks) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  ASSERT_EQ(SSL_key_update(server.ssl.get(), SSL_KEY_UPDATE_REQUESTED), 1);
  server.send(wire, "after");
  EXPECT_EQ(read_all(), "after");
  EXPECT_EQ(last.wants(), Events::in);
  wire.block_writes = true;
  EXPECT_EQ(client->write(std::string_view("next")).kind(), Kind::blocked);
  wire.block_writes = false;
  write_all("next");
  EXPECT_EQ(server.received, "GETnext");
}

TEST_F(Tls, RenegotiationInTheMiddleOfReadingAndWriting) {
  SSL_CTX_set_max_proto_version(server.context.get(), TLS1_2_VERSION);
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("one");
  ASSERT_EQ(SSL_renegotiate(server.ssl.get()), 1);
  SSL_do_handshake(server.ssl.get());
  server.flush(wire);
  for (int i = 0; i < 5; ++i) {
    (void)read_all();
    server.pump(wire);
  }
  write_all("two");
  EXPECT_EQ(server.received, "onetwo");
  EXPECT_EQ(SSL_num_renegotiations(client->native()), 1);
}

TEST_F(Tls, DataReceivedDuringTheHandshakesLastReadIsNotLost) {
  SSL_CTX_set_max_proto_version(server.context.get(), TLS1_2_VERSION);
  ASSERT_EQ(connect(), CURLE_OK);
  server.accept();
  client.reset();
  ASSERT_EQ(open(), CURLE_OK);
  // The server's Finished and its greeting arrive together.
  for (int i = 0; i < 100; ++i) {
    const IoResult result = client->handshake(report);
    if (result.kind() == Kind::bytes) break;
    server.pump(wire);
    if (server.done) server.send(wire, "220 hello");
  }
  EXPECT_TRUE(client->has_buffered());
  EXPECT_EQ(read_all(), "220 hello");
}

TEST_F(Tls, ServerThatTalksPlainTextIsAConnectError) {
  server.accept();
  ASSERT_EQ(open(), CURLE_OK);
  wire.to_client = "HTTP/1.1 400 Bad Request\r\n\r\n";
  task.start(*client, report, kNever);
  task.wake();
  reactor.run_ready();
  ASSERT_TRUE(task.flow->done());
  const Status result = task.flow->result();
  EXPECT_EQ(result.code(), CURLE_SSL_CONNECT_ERROR);
  EXPECT_NE(report.first.find("wrong version number"), std::string::npos) << report.first;
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(Tls, ClosedOrResetHandshakeIsAConnectError) {
  for (const bool fin : {true, false}) {
    server.accept();
    ASSERT_EQ(open(), CURLE_OK);
    wire.fin = fin;
    wire.read_error = fin ? 0 : ECONNRESET;
    report.first.clear();
    task.start(*client, report, kNever);
    task.wake();
    reactor.run_ready();
    ASSERT_TRUE(task.flow->done());
    const Status result = task.flow->result();
    EXPECT_EQ(result.code(), CURLE_SSL_CONNECT_ERROR);
    EXPECT_NE(report.first.find(fin ? "closed the connection" : "reset by peer"), std::string::npos)
        << report.first;
    EXPECT_EQ(client->verify_result(), 1);
    task.flow.reset();
    client.reset();
  }
}

TEST_F(Tls, HandshakeThatTakesTooLongTimesOut) {
  server.accept();
  ASSERT_EQ(open(), CURLE_OK);
  task.start(*client, report, reactor.now() + 5 * kSecond);
  ASSERT_FALSE(task.flow->done());
  EXPECT_EQ(client->watch().wanted(), Events::in);
  reactor.advance(6 * kSecond);
  reactor.turn(0);
  ASSERT_TRUE(task.flow->done());
  const Status result = task.flow->result();
  EXPECT_EQ(result.code(), CURLE_OPERATION_TIMEDOUT);
  EXPECT_FALSE(report.first.empty());
}

TEST_F(Tls, HandshakeWaitsForRoomToSend) {
  server.accept();
  ASSERT_EQ(open(), CURLE_OK);
  wire.block_writes = true;
  task.start(*client, report, kNever);
  ASSERT_FALSE(task.flow->done());
  EXPECT_TRUE(any(client->watch().wanted() & Events::out));
}

TEST_F(Tls, ErrorsLeftInTheQueueByOthersDoNoHarm) {
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("GET");
  (void)read_all();
  ERR_put_error(ERR_LIB_SSL, 0, SSL_R_BAD_LENGTH, __FILE__, __LINE__);
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(last.kind(), Kind::blocked);
}

TEST_F(Tls, ServerNameIsSentForNamesWithoutTheTrailingDotAndNotForAddresses) {
  config.verify_host = false;
  peer.host = "server.test.";
  ASSERT_EQ(connect(), CURLE_OK);
  EXPECT_STREQ(SSL_get_servername(server.ssl.get(), TLSEXT_NAMETYPE_host_name), "server.test");
  for (const char* address : {"127.0.0.1", "::1", "fe80::1%eth0"}) {
    peer.host = address;
    ASSERT_EQ(connect(), CURLE_OK);
    EXPECT_EQ(SSL_get_servername(server.ssl.get(), TLSEXT_NAMETYPE_host_name), nullptr) << address;
  }
}

TEST_F(Tls, ServerNameThatCannotBeSentIsAnError) {
  const std::string host(300, 'a');
  peer.host = host;
  EXPECT_EQ(open(), CURLE_SSL_CONNECT_ERROR);
  EXPECT_FALSE(report.first.empty());
}

TEST_F(Tls, AlpnIsOfferedAsGivenAndOnlyIfEnabled) {
  peer.alpn = "\x02h2\x08http/1.1";
  ASSERT_EQ(connect(), CURLE_OK);
  EXPECT_EQ(server.offered_alpn, "\x02h2\x08http/1.1");
  EXPECT_EQ(client->alpn(), "h2");
  config.alpn = false;
  server.offered_alpn.clear();
  ASSERT_EQ(connect(), CURLE_OK);
  EXPECT_EQ(server.offered_alpn, "");
  EXPECT_EQ(client->alpn(), "");
}

TEST_F(Tls, OverTls) {
  ASSERT_EQ(connect(), CURLE_OK);
  Server inner;
  inner.accept();
  Ref<TlsContext> context;
  const Status got = tls_context(config, config.cache_key(), nullptr, {reactor.now()}, report, context);
  ASSERT_TRUE(got.ok());
  std::unique_ptr<TlsStream> outer;
  const Status opened = TlsStream::open(std::move(client), context, peer, report, outer);
  ASSERT_TRUE(opened.ok());
  Wire inner_wire;
  IoResult result = IoResult::moved(0);
  for (int i = 0; i < 100; ++i) {
    result = outer->handshake(report);
    if (result.kind() != Kind::blocked) break;
    server.pump(wire);
    inner_wire.to_server = std::exchange(server.received, {});
    inner.pump(inner_wire);
    if (!inner_wire.to_client.empty()) server.send(wire, std::exchange(inner_wire.to_client, {}));
  }
  EXPECT_EQ(result.kind(), Kind::bytes);
}

}  // namespace
}  // namespace hiper
