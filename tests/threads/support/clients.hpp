// What the tests of this folder do with the library: one request with one handle, one multi per thread, many
// threads that begin at the same moment.
#pragma once
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "threads/support/server.hpp"

namespace hiper::threads {

/// Runs `body(0)` … `body(count - 1)`, each in its own thread, all from one barrier. Returns when all have
/// ended.
void in_threads(int count, const std::function<void(int)>& body);

/// Lets `count` threads go when all of them have arrived; may be used again.
class Barrier {
 public:
  explicit Barrier(int count) noexcept : count_(count) {}
  void arrive_and_wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const int count_;
  int arrived_ = 0;
  unsigned round_ = 0;
};

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using OwnedEasy = std::unique_ptr<CURL, FreeEasy>;
using OwnedMulti = std::unique_ptr<CURLM, FreeMulti>;
using OwnedList = std::unique_ptr<curl_slist, FreeList>;

/// An easy handle and what it received. Not to be moved: the handle knows where it is.
class Client {
 public:
  Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  CURL* easy() const noexcept { return easy_.get(); }
  /// The next transfer: forgets the last body.
  void aim(const Server& server, const std::string& path, const std::string& host = "127.0.0.1");
  void share(CURLSH* share) const;
  /// Runs the request with curl_easy_perform.
  CURLcode get(const Server& server, const std::string& path, const std::string& host = "127.0.0.1");
  /// As get(), and checks that the answer is the one to this request.
  void expect_echo(const Server& server, const std::string& path, const std::string& host = "127.0.0.1");
  long num_connects() const;
  void close() noexcept { easy_.reset(); }

  std::string body;

 private:
  static std::size_t receive(char* data, std::size_t size, std::size_t count, void* self);
  OwnedEasy easy_;
};

/// Performs all `clients` with one multi handle, by curl_multi_perform and curl_multi_poll, to their end.
void run_with_poll(CURLM* multi, const std::vector<Client*>& clients);

/// Drives a multi handle by curl_multi_socket_action, with an epoll set of its own.
class EventLoop {
 public:
  explicit EventLoop(CURLM* multi);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();
  void run(const std::vector<Client*>& clients);

 private:
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socketp);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  CURLM* multi_;
  int epoll_;
  long timeout_ms_ = -1;
};

}  // namespace hiper::threads
