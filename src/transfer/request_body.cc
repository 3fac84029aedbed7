#include "transfer/request_body.hpp"

#include <cstring>

#include "body/form.hpp"
#include "http/custom_headers.hpp"

namespace hiper {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

ReadConfig read_config(Easy& easy) {
  const Options& options = easy.options;
  ReadConfig config;
  config.read = options.function<curl_read_callback>(Opt::readfunction);
  config.data = options.pointer(Opt::readdata);
  config.seek = options.function<curl_seek_callback>(Opt::seekfunction);
  config.seek_data = options.pointer(Opt::seekdata);
  config.ioctl = options.function<curl_ioctl_callback>(Opt::ioctlfunction);
  config.ioctl_data = options.pointer(Opt::ioctldata);
  config.easy = easy.handle();
  return config;
}

UploadFraming framing_of(const Options& options, curl_off_t size, bool chunked, bool crlf) {
  UploadFraming framing;
  framing.size = size;
  framing.chunked = chunked;
  framing.crlf = crlf;
  framing.buffer = static_cast<std::size_t>(options.number(Opt::upload_buffersize));
  framing.trailer = options.function<curl_trailer_callback>(Opt::trailerfunction);
  framing.trailer_data = options.pointer(Opt::trailerdata);
  return framing;
}

}  // namespace

Status RequestBody::prepare(Easy& easy, Method method, Report& report) {
  if (prepared_ && method == method_) return Status();
  close();
  plan_.present = method != Method::get && method != Method::head;
  plan_.mime = false;
  plan_.size = plan_.present ? -1 : 0;
  plan_.type.clear();
  Status planned;
  switch (method) {
    case Method::get:
    case Method::head: break;
    case Method::post: plan_post(easy); break;
    case Method::put: planned = plan_put(easy, report); break;
    case Method::post_mime:
      plan_.size = 0;
      if (auto* const mime = static_cast<curl_mime*>(easy.options.pointer(Opt::mimepost))) {
        planned = plan_mime(easy, *Mime::from(mime));
      }
      break;
    case Method::post_form:
      plan_.size = 0;
      planned = plan_form(easy);
      break;
  }
  method_ = method;
  prepared_ = planned.ok();
  return planned;
}

void RequestBody::plan_post(const Easy& easy) {
  const Options::PostBody body = easy.options.post_body();
  plan_.type = kFormType;
  plan_.size = body.size;
  from_memory_ = body.data != nullptr;
  if (from_memory_) {
    if (plan_.size < 0) plan_.size = static_cast<curl_off_t>(std::strlen(body.data));
    bytes_ = {body.data, static_cast<std::size_t>(plan_.size)};
  } else if (easy.options.flag(Opt::crlf) && plan_.size != 0) {
    converts_ = true;
    plan_.size = -1;
  }
}

Status RequestBody::plan_put(const Easy& easy, Report& report) {
  const Options& options = easy.options;
  plan_.size = options.offset(Opt::infilesize_large);
  const curl_off_t start = options.offset(Opt::resume_from_large);
  if (plan_.size >= 0 && start > 0) {
    if (plan_.size <= start) {
      report.failure("Nothing is left to upload behind CURLOPT_RESUME_FROM");
      return Status(CURLE_PARTIAL_FILE);
    }
    plan_.size -= start;
  }
  if (options.flag(Opt::crlf) && plan_.size != 0) {
    converts_ = true;
    plan_.size = -1;
  }
  return Status();
}

Status RequestBody::plan_mime(const Easy& easy, const Mime& mime) {
  MimeOptions choices;
  choices.backslash_escape = (easy.options.number(Opt::mime_options) & CURLMIMEOPT_FORMESCAPE) != 0;
  const CustomHeader type = find_custom_header(easy.options.list(Opt::httpheader), "Content-Type");
  if (type.kind == CustomHeader::Kind::send) choices.type = type.value;
  mime_.emplace(mime, choices);
  plan_.size = mime_->size();
  plan_.type = mime_->content_type();
  plan_.mime = true;
  // Read functions stand where the last transfer left them.
  return Status(mime_->rewind());
}

Status RequestBody::plan_form(const Easy& easy) {
  const auto* const form = static_cast<const curl_httppost*>(easy.options.pointer(Opt::httppost));
  if (form == nullptr) return Status();
  form_ = form_to_mime(form, easy.options.function<curl_read_callback>(Opt::readfunction));
  return form_ != nullptr ? plan_mime(easy, *form_) : Status(CURLE_FAILED_INIT);
}

std::unique_ptr<UploadReader> RequestBody::make_reader(Easy& easy) {
  if (mime_) return std::make_unique<MimeUploadReader>(*mime_);
  if (from_memory_) return std::make_unique<MemoryReader>(bytes_);
  ReadConfig config = read_config(easy);
  if (method_ == Method::put) config.start = easy.options.offset(Opt::resume_from_large);
  return std::make_unique<CallbackReader>(config);
}

Status RequestBody::open(Easy& easy, bool chunked, UploadSource*& source) {
  source = nullptr;
  if (!plan_.present || (plan_.size == 0 && !chunked)) return Status();
  source = source_;
  if (framed_) framed_->set_chunked(chunked);
  if (source_ != nullptr) return source_->rewind();
  if (from_memory_ && !chunked) {
    source = source_ = &memory_.emplace(bytes_);
    return Status();
  }
  framed_ = std::make_unique<FramedUpload>(make_reader(easy), framing_of(easy.options, plan_.size, chunked, converts_));
  source = source_ = framed_.get();
  return framed_->begin();
}

void RequestBody::close() noexcept {
  prepared_ = from_memory_ = converts_ = false;
  source_ = nullptr;
  memory_.reset();
  framed_.reset();
  mime_.reset();
  form_.reset();
}

}  // namespace hiper
