#include "easy/easy.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "easy/cookie_doors.hpp"
#include "easy/mime_doors.hpp"

namespace hiper {

Easy::~Easy() {
  if (detach != nullptr) detach(*this);
  if (options.has(Opt::cookiejar)) write_cookies(*this);
  forget_mime(*this);
  attach_share(*this, nullptr);
  magic_ = 0;
}

Easy* Easy::duplicate() const {
  auto copy = std::make_unique<Easy>();
  if (copy->options.copy_from(options) != CURLE_OK) return nullptr;
  return copy.release();
}

void Easy::reset() noexcept {
  forget_mime(*this);
  options.clear();
  forget_cookie_files(*this);
  info.begin();
}

void Easy::set_error_text(std::string_view text) noexcept {
  auto* const buffer = static_cast<char*>(options.pointer(Opt::errorbuffer));
  if (buffer == nullptr) return;
  const std::size_t length = std::min<std::size_t>(text.size(), CURL_ERROR_SIZE - 1);
  if (length > 0) std::memcpy(buffer, text.data(), length);
  buffer[length] = '\0';
}

void Easy::clear_error_text() noexcept { set_error_text({}); }

ResponseHeaders* response_headers_of(CURL* handle) noexcept {
  Easy* const easy = Easy::from(handle);
  return easy != nullptr ? &easy->headers : nullptr;
}

}  // namespace hiper
