#include "body/mime_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "body/mime_encode.hpp"
#include "body/mime_head.hpp"

namespace hiper {
namespace {

/// Read functions are not asked to fill less than this while something else can be sent first.
constexpr std::size_t kLeastCallbackRoom = 1024;

constexpr MimeRead bytes(std::size_t count) noexcept {
  return {MimeRead::Kind::bytes, false, count, CURLE_OK};
}
constexpr MimeRead failure(CURLcode code) noexcept { return {MimeRead::Kind::error, false, 0, code}; }

class DataSource final : public MimeSource {
 public:
  explicit DataSource(std::string_view data) noexcept : data_(data) {}
  curl_off_t size() const noexcept override { return static_cast<curl_off_t>(data_.size()); }
  MimeRead read(std::span<char> out) override {
    const std::size_t count = std::min(out.size(), data_.size() - at_);
    if (count == 0) return {};
    std::memcpy(out.data(), data_.data() + at_, count);
    at_ += count;
    return bytes(count);
  }
  bool rewind() noexcept override {
    at_ = 0;
    return true;
  }

 private:
  std::string_view data_;
  std::size_t at_ = 0;
};

/// A file, or standard input. Sends exactly as many bytes as a regular file had when the request was made.
class FileSource final : public MimeSource {
 public:
  explicit FileSource(const std::string& path) noexcept : path_(path), is_stdin_(path == "-") {
    struct stat facts;
    if (!is_stdin_ && stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) size_ = facts.st_size;
  }
  ~FileSource() override {
    if (file_ >= 0 && !is_stdin_) close(file_);
  }
  curl_off_t size() const noexcept override { return size_; }
  MimeRead read(std::span<char> out) override {
    if (!open_file()) return failure(CURLE_READ_ERROR);
    std::size_t room = out.size();
    if (size_ >= 0)
      room = static_cast<std::size_t>(std::min<std::uint64_t>(room, std::uint64_t(size_ - at_)));
    if (room == 0) return {};
    ssize_t count = -1;
    do count = ::read(file_, out.data(), room);
    while (count < 0 && errno == EINTR);
    if (count < 0 || (count == 0 && size_ >= 0)) return failure(CURLE_READ_ERROR);
    if (count == 0) return {};
    at_ += count;
    return bytes(static_cast<std::size_t>(count));
  }
  bool rewind() noexcept override {
    if (at_ == 0) return true;
    if (lseek(file_, start_, SEEK_SET) < 0) return false;
    at_ = 0;
    return true;
  }

 private:
  bool open_file() noexcept {
    if (file_ >= 0) return true;
    file_ = is_stdin_ ? STDIN_FILENO : open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (is_stdin_) start_ = std::max<off_t>(lseek(file_, 0, SEEK_CUR), 0);
    return file_ >= 0;
  }

  const std::string& path_;
  curl_off_t size_ = -1;
  curl_off_t at_ = 0;
  off_t start_ = 0;
  int file_ = -1;
  bool is_stdin_;
};

/// The application's read function. Never hands on more than the announced size; less is an error.
class CallbackSource final : public MimeSource {
 public:
  explicit CallbackSource(const MimePart& part) noexcept
      : part_(part), callbacks_(part.callbacks()), size_(part.callback_size()) {}
  curl_off_t size() const noexcept override { return size_; }
  bool asks_application() const noexcept override { return size_ < 0 || at_ < size_; }
  MimeRead read(std::span<char> out) override {
    if (!asks_application()) return {};
    part_.set_was_read(true);
    const std::size_t count = callbacks_.read(out.data(), 1, out.size(), callbacks_.argument);
    if (count == CURL_READFUNC_PAUSE) return {MimeRead::Kind::pause, false, 0, CURLE_OK};
    if (count == CURL_READFUNC_ABORT) {
      return {MimeRead::Kind::abort, false, 0, CURLE_ABORTED_BY_CALLBACK};
    }
    if (count > out.size() || (count == 0 && size_ >= 0)) return failure(CURLE_READ_ERROR);
    if (count == 0) return {};
    const std::uint64_t wanted =
        size_ < 0 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(size_ - at_);
    const std::uint64_t taken = std::min<std::uint64_t>(count, wanted);
    at_ += static_cast<curl_off_t>(taken);
    return {MimeRead::Kind::bytes, true, static_cast<std::size_t>(taken), CURLE_OK};
  }
  bool rewind() noexcept override {
    if (!part_.was_read()) return true;
    if (callbacks_.seek == nullptr) return false;
    if (callbacks_.seek(callbacks_.argument, 0, SEEK_SET) != CURL_SEEKFUNC_OK) return false;
    at_ = 0;
    part_.set_was_read(false);
    return true;
  }

 private:
  const MimePart& part_;
  const MimeCallbacks& callbacks_;
  curl_off_t size_;
  curl_off_t at_ = 0;
};

template <class Encoder>
class EncodedSource final : public MimeSource {
 public:
  explicit EncodedSource(std::unique_ptr<MimeSource> inner) : inner_(std::move(inner)) {
    encoded_.reserve(sizeof raw_ * 4);
  }
  curl_off_t size() const noexcept override { return Encoder::encoded_size(inner_->size()); }
  MimeRead read(std::span<char> out) override {
    while (at_ == encoded_.size()) {
      const MimeRead answer = refill();
      if (answer.kind != MimeRead::Kind::bytes) return answer;
    }
    const std::size_t count = std::min(out.size(), encoded_.size() - at_);
    std::memcpy(out.data(), encoded_.data() + at_, count);
    at_ += count;
    return {MimeRead::Kind::bytes, from_callback_ && at_ == encoded_.size(), count, CURLE_OK};
  }
  bool rewind() noexcept override {
    encoder_.reset();
    encoded_.clear();
    at_ = num_raw_ = 0;
    ended_ = false;
    return inner_->rewind();
  }

 private:
  /// Encodes some more. Answers `bytes` if reading goes on, even if nothing came out yet.
  MimeRead refill() {
    encoded_.clear();
    at_ = 0;
    if (encoder_.failed()) return failure(CURLE_READ_ERROR);
    if (ended_) return {};
    const MimeRead answer = inner_->read(std::span(raw_).subspan(num_raw_));
    if (answer.kind != MimeRead::Kind::bytes && answer.kind != MimeRead::Kind::end) return answer;
    ended_ = answer.kind == MimeRead::Kind::end;
    from_callback_ = answer.from_callback;
    num_raw_ += answer.count;
    const std::size_t used = encoder_.encode({raw_, num_raw_}, ended_, encoded_);
    num_raw_ -= used;
    if (num_raw_ > 0) std::memmove(raw_, raw_ + used, num_raw_);
    return bytes(0);
  }

  std::unique_ptr<MimeSource> inner_;
  Encoder encoder_;
  std::string encoded_;
  std::size_t at_ = 0;
  std::size_t num_raw_ = 0;  ///< at the start of raw_: what waits for more
  bool ended_ = false;
  bool from_callback_ = false;
  char raw_[4096];
};

std::unique_ptr<MimeSource> make_plain_source(const MimePart& part, const MimeOptions& options) {
  switch (part.content()) {
    case MimePart::Content::data:
      return std::make_unique<DataSource>(part.data());
    case MimePart::Content::file:
      return std::make_unique<FileSource>(part.path());
    case MimePart::Content::callback:
      return std::make_unique<CallbackSource>(part);
    case MimePart::Content::multipart:
      return std::make_unique<MultipartSource>(*part.subparts(), part_type(part).value, options);
    case MimePart::Content::none:
      break;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<MimeSource> make_source(const MimePart& part, const MimeOptions& options) {
  std::unique_ptr<MimeSource> plain = make_plain_source(part, options);
  if (plain == nullptr) return nullptr;
  switch (part.encoding()) {
    case MimeEncoding::seven_bit:
      return std::make_unique<EncodedSource<SevenBitEncoder>>(std::move(plain));
    case MimeEncoding::base64:
      return std::make_unique<EncodedSource<Base64Encoder>>(std::move(plain));
    case MimeEncoding::quoted_printable:
      return std::make_unique<EncodedSource<QuotedPrintableEncoder>>(std::move(plain));
    default:
      return plain;
  }
}

MultipartSource::MultipartSource(const Mime& mime, std::string_view type, const MimeOptions& options) {
  entries_.reserve(mime.parts().size() + 1);
  std::string delimiter = "--";
  delimiter.append(mime.boundary());
  const char* before = "";
  for (const std::unique_ptr<MimePart>& part : mime.parts()) {
    std::string text = before;
    text.append(delimiter).append("\r\n").append(part_head(*part, type, options));
    entries_.push_back({std::move(text), make_source(*part, options)});
    before = "\r\n";
  }
  entries_.push_back({before + delimiter + "--\r\n", nullptr});
}

curl_off_t MultipartSource::size() const noexcept {
  curl_off_t total = 0;
  for (const Entry& entry : entries_) {
    const curl_off_t body = entry.body == nullptr ? 0 : entry.body->size();
    if (body < 0 || body > std::numeric_limits<curl_off_t>::max() / 2 - total) return -1;
    total += body + static_cast<curl_off_t>(entry.text.size());
  }
  return total;
}

bool MultipartSource::asks_application() const noexcept {
  return in_body() && entries_[at_].body != nullptr && entries_[at_].body->asks_application();
}

std::size_t MultipartSource::copy_text(std::span<char> out) noexcept {
  const std::string& text = entries_[at_].text;
  const std::size_t count = std::min(out.size(), text.size() - text_at_);
  std::memcpy(out.data(), text.data() + text_at_, count);
  text_at_ += count;
  return count;
}

void MultipartSource::next_entry() noexcept {
  ++at_;
  text_at_ = 0;
}

/// Hands out the bytes first and keeps `answer` for the next read.
MimeRead MultipartSource::held_back(std::size_t filled, const MimeRead& answer) noexcept {
  // A pause is said once, then the application is asked again. The other answers stay.
  holds_ = filled > 0 || answer.kind != MimeRead::Kind::pause;
  held_ = answer;
  return filled > 0 ? bytes(filled) : answer;
}

MimeRead MultipartSource::read(std::span<char> out) {
  if (holds_) {
    holds_ = held_.kind != MimeRead::Kind::pause;
    return held_;
  }
  std::size_t filled = 0;
  while (filled < out.size() && at_ < entries_.size()) {
    if (!in_body()) {
      filled += copy_text(out.subspan(filled));
      continue;
    }
    MimeSource* const body = entries_[at_].body.get();
    if (body == nullptr) {
      next_entry();
      continue;
    }
    const std::span<char> room = out.subspan(filled);
    if (filled > 0 && room.size() < kLeastCallbackRoom && body->asks_application()) break;
    const MimeRead answer = body->read(room);
    if (answer.kind == MimeRead::Kind::end) {
      next_entry();
      continue;
    }
    if (answer.kind != MimeRead::Kind::bytes) return held_back(filled, answer);
    filled += answer.count;
    if (answer.from_callback) return {MimeRead::Kind::bytes, true, filled, CURLE_OK};
  }
  return filled > 0 ? bytes(filled) : MimeRead{};
}

bool MultipartSource::rewind() noexcept {
  for (const Entry& entry : entries_) {
    if (entry.body != nullptr && !entry.body->rewind()) return false;
  }
  at_ = text_at_ = 0;
  holds_ = false;
  return true;
}

MimeReader::MimeReader(const Mime& mime, const MimeOptions& options)
    : content_type_(options.type.empty() ? "multipart/form-data" : options.type),
      source_(std::make_unique<MultipartSource>(mime, content_type_, options)) {
  content_type_.append("; boundary=").append(mime.boundary());
}

MimeReader::~MimeReader() = default;

curl_off_t MimeReader::size() const noexcept { return source_->size(); }

MimeRead MimeReader::read(std::span<char> out) noexcept try {
  return source_->read(out);
} catch (const std::bad_alloc&) {
  return failure(CURLE_OUT_OF_MEMORY);
}

CURLcode MimeReader::rewind() noexcept { return source_->rewind() ? CURLE_OK : CURLE_SEND_FAIL_REWIND; }

}  // namespace hiper
