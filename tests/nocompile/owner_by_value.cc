// rejected: a flow takes references and trivially destructible values only
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> child(Task& task, std::unique_ptr<int> owner) {
  co_await WaitWake(task);
  co_return owner ? Status() : Status(CURLE_FAILED_INIT);
}

}  // namespace hiper
