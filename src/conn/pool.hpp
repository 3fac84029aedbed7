// The connections of one engine: reuse by key, limits per host and in total, first-come-first-served queues
// behind the limits. All steps are O(1): a hash from key to a stack of idle connections, one LRU list, one
// queue per limit, and a connection that becomes free is handed to the one request whose condition became
// true. A connection whose handle shares connections leaves the pool when the turn ends with it idle
// (conn/shared_connections). Called by transfer/; the engine calls hand_over().
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "conn/connection.hpp"
#include "conn/key.hpp"
#include "conn/shared_connections.hpp"
#include "flow/task.hpp"

namespace hiper {

class Pool;
class PoolRequest;
struct QueueTag;
struct PromisedTag;

/// All connections to one host name and port.
struct PoolHost {
  explicit PoolHost(std::string_view host_name) : name(host_name) {}
  std::string name;
  std::size_t num_connections = 0;  ///< open or reserved
  std::size_t num_promised = 0;     ///< members of `promised`: a place here is kept for each
  std::size_t num_buckets = 0;
  List<Connection, HostTag> idle;           ///< the longest idle first
  List<PoolRequest, QueueTag> queue;        ///< waiting for MAX_HOST_CONNECTIONS
  List<PoolRequest, PromisedTag> promised;  ///< came earlier; wait for MAX_TOTAL_CONNECTIONS only
};

/// All connections with one key.
struct PoolBucket {
  PoolBucket(const ConnectionKey& bucket_key, PoolHost& bucket_host) : key(bucket_key), host(bucket_host) {}
  ConnectionKey key;
  PoolHost& host;
  std::size_t num_users = 0;       ///< connections and requests that refer to it
  List<Connection, IdleTag> idle;  ///< the one used last is at the back
};

/// Owner of a connection in use. Dropped, the connection is closed; keep() returns it to the pool.
class Lease {
 public:
  Lease() noexcept = default;
  Lease(Pool& pool, Connection& connection) noexcept : pool_(&pool), connection_(&connection) {}
  Lease(Lease&& other) noexcept
      : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}
  Lease& operator=(Lease&& other) noexcept {
    Lease old(std::move(*this));
    pool_ = other.pool_;
    connection_ = std::exchange(other.connection_, nullptr);
    return *this;
  }
  ~Lease() { drop(); }

  explicit operator bool() const noexcept { return connection_ != nullptr; }
  Connection& operator*() const noexcept { return *connection_; }
  Connection* operator->() const noexcept { return connection_; }
  /// The dialog is over and the connection can serve another one: of this engine, or, with `shared`, of any
  /// that uses the same share.
  void keep(Nanos now, SharedConnections* shared = nullptr) noexcept;
  /// Closes the connection.
  void drop() noexcept;

 private:
  Pool* pool_ = nullptr;
  Connection* connection_ = nullptr;
};

/// Which existing connections a request accepts.
struct ReuseRules {
  bool fresh = false;              ///< CURLOPT_FRESH_CONNECT
  Nanos max_idle = 118 * kSecond;  ///< CURLOPT_MAXAGE_CONN
  Nanos max_lifetime = kNever;     ///< CURLOPT_MAXLIFETIME_CONN
  bool probe = false;              ///< ask the socket whether the peer has gone, even after a short idle time
  SharedConnections* shared = nullptr;  ///< where to look when the pool has none (CURL_LOCK_DATA_CONNECT)
  CURL* easy = nullptr;                 ///< for whom; needed with `shared` only
};

/// One transfer's wish for a connection; lives in the transfer and leaves its queue, or gives back what it
/// was granted, when dropped.
class PoolRequest : public ListNode<QueueTag>, public ListNode<PromisedTag> {
 public:
  explicit PoolRequest(Task& task) noexcept : task_(task) {}
  ~PoolRequest() { cancel(); }

  void cancel() noexcept;
  bool waiting() const noexcept { return ListNode<QueueTag>::linked(); }

 private:
  friend class Pool;
  bool promised() const noexcept { return ListNode<PromisedTag>::linked(); }
  Task& task_;
  Pool* pool_ = nullptr;
  PoolBucket* bucket_ = nullptr;
  Connection* granted_ = nullptr;  ///< an existing connection
  bool may_open_ = false;          ///< a place is reserved for a new one
  std::uint64_t ticket_ = 0;       ///< while it waits: lower is earlier
  ReuseRules rules_;
};

struct PoolLimits {
  std::size_t max_total = 0;  ///< CURLMOPT_MAX_TOTAL_CONNECTIONS, 0: none
  std::size_t max_host = 0;   ///< CURLMOPT_MAX_HOST_CONNECTIONS, 0: none
  std::size_t max_kept = 0;   ///< connections open at most when one becomes idle (CURLMOPT_MAXCONNECTS)
};

class Pool {
 public:
  explicit Pool(Reactor& reactor) noexcept : reactor_(reactor) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { clear(); }

  /// `key`, sharing its text with an equal one that is in use here if there is one.
  ConnectionKey interned(const ConnectionKey& key) const noexcept;
  /// An idle connection, if there is one: the usual case, without a request.
  Lease take_idle(const ConnectionKey& key, const ReuseRules& rules) noexcept;

  /// Asks for a connection with `key`. True: take() it now. False: the request is queued and its task will be
  /// woken when it may take(). Throws std::bad_alloc; the request is then as before.
  bool ask(PoolRequest& request, const ConnectionKey& key, const ReuseRules& rules);
  /// True after ask() said so, or after a queued request was served.
  static bool served(const PoolRequest& request) noexcept {
    return request.granted_ != nullptr || request.may_open_;
  }
  /// The connection of a served request; not connected() yet if it is a new one. Throws std::bad_alloc; the
  /// request is then as before.
  Lease take(PoolRequest& request);
  /// The turn ends: idle connections that are shared leave the engine.
  void hand_over() noexcept {
    if (!departing_.empty()) hand_over_departing();
  }

  void set_limits(const PoolLimits& limits) noexcept;
  /// Raises max_kept to `count` if it is lower.
  void set_max_kept(std::size_t count) noexcept { limits_.max_kept = std::max(limits_.max_kept, count); }
  const PoolLimits& limits() const noexcept { return limits_; }
  std::size_t num_connections() const noexcept { return num_connections_; }
  std::size_t num_idle() const noexcept { return num_idle_; }
  std::size_t num_waiting() const noexcept { return num_waiting_; }
  /// Closes all idle connections.
  void clear() noexcept;
  /// The same, and those in use now will be closed when they become free, unless a share owns them
  /// (CURLMOPT_NETWORK_CHANGED).
  void renew() noexcept;

 private:
  friend class Lease;
  friend class PoolRequest;
  struct KeyHash {
    std::size_t operator()(const ConnectionKey* key) const noexcept { return key->hash(); }
  };
  struct KeyEqual {
    bool operator()(const ConnectionKey* a, const ConnectionKey* b) const noexcept { return *a == *b; }
  };

  PoolBucket& bucket_for(const ConnectionKey& key);
  PoolHost& host_for(const ConnectionKey& key);
  void forget_if_unused(PoolBucket& bucket) noexcept;
  Connection* pop_idle(PoolBucket& bucket, const ReuseRules& rules) noexcept;
  bool usable(ConnectionState& connection, const ReuseRules& rules) noexcept;
  ConnectionState take_shared(const ConnectionKey& key, const ReuseRules& rules) noexcept;
  Connection& make_connection(PoolRequest& request);
  bool host_has_room(const PoolHost& host) const noexcept {
    return limits_.max_host == 0 || host.num_connections + host.num_promised < limits_.max_host;
  }
  bool total_has_room() const noexcept {
    return limits_.max_total == 0 || num_connections_ < limits_.max_total;
  }
  bool make_host_room(PoolHost& host) noexcept;
  bool make_total_room() noexcept;
  void reserve(PoolRequest& request) noexcept;
  void enqueue(List<PoolRequest, QueueTag>& queue, PoolRequest& request) noexcept;
  void dequeue(PoolRequest& request) noexcept;
  void place_freed(PoolHost& host) noexcept;
  void promise_places(PoolHost& host) noexcept;
  void promise(PoolRequest& request) noexcept;
  void withdraw(PoolRequest& request) noexcept;
  void serve_total_queue() noexcept;
  void withdraw_promises() noexcept;
  PoolRequest* first_waiting(PoolHost& host) noexcept;
  void unreserve(PoolBucket& bucket) noexcept;
  void give_back(Connection& connection, Nanos now, SharedConnections* shared) noexcept;
  void grant(PoolRequest& request, Connection& connection) noexcept;
  void discard(Connection& connection) noexcept;
  void close(Connection& connection) noexcept;
  void take_from_idle(Connection& connection) noexcept;
  void close_idle(Connection& connection) noexcept;
  void hand_over_departing() noexcept;
  Connection* longest_idle() noexcept { return lru_.empty() ? departing_.first() : lru_.first(); }
  void shrink() noexcept;

  Reactor& reactor_;
  PoolLimits limits_;
  std::size_t num_connections_ = 0;  ///< open or reserved
  std::size_t num_idle_ = 0;
  std::size_t num_waiting_ = 0;
  std::uint64_t next_ticket_ = 0;
  unsigned epoch_ = 0;  ///< number of renewals
  curl_off_t next_id_ = 0;
  std::unordered_map<const ConnectionKey*, std::unique_ptr<PoolBucket>, KeyHash, KeyEqual> buckets_;
  std::unordered_map<std::string_view, std::unique_ptr<PoolHost>> hosts_;
  List<Connection, LruTag> lru_;             ///< idle connections, the longest idle first
  List<Connection, LruTag> departing_;       ///< idle ones that leave when the turn ends
  List<PoolRequest, QueueTag> total_queue_;  ///< waiting for MAX_TOTAL_CONNECTIONS only
};

}  // namespace hiper
