// The idle connections that the engines of several handles share (CURL_LOCK_DATA_CONNECT). A connection in
// use belongs to the pool of one engine; when a turn ends with it idle it moves here, out of that engine, and
// whoever needs one like it next takes it into an engine of its own, on any thread. Owned by the share
// (transfer/shared.cc); used by conn/pool.
#pragma once
#include <curl/curl.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/list.hpp"
#include "conn/connection_state.hpp"
#include "conn/key.hpp"
#include "easy/share.hpp"
#include "stream/counted.hpp"

namespace hiper {

struct ParkedTag;
struct ParkedLruTag;

/// Safe from several threads by a lock of its own; the application's lock functions are called too, because
/// they are promised. Nothing is closed or asked of a socket while the lock is held.
class SharedConnections final : public Counted {
 public:
  explicit SharedConnections(Share& share) noexcept : share_(&share) {}
  ~SharedConnections() { close(); }

  /// For a new connection of a handle that shares: CURLINFO_CONN_ID.
  curl_off_t next_id() noexcept { return next_id_.fetch_add(1, std::memory_order_relaxed); }

  /// Keeps the idle connection, whose watch has left its engine. More than `limit`, or than one for each
  /// handle that shares, push out those that are idle for the longest time. `easy`: for whom the lock
  /// functions are called.
  void give(const ConnectionKey& key, ConnectionState&& connection, std::size_t limit, CURL* easy) noexcept;
  /// The connection with `key` that was used last; without a stream if there is none.
  ConnectionState take(const ConnectionKey& key, CURL* easy) noexcept;
  /// The share ends: closes all, and whatever is given later.
  void close() noexcept;
  std::size_t size() noexcept;

 private:
  struct Place;
  /// One idle connection.
  struct Parked : ListNode<ParkedTag>, ListNode<ParkedLruTag> {
    Parked(Place& at, ConnectionState&& state) noexcept : place(at), connection(std::move(state)) {}
    Place& place;
    ConnectionState connection;
  };
  /// Those with one key.
  struct Place {
    explicit Place(const ConnectionKey& place_key) : key(place_key) {}
    ConnectionKey key;
    List<Parked, ParkedTag> idle;  ///< the one used last is at the back
  };
  struct KeyHash {
    std::size_t operator()(const ConnectionKey* key) const noexcept { return key->hash(); }
  };
  struct KeyEqual {
    bool operator()(const ConnectionKey* a, const ConnectionKey* b) const noexcept { return *a == *b; }
  };
  class Guard;

  Place& place_for(const ConnectionKey& key);
  void park(const ConnectionKey& key, ConnectionState& connection);
  std::unique_ptr<Parked> unpark(Parked& parked) noexcept;
  std::unique_ptr<Parked> surplus(std::size_t limit, CURL* easy) noexcept;

  std::atomic<curl_off_t> next_id_{0};
  std::mutex mutex_;
  Share* share_;  ///< nullptr once it has ended
  std::size_t size_ = 0;
  std::unordered_map<const ConnectionKey*, std::unique_ptr<Place>, KeyHash, KeyEqual> places_;
  List<Parked, ParkedLruTag> lru_;  ///< the longest idle first
};

}  // namespace hiper
