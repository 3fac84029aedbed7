#include "body/mime.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

constexpr std::size_t kBoundaryDashes = 24;

struct NamedEncoding {
  const char* name;
  MimeEncoding encoding;
};
constexpr NamedEncoding kEncodings[] = {
    {"binary", MimeEncoding::binary},
    {"8bit", MimeEncoding::eight_bit},
    {"7bit", MimeEncoding::seven_bit},
    {"base64", MimeEncoding::base64},
    {"quoted-printable", MimeEncoding::quoted_printable},
};

/// Fills `out` with random letters and digits.
bool fill_random(std::span<char> out) noexcept {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t kFair = 256 / kAlphabet.size() * kAlphabet.size();
  std::size_t filled = 0;
  while (filled < out.size()) {
    unsigned char noise[64];
    if (getrandom(noise, sizeof noise, 0) != static_cast<ssize_t>(sizeof noise)) return false;
    for (const unsigned char byte : noise) {
      if (byte < kFair && filled < out.size()) out[filled++] = kAlphabet[byte % kAlphabet.size()];
    }
  }
  return true;
}

std::string_view last_component(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

const Mime& root_of(const MimePart& part) noexcept {
  const Mime* mime = &part.owner();
  while (mime->parent() != nullptr) mime = &mime->parent()->owner();
  return *mime;
}

/// How many multiparts `part` is inside of.
int depth_of(const MimePart& part) noexcept {
  int depth = 1;
  for (const Mime* mime = &part.owner(); mime->parent() != nullptr; mime = &mime->parent()->owner()) ++depth;
  return depth;
}

}  // namespace

const char* encoding_name(MimeEncoding encoding) noexcept {
  for (const NamedEncoding& known : kEncodings) {
    if (known.encoding == encoding) return known.name;
  }
  return nullptr;
}

void MimePart::assign(std::optional<std::string>& to, const char* text) {
  if (text == nullptr) {
    to.reset();
  } else {
    to = std::string(text);
  }
}

CURLcode MimePart::set_encoding(const char* name) noexcept {
  encoding_ = MimeEncoding::none;
  if (name == nullptr) return CURLE_OK;
  for (const NamedEncoding& known : kEncodings) {
    if (!equals_ignore_case(name, known.name)) continue;
    encoding_ = known.encoding;
    return CURLE_OK;
  }
  return CURLE_BAD_FUNCTION_ARGUMENT;
}

void MimePart::set_headers(curl_slist* headers, bool take_ownership) noexcept {
  // The same list again only changes who frees it.
  if (owned_headers_.get() == headers) (void)owned_headers_.release();
  owned_headers_.reset(take_ownership ? headers : nullptr);
  headers_ = headers;
}

void MimePart::clear_content() noexcept {
  content_ = Content::none;
  was_read_ = false;
  storage_.clear();
  data_ = {};
  if (const std::unique_ptr<Mime> parts = std::move(subparts_)) parts->parent_ = nullptr;
  const MimeCallbacks callbacks = std::exchange(callbacks_, {});
  if (callbacks.free != nullptr) callbacks.free(callbacks.argument);
}

void MimePart::set_data(std::string_view data) {
  std::string copy(data);
  clear_content();
  storage_ = std::move(copy);
  data_ = storage_;
  content_ = Content::data;
}

void MimePart::set_borrowed_data(std::string_view data) noexcept {
  clear_content();
  data_ = data;
  content_ = Content::data;
}

CURLcode MimePart::set_file(std::string_view path) {
  std::string copy(path);
  const bool is_stdin = path == "-";
  std::optional<std::string> filename;
  if (!is_stdin) filename = std::string(last_component(path));
  clear_content();
  storage_ = std::move(copy);
  if (!is_stdin) filename_ = std::move(filename);
  content_ = Content::file;
  return is_stdin || access(storage_.c_str(), R_OK) == 0 ? CURLE_OK : CURLE_READ_ERROR;
}

void MimePart::set_callbacks(curl_off_t size, const MimeCallbacks& callbacks) noexcept {
  clear_content();
  if (callbacks.read == nullptr) return;
  callbacks_ = callbacks;
  size_ = size < 0 ? -1 : size;
  content_ = Content::callback;
}

CURLcode MimePart::set_subparts(Mime* parts) noexcept {
  if (parts != nullptr && parts == subparts_.get()) return CURLE_OK;
  if (parts != nullptr &&
      (parts->has_owner() || parts == &root_of(*this) || depth_of(*this) + parts->depth() > kMaxMimeDepth)) {
    return CURLE_BAD_FUNCTION_ARGUMENT;
  }
  clear_content();
  if (parts == nullptr) return CURLE_OK;
  subparts_.reset(parts);
  parts->parent_ = this;
  content_ = Content::multipart;
  return CURLE_OK;
}

void MimePart::copy_from(const MimePart& other) {
  name_ = other.name_;
  type_ = other.type_;
  encoding_ = other.encoding_;
  if (other.headers_ != nullptr) {
    OwnedSlist headers(slist_copy(other.headers_));
    if (headers == nullptr) throw std::bad_alloc();
    set_headers(headers.release(), true);
  }
  copy_content_from(other);
  filename_ = other.filename_;
}

void MimePart::copy_content_from(const MimePart& other) {
  switch (other.content_) {
    case Content::none:
      return clear_content();
    case Content::data:
      return set_data(other.data_);
    case Content::file:
      (void)set_file(other.storage_);
      return;
    case Content::callback:
      return set_callbacks(other.size_, other.callbacks_);
    case Content::multipart:
      break;
  }
  std::unique_ptr<Mime> parts = other.subparts_->clone();
  if (parts == nullptr) throw std::bad_alloc();
  (void)set_subparts(parts.get());
  (void)parts.release();
}

std::unique_ptr<Mime> Mime::make() {
  std::unique_ptr<Mime> mime(new Mime);
  std::memset(mime->boundary_, '-', kBoundaryDashes);
  const std::span<char> random = std::span(mime->boundary_).subspan(kBoundaryDashes);
  return fill_random(random) ? std::move(mime) : nullptr;
}

Mime::~Mime() { leave_sender(); }

void Mime::destroy(Mime* mime) noexcept {
  if (mime == nullptr) return;
  if (mime->parent_ != nullptr) {
    mime->parent_->clear_content();
  } else {
    delete mime;
  }
}

MimePart& Mime::add_part() {
  parts_.push_back(std::make_unique<MimePart>(*this));
  return *parts_.back();
}

std::unique_ptr<Mime> Mime::clone() const {
  std::unique_ptr<Mime> copy = make();
  if (copy == nullptr) return nullptr;
  copy->parts_.reserve(parts_.size());
  for (const std::unique_ptr<MimePart>& part : parts_) copy->add_part().copy_from(*part);
  return copy;
}

int Mime::depth() const noexcept {
  int deepest = 0;
  for (const std::unique_ptr<MimePart>& part : parts_) {
    if (part->subparts() != nullptr) deepest = std::max(deepest, part->subparts()->depth());
  }
  return deepest + 1;
}

}  // namespace hiper
