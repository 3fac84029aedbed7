// rejected: (no match for|passing .* as|discards|cannot|no member named .await_ready|call to member function|invalid operand|rvalue)
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
  Flow<Status> later = child(task);
  const Status status = co_await later;
  co_return status;
}

}  // namespace hiper
