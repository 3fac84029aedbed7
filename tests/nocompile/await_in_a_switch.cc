// rejected: (use of deleted function|deleted (member )?function)
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> child(Task& task) {
  co_await WaitWake(task);
  co_return Status();
}
Flow<Status> parent(Task& task) {
  switch ((co_await child(task)).code()) {
    case CURLE_OK: co_return Status();
    default: co_return Status(CURLE_FAILED_INIT);
  }
}

}  // namespace hiper
