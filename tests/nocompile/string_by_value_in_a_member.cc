// rejected: a flow takes references and trivially destructible values only
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

class Dialog {
 public:
  Flow<Status> run(Task& task, std::string text) {
    co_await WaitWake(task);
    co_return text.empty() ? Status(CURLE_FAILED_INIT) : Status();
  }
};

}  // namespace hiper
