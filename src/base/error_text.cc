#include "base/error_text.hpp"

#include <iterator>

namespace hiper {
namespace {

constexpr const char* kNoSuchCode = "Not an error code of this version";

constexpr const char* kEasyTexts[] = {
#include "base/error_text_easy.inc"
};
static_assert(std::size(kEasyTexts) == CURL_LAST, "one text per CURLcode");

constexpr const char* kMultiTexts[] = {
    "Success",
    "This is not a multi handle",
    "This is not an easy handle, or not one of this multi handle",
    "Out of memory",
    "Something inside the library went wrong",
    "The socket is unknown or unusable",
    "The multi handle knows no such option",
    "The easy handle has been added to a multi handle before",
    "The function may not be called from a callback",
    "The wakeup could not be delivered",
    "An argument is not acceptable",
    "A callback asked to stop",
    "Waiting for the sockets failed for good",
};
static_assert(std::size(kMultiTexts) == CURLM_LAST, "one text per CURLMcode");

constexpr const char* kShareTexts[] = {
    "Success",
    "The share handle knows no such option or kind of data",
    "The share handle is used by an easy handle",
    "This is not a share handle",
    "Out of memory",
    "Sharing this kind of data is not part of this build",
};
static_assert(std::size(kShareTexts) == CURLSHE_LAST, "one text per CURLSHcode");

constexpr const char* kUrlTexts[] = {
    "Success",
    "This is not a URL handle",
    "The pointer for the part is NULL",
    "This is not a URL",
    "The port is not a number from 0 to 65535",
    "The scheme is not supported",
    "A percent-encoding in the URL cannot be decoded",
    "Out of memory",
    "The URL has a user name, which is not allowed here",
    "There is no such part of a URL",
    "The URL has no scheme",
    "The URL has no user name",
    "The URL has no password",
    "The URL has no login options",
    "The URL has no host",
    "The URL has no port",
    "The URL has no query",
    "The URL has no fragment",
    "The URL has no zone id",
    "This is not a file:// URL that can be used",
    "The fragment is not valid",
    "The host name is not valid",
    "The IPv6 address is not valid",
    "The login part is not valid",
    "The password is not valid",
    "The path is not valid",
    "The query is not valid",
    "The scheme is not valid",
    "The scheme is followed by too few or too many slashes",
    "The user name is not valid",
    "International host names are not part of this build",
    "A part of the URL is too long",
    "The URL has a backslash where none may be",
};
static_assert(std::size(kUrlTexts) == CURLUE_LAST, "one text per CURLUcode");

template <std::size_t kCount>
const char* pick(const char* const (&texts)[kCount], int code) noexcept {
  const auto index = static_cast<unsigned>(code);
  return index < kCount && texts[index] != nullptr ? texts[index] : kNoSuchCode;
}

}  // namespace

const char* error_text(CURLcode code) noexcept { return pick(kEasyTexts, static_cast<int>(code)); }

const char* error_text(CURLMcode code) noexcept {
  // Of the days when perform had to be called again at once.
  if (code == CURLM_CALL_MULTI_PERFORM) return "There is more to do, call again";
  return pick(kMultiTexts, static_cast<int>(code));
}

const char* error_text(CURLSHcode code) noexcept { return pick(kShareTexts, static_cast<int>(code)); }

const char* error_text(CURLUcode code) noexcept { return pick(kUrlTexts, static_cast<int>(code)); }

}  // namespace hiper
