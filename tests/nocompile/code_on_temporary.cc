// rejected: (use of deleted function|deleted (member )?function)
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Status step();
CURLcode done() { return step().code(); }

}  // namespace hiper
