// The checks of the simulator must be able to fail: wrong sequences of callbacks, fed to the application's
// view by hand, must each be complained about, and right ones must not.
#include "wire/simulator/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace hiper::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ViewTest : public testing::Test {
 protected:
  ViewTest()
      : view_({[this](const std::string& text) { complaints_.push_back(text); }, [this] { return now_; },
               [this](int fd) { return sockets_.contains(fd) ? sockets_[fd] : 0; },
               [this](CURL* easy) { return easy == &easy_; }}) {
    sockets_[10] = 1;
  }
  void socket(int fd, int what, void* pointer = nullptr) { view_.socket_called(&easy_, fd, what, pointer); }
  void timer(long ms) { view_.timer_called(ms); }
  void call() { view_.begin_call(false); }
  void timeout_call() { view_.begin_call(true); }
  void done(long timeout_ms = -2) { view_.end_call(timeout_ms, -1, 0); }
  void pass(long ms) { now_ += ms * kMillisecond; }

  char easy_ = 0;
  char pointer_ = 0;
  Nanos now_ = kSecond;
  std::map<int, long> sockets_;
  std::vector<std::string> complaints_;
  View view_;
};

TEST_F(ViewTest, AcceptsTheLifeOfASocket) {
  call();
  socket(10, CURL_POLL_OUT);
  view_.assigned(10, &pointer_);
  socket(10, CURL_POLL_IN, &pointer_);
  socket(10, CURL_POLL_REMOVE, &pointer_);
  view_.closing(10);
  socket(10, CURL_POLL_IN);
  socket(10, CURL_POLL_REMOVE);
  done();
  view_.cleaned_up();
  EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(ViewTest, ComplainsAboutTheSameInterestTwice) {
  call();
  socket(10, CURL_POLL_IN);
  socket(10, CURL_POLL_IN);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("announced twice")));
}

TEST_F(ViewTest, ComplainsAboutRemovingWhatWasNotAnnounced) {
  call();
  socket(10, CURL_POLL_REMOVE);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("not announced")));
}

TEST_F(ViewTest, ComplainsAboutASecondRemove) {
  call();
  socket(10, CURL_POLL_IN);
  socket(10, CURL_POLL_REMOVE);
  socket(10, CURL_POLL_REMOVE);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("not announced")));
}

TEST_F(ViewTest, ComplainsAboutACloseBeforeTheRemove) {
  call();
  socket(10, CURL_POLL_IN);
  view_.closing(10);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("closed before its REMOVE")));
}

TEST_F(ViewTest, ComplainsAboutARemoveAfterTheClose) {
  call();
  socket(10, CURL_POLL_IN);
  sockets_.erase(10);
  socket(10, CURL_POLL_REMOVE);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("not an open socket")));
}

TEST_F(ViewTest, ComplainsAboutAMissingRemoveAtTheEnd) {
  call();
  socket(10, CURL_POLL_IN);
  done();
  view_.cleaned_up();
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("never removed")));
}

TEST_F(ViewTest, ComplainsAboutASocketThatIsAnnouncedButClosed) {
  call();
  socket(10, CURL_POLL_IN);
  sockets_.erase(10);
  done();
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("was closed")));
}

TEST_F(ViewTest, ComplainsAboutTwoLivesOfANumber) {
  call();
  socket(10, CURL_POLL_OUT);
  sockets_[10] = 2;
  socket(10, CURL_POLL_IN);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("second life")));
}

TEST_F(ViewTest, ComplainsAboutInternalDescriptors) {
  call();
  socket(11, CURL_POLL_IN);  // open, perhaps, but no socket
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("not an open socket")));
}

TEST_F(ViewTest, ComplainsAboutWrongPointers) {
  call();
  socket(10, CURL_POLL_OUT, &pointer_);
  socket(10, CURL_POLL_IN, &pointer_);
  view_.assigned(10, &pointer_);
  socket(10, CURL_POLL_REMOVE);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("newly announced with a pointer"),
                                       HasSubstr("wrong pointer"), HasSubstr("REMOVE with a wrong pointer")));
}

TEST_F(ViewTest, ComplainsAboutDeadHandles) {
  char other = 0;
  call();
  view_.socket_called(&other, 10, CURL_POLL_IN, nullptr);
  view_.socket_called(nullptr, 10, CURL_POLL_OUT, nullptr);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("not alive"), HasSubstr("without a handle")));
}

TEST_F(ViewTest, ComplainsAboutInterestThatIsNone) {
  call();
  socket(10, CURL_POLL_NONE);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("announced for 0")));
}

TEST_F(ViewTest, ComplainsAboutCallbacksOutsideOfCalls) {
  socket(10, CURL_POLL_IN);
  timer(5);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("socket callback is called outside"),
                                       HasSubstr("timer callback is called outside")));
}

TEST_F(ViewTest, ComplainsAboutCallbacksAfterTheCleanup) {
  view_.cleaned_up();
  call();
  socket(10, CURL_POLL_IN);
  timer(5);
  EXPECT_THAT(complaints_,
              ElementsAre(HasSubstr("after curl_multi_cleanup"), HasSubstr("after curl_multi_cleanup")));
}

TEST_F(ViewTest, AcceptsTheLifeOfTheTimer) {
  call();
  timer(0);
  done(0);
  view_.timer_struck();
  timeout_call();
  timer(200);
  done(200);
  pass(50);
  call();
  timer(100);  // another deadline
  done(100);
  timeout_call();
  timer(100);  // told again: the application's timer may be spent
  done(100);
  call();
  timer(-1);
  done(-1);
  view_.cleaned_up();
  EXPECT_THAT(complaints_, IsEmpty());
}

TEST_F(ViewTest, ComplainsAboutAnUnchangedDeadline) {
  call();
  timer(200);
  done(200);
  pass(50);
  call();
  timer(150);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("has not changed")));
}

TEST_F(ViewTest, ComplainsAboutZeroTwice) {
  call();
  timer(0);
  done(0);
  pass(3);
  call();
  timer(0);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("has not changed")));
}

TEST_F(ViewTest, ComplainsAboutMinusOneWithoutATimer) {
  call();
  timer(-1);
  timer(7);
  timer(-1);
  timer(-1);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("none was set"), HasSubstr("none was set")));
}

TEST_F(ViewTest, ComplainsAboutATimerThatIsNotArmedAgain) {
  call();
  timer(100);
  done(100);
  view_.timer_struck();  // early
  timeout_call();
  done(100);  // the library still has a deadline, but did not tell
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("the timer is armed for -1 ms")));
}

TEST_F(ViewTest, ComplainsAboutATimeoutThatDisagrees) {
  call();
  timer(100);
  done(40);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("curl_multi_timeout says 40 ms")));
}

TEST_F(ViewTest, ComplainsAboutATimerLeftArmed) {
  call();
  timer(100);
  done(100);
  view_.cleaned_up();
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("still armed")));
}

TEST_F(ViewTest, ComplainsAboutAWrongCountOfRunningTransfers) {
  call();
  view_.end_call(-2, 2, 1);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("running_handles is 2, not 1")));
}

}  // namespace
}  // namespace hiper::sim
