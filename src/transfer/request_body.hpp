// The body of a transfer's requests: which options it comes from, how long it is, and the source the exchange
// pulls. Lives as long as the transfer: redirects, authentication rounds and retries send the same body
// again. Used by transfer/dialog.cc.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <optional>

#include "body/mime.hpp"
#include "body/upload_sources.hpp"
#include "easy/easy.hpp"
#include "transfer/plan.hpp"

namespace hiper {

class RequestBody {
 public:
  RequestBody() noexcept = default;
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  /// Looks at what the options give for `method`; once, as long as it is the same method. Throws
  /// std::bad_alloc; reports what is wrong.
  Status prepare(Easy& easy, Method method, Report& report);
  const BodyPlan& plan() const noexcept { return plan_; }
  /// Makes the source, or rewinds the one there is. nullptr when nothing is to be sent. Throws
  /// std::bad_alloc.
  Status open(Easy& easy, bool chunked, UploadSource*& source);
  /// A part of it was sent, or read to be sent, in the current round.
  bool begun() const noexcept {
    return parts_ && parts_->source != nullptr && parts_->source->num_sent() > 0;
  }
  /// Forgets it: the next transfer prepares its own.
  void close() noexcept;

 private:
  /// What only a request with a body needs.
  struct Parts {
    std::unique_ptr<Mime> form;  ///< what CURLOPT_HTTPPOST was turned into
    std::optional<MimeReader> mime;
    std::optional<MemoryUpload> memory;
    std::unique_ptr<FramedUpload> framed;
    UploadSource* source = nullptr;  ///< one of the two
    std::span<const char> bytes{};
    bool from_memory = false;
    bool converts = false;  ///< CURLOPT_CRLF
  };

  void plan_post(const Easy& easy);
  Status plan_put(const Easy& easy, Report& report);
  Status plan_mime(const Easy& easy, const Mime& mime);
  Status plan_form(const Easy& easy);
  std::unique_ptr<UploadReader> make_reader(Easy& easy);

  std::unique_ptr<Parts> parts_;
  Method method_ = Method::get;
  bool prepared_ = false;
  BodyPlan plan_;
};

}  // namespace hiper
