// What the engine keeps with an easy handle between transfers: the prepared request, the connection of
// CONNECT_ONLY, the engine of curl_easy_perform. Hangs in Easy::parts_slot; made on first use, freed with the
// handle.
#pragma once
#include <memory>

#include "base/list.hpp"
#include "conn/pool.hpp"
#include "easy/easy.hpp"
#include "transfer/plan.hpp"
#include "transfer/strict_transport.hpp"

namespace hiper {

/// The connection of a finished CURLOPT_CONNECT_ONLY transfer; linked in the engine that it belongs to.
struct HeldConnection : ListNode<> {
  Lease lease;
  void* engine = nullptr;  ///< while there is a lease; multi/ knows what it is
  Easy* easy = nullptr;    ///< who holds it
};

struct EasyParts {
  Plan plan;
  std::unique_ptr<HeldConnection> held;  ///< made by the first transfer with CURLOPT_CONNECT_ONLY
  void* own_engine = nullptr;            ///< of curl_easy_perform
  std::unique_ptr<HandleHsts> hsts;      ///< once it was used
};

/// The handle's parts. Throws std::bad_alloc when they are made.
EasyParts& parts_of(Easy& easy);
inline EasyParts* parts_if_any(const Easy& easy) noexcept { return static_cast<EasyParts*>(easy.parts_slot); }

}  // namespace hiper
