#include "wire/support/crowd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace hiper::wire {
namespace {

std::int64_t now_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

Crowd::Crowd(World& world, Api api)
    : world_(world), api_(api), multi_(in_library([] { return curl_multi_init(); })) {
  if (api_ == Api::socket_action) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  }
  world.join(*this);
}

Crowd::~Crowd() {
  world_.leave(*this);
  for (const auto& handle : handles_) {
    in_library([&] { return curl_multi_remove_handle(multi_, handle->curl); });
  }
  handles_.clear();
  EXPECT_EQ(in_library([&] { return curl_multi_cleanup(multi_); }), CURLM_OK);
  EXPECT_TRUE(interest_.empty()) << "sockets were never removed";
}

Handle& Crowd::make(const std::string& url) {
  handles_.push_back(std::make_unique<Handle>(url));
  return *handles_.back();
}

void Crowd::start(Handle& handle) {
  handle.done = false;
  handle.body.clear();
  handle.headers.clear();
  EXPECT_EQ(in_library([&] { return curl_multi_add_handle(multi_, handle.curl); }), CURLM_OK);
  ++num_running_;
}

void Crowd::start_all() {
  for (const auto& handle : handles_) start(*handle);
}

void Crowd::stop(Handle& handle) {
  EXPECT_EQ(in_library([&] { return curl_multi_remove_handle(multi_, handle.curl); }), CURLM_OK);
  num_running_ -= handle.done ? 0 : 1;
}

void Crowd::restart_all() {
  for (const auto& handle : handles_) {
    stop(*handle);
    start(*handle);
  }
}

void Crowd::destroy(Handle& handle) {
  const auto is_it = [&](const auto& one) { return one.get() == &handle; };
  handles_.erase(std::find_if(handles_.begin(), handles_.end(), is_it));
}

void Crowd::run(long count) {
  const long end = num_done_ + count;
  world_.run([&] { return num_done_ >= end; }, "the ends of transfers");
}

int Crowd::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  const InsideLibrary outside(false);
  Crowd& crowd = *static_cast<Crowd*>(self);
  ++crowd.num_socket_calls_;
  if (what == CURL_POLL_REMOVE) {
    crowd.interest_.erase(fd);
  } else {
    crowd.interest_[fd] = what;
  }
  return 0;
}

int Crowd::on_timer(CURLM*, long ms, void* self) {
  const InsideLibrary outside(false);
  static_cast<Crowd*>(self)->due_ = ms < 0 ? -1 : now_ms() + ms;
  return 0;
}

void Crowd::act(int fd, int bits) {
  ++num_calls_;
  int running = -1;
  const CURLMcode code = in_library([&] { return curl_multi_socket_action(multi_, fd, bits, &running); });
  EXPECT_EQ(code, CURLM_OK);
  read_messages();
}

void Crowd::perform() {
  ++num_calls_;
  int running = -1;
  EXPECT_EQ(in_library([&] { return curl_multi_perform(multi_, &running); }), CURLM_OK);
  read_messages();
  EXPECT_EQ(in_library([&] { return curl_multi_poll(multi_, nullptr, 0, 0, nullptr); }), CURLM_OK);
}

void Crowd::read_messages() {
  int left = 0;
  while (const CURLMsg* const message = in_library([&] { return curl_multi_info_read(multi_, &left); })) {
    void* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    Handle& handle = *static_cast<Handle*>(self);
    handle.done = true;
    handle.code = message->data.result;
    ++num_done_;
    num_failed_ += handle.code == CURLE_OK ? 0 : 1;
    --num_running_;
    if (removes) stop(handle);
    if (on_done) on_done(handle);
  }
}

void Crowd::pump() {
  if (api_ == Api::perform) {
    if (num_running_ != 0) perform();
    return;
  }
  if (timer_left() == 0) {
    due_ = -1;
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  std::vector<pollfd> set;
  add_to(set);
  poll(set.data(), set.size(), 0);
  for (const pollfd& one : set) {
    const int in = (one.revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0;
    const int out = (one.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    const int error = (one.revents & (POLLERR | POLLHUP)) != 0 ? CURL_CSELECT_ERR : 0;
    if (one.revents != 0 && interest_.count(one.fd) != 0) act(one.fd, in | out | error);
  }
}

void Crowd::add_to(std::vector<pollfd>& set) const {
  for (const auto& [fd, what] : interest_) {
    const int in = (what & CURL_POLL_IN) != 0 ? POLLIN : 0;
    const int out = (what & CURL_POLL_OUT) != 0 ? POLLOUT : 0;
    set.push_back({fd, static_cast<short>(in | out), 0});
  }
}

int Crowd::timer_left() const {
  if (api_ == Api::perform) return num_running_ != 0 ? 0 : -1;
  return due_ < 0 ? -1 : static_cast<int>(std::max<std::int64_t>(0, due_ - now_ms()));
}

}  // namespace hiper::wire
