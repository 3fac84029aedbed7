// Percent-encoding (RFC 3986, 2.1). Called by the URL parser, curl_url_get/set and curl_easy_(un)escape.
#pragma once
#include <string>
#include <string_view>

namespace hiper {

/// Appends `text` with every byte as %XX (upper case) that is neither unreserved (RFC 3986, 2.3) nor in
/// `also_keep`.
void append_percent_encoded(std::string& out, std::string_view text, std::string_view also_keep = {});

/// Appends `text` with spaces and bytes above 127 encoded and all else as it is: what is needed to send text
/// that is a URL already. A space becomes `space` ("%20" or "+").
void append_made_ascii(std::string& out, std::string_view text, std::string_view space);

/// What bytes a decoded text may hold.
enum class Decoded { anything, no_control };

/// Appends `text` with %XX replaced by the byte; a % that is not followed by two hex digits stays. With
/// `no_control`, returns false (`out` then holds a part) when the result has a byte below 32, encoded or not.
[[nodiscard]] bool append_percent_decoded(std::string& out, std::string_view text, Decoded allowed);

/// Turns the hex digits of each %xx into upper case, in place (RFC 3986, 6.2.2.1).
void upper_case_percent(std::string& text) noexcept;

}  // namespace hiper
