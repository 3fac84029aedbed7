// What a CURLSH* is: which kinds of data easy handles share, the application's lock functions, who uses it,
// and the shared data itself, which the rooms that own each kind hang in. Made and destroyed by api/share.cc;
// used through Easy::share.
#pragma once
#include <curl/curl.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace hiper {

/// Data that easy handles share: a cache, a pool, a jar. Lives until its kind is unshared or the share goes.
class SharedData {
 public:
  SharedData() noexcept = default;
  SharedData(const SharedData&) = delete;
  SharedData& operator=(const SharedData&) = delete;
  virtual ~SharedData() = default;
};

class Share {
 public:
  Share() noexcept = default;
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { magic_ = 0; }

  /// The object behind a handle; nullptr for NULL and for what is not (or no longer) a share handle.
  static Share* from(CURLSH* handle) noexcept {
    Share* const share = static_cast<Share*>(handle);
    return share != nullptr && share->magic_ == kMagic ? share : nullptr;
  }
  CURLSH* handle() noexcept { return this; }

  /// CURLSHOPT_*. All of them answer CURLSHE_IN_USE while easy handles use the share. `kind` is a
  /// curl_lock_data; CURLSHE_NOT_BUILT_IN for one that this build cannot share, CURLSHE_BAD_OPTION for no
  /// kind at all.
  CURLSHcode start_sharing(int kind) noexcept;
  CURLSHcode stop_sharing(int kind) noexcept;
  CURLSHcode set_lock(curl_lock_function function) noexcept;
  CURLSHcode set_unlock(curl_unlock_function function) noexcept;
  CURLSHcode set_user_data(void* data) noexcept;

  bool in_use() const noexcept { return num_users() != 0; }
  /// Easy handles that use the share.
  std::uint32_t num_users() const noexcept { return num_users_.load(std::memory_order_acquire); }
  /// The same, asked under the application's lock: before the share is destroyed.
  bool in_use_locked() noexcept;
  bool shares(curl_lock_data kind) const noexcept { return (kinds_ >> kind & 1u) != 0; }

  /// An easy handle starts or ends to use the share.
  void join(CURL* easy) noexcept;
  void leave(CURL* easy) noexcept;

  /// Calls the application's functions, if it gave any. `easy` is the handle on whose behalf this happens, or
  /// nullptr.
  void lock(CURL* easy, curl_lock_data kind, curl_lock_access access) noexcept;
  void unlock(CURL* easy, curl_lock_data kind) noexcept;

  /// The shared data of a kind, nullptr until somebody hangs it in. Call between lock() and unlock().
  SharedData* data(curl_lock_data kind) noexcept { return data_[kind].get(); }
  void set_data(curl_lock_data kind, std::unique_ptr<SharedData> data) noexcept {
    data_[kind] = std::move(data);
  }

 private:
  static constexpr std::uint32_t kMagic = 0x68697368;

  CURLSHcode check(int kind) const noexcept;

  std::uint32_t magic_ = kMagic;
  std::uint32_t kinds_ = 0;  ///< bit n: curl_lock_data n is shared
  std::atomic<std::uint32_t> num_users_ = 0;
  curl_lock_function lock_ = nullptr;
  curl_unlock_function unlock_ = nullptr;
  void* user_data_ = nullptr;
  std::array<std::unique_ptr<SharedData>, CURL_LOCK_DATA_LAST> data_;
};

/// Holds the application's lock for one kind of data for the length of a scope.
class ShareLock {
 public:
  ShareLock(Share& share, CURL* easy, curl_lock_data kind, curl_lock_access access) noexcept
      : share_(share), easy_(easy), kind_(kind) {
    share_.lock(easy_, kind_, access);
  }
  ShareLock(const ShareLock&) = delete;
  ShareLock& operator=(const ShareLock&) = delete;
  ~ShareLock() { share_.unlock(easy_, kind_); }

 private:
  Share& share_;
  CURL* easy_;
  curl_lock_data kind_;
};

/// Data that one thread uses at a time. Its own mutex makes that safe without the application's lock
/// functions, which are called because they are promised.
class GuardedData : public SharedData {
 public:
  GuardedData(Share& share, curl_lock_data kind) noexcept : share_(share), kind_(kind) {}
  void lock(CURL* easy) noexcept {
    mutex_.lock();
    share_.lock(easy, kind_, CURL_LOCK_ACCESS_SINGLE);
  }
  void unlock(CURL* easy) noexcept {
    share_.unlock(easy, kind_);
    mutex_.unlock();
  }

 private:
  Share& share_;
  const curl_lock_data kind_;
  std::mutex mutex_;
};

/// Holds `data`, if there is any, for the length of a scope. No file and no callback but those of the share
/// is waited for in it.
class DataGuard {
 public:
  DataGuard(GuardedData* data, CURL* easy) noexcept : data_(data), easy_(easy) {
    if (data_ != nullptr) data_->lock(easy_);
  }
  DataGuard(const DataGuard&) = delete;
  DataGuard& operator=(const DataGuard&) = delete;
  ~DataGuard() {
    if (data_ != nullptr) data_->unlock(easy_);
  }

 private:
  GuardedData* const data_;
  CURL* const easy_;
};

}  // namespace hiper
