// Shared ownership for the few things of this room that live in process-wide caches while streams use them:
// TLS contexts, CA stores, session stores. The count is atomic, because engines on several threads share
// them.
#pragma once
#include <atomic>
#include <utility>

namespace hiper {

class Counted {
 public:
  Counted() noexcept = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  /// No other owner than the caller. Exact only while nobody else can obtain a new reference.
  bool owned_once() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

 protected:
  ~Counted() = default;

 private:
  template <class T>
  friend class Ref;
  std::atomic<unsigned> count_{0};
};

/// One share of a T that derives from Counted; the last one deletes it. May be empty.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  explicit Ref(T* object) noexcept : object_(object) { retain(); }
  Ref(const Ref& other) noexcept : object_(other.object_) { retain(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr && object_->count_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete object_;
  }

  explicit operator bool() const noexcept { return object_ != nullptr; }
  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }

 private:
  void retain() const noexcept {
    if (object_ != nullptr) object_->count_.fetch_add(1, std::memory_order_relaxed);
  }
  T* object_ = nullptr;
};

}  // namespace hiper
