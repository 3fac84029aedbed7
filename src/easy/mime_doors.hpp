// What setopt and the life of a handle ask of a mime. Declared here, below the room body, and implemented in
// body/mime_owner.cc. Called by the room easy.
#pragma once
#include <curl/curl.h>

namespace hiper {

class Easy;

/// The value of CURLOPT_MIMEPOST: `mime` is a curl_mime* or nullptr. The mime is this handle's until it names
/// another one, forgets it or ends; freeing the mime makes the handle forget it. The copy that a duplicate
/// has is freed when it is replaced. Nothing has changed after CURLE_BAD_FUNCTION_ARGUMENT (another handle or
/// a part has the mime) and CURLE_OUT_OF_MEMORY.
CURLcode name_mime(Easy& easy, void* mime) noexcept;
/// The handle ends or is reset: the option is unset and the mime may be given to another handle.
void forget_mime(Easy& easy) noexcept;

}  // namespace hiper
