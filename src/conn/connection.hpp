// One connection of a pool. Owned by the pool while idle and by a Lease while a transfer uses it.
#pragma once
#include <utility>

#include "base/list.hpp"
#include "conn/connection_state.hpp"
#include "conn/shared_connections.hpp"

namespace hiper {

struct IdleTag;  ///< member of its bucket's idle stack
struct HostTag;  ///< member of its host's list of idle connections
struct LruTag;   ///< member of the pool's list of idle connections, oldest first
struct PoolBucket;

class Connection : public ListNode<IdleTag>,
                   public ListNode<HostTag>,
                   public ListNode<LruTag>,
                   public ConnectionState {
 public:
  Connection(PoolBucket& bucket, ConnectionState&& state, unsigned pool_epoch) noexcept
      : ConnectionState(std::move(state)), epoch(pool_epoch), bucket_(bucket) {}

  PoolBucket& bucket() const noexcept { return bucket_; }

  /// Where it goes when the turn ends and it is idle; empty: it stays in the pool.
  Ref<SharedConnections> home;
  const unsigned epoch;  ///< the pool's when it was opened

 private:
  PoolBucket& bucket_;
};

}  // namespace hiper
