// curl_easy_init, cleanup, duphandle, reset: the life of an easy handle.
#include "easy/easy.hpp"

#include <curl/curl.h>

#include <memory>
#include <new>
#include <utility>

#include "api/global.hpp"
#include "body/mime.hpp"
#include "multi/easy_engine.hpp"

using hiper::Easy;
using hiper::Opt;

namespace {

class OwnMime final : public hiper::EasyPart {
 public:
  explicit OwnMime(std::unique_ptr<hiper::Mime> mime) noexcept : mime_(std::move(mime)) {}

 private:
  std::unique_ptr<hiper::Mime> mime_;
};

/// A duplicate sends a copy of the mime, as the application may free the original with the first handle.
/// False when there is no randomness for its boundary. May throw std::bad_alloc.
bool take_own_mime(Easy& copy) {
  auto* const handle = static_cast<curl_mime*>(copy.options.pointer(Opt::mimepost));
  if (handle == nullptr) return true;
  std::unique_ptr<hiper::Mime> mime = hiper::Mime::from(handle)->clone();
  if (mime == nullptr) return false;
  hiper::Mime* const cloned = mime.get();
  copy.own_mime = std::make_unique<OwnMime>(std::move(mime));
  return copy.options.set_pointer(Opt::mimepost, static_cast<curl_mime*>(cloned)) == CURLE_OK;
}

}  // namespace

extern "C" {

CURL* curl_easy_init(void) noexcept {
  if (hiper::ensure_global_init() != CURLE_OK) return nullptr;
  try {
    return (new Easy)->handle();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void curl_easy_cleanup(CURL* handle) noexcept {
  if (Easy* const easy = Easy::from(handle)) hiper::clean_up_easy(*easy);
}

CURL* curl_easy_duphandle(CURL* handle) noexcept {
  const Easy* const easy = Easy::from(handle);
  if (easy == nullptr) return nullptr;
  try {
    std::unique_ptr<Easy> copy(easy->duplicate());
    if (copy == nullptr || !take_own_mime(*copy)) return nullptr;
    return copy.release()->handle();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void curl_easy_reset(CURL* handle) noexcept {
  if (Easy* const easy = Easy::from(handle)) easy->reset();
}

}  // extern "C"
