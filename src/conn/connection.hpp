// One connection to a peer: its byte stream and what the pool knows about it. Owned by the pool while idle
// and by a Lease while a transfer uses it.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "base/list.hpp"
#include "dns/address.hpp"
#include "stream/stream.hpp"

namespace hiper {

struct IdleTag;  ///< member of its bucket's idle stack
struct HostTag;  ///< member of its host's list of idle connections
struct LruTag;   ///< member of the pool's list of idle connections, oldest first
struct PoolBucket;
class TlsStream;

class Connection : public ListNode<IdleTag>, public ListNode<HostTag>, public ListNode<LruTag> {
 public:
  explicit Connection(PoolBucket& bucket, curl_off_t id) noexcept : bucket_(bucket), id_(id) {}

  PoolBucket& bucket() const noexcept { return bucket_; }
  /// CURLINFO_CONN_ID: unique within a pool, counted from 0.
  curl_off_t id() const noexcept { return id_; }
  bool connected() const noexcept { return stream != nullptr; }

  std::unique_ptr<Stream> stream;  ///< nullptr until it is connected
  TlsStream* tls = nullptr;        ///< the TLS layer of `stream` towards the origin, if there is one
  Address remote;
  Address local;  ///< AF_UNSPEC for Unix sockets
  Nanos connected_at = 0;
  Nanos idle_since = 0;
  unsigned num_uses = 0;  ///< transfers that have used it, this one included

 private:
  PoolBucket& bucket_;
  curl_off_t id_;
};

}  // namespace hiper
