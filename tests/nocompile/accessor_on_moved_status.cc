// rejected: (use of deleted function|deleted (member )?function)
#include <memory>
#include <string>

#include "base/status.hpp"
#include "flow/flow.hpp"

namespace hiper {

bool done(Status status) { return std::move(status).ok(); }

}  // namespace hiper
