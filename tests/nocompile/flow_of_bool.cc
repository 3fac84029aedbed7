// rejected: a flow answers with a class whose accessors do not exist on temporaries
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<bool> child(Task& task) {
  co_await WaitWake(task);
  co_return true;
}

}  // namespace hiper
