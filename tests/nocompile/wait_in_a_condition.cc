// rejected: (use of deleted function|deleted (member )?function)
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> parent(Task& task) {
  if ((co_await WaitWake(task)).timed_out()) co_return Status(CURLE_OPERATION_TIMEDOUT);
  co_return Status();
}

}  // namespace hiper
