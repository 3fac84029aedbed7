#include "conn/race.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "support/failing_new.hpp"
#include "support/fake_reactor.hpp"

namespace hiper {
namespace {

using What = FakeReactor::What;

class QuietReport final : public Report {
 public:
  void failure(std::string_view text) noexcept override { last.assign(text.substr(0, last.capacity())); }
  void info(std::string_view) noexcept override {}
  bool verbose() const noexcept override { return false; }
  std::string last = std::string(512, ' ');
};

Address loopback(std::uint16_t port) {
  Address address;
  EXPECT_TRUE(parse_address("127.0.0.1", address));
  return address.with_port(port);
}

Address name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage raw{};
  socklen_t length = sizeof raw;
  EXPECT_EQ(ask(fd, reinterpret_cast<sockaddr*>(&raw), &length), 0);
  return Address::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), length);
}

int tcp_socket(int flags = 0) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0); }

/// Takes connections (into its backlog), or, once plugged, answers nothing: its queue is full and the kernel
/// drops what else comes.
class Listener {
 public:
  explicit Listener(int backlog = 16) : fd_(tcp_socket()) {
    const Address any_port = loopback(0);
    EXPECT_EQ(bind(fd_, any_port.raw(), any_port.length()), 0);
    EXPECT_EQ(listen(fd_, backlog), 0);
    address_ = name_of(fd_, getsockname);
  }
  ~Listener() {
    for (const int plug : plugs_) close(plug);
    close(fd_);
  }
  const Address& address() const { return address_; }
  void plug() {
    for (bool taken = true; taken;) {
      plugs_.push_back(tcp_socket(SOCK_NONBLOCK));
      connect(plugs_.back(), address_.raw(), address_.length());
      pollfd one{plugs_.back(), POLLOUT, 0};
      taken = poll(&one, 1, 50) == 1;
    }
  }

 private:
  int fd_;
  Address address_;
  std::vector<int> plugs_;
};

/// An address where connecting is refused.
class Refused {
 public:
  // Bound but not listening, so that nobody else gets the port.
  Refused() : fd_(tcp_socket()) {
    const Address any_port = loopback(0);
    EXPECT_EQ(bind(fd_, any_port.raw(), any_port.length()), 0);
    address_ = name_of(fd_, getsockname);
  }
  ~Refused() { close(fd_); }
  const Address& address() const { return address_; }

 private:
  int fd_;
  Address address_;
};

class Runner final : public Task {
 public:
  using Task::Task;
  void run() noexcept override { resume(); }
};

class RaceTest : public ::testing::Test {
 protected:
  RaceTest() {
    reactor.freeze();
    seen() = {};
  }
  ~RaceTest() override {
    flow = Flow<Status>();
    job.reset();
    reactor.end_turn();
    EXPECT_EQ(reactor.num_live(), 0U);
    EXPECT_EQ(reactor.num_frames(), 0U);
    EXPECT_EQ(reactor.next_deadline(), kNever);
    expect_removed_before_closed();
  }

  void start(std::vector<Address> addresses, Nanos deadline = kNever) {
    job = std::make_unique<RaceJob>(RaceJob{options, std::move(addresses), this, report, deadline});
    flow = race_flow(task, *job);
    flow.start();
    reactor.end_turn();
  }
  /// The answer; the clock stands still meanwhile.
  CURLcode finish() {
    for (int i = 0; i < 100 && !flow.done(); ++i) reactor.turn(1000);
    EXPECT_TRUE(flow.done());
    return result();
  }
  CURLcode result() {
    const Status status = flow.result();
    return status.code();
  }
  /// Lets the kernel and the flow do what they can at this time.
  void settle() {
    for (int i = 0; i < 3; ++i) reactor.turn(1);
  }
  void advance_ms(std::int64_t ms) {
    reactor.advance(ms * kMillisecond);
    settle();
  }
  std::size_t num_attempts() const { return reactor.count(What::adopted); }

  void expect_removed_before_closed() {
    for (std::size_t i = 0; i < reactor.events().size(); ++i) {
      if (reactor.events()[i].what != What::closed) continue;
      Events last = Events::none;
      for (std::size_t j = 0; j < i; ++j) {
        if (reactor.events()[j].fd == reactor.events()[i].fd) last = reactor.events()[j].interest;
      }
      EXPECT_EQ(last, Events::none) << "closed while announced";
    }
  }

  // What the callbacks saw, and what they are to answer.
  struct Seen {
    std::vector<int> opened;
    std::vector<int> configured;
    std::vector<int> closed;
    std::vector<curl_sockaddr> addresses;
    std::vector<int> fds_to_give;  ///< -1: refuse; what is missing is a new socket
    int sockopt_answer = CURL_SOCKOPT_OK;
    std::uint16_t port_to_use = 0;  ///< goes into the address, if not 0
  };
  static Seen& seen() {
    static Seen seen;
    return seen;
  }
  static curl_socket_t open(void* data, curlsocktype purpose, curl_sockaddr* address) {
    EXPECT_EQ(data, &seen());
    EXPECT_EQ(purpose, CURLSOCKTYPE_IPCXN);
    seen().addresses.push_back(*address);
    if (seen().port_to_use != 0) {
      reinterpret_cast<sockaddr_in*>(&address->addr)->sin_port = htons(seen().port_to_use);
    }
    int fd = 0;
    if (seen().opened.size() < seen().fds_to_give.size()) fd = seen().fds_to_give[seen().opened.size()];
    if (fd == 0) fd = socket(address->family, address->socktype, address->protocol);
    seen().opened.push_back(fd);
    return fd;
  }
  static int configure(void* data, curl_socket_t fd, curlsocktype purpose) {
    EXPECT_EQ(data, &seen());
    EXPECT_EQ(purpose, CURLSOCKTYPE_IPCXN);
    seen().configured.push_back(fd);
    return seen().sockopt_answer;
  }
  static int close_it(void* data, curl_socket_t fd) {
    EXPECT_EQ(data, &seen());
    seen().closed.push_back(fd);
    return ::close(fd);
  }
  template <class F>
  void set_callback(Opt function, Opt data, F callback) {
    ASSERT_EQ(options.set_function(function, reinterpret_cast<void (*)()>(callback)), CURLE_OK);
    ASSERT_EQ(options.set_pointer(data, &seen()), CURLE_OK);
  }
  void use_open() { set_callback(Opt::opensocketfunction, Opt::opensocketdata, open); }
  void use_sockopt() { set_callback(Opt::sockoptfunction, Opt::sockoptdata, configure); }
  void use_close() { set_callback(Opt::closesocketfunction, Opt::closesocketdata, close_it); }

  FakeReactor reactor;
  Runner task{reactor};
  Options options;
  QuietReport report;
  std::unique_ptr<RaceJob> job;
  Flow<Status> flow;
};

TEST_F(RaceTest, ASingleAddressConnects) {
  const Listener listener;
  start({listener.address()});
  ASSERT_EQ(finish(), CURLE_OK);
  ASSERT_TRUE(job->winner);
  EXPECT_EQ(job->remote, listener.address());
  EXPECT_EQ(name_of(job->winner->fd(), getpeername), listener.address());
  EXPECT_EQ(job->winner->wanted(), Events::none);
  EXPECT_EQ(job->winner->easy(), this);
  ASSERT_GE(reactor.events().size(), 2U);
  EXPECT_EQ(reactor.events()[1].what, What::announced);
  EXPECT_EQ(reactor.events()[1].interest, Events::out);
  EXPECT_EQ(reactor.count(What::closed), 0U);
}

TEST_F(RaceTest, OneAddressNeedsNoTimerButTheDeadline) {
  Listener hole(0);
  hole.plug();
  start({hole.address()});
  EXPECT_EQ(reactor.next_deadline(), kNever);
}

TEST_F(RaceTest, NoAddressAtAllCannotConnect) {
  start({});
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_COULDNT_CONNECT);
}

TEST_F(RaceTest, ARefusedAddressIsFollowedByTheNextAtOnce) {
  const Refused refused;
  const Listener listener;
  start({refused.address(), listener.address()});
  ASSERT_EQ(finish(), CURLE_OK);  // the clock stood still: no delay was waited for
  EXPECT_EQ(job->remote, listener.address());
  EXPECT_EQ(num_attempts(), 2U);
  EXPECT_EQ(reactor.count(What::closed), 1U);
}

TEST_F(RaceTest, AllRefusedAnswersWithTheReason) {
  const Refused one;
  const Refused two;
  start({one.address(), two.address(), one.address()});
  EXPECT_EQ(finish(), CURLE_COULDNT_CONNECT);
  EXPECT_EQ(job->os_error, ECONNREFUSED);
  EXPECT_FALSE(job->winner);
  EXPECT_EQ(num_attempts(), 3U);
  EXPECT_EQ(reactor.num_live(), 0U);
}

TEST_F(RaceTest, TheNextAttemptStartsAfterTheDelayAndLosersAreRemoved) {
  Listener hole(0);
  hole.plug();
  const Listener listener;
  start({hole.address(), listener.address()});
  advance_ms(199);
  EXPECT_FALSE(flow.done());
  EXPECT_EQ(num_attempts(), 1U);
  const int loser = reactor.live().front()->fd();
  advance_ms(1);
  EXPECT_EQ(num_attempts(), 2U);
  ASSERT_EQ(finish(), CURLE_OK);
  EXPECT_EQ(job->remote, listener.address());
  EXPECT_EQ(reactor.num_live(), 1U);
  ASSERT_EQ(reactor.count(What::closed), 1U);
  const auto closed = std::find_if(reactor.events().begin(), reactor.events().end(),
                                   [](const auto& event) { return event.what == What::closed; });
  EXPECT_EQ(closed->fd, loser);
  EXPECT_EQ((closed - 1)->what, What::removed);
  EXPECT_EQ((closed - 1)->fd, loser);
}

TEST_F(RaceTest, TheDelayIsAnOption) {
  Listener hole(0);
  hole.plug();
  ASSERT_EQ(options.set_number(Opt::happy_eyeballs_timeout_ms, 1000), CURLE_OK);
  start({hole.address(), hole.address(), hole.address()});
  advance_ms(999);
  EXPECT_EQ(num_attempts(), 1U);
  advance_ms(1);
  EXPECT_EQ(num_attempts(), 2U);
  advance_ms(1000);
  EXPECT_EQ(num_attempts(), 3U);
  EXPECT_EQ(reactor.num_live(), 3U) << "earlier attempts go on";
}

TEST_F(RaceTest, AnAttemptThatFailsAtItsStartDoesNotDelayTheNext) {
  Listener hole(0);
  hole.plug();
  const Listener listener;
  use_open();
  seen().fds_to_give = {0, -1};
  start({hole.address(), hole.address(), listener.address()});
  advance_ms(200);
  EXPECT_EQ(seen().opened.size(), 3U);
  ASSERT_EQ(finish(), CURLE_OK);
  EXPECT_EQ(job->remote, listener.address());
}

TEST_F(RaceTest, SpuriousEventsAreNotTakenForAConnection) {
  Listener hole(0);
  hole.plug();
  start({hole.address()});
  for (const Events events : {Events::out, Events::in, Events::error, Events::inout}) {
    reactor.report(*reactor.live().front(), events);
    task.wake();
    settle();
    EXPECT_FALSE(flow.done());
    EXPECT_EQ(reactor.live().front()->wanted(), Events::out);
  }
  EXPECT_EQ(num_attempts(), 1U);
}

TEST_F(RaceTest, TheDeadlineEndsItOnTime) {
  Listener hole(0);
  hole.plug();
  start({hole.address(), hole.address()}, reactor.now() + 5 * kSecond);
  advance_ms(4999);
  EXPECT_FALSE(flow.done());
  advance_ms(1);
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(reactor.num_live(), 0U);
}

TEST_F(RaceTest, ADeadlineBeforeTheNextAttemptIsNotMissed) {
  Listener hole(0);
  hole.plug();
  start({hole.address(), hole.address()}, reactor.now() + 50 * kMillisecond);
  EXPECT_EQ(reactor.next_deadline(), reactor.now() + 50 * kMillisecond);
  advance_ms(50);
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(num_attempts(), 1U);
}

TEST_F(RaceTest, CancellingRetiresAllAttempts) {
  Listener hole(0);
  hole.plug();
  start({hole.address(), hole.address(), hole.address()});
  advance_ms(200);
  advance_ms(200);
  EXPECT_EQ(reactor.num_live(), 3U);
  flow = Flow<Status>();
  reactor.end_turn();
  EXPECT_EQ(reactor.num_live(), 0U);
  EXPECT_EQ(reactor.count(What::closed), 3U);
}

TEST_F(RaceTest, TheOpenCallbackSeesTheAddressAndGivesTheSocket) {
  const Listener listener;
  use_open();
  start({listener.address()});
  ASSERT_EQ(finish(), CURLE_OK);
  ASSERT_EQ(seen().opened.size(), 1U);
  EXPECT_EQ(job->winner->fd(), seen().opened[0]);
  EXPECT_NE(fcntl(job->winner->fd(), F_GETFL) & O_NONBLOCK, 0) << "a blocking socket would block everybody";
  const curl_sockaddr& shown = seen().addresses[0];
  EXPECT_EQ(shown.family, AF_INET);
  EXPECT_EQ(shown.socktype, SOCK_STREAM);
  EXPECT_EQ(shown.protocol, IPPROTO_TCP);
  EXPECT_EQ(shown.addrlen, sizeof(sockaddr_in));
  EXPECT_EQ(Address::from_sockaddr(&shown.addr, shown.addrlen), listener.address());
}

TEST_F(RaceTest, TheOpenCallbackMayChangeTheAddress) {
  const Refused refused;
  const Listener listener;
  use_open();
  seen().port_to_use = listener.address().port();
  start({refused.address()});
  ASSERT_EQ(finish(), CURLE_OK);
  EXPECT_EQ(job->remote, listener.address());
}

TEST_F(RaceTest, AnOpenCallbackThatRefusesIsACouldNotConnect) {
  const Listener listener;
  use_open();
  seen().fds_to_give = {-1, -1};
  start({listener.address(), listener.address()});
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_COULDNT_CONNECT);
  EXPECT_EQ(seen().opened.size(), 2U);
}

TEST_F(RaceTest, ASocketOptionCallbackThatFailsAborts) {
  const Listener listener;
  use_open();
  use_sockopt();
  use_close();
  seen().sockopt_answer = CURL_SOCKOPT_ERROR;
  start({listener.address(), listener.address()});
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_ABORTED_BY_CALLBACK);
  EXPECT_EQ(seen().configured, seen().opened);
  EXPECT_EQ(seen().closed, seen().opened);
  EXPECT_EQ(seen().opened.size(), 1U) << "no other address is tried";
}

TEST_F(RaceTest, ASocketThatIsConnectedAlreadyIsNotConnectedAgain) {
  const Refused refused;  // where connecting would fail
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  use_open();
  use_sockopt();
  seen().fds_to_give = {pair[0]};
  seen().sockopt_answer = CURL_SOCKOPT_ALREADY_CONNECTED;
  start({refused.address()});
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_OK);
  EXPECT_EQ(job->winner->fd(), pair[0]);
  EXPECT_EQ(reactor.count(What::announced), 0U);
  close(pair[1]);
}

TEST_F(RaceTest, TheCloseCallbackClosesRefusedSocketsLosersAndTheWinner) {
  Listener hole(0);
  hole.plug();
  const Refused refused;
  const Listener listener;
  use_open();
  use_close();
  start({refused.address(), hole.address(), listener.address()});
  settle();
  EXPECT_EQ(seen().closed.size(), 1U);
  advance_ms(200);
  ASSERT_EQ(finish(), CURLE_OK);
  EXPECT_EQ(seen().closed.size(), 2U);
  const int winner = job->winner->fd();
  job->winner.reset();
  reactor.end_turn();
  ASSERT_EQ(seen().closed.size(), 3U);
  EXPECT_EQ(seen().closed.back(), winner);
  EXPECT_EQ(reactor.count(What::closed), 3U);
}

TEST_F(RaceTest, TheLocalAddressIsBoundAsAsked) {
  const Listener listener;
  ASSERT_EQ(options.set_text(Opt::interface, "host!127.0.0.2"), CURLE_OK);
  start({listener.address()});
  ASSERT_EQ(finish(), CURLE_OK);
  EXPECT_STREQ(ip_text(name_of(job->winner->fd(), getsockname)).c_str(), "127.0.0.2");
}

TEST_F(RaceTest, ALocalAddressThatCannotBeBoundIsSaid) {
  const Listener listener;
  for (const char* const bad : {"host!not-an-address", "host!192.0.2.1", "if!nonexistent0"}) {
    ASSERT_EQ(options.set_text(Opt::interface, bad), CURLE_OK);
    start({listener.address()});
    EXPECT_TRUE(flow.done());
    EXPECT_EQ(result(), CURLE_INTERFACE_FAILED) << bad;
    EXPECT_NE(report.last.find_first_not_of(' '), std::string::npos);
  }
}

TEST_F(RaceTest, ALocalPortInUseGivesWayToTheNextInTheRange) {
  const Listener listener;
  const Refused taken;
  ASSERT_EQ(options.set_number(Opt::localport, taken.address().port()), CURLE_OK);
  start({listener.address()});
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_INTERFACE_FAILED);
  ASSERT_EQ(options.set_number(Opt::localportrange, 100), CURLE_OK);
  start({listener.address()});
  ASSERT_EQ(finish(), CURLE_OK);
  EXPECT_GT(name_of(job->winner->fd(), getsockname).port(), taken.address().port());
}

TEST_F(RaceTest, DelayedSendingIsUpToTheOption) {
  const Listener listener;
  for (const int asked : {1, 0}) {
    ASSERT_EQ(options.set_number(Opt::tcp_nodelay, asked), CURLE_OK);
    start({listener.address()});
    ASSERT_EQ(finish(), CURLE_OK);
    int value = -1;
    socklen_t length = sizeof value;
    ASSERT_EQ(getsockopt(job->winner->fd(), IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
    EXPECT_EQ(value != 0, asked == 1);
  }
}

TEST_F(RaceTest, ASocketThatCannotBeAdoptedIsOutOfMemory) {
  Listener hole(0);
  hole.plug();
  for (int n = 1; n <= 2; ++n) {
    reactor.fail_adopt(n);
    start({hole.address(), hole.address()});
    advance_ms(200);
    EXPECT_TRUE(flow.done());
    EXPECT_EQ(result(), CURLE_OUT_OF_MEMORY);
    EXPECT_EQ(reactor.num_live(), 0U);
  }
}

TEST_F(RaceTest, AFrameThatCannotBeAllocatedIsOutOfMemory) {
  const Listener listener;
  reactor.fail_frame(1);
  start({listener.address()});
  EXPECT_TRUE(flow.done());
  EXPECT_EQ(result(), CURLE_OUT_OF_MEMORY);
  EXPECT_EQ(num_attempts(), 0U);
}

TEST_F(RaceTest, EveryFailingAllocationIsOutOfMemoryAndLosesNoDescriptor) {
  Listener hole(0);
  hole.plug();
  const Listener listener;
  reactor.before_run = FailingNew::go_on;
  reactor.after_run = FailingNew::pause;
  bool all_went_well = false;
  for (long n = 1; !all_went_well && n < 100; ++n) {
    std::vector<Address> addresses{hole.address(), listener.address()};
    job = std::make_unique<RaceJob>(
        RaceJob{options, std::move(addresses), this, report, reactor.now() + 5 * kSecond});
    const FailingNew failing(n);
    flow = race_flow(task, *job);
    flow.start();
    FailingNew::pause();
    advance_ms(200);
    for (int i = 0; i < 100 && !flow.done(); ++i) reactor.turn(1000);
    all_went_well = !failing.struck();
    ASSERT_TRUE(flow.done());
    const CURLcode code = result();
    EXPECT_TRUE(code == CURLE_OUT_OF_MEMORY || (code == CURLE_OK && job->winner)) << n << ": " << code;
    EXPECT_EQ(code == CURLE_OK, all_went_well) << n;
    job.reset();
    flow = Flow<Status>();
    reactor.end_turn();
    EXPECT_EQ(reactor.num_live(), 0U) << n;
  }
  EXPECT_TRUE(all_went_well);
}

std::string interleaved(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const std::string& text : texts) EXPECT_TRUE(parse_address(text, addresses.emplace_back()));
  std::string result;
  for (const Address& address : interleave(addresses, 443)) {
    EXPECT_EQ(address.port(), 443);
    result.append(result.empty() ? "" : " ").append(ip_text(address).view());
  }
  return result;
}

TEST(Interleave, FamiliesTakeTurnsStartingWithTheFirst) {
  EXPECT_EQ(interleaved({}), "");
  EXPECT_EQ(interleaved({"1.1.1.1"}), "1.1.1.1");
  EXPECT_EQ(interleaved({"1.1.1.1", "2.2.2.2", "3.3.3.3"}), "1.1.1.1 2.2.2.2 3.3.3.3");
  EXPECT_EQ(interleaved({"::1", "::2", "1.1.1.1", "2.2.2.2"}), "::1 1.1.1.1 ::2 2.2.2.2");
  EXPECT_EQ(interleaved({"1.1.1.1", "::1", "::2", "::3"}), "1.1.1.1 ::1 ::2 ::3");
  EXPECT_EQ(interleaved({"::1", "::2", "::3", "1.1.1.1"}), "::1 1.1.1.1 ::2 ::3");
}

}  // namespace
}  // namespace hiper
