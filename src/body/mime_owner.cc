// Which handle has which mime: CURLOPT_MIMEPOST of one handle at most names it, and the mime knows which, so
// that no handle names a mime that is gone.
#include <utility>

#include "body/mime.hpp"
#include "easy/easy.hpp"
#include "easy/mime_doors.hpp"

namespace hiper {
namespace {

Mime* named_by(const Easy& easy) noexcept {
  return Mime::from(static_cast<curl_mime*>(easy.options.pointer(Opt::mimepost)));
}

/// A duplicate names its original's mime until it has its own copy: that one is not its to let go.
void let_go(Easy& easy, Mime* mime) noexcept {
  if (mime != nullptr && mime->sender() == &easy) mime->set_sender(nullptr);
  if (easy.transfer_slot != nullptr) return;  // it may be sending its copy, which then stays until it ends
  // Freeing it calls the application's functions: what they find has to be the new state.
  const std::unique_ptr<EasyPart> gone = std::move(easy.own_mime);
}

}  // namespace

CURLcode name_mime(Easy& easy, void* mime) noexcept {
  Mime* const next = Mime::from(static_cast<curl_mime*>(mime));
  Mime* const before = named_by(easy);
  if (next != nullptr && next != before && next->has_owner()) return CURLE_BAD_FUNCTION_ARGUMENT;
  const CURLcode result = easy.options.set_pointer(Opt::mimepost, mime);
  if (result != CURLE_OK || next == before) return result;
  if (next != nullptr) next->set_sender(&easy);
  let_go(easy, before);
  return CURLE_OK;
}

void forget_mime(Easy& easy) noexcept {
  Mime* const before = named_by(easy);
  easy.options.erase(Opt::mimepost);
  let_go(easy, before);
}

void Mime::leave_sender() noexcept {
  if (Easy* const easy = std::exchange(sender_, nullptr)) easy->options.erase(Opt::mimepost);
}

}  // namespace hiper
