// rejected: operator new
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Flow<Status> child(int number) {
  co_return number == 0 ? Status() : Status(CURLE_FAILED_INIT);
}

}  // namespace hiper
