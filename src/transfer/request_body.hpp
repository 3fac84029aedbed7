// The body of a transfer's request: which options it comes from, how long it is, and the source the exchange pulls.
// Used by transfer/dialog.cc.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <optional>

#include "body/upload_sources.hpp"
#include "easy/easy.hpp"
#include "transfer/plan.hpp"

namespace hiper {

class RequestBody {
 public:
  /// Looks at what the options give for `method`. Throws std::bad_alloc; reports what is wrong.
  Status prepare(Easy& easy, Method method, Report& report);
  const BodyPlan& plan() const noexcept { return plan_; }
  /// Makes the source, or rewinds the one there is. nullptr without a body. Throws std::bad_alloc.
  Status open(Easy& easy, bool chunked, UploadSource*& source);
  /// Stays for a retry: back to the first byte. True when nothing was sent or it worked.
  void close() noexcept;

 private:
  BodyPlan plan_;
  std::optional<MemoryUpload> memory_;
  std::unique_ptr<CallbackUpload> callback_;
  std::span<const char> bytes_{};
  bool from_memory_ = false;
};

}  // namespace hiper
