#include "conn/shared_connections.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace hiper {

class SharedConnections::Guard {
 public:
  Guard(SharedConnections& connections, CURL* easy) noexcept
      : locked_(connections.mutex_), share_(connections.share_), easy_(easy) {
    if (share_ != nullptr) share_->lock(easy_, CURL_LOCK_DATA_CONNECT, CURL_LOCK_ACCESS_SINGLE);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() {
    if (share_ != nullptr) share_->unlock(easy_, CURL_LOCK_DATA_CONNECT);
  }

 private:
  const std::lock_guard<std::mutex> locked_;
  Share* const share_;
  CURL* const easy_;
};

void SharedConnections::give(const ConnectionKey& key, ConnectionState&& connection, std::size_t limit,
                             CURL* easy) noexcept {
  ConnectionState kept = std::move(connection);
  {
    const Guard guard(*this, easy);
    if (share_ != nullptr) {
      try {
        park(key, kept);
      } catch (const std::bad_alloc&) {
        // It is closed below, as if there were no room for it.
      }
      limit = std::max<std::size_t>(limit, share_->num_users());
    }
  }
  kept.close();
  while (const std::unique_ptr<Parked> old = surplus(limit, easy)) old->connection.close();
}

ConnectionState SharedConnections::take(const ConnectionKey& key, CURL* easy) noexcept {
  std::unique_ptr<Parked> parked;
  {
    const Guard guard(*this, easy);
    const auto found = places_.find(&key);
    if (found != places_.end()) parked = unpark(found->second->idle.back());
  }
  return parked ? std::move(parked->connection) : ConnectionState();
}

void SharedConnections::close() noexcept {
  {
    const std::lock_guard<std::mutex> locked(mutex_);
    share_ = nullptr;
  }
  while (const std::unique_ptr<Parked> parked = surplus(0, nullptr)) parked->connection.close();
}

std::size_t SharedConnections::size() noexcept {
  const std::lock_guard<std::mutex> locked(mutex_);
  return size_;
}

SharedConnections::Place& SharedConnections::place_for(const ConnectionKey& key) {
  if (const auto found = places_.find(&key); found != places_.end()) return *found->second;
  auto place = std::make_unique<Place>(key);
  Place& result = *place;
  places_.emplace(&result.key, std::move(place));
  return result;
}

// Takes the connection only if there is memory for its place.
void SharedConnections::park(const ConnectionKey& key, ConnectionState& connection) {
  Place& place = place_for(key);
  Parked* parked = nullptr;
  try {
    parked = new Parked(place, std::move(connection));
  } catch (...) {
    if (place.idle.empty()) places_.erase(&place.key);
    throw;
  }
  place.idle.push_back(*parked);
  lru_.push_back(*parked);
  ++size_;
}

std::unique_ptr<SharedConnections::Parked> SharedConnections::unpark(Parked& parked) noexcept {
  Place& place = parked.place;
  static_cast<ListNode<ParkedTag>&>(parked).unlink();
  static_cast<ListNode<ParkedLruTag>&>(parked).unlink();
  --size_;
  if (place.idle.empty()) places_.erase(&place.key);
  return std::unique_ptr<Parked>(&parked);
}

std::unique_ptr<SharedConnections::Parked> SharedConnections::surplus(std::size_t limit,
                                                                      CURL* easy) noexcept {
  const Guard guard(*this, easy);
  return size_ > limit ? unpark(lru_.front()) : nullptr;
}

}  // namespace hiper
