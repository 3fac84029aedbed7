// rejected: (use of deleted function|deleted (member )?function)|deleted
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> parent(Task& task) {
  const WaitWake one(task);
  const WaitWake two = one;
  co_await WaitWake(task);
  co_return Status();
}

}  // namespace hiper
