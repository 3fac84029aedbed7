// compiles
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> child(Task& task, const std::string& text, int number) {
  const Woken woken = co_await WaitWake(task);
  co_return woken.timed_out() || text.empty() || number == 0 ? Status(CURLE_FAILED_INIT) : Status();
}
Flow<Status> parent(Task& task) {
  const std::string text = "text";
  if (const Status status = co_await child(task, text, 1); !status.ok()) co_return status;
  co_return co_await child(task, text, 2);
}
class Dialog {
 public:
  Flow<Status> run(Task& task) { co_return co_await parent(task); }
};

}  // namespace hiper
