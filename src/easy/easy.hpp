// What a CURL* is: the options asked for, the results of the last transfer, and the places where the engine
// hangs its own parts. Made and destroyed by api/easy.cc.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "easy/info.hpp"
#include "easy/options.hpp"
#include "easy/response_headers.hpp"
#include "easy/share.hpp"

namespace hiper {

/// Something of a room above this one that lives as long as the handle.
class EasyPart {
 public:
  EasyPart() noexcept = default;
  EasyPart(const EasyPart&) = delete;
  EasyPart& operator=(const EasyPart&) = delete;
  virtual ~EasyPart() = default;
};

class Easy {
 public:
  Easy() noexcept = default;
  Easy(const Easy&) = delete;
  Easy& operator=(const Easy&) = delete;
  /// Calls `detach` first, writes CURLOPT_COOKIEJAR, then leaves the share.
  ~Easy();

  /// The object behind a handle; nullptr for NULL and for what is not (or no longer) an easy handle.
  static Easy* from(CURL* handle) noexcept {
    Easy* const easy = static_cast<Easy*>(handle);
    return easy != nullptr && easy->magic_ == kMagic ? easy : nullptr;
  }
  CURL* handle() noexcept { return this; }

  /// The application has given the handle up although it still takes part in a turn: from() finds it no more.
  void invalidate() noexcept { magic_ = 0; }
  bool valid() const noexcept { return magic_ == kMagic; }

  /// A new handle with the same options (curl_easy_duphandle); nullptr when memory is out.
  Easy* duplicate() const;
  /// Options back to those of a new handle, results forgotten; share, connections and cookies stay
  /// (curl_easy_reset).
  void reset() noexcept;

  /// Puts `text` (cut to CURL_ERROR_SIZE - 1 bytes) into CURLOPT_ERRORBUFFER, if there is one.
  void set_error_text(std::string_view text) noexcept;
  /// Empties CURLOPT_ERRORBUFFER; a transfer starts with this.
  void clear_error_text() noexcept;

  // What every call looks at comes first and lies together.
 private:
  static constexpr std::uint32_t kMagic = 0x68697065;
  std::uint32_t magic_ = kMagic;

 public:
  // The engine's own: none of this room looks at them.
  void* engine_slot = nullptr;    ///< the engine this handle is added to
  void* transfer_slot = nullptr;  ///< the transfer while it is added
  void* parts_slot = nullptr;     ///< what the engine keeps for this handle between transfers
  /// Called by the destructor when set, while the handle is still valid: takes it out of its engine and frees
  /// what hangs in the slots.
  void (*detach)(Easy& easy) noexcept = nullptr;

  Share* share = nullptr;  ///< set through attach_share()
  /// Of the cookie engine, while it is on (cookies/engine.cc).
  std::unique_ptr<EasyPart> cookies;
  ResponseHeaders headers;
  Options options;
  Info info;
  /// A duplicate's own copy of what MIMEPOST pointed to (api/easy.cc).
  std::unique_ptr<EasyPart> own_mime;
};

/// What the handle's share has of a kind, which the caller knows the class of; nullptr when it does not share
/// it.
template <class Data>
Data* shared_data(const Easy& easy, curl_lock_data kind) noexcept {
  Share* const share = easy.share;
  return share != nullptr && share->shares(kind) ? static_cast<Data*>(share->data(kind)) : nullptr;
}

/// CURLOPT_SHARE: takes part in `share` (a CURLSH*), or in none when NULL.
CURLcode attach_share(Easy& easy, void* share) noexcept;

}  // namespace hiper
