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
  if (plan_.present) {
    parts_ = std::make_unique<Parts>();
  } else {
    plan_.size = 0;
  }
  Status planned;
  switch (method) {
    case Method::get:
    case Method::head:
      break;
    case Method::post:
      plan_post(easy);
      break;
    case Method::put:
      planned = plan_put(easy, report);
      break;
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
  parts_->from_memory = body.data != nullptr;
  if (parts_->from_memory) {
    if (plan_.size < 0) plan_.size = static_cast<curl_off_t>(std::strlen(body.data));
    parts_->bytes = {body.data, static_cast<std::size_t>(plan_.size)};
  } else if (easy.options.flag(Opt::crlf) && plan_.size != 0) {
    parts_->converts = true;
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
    parts_->converts = true;
    plan_.size = -1;
  }
  return Status();
}

Status RequestBody::plan_mime(const Easy& easy, const Mime& mime) {
  MimeOptions choices;
  choices.backslash_escape = (easy.options.number(Opt::mime_options) & CURLMIMEOPT_FORMESCAPE) != 0;
  const CustomHeader type = find_custom_header(easy.options.list(Opt::httpheader), "Content-Type");
  if (type.kind == CustomHeader::Kind::send) choices.type = type.value;
  parts_->mime.emplace(mime, choices);
  plan_.size = parts_->mime->size();
  plan_.type = parts_->mime->content_type();
  plan_.mime = true;
  // Read functions stand where the last transfer left them.
  return Status(parts_->mime->rewind());
}

Status RequestBody::plan_form(const Easy& easy) {
  const auto* const form = static_cast<const curl_httppost*>(easy.options.pointer(Opt::httppost));
  if (form == nullptr) return Status();
  parts_->form = form_to_mime(form, easy.options.function<curl_read_callback>(Opt::readfunction));
  return parts_->form != nullptr ? plan_mime(easy, *parts_->form) : Status(CURLE_FAILED_INIT);
}

std::unique_ptr<UploadReader> RequestBody::make_reader(Easy& easy) {
  if (parts_->mime) return std::make_unique<MimeUploadReader>(*parts_->mime);
  if (parts_->from_memory) return std::make_unique<MemoryReader>(parts_->bytes);
  ReadConfig config = read_config(easy);
  if (method_ == Method::put) config.start = easy.options.offset(Opt::resume_from_large);
  return std::make_unique<CallbackReader>(config);
}

Status RequestBody::open(Easy& easy, bool chunked, UploadSource*& source) {
  source = nullptr;
  if (!plan_.present || (plan_.size == 0 && !chunked)) return Status();
  if (parts_->memory && chunked) {
    parts_->memory.reset();
    parts_->source = nullptr;
  }
  if (parts_->framed) parts_->framed->set_chunked(chunked);
  source = parts_->source;
  if (parts_->source != nullptr) return parts_->source->rewind();
  if (parts_->from_memory && !chunked) {
    source = parts_->source = &parts_->memory.emplace(parts_->bytes);
    return Status();
  }
  parts_->framed = std::make_unique<FramedUpload>(
      make_reader(easy), framing_of(easy.options, plan_.size, chunked, parts_->converts));
  source = parts_->source = parts_->framed.get();
  return parts_->framed->begin();
}

void RequestBody::close() noexcept {
  plan_ = BodyPlan();  // its type may lie in the parts
  parts_.reset();
  prepared_ = false;
}

}  // namespace hiper
