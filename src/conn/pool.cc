#include "conn/pool.hpp"

#include <utility>

namespace hiper {
namespace {

// A peer that closes an idle connection usually waits seconds before it does. After a shorter pause the check
// is not worth a system call: the exchange notices and the request is sent again on another connection.
constexpr Nanos kProbeAfterIdle = 10 * kMillisecond;

}  // namespace

void Lease::keep(Nanos now, SharedConnections* shared) noexcept {
  if (Connection* const connection = std::exchange(connection_, nullptr)) {
    pool_->give_back(*connection, now, shared);
  }
}

void Lease::drop() noexcept {
  if (Connection* const connection = std::exchange(connection_, nullptr)) pool_->discard(*connection);
}

void PoolRequest::cancel() noexcept {
  if (pool_ == nullptr) return;
  Pool& pool = *pool_;
  PoolBucket& bucket = *bucket_;
  const bool was_promised = promised();
  if (waiting()) pool.dequeue(*this);
  pool_ = nullptr;
  bucket_ = nullptr;
  if (was_promised) pool.place_freed(bucket.host);
  if (Connection* const connection = std::exchange(granted_, nullptr)) pool.discard(*connection);
  if (std::exchange(may_open_, false)) pool.unreserve(bucket);
  --bucket.num_users;
  pool.forget_if_unused(bucket);
}

ConnectionKey Pool::interned(const ConnectionKey& key) const noexcept {
  const auto found = buckets_.find(&key);
  return found != buckets_.end() ? found->second->key : key;
}

Lease Pool::take_idle(const ConnectionKey& key, const ReuseRules& rules) noexcept {
  if (rules.fresh || num_idle_ == 0) return {};
  const auto found = buckets_.find(&key);
  if (found == buckets_.end()) return {};
  PoolBucket& bucket = *found->second;
  ++bucket.num_users;  // it must outlive the connections that turn out to be dead
  Connection* const connection = pop_idle(bucket, rules);
  --bucket.num_users;
  if (connection == nullptr) {
    forget_if_unused(bucket);
    return {};
  }
  ++connection->num_uses;
  return Lease(*this, *connection);
}

bool Pool::ask(PoolRequest& request, const ConnectionKey& key, const ReuseRules& rules) {
  request.cancel();
  PoolBucket& bucket = bucket_for(key);
  request.pool_ = this;
  request.bucket_ = &bucket;
  request.rules_ = rules;
  ++bucket.num_users;
  if (!rules.fresh) request.granted_ = pop_idle(bucket, rules);
  if (request.granted_ != nullptr) return true;
  if (!host_has_room(bucket.host) && !make_host_room(bucket.host)) {
    enqueue(bucket.host.queue, request);
    return false;
  }
  if (!total_has_room() && !make_total_room()) {
    enqueue(total_queue_, request);
    promise(request);
    return false;
  }
  reserve(request);
  return true;
}

Lease Pool::take(PoolRequest& request) {
  Connection& connection =
      request.granted_ != nullptr ? *std::exchange(request.granted_, nullptr) : make_connection(request);
  ++connection.num_uses;
  request.cancel();
  return Lease(*this, connection);
}

// A new connection, or one of the share's; the place that was reserved is for either.
Connection& Pool::make_connection(PoolRequest& request) {
  PoolBucket& bucket = *request.bucket_;
  ConnectionState state = take_shared(bucket.key, request.rules_);
  const bool is_new = !state.connected();
  if (is_new) {
    state.number = request.rules_.shared != nullptr ? request.rules_.shared->next_id() : next_id_;
  } else {
    reactor_.take_over(state.stream->watch());
  }
  auto* const connection = new Connection(bucket, std::move(state), epoch_);
  if (is_new && request.rules_.shared == nullptr) ++next_id_;
  ++bucket.num_users;
  request.may_open_ = false;  // the connection holds the place from here on
  return *connection;
}

ConnectionState Pool::take_shared(const ConnectionKey& key, const ReuseRules& rules) noexcept {
  if (rules.shared == nullptr || rules.fresh) return {};
  for (;;) {
    ConnectionState state = rules.shared->take(key, rules.easy);
    if (!state.connected() || usable(state, rules)) return state;
    state.close();
  }
}

void Pool::set_limits(const PoolLimits& limits) noexcept {
  const bool moved = limits.max_total != limits_.max_total || limits.max_host != limits_.max_host;
  limits_ = limits;
  shrink();
  if (!moved) return;
  // The only loops over all hosts and all waiting requests: these limits change rarely.
  withdraw_promises();
  for (const auto& [name, host] : hosts_) promise_places(*host);
  serve_total_queue();
}

void Pool::clear() noexcept {
  while (Connection* const connection = longest_idle()) close_idle(*connection);
}

void Pool::renew() noexcept {
  clear();
  ++epoch_;
}

void Pool::hand_over_departing() noexcept {
  while (Connection* const departing = departing_.first()) {
    const std::unique_ptr<Connection> connection(departing);
    const Ref<SharedConnections> home = connection->home;
    PoolBucket& bucket = connection->bucket();
    take_from_idle(*connection);
    Watch& watch = connection->stream->watch();
    reactor_.release(watch);
    home->give(bucket.key, std::move(*connection), limits_.max_kept, watch.easy());
    --num_connections_;
    --bucket.host.num_connections;
    --bucket.num_users;
    forget_if_unused(bucket);
  }
}

PoolHost& Pool::host_for(const ConnectionKey& key) {
  if (const auto found = hosts_.find(key.host()); found != hosts_.end()) return *found->second;
  auto host = std::make_unique<PoolHost>(key.host());
  PoolHost& result = *host;
  hosts_.emplace(std::string_view(result.name), std::move(host));
  return result;
}

PoolBucket& Pool::bucket_for(const ConnectionKey& key) {
  if (const auto found = buckets_.find(&key); found != buckets_.end()) return *found->second;
  PoolHost& host = host_for(key);
  ++host.num_buckets;
  try {
    auto bucket = std::make_unique<PoolBucket>(key, host);
    PoolBucket& result = *bucket;
    buckets_.emplace(&result.key, std::move(bucket));
    return result;
  } catch (...) {
    if (--host.num_buckets == 0) hosts_.erase(hosts_.find(std::string_view(host.name)));
    throw;
  }
}

void Pool::forget_if_unused(PoolBucket& bucket) noexcept {
  if (bucket.num_users != 0) return;
  PoolHost& host = bucket.host;
  buckets_.erase(&bucket.key);
  if (--host.num_buckets == 0) hosts_.erase(hosts_.find(std::string_view(host.name)));
}

Connection* Pool::pop_idle(PoolBucket& bucket, const ReuseRules& rules) noexcept {
  while (!bucket.idle.empty()) {
    Connection& connection = bucket.idle.back();
    if (usable(connection, rules)) {
      take_from_idle(connection);
      return &connection;
    }
    close_idle(connection);
  }
  return nullptr;
}

// Anything but silence on an idle connection means that it is over: the peer has closed it, or said something
// that no request asked for and that must not be taken for the next answer.
bool Pool::usable(ConnectionState& connection, const ReuseRules& rules) noexcept {
  if (!connection.ours()) return false;  // a parent process talks on it
  const Nanos now = reactor_.now();
  const Nanos idle = now - connection.idle_since;
  if (idle > rules.max_idle || now - connection.connected_at > rules.max_lifetime) return false;
  if (!rules.probe && idle < kProbeAfterIdle) return true;
  char byte;
  return connection.stream->read({&byte, 1}).kind() == IoResult::Kind::blocked;
}

bool Pool::make_host_room(PoolHost& host) noexcept {
  while (!host_has_room(host) && !host.idle.empty()) close_idle(host.idle.front());
  return host_has_room(host);
}

bool Pool::make_total_room() noexcept {
  while (!total_has_room() && longest_idle() != nullptr) close_idle(*longest_idle());
  return total_has_room();
}

void Pool::reserve(PoolRequest& request) noexcept {
  request.may_open_ = true;
  ++num_connections_;
  ++request.bucket_->host.num_connections;
}

void Pool::unreserve(PoolBucket& bucket) noexcept {
  --num_connections_;
  --bucket.host.num_connections;
  place_freed(bucket.host);
}

void Pool::enqueue(List<PoolRequest, QueueTag>& queue, PoolRequest& request) noexcept {
  request.ticket_ = next_ticket_++;
  queue.push_back(request);
  ++num_waiting_;
}

void Pool::dequeue(PoolRequest& request) noexcept {
  static_cast<ListNode<QueueTag>&>(request).unlink();
  --num_waiting_;
  if (request.promised()) withdraw(request);
}

void Pool::promise(PoolRequest& request) noexcept {
  PoolHost& host = request.bucket_->host;
  host.promised.push_back(request);
  ++host.num_promised;
}

void Pool::withdraw(PoolRequest& request) noexcept {
  static_cast<ListNode<PromisedTag>&>(request).unlink();
  --request.bucket_->host.num_promised;
}

// A request waits in one queue at a time: first for its host, then, with a place at the host promised to it,
// for the total. So whoever is first in the total queue can always go, and nobody who comes later overtakes
// at the host.
void Pool::place_freed(PoolHost& host) noexcept {
  promise_places(host);
  serve_total_queue();
}

void Pool::promise_places(PoolHost& host) noexcept {
  while (!host.queue.empty() && host_has_room(host)) {
    PoolRequest& request = host.queue.pop_front();
    total_queue_.push_back(request);
    promise(request);
  }
}

void Pool::serve_total_queue() noexcept {
  while (!total_queue_.empty() && (total_has_room() || make_total_room())) {
    PoolRequest& request = total_queue_.front();
    dequeue(request);
    reserve(request);
    request.task_.wake();
  }
}

// The host limit was lowered: those who came last wait for their host again, in their old order.
void Pool::withdraw_promises() noexcept {
  List<PoolRequest, QueueTag> all;
  all.take(total_queue_);
  while (!all.empty()) {
    PoolRequest& request = all.back();
    static_cast<ListNode<QueueTag>&>(request).unlink();
    PoolHost& host = request.bucket_->host;
    if (limits_.max_host != 0 && host.num_connections + host.num_promised > limits_.max_host) {
      withdraw(request);
      host.queue.push_front(request);
    } else {
      total_queue_.push_front(request);
    }
  }
}

// Of those whom a place at `host` could help, the one that waits longest.
PoolRequest* Pool::first_waiting(PoolHost& host) noexcept {
  PoolRequest* const at_host = host.promised.empty() ? host.queue.first() : host.promised.first();
  PoolRequest* const in_total = total_queue_.first();
  if (at_host == nullptr || in_total == nullptr) return at_host != nullptr ? at_host : in_total;
  return at_host->ticket_ <= in_total->ticket_ ? at_host : in_total;
}

void Pool::give_back(Connection& connection, Nanos now, SharedConnections* shared) noexcept {
  PoolBucket& bucket = connection.bucket();
  PoolHost& host = bucket.host;
  if (connection.epoch() != epoch_ && shared == nullptr) {
    discard(connection);
    return;
  }
  connection.idle_since = now;
  if (PoolRequest* const first = first_waiting(host)) {
    const ReuseRules& rules = first->rules_;
    const bool suits = first->bucket_ == &bucket && !rules.fresh && connection.ours() &&
                       now - connection.connected_at <= rules.max_lifetime;
    if (suits) {
      grant(*first, connection);
      place_freed(host);  // a place promised to it is not needed any more
    } else {
      discard(connection);
    }
    return;
  }
  connection.stream->idle();
  bucket.idle.push_back(connection);
  host.idle.push_back(connection);
  if (shared != nullptr) {
    connection.home = Ref<SharedConnections>(shared);
    departing_.push_back(connection);
  } else {
    lru_.push_back(connection);
  }
  ++num_idle_;
  shrink();
}

void Pool::grant(PoolRequest& request, Connection& connection) noexcept {
  dequeue(request);
  request.granted_ = &connection;
  request.task_.wake();
}

void Pool::discard(Connection& connection) noexcept {
  PoolBucket& bucket = connection.bucket();
  close(connection);
  place_freed(bucket.host);
  --bucket.num_users;
  forget_if_unused(bucket);
}

void Pool::close(Connection& connection) noexcept {
  PoolHost& host = connection.bucket().host;
  connection.close();
  delete &connection;
  --num_connections_;
  --host.num_connections;
}

void Pool::take_from_idle(Connection& connection) noexcept {
  static_cast<ListNode<IdleTag>&>(connection).unlink();
  static_cast<ListNode<HostTag>&>(connection).unlink();
  static_cast<ListNode<LruTag>&>(connection).unlink();
  connection.home = {};
  --num_idle_;
}

// Nobody waits for the place that becomes free: where there are idle connections, those who wait would have
// closed them (make_host_room, make_total_room).
void Pool::close_idle(Connection& connection) noexcept {
  PoolBucket& bucket = connection.bucket();
  take_from_idle(connection);
  close(connection);
  --bucket.num_users;
  forget_if_unused(bucket);
}

void Pool::shrink() noexcept {
  while (num_connections_ > limits_.max_kept && !lru_.empty()) close_idle(lru_.front());
}

}  // namespace hiper
