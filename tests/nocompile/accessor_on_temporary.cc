// rejected: (use of deleted function|deleted (member )?function)
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

Status step();
bool done() {
  if (step().ok()) return true;
  return false;
}

}  // namespace hiper
