#include "conn/pool.hpp"

#include <utility>

namespace hiper {
namespace {

// A peer that closes an idle connection usually waits seconds before it does. After a shorter pause the check is not
// worth a system call: the exchange notices and the request is sent again on another connection.
constexpr Nanos kProbeAfterIdle = kSecond;

}  // namespace

void Lease::keep(Nanos now) noexcept {
  if (Connection* const connection = std::exchange(connection_, nullptr)) pool_->give_back(*connection, now);
}

void Lease::drop() noexcept {
  if (Connection* const connection = std::exchange(connection_, nullptr)) pool_->discard(*connection);
}

void PoolRequest::cancel() noexcept {
  if (pool_ == nullptr) return;
  Pool& pool = *std::exchange(pool_, nullptr);
  PoolBucket& bucket = *std::exchange(bucket_, nullptr);
  if (waiting()) pool.dequeue(*this);
  if (Connection* const connection = std::exchange(granted_, nullptr)) pool.discard(*connection);
  if (std::exchange(may_open_, false)) pool.unreserve(bucket);
  --bucket.num_users;
  pool.forget_if_unused(bucket);
}

bool Pool::ask(PoolRequest& request, const ConnectionKey& key, const ReuseRules& rules) {
  request.cancel();
  PoolBucket& bucket = bucket_for(key);
  request.pool_ = this;
  request.bucket_ = &bucket;
  ++bucket.num_users;
  if (!rules.fresh) request.granted_ = pop_idle(bucket, rules);
  if (request.granted_ != nullptr) return true;
  if (!host_has_room(bucket.host) && !make_host_room(bucket.host)) {
    enqueue(bucket.host.queue, request);
    return false;
  }
  if (!total_has_room() && !make_total_room()) {
    enqueue(total_queue_, request);
    return false;
  }
  reserve(request);
  return true;
}

Lease Pool::take(PoolRequest& request) {
  PoolBucket& bucket = *request.bucket_;
  if (request.granted_ == nullptr) {
    request.granted_ = new Connection(bucket, next_id_);
    ++bucket.num_users;
    ++next_id_;
    request.may_open_ = false;  // the connection holds the place from here on
  }
  Connection& connection = *std::exchange(request.granted_, nullptr);
  ++connection.num_uses;
  request.cancel();
  return Lease(*this, connection);
}

void Pool::set_limits(const PoolLimits& limits) noexcept {
  limits_ = limits;
  shrink();
  // Raised limits let waiting requests go. The only loop over hosts: limits change rarely.
  for (const auto& [name, host] : hosts_) {
    while (!host->queue.empty() && host_has_room(*host) && total_has_room()) place_freed(*host);
  }
  for (std::size_t before = num_waiting_ + 1; num_waiting_ < before && !total_queue_.empty();) {
    before = num_waiting_;
    place_freed(total_queue_.front().bucket_->host);
  }
}

void Pool::clear() noexcept {
  while (!lru_.empty()) close_idle(lru_.front());
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

// Anything but silence on an idle connection means that it is over: the peer has closed it, or said something that no
// request asked for and that must not be taken for the next answer.
bool Pool::usable(Connection& connection, const ReuseRules& rules) noexcept {
  const Nanos now = reactor_.now();
  const Nanos idle = now - connection.idle_since;
  if (idle > rules.max_idle || now - connection.connected_at > rules.max_lifetime) return false;
  if (!rules.probe && idle < kProbeAfterIdle) return true;
  char byte;
  return connection.stream->read({&byte, 1}).kind() == IoResult::Kind::blocked;
}

bool Pool::make_host_room(PoolHost& host) noexcept {
  if (host.idle.empty()) return false;
  close_idle(host.idle.front());
  return host_has_room(host);
}

bool Pool::make_total_room() noexcept {
  if (lru_.empty()) return false;
  close_idle(lru_.front());
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
  queue.push_back(request);
  ++num_waiting_;
}

void Pool::dequeue(PoolRequest& request) noexcept {
  request.unlink();
  --num_waiting_;
}

// A place became free at `host`: it goes to the request that waits longest for just that. One that finds the other
// limit full waits for that one from now on.
void Pool::place_freed(PoolHost& host) noexcept {
  if (!host.queue.empty() && host_has_room(host)) {
    PoolRequest& request = host.queue.pop_front();
    total_queue_.push_back(request);
  }
  while (!total_queue_.empty() && total_has_room()) {
    PoolRequest& request = total_queue_.front();
    PoolHost& wanted = request.bucket_->host;
    if (!host_has_room(wanted)) {
      request.unlink();
      wanted.queue.push_back(request);
      continue;
    }
    dequeue(request);
    reserve(request);
    request.task_.wake();
    return;
  }
}

void Pool::give_back(Connection& connection, Nanos now) noexcept {
  PoolBucket& bucket = connection.bucket();
  PoolHost& host = bucket.host;
  connection.idle_since = now;
  if (!host.queue.empty() && host.queue.front().bucket_ == &bucket) {
    grant(host.queue.front(), connection);
    return;
  }
  if (!host.queue.empty() || !total_queue_.empty()) {
    if (host.queue.empty() && total_queue_.front().bucket_ == &bucket) {
      grant(total_queue_.front(), connection);
    } else {
      discard(connection);
    }
    return;
  }
  connection.stream->idle();
  bucket.idle.push_back(connection);
  host.idle.push_back(connection);
  lru_.push_back(connection);
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
  PoolHost& host = bucket.host;
  if (connection.stream) connection.stream->farewell();
  delete &connection;
  --num_connections_;
  --host.num_connections;
  place_freed(host);
  --bucket.num_users;
  forget_if_unused(bucket);
}

void Pool::take_from_idle(Connection& connection) noexcept {
  static_cast<ListNode<IdleTag>&>(connection).unlink();
  static_cast<ListNode<HostTag>&>(connection).unlink();
  static_cast<ListNode<LruTag>&>(connection).unlink();
  --num_idle_;
}

void Pool::close_idle(Connection& connection) noexcept {
  take_from_idle(connection);
  discard(connection);
}

void Pool::shrink() noexcept {
  while (num_connections_ > limits_.max_kept && !lru_.empty()) close_idle(lru_.front());
}

}  // namespace hiper
