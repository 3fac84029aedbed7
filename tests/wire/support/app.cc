#include "wire/support/app.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "wire/support/faults.hpp"

namespace hiper::wire {
namespace {

std::int64_t now_us() noexcept {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

bool is_open(int fd) noexcept { return fcntl(fd, F_GETFD) >= 0; }

ino_t inode_of(int fd) noexcept {
  struct stat about {};
  return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

int local_port(int fd) noexcept {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  const int answer = getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), &length);
  return answer == 0 && address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

const char* word(int what) noexcept {
  switch (what) {
    case CURL_POLL_IN:
      return "IN";
    case CURL_POLL_OUT:
      return "OUT";
    case CURL_POLL_INOUT:
      return "INOUT";
    case CURL_POLL_REMOVE:
      return "REMOVE";
    default:
      return "?";
  }
}

}  // namespace

App::App() : multi_(in_library([] { return curl_multi_init(); })) {
  if (multi_ == nullptr) return;
  const InsideLibrary inside(true);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, socket_callback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, timer_callback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

App::~App() {
  cleanup();
  if (edges_ >= 0) close(edges_);
}

void App::use_edges() {
  edges_ = epoll_create1(EPOLL_CLOEXEC);
  ASSERT_GE(edges_, 0);
}

CURLMcode App::cleanup() {
  if (multi_ == nullptr) return CURLM_OK;
  const CURLMcode code = in_library([this] { return curl_multi_cleanup(multi_); });
  multi_ = nullptr;
  EXPECT_TRUE(lives_.empty()) << lives_.size() << " sockets were never removed: " << whole_trace_;
  EXPECT_EQ(last_told_, -1) << "the timer was not called off: " << whole_trace_;
  return code;
}

// --- Callbacks

void App::note(const std::string& text) {
  trace_ += (trace_.empty() ? "" : " ") + text;
  if (whole_trace_.size() < 4000) whole_trace_ += (whole_trace_.empty() ? "" : " ") + text;
}

std::string App::name(int number) const {
  return number < 26 ? std::string(1, static_cast<char>('a' + number)) : "s" + std::to_string(number);
}

std::string App::trace() { return std::exchange(trace_, {}); }

int App::socket_callback(CURL* easy, curl_socket_t fd, int what, void* self, void* pointer) {
  const InsideLibrary outside(false);
  App& app = *static_cast<App*>(self);
  app.socket_called(easy, fd, what, pointer);
  if (app.on_socket) app.on_socket(fd, what);
  return app.socket_answer;
}

void App::begin_life(int fd, void* pointer) {
  Life& life = lives_[fd];
  life.number = num_lives_++;
  life.inode = inode_of(fd);
  life.port = local_port(fd);
  if (life.port != 0) ports_[life.port] = fd;
  EXPECT_EQ(pointer, nullptr) << "a new socket comes without a pointer: " << whole_trace_;
}

void App::socket_called(CURL* easy, int fd, int what, void* pointer) {
  ++num_socket_calls_;
  EXPECT_TRUE(is_open(fd)) << word(what) << " of " << fd << ", which is not open: " << whole_trace_;
  EXPECT_TRUE(Handle::is_live(easy)) << word(what) << " for a handle that is not the application's";
  const bool known = lives_.count(fd) != 0;
  if (what == CURL_POLL_REMOVE) {
    EXPECT_TRUE(known) << "REMOVE of a socket that was not announced: " << whole_trace_;
    if (!known) return;
  } else if (!known) {
    begin_life(fd, pointer);
  }
  Life& life = lives_[fd];
  EXPECT_EQ(life.inode, inode_of(fd)) << "one number, two lives without a REMOVE: " << whole_trace_;
  EXPECT_EQ(pointer, life.pointer) << "not the pointer that was assigned: " << whole_trace_;
  EXPECT_NE(life.what, what) << "announced again without a change: " << whole_trace_;
  note(name(life.number) + ":" + word(what) + (pointer != nullptr ? "+" : ""));
  watch_edges(fd, life.what, what);
  if (what == CURL_POLL_REMOVE) {
    lives_.erase(fd);
    return;
  }
  life.what = what;
  if (!assigns || life.pointer != nullptr) return;
  life.pointer = &life;
  EXPECT_EQ(curl_multi_assign(multi_, fd, &life), CURLM_OK);
}

int App::timer_callback(CURLM* multi, long ms, void* self) {
  const InsideLibrary outside(false);
  App& app = *static_cast<App*>(self);
  EXPECT_EQ(multi, app.multi_);
  EXPECT_GE(ms, -1);
  EXPECT_FALSE(ms == -1 && app.last_told_ == -1) << "-1 without a timer: " << app.whole_trace_;
  EXPECT_FALSE(ms == 0 && app.timer_ms_ == 0 && !app.spent_) << "0 twice: " << app.whole_trace_;
  ++app.num_timer_calls_;
  app.timer_ms_ = app.last_told_ = ms;
  app.timer_due_ = now_us() + ms * 1000;
  app.timer_lag_ = now_us() - app.call_began_;
  app.spent_ = false;
  app.note(ms == 0 ? "timer:0" : ms < 0 ? "timer:-1" : "timer:later");
  if (app.on_timer) app.on_timer(ms);
  return app.timer_answer;
}

int App::close_callback(void* self, curl_socket_t fd) {
  const InsideLibrary outside(false);
  App& app = *static_cast<App*>(self);
  EXPECT_EQ(app.lives_.count(fd), 0u) << "closed before its REMOVE: " << app.whole_trace_;
  EXPECT_TRUE(is_open(fd)) << "closed twice: " << app.whole_trace_;
  return close(fd);
}

// --- Calls

CURLMcode App::add(Handle& handle) {
  call_began_ = now_us();
  ++num_calls_;
  if (hooks_close) {
    handle.set(CURLOPT_CLOSESOCKETFUNCTION, close_callback);
    handle.set(CURLOPT_CLOSESOCKETDATA, this);
    if (handle.short_of_memory) return CURLM_OUT_OF_MEMORY;
  }
  const int before = num_socket_calls_;
  const CURLMcode code = in_library([&] { return curl_multi_add_handle(multi_, handle.curl); });
  EXPECT_EQ(num_socket_calls_, before) << "add_handle only sets the timer: " << whole_trace_;
  if (code == CURLM_OK || code == CURLM_ABORTED_BY_CALLBACK) {
    added_[handle.curl] = false;
    handle.done = false;
  }
  EXPECT_TRUE(code != CURLM_OK || timer_ms_ == 0)
      << "the handle is not going to be started: " << whole_trace_;
  after_call(false);
  return code;
}

CURLMcode App::remove(Handle& handle) {
  call_began_ = now_us();
  ++num_calls_;
  const CURLMcode code = in_library([&] { return curl_multi_remove_handle(multi_, handle.curl); });
  if (code == CURLM_OK) added_.erase(handle.curl);
  after_call(false);
  return code;
}

CURLMcode App::socket_action(curl_socket_t fd, int events) {
  call_began_ = now_us();
  ++num_calls_;
  if (fd == CURL_SOCKET_TIMEOUT) spent_ = true;
  running_ = -1;
  const CURLMcode code = in_library([&] { return curl_multi_socket_action(multi_, fd, events, &running_); });
  EXPECT_GE(running_, 0) << "running_handles was not written";
  after_call(true);
  return code;
}

CURLMcode App::fire_timer() {
  timer_ms_ = -1;
  return socket_action(CURL_SOCKET_TIMEOUT, 0);
}

CURLMcode App::perform() {
  call_began_ = now_us();
  ++num_calls_;
  const CURLMcode code = in_library([&] { return curl_multi_perform(multi_, &running_); });
  after_call(true);
  return code;
}

CURLcode App::pause(Handle& handle, int what) {
  call_began_ = now_us();
  ++num_calls_;
  const CURLcode code = in_library([&] { return curl_easy_pause(handle.curl, what); });
  after_call(false);
  return code;
}

// --- Checks

void App::after_call(bool counts_running) {
  check_sockets();
  check_timeout();
  if (reading == Reading::all || (reading == Reading::one_per_event && counts_running)) read_messages();
  if (counts_running && reading == Reading::all) check_running();
}

void App::check_sockets() {
  for (const auto& [fd, life] : lives_) {
    EXPECT_TRUE(is_open(fd)) << "closed without REMOVE: " << whole_trace_;
    EXPECT_EQ(inode_of(fd), life.inode) << "closed without REMOVE and opened again: " << whole_trace_;
  }
}

/// curl_multi_timeout says what the timer callback said.
void App::check_timeout() {
  long ms = -2;
  const CURLMcode code = in_library([&] { return curl_multi_timeout(multi_, &ms); });
  EXPECT_EQ(code, CURLM_OK);
  if (timer_ms_ < 0) {
    // A timer that struck without being told again leaves nothing behind, too.
    EXPECT_EQ(ms, -1) << "there is a deadline that was not told: " << whole_trace_;
    return;
  }
  const std::int64_t now = now_us();
  EXPECT_GE(ms, 0) << "the timer is not called off: " << whole_trace_;
  EXPECT_LE(ms, timer_ms_) << whole_trace_;
  EXPECT_GE(ms * 1000, timer_due_ - now - 2000 - timer_lag_) << whole_trace_;
}

void App::check_running() {
  int undone = 0;
  for (const auto& [easy, done] : added_) undone += done ? 0 : 1;
  EXPECT_EQ(running_, undone) << "running_handles is wrong";
}

void App::read_messages() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    EXPECT_EQ(message->msg, CURLMSG_DONE);
    EXPECT_EQ(added_.count(message->easy_handle), 1u) << "a message about a handle that is not added";
    EXPECT_FALSE(added_[message->easy_handle]) << "two messages about one transfer";
    added_[message->easy_handle] = true;
    void* handle = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle);
    static_cast<Handle*>(handle)->done = true;
    static_cast<Handle*>(handle)->code = message->data.result;
    if (reading == Reading::one_per_event) return;
  }
  EXPECT_EQ(left, 0);
}

// --- For the loop

int App::interest(int fd) const noexcept {
  const auto life = lives_.find(fd);
  return life == lives_.end() ? 0 : life->second.what;
}

int App::socket_at_port(int port) const {
  const auto at = ports_.find(port);
  if (at == ports_.end() || !is_open(at->second) || local_port(at->second) != port) return -1;
  return at->second;
}

int App::timer_left() const noexcept {
  if (timer_ms_ < 0) return -1;
  const std::int64_t left = timer_due_ - now_us();
  return left <= 0 ? 0 : static_cast<int>((left + 999) / 1000);
}

void App::watch_edges(int fd, int before, int what) const {
  if (edges_ < 0) return;
  epoll_event event{};
  event.events = EPOLLET;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  event.data.fd = fd;
  const int operation = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
                        : before == 0            ? EPOLL_CTL_ADD
                                                 : EPOLL_CTL_MOD;
  EXPECT_EQ(epoll_ctl(edges_, operation, fd, &event), 0) << word(what) << ": " << whole_trace_;
}

void App::dispatch_edges() {
  epoll_event events[64];
  const int count = epoll_wait(edges_, events, 64, 0);
  for (int i = 0; i < count; ++i) {
    if (lives_.count(events[i].data.fd) == 0) continue;  // removed by what came before it
    const int bits = ((events[i].events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    expect_ok(socket_action(events[i].data.fd, bits));
  }
}

void App::add_to(std::vector<pollfd>& set) const {
  if (edges_ >= 0) {
    set.push_back({edges_, POLLIN, 0});
    return;
  }
  for (const auto& [fd, life] : lives_) {
    const int events =
        ((life.what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((life.what & CURL_POLL_OUT) != 0 ? POLLOUT : 0);
    set.push_back({fd, static_cast<short>(events), 0});
  }
}

void App::expect_ok(CURLMcode code) const {
  EXPECT_TRUE(code == CURLM_OK || (expects_shortage && code == CURLM_OUT_OF_MEMORY)) << code;
}

void App::dispatch(const std::vector<pollfd>& ready) {
  if (edges_ >= 0) dispatch_edges();
  for (const pollfd& one : ready) {
    if (one.revents == 0 || lives_.count(one.fd) == 0) continue;
    const int events = ((one.revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                       ((one.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((one.revents & (POLLERR | POLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    expect_ok(socket_action(one.fd, events));
  }
  if (timer_left() == 0) expect_ok(fire_timer());
}

curl_off_t num_handles(CURLM* multi, CURLMinfo_offt what) {
  curl_off_t value = -1;
  EXPECT_EQ(curl_multi_get_offt(multi, what, &value), CURLM_OK);
  return value;
}

}  // namespace hiper::wire
