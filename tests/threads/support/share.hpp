// A share handle for tests, with the application's lock functions or without.
#pragma once
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "threads/support/clients.hpp"

namespace hiper::threads {

enum class Locks { none, application };

class Share {
 public:
  template <class... Kinds>
  explicit Share(Locks locks, Kinds... kinds) : locks_(locks) {
    if (locks == Locks::application) {
      set(CURLSHOPT_LOCKFUNC, lock);
      set(CURLSHOPT_UNLOCKFUNC, unlock);
      set(CURLSHOPT_USERDATA, this);
    }
    (set(CURLSHOPT_SHARE, kinds), ...);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() {
    const CURLSHcode code = handle_ == nullptr ? CURLSHE_OK : clean_up();
    EXPECT_EQ(code, CURLSHE_OK);
  }

  CURLSH* handle() const noexcept { return handle_; }
  CURLSHcode clean_up() {
    const CURLSHcode code = curl_share_cleanup(handle_);
    if (code == CURLSHE_OK) handle_ = nullptr;
    return code;
  }
  /// The lock functions were called for this kind, as often as one another; if there are any.
  void expect_locked_for(curl_lock_data kind) {
    if (locks_ == Locks::none) return;
    EXPECT_GT(kinds_[kind].num_locked, 0);
    EXPECT_EQ(kinds_[kind].num_locked, kinds_[kind].num_unlocked);
  }

 private:
  struct Kind {
    std::mutex mutex;
    std::atomic<int> num_locked{0};
    std::atomic<int> num_unlocked{0};
  };

  template <class Value>
  void set(CURLSHoption option, Value value) {
    EXPECT_EQ(curl_share_setopt(handle_, option, value), CURLSHE_OK);
  }
  static void lock(CURL*, curl_lock_data kind, curl_lock_access, void* self) {
    Kind& one = static_cast<Share*>(self)->kinds_[kind];
    one.mutex.lock();
    ++one.num_locked;
  }
  static void unlock(CURL*, curl_lock_data kind, void* self) {
    Kind& one = static_cast<Share*>(self)->kinds_[kind];
    ++one.num_unlocked;
    one.mutex.unlock();
  }

  const Locks locks_;
  CURLSH* handle_ = curl_share_init();
  std::array<Kind, CURL_LOCK_DATA_LAST> kinds_;
};

}  // namespace hiper::threads
