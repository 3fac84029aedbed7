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
      : ConnectionState(std::move(state)), bucket_(bucket), epoch_(pool_epoch) {}

  PoolBucket& bucket() const noexcept { return bucket_; }
  unsigned epoch() const noexcept { return epoch_; }  ///< the pool's when it was opened

  /// Where it goes when the turn ends and it is idle; empty: it stays in the pool.
  Ref<SharedConnections> home;

 private:
  PoolBucket& bucket_;
  const unsigned epoch_;
};

}  // namespace hiper
