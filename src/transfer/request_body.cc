#include "transfer/request_body.hpp"

#include <cstring>

namespace hiper {
namespace {

constexpr const char* kFormType = "application/x-www-form-urlencoded";

ReadConfig read_config(Easy& easy, curl_off_t size, bool chunked) {
  const Options& options = easy.options;
  ReadConfig config;
  config.read = options.function<curl_read_callback>(Opt::readfunction);
  config.data = options.pointer(Opt::readdata);
  config.seek = options.function<curl_seek_callback>(Opt::seekfunction);
  config.seek_data = options.pointer(Opt::seekdata);
  config.ioctl = options.function<curl_ioctl_callback>(Opt::ioctlfunction);
  config.ioctl_data = options.pointer(Opt::ioctldata);
  config.trailer = options.function<curl_trailer_callback>(Opt::trailerfunction);
  config.trailer_data = options.pointer(Opt::trailerdata);
  config.easy = easy.handle();
  config.size = size;
  config.buffer = static_cast<std::size_t>(options.number(Opt::upload_buffersize));
  config.chunked = chunked;
  return config;
}

}  // namespace

Status RequestBody::prepare(Easy& easy, Method method, Report&) {
  close();
  plan_ = BodyPlan();
  from_memory_ = false;
  const Options& options = easy.options;
  if (method == Method::post) {
    const Options::PostBody body = options.post_body();
    plan_.present = true;
    plan_.type = kFormType;
    plan_.size = body.size;
    if (body.data != nullptr) {
      from_memory_ = true;
      if (plan_.size < 0) plan_.size = static_cast<curl_off_t>(std::strlen(body.data));
      bytes_ = {body.data, static_cast<std::size_t>(plan_.size)};
    }
  } else if (method == Method::put) {
    plan_.present = true;
    plan_.size = options.offset(Opt::infilesize_large);
    const curl_off_t start = options.offset(Opt::resume_from_large);
    if (plan_.size >= 0 && start > 0) plan_.size = plan_.size > start ? plan_.size - start : 0;
  }
  return Status();
}

Status RequestBody::open(Easy& easy, bool chunked, UploadSource*& source) {
  source = nullptr;
  if (!plan_.present || (plan_.size == 0 && !chunked)) return Status();
  if (memory_ || callback_) {
    source = memory_ ? static_cast<UploadSource*>(&*memory_) : callback_.get();
    return source->rewind();
  }
  if (from_memory_ && !chunked) {
    source = &memory_.emplace(bytes_);
    return Status();
  }
  ReadConfig config = read_config(easy, plan_.size, chunked);
  const bool put = easy.options.method() == Method::put;
  config.start = put ? easy.options.offset(Opt::resume_from_large) : 0;
  callback_ = std::make_unique<CallbackUpload>(config);
  source = callback_.get();
  return Status();
}

void RequestBody::close() noexcept {
  memory_.reset();
  callback_.reset();
}

}  // namespace hiper
