// rejected: (use of deleted function|deleted (member )?function)|deleted
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> child(Task& task) {
  co_await WaitWake(task);
  co_return Status();
}
Flow<Status> copy(const Flow<Status>& flow) { return flow; }

}  // namespace hiper
