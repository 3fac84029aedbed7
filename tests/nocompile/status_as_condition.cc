// rejected: (could not convert|not contextually convertible|convertible to .bool.)
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
  if (co_await child(task)) co_return Status();
  co_return Status(CURLE_FAILED_INIT);
}

}  // namespace hiper
