#include "threads/support/clients.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace hiper::threads {
namespace {

constexpr int kVeryLongMs = 60'000;

/// Takes the messages that are there; each must be a success. Their number.
std::size_t take_messages(CURLM* multi) {
  std::size_t count = 0;
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
    EXPECT_EQ(message->data.result, CURLE_OK) << curl_easy_strerror(message->data.result);
    ++count;
  }
  return count;
}

void add_all(CURLM* multi, const std::vector<Client*>& clients) {
  for (const Client* const client : clients)
    EXPECT_EQ(curl_multi_add_handle(multi, client->easy()), CURLM_OK);
}

void remove_all(CURLM* multi, const std::vector<Client*>& clients) {
  for (const Client* const client : clients)
    EXPECT_EQ(curl_multi_remove_handle(multi, client->easy()), CURLM_OK);
}

}  // namespace

void in_threads(int count, const std::function<void(int)>& body) {
  Barrier start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void Barrier::arrive_and_wait() {
  std::unique_lock lock(mutex_);
  const unsigned round = round_;
  if (++arrived_ == count_) {
    arrived_ = 0;
    ++round_;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return round_ != round; });
}

Client::Client() : easy_(curl_easy_init()) {
  curl_easy_setopt(easy(), CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(easy(), CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy(), CURLOPT_TIMEOUT_MS, long{kVeryLongMs});
  const std::string& pem = Server::authority_pem();
  curl_blob blob = {const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy(), CURLOPT_CAINFO_BLOB, &blob);
  curl_easy_setopt(easy(), CURLOPT_CAPATH, nullptr);
}

void Client::aim(const Server& server, const std::string& path, const std::string& host) {
  body.clear();
  curl_easy_setopt(easy(), CURLOPT_URL, server.url(path, host).c_str());
}

void Client::share(CURLSH* share) const {
  EXPECT_EQ(curl_easy_setopt(easy(), CURLOPT_SHARE, share), CURLE_OK);
}

CURLcode Client::get(const Server& server, const std::string& path, const std::string& host) {
  aim(server, path, host);
  return curl_easy_perform(easy());
}

void Client::expect_echo(const Server& server, const std::string& path, const std::string& host) {
  const CURLcode code = get(server, path, host);
  EXPECT_EQ(code, CURLE_OK) << curl_easy_strerror(code);
  EXPECT_EQ(body, path);
}

long Client::num_connects() const {
  long count = -1;
  curl_easy_getinfo(easy(), CURLINFO_NUM_CONNECTS, &count);
  return count;
}

std::size_t Client::receive(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<Client*>(self)->body.append(data, size * count);
  return size * count;
}

void run_with_poll(CURLM* multi, const std::vector<Client*>& clients) {
  add_all(multi, clients);
  std::size_t num_done = 0;
  while (num_done < clients.size()) {
    int running = 0;
    ASSERT_EQ(curl_multi_perform(multi, &running), CURLM_OK);
    num_done += take_messages(multi);
    if (running == 0) continue;
    ASSERT_EQ(curl_multi_poll(multi, nullptr, 0, kVeryLongMs, nullptr), CURLM_OK);
  }
  remove_all(multi, clients);
}

EventLoop::EventLoop(CURLM* multi) : multi_(multi), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
}

EventLoop::~EventLoop() {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  close(epoll_);
}

void EventLoop::run(const std::vector<Client*>& clients) {
  add_all(multi_, clients);
  std::size_t num_done = 0;
  while (num_done < clients.size()) {
    std::array<epoll_event, 64> events;
    const int wait = timeout_ms_ < 0 ? kVeryLongMs : static_cast<int>(timeout_ms_);
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait);
    ASSERT_TRUE(count != 0 || wait != kVeryLongMs) << "nothing happens";
    int running = 0;
    if (count <= 0) {
      timeout_ms_ = -1;
      ASSERT_EQ(curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const int what = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                       ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
      ASSERT_EQ(curl_multi_socket_action(multi_, event.data.fd, what, &running), CURLM_OK);
    }
    num_done += take_messages(multi_);
  }
  remove_all(multi_, clients);
}

int EventLoop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  const int set = static_cast<EventLoop*>(self)->epoll_;
  epoll_event event{};
  event.data.fd = fd;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  if (what == CURL_POLL_REMOVE) event.events = 0;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
  if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

int EventLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  static_cast<EventLoop*>(self)->timeout_ms_ = timeout_ms;
  return 0;
}

}  // namespace hiper::threads
