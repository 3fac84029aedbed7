// rejected: a flow takes references and trivially destructible values only
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

template <class F>
Flow<Status> child(Task& task, F function) {
  co_await WaitWake(task);
  co_return function();
}
Flow<Status> parent(Task& task, const std::string& text) {
  const Status status = co_await child(task, [text] { return text.empty() ? Status() : Status(CURLE_FAILED_INIT); });
  co_return status;
}

}  // namespace hiper
