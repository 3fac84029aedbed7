// Internationalised host names (IDNA2008, non-transitional) by libidn2. Called by the URL API and by whoever
// connects to a host.
#pragma once
#include <string>
#include <string_view>

namespace hiper {

/// Replaces `ascii` with the form of `host` that DNS knows (`xn--…`); `host` is UTF-8 or, failing that, in
/// the locale's encoding. False when there is no such name. Throws std::bad_alloc only.
[[nodiscard]] bool idn_to_ascii(std::string_view host, std::string& ascii);

/// The reverse: replaces `unicode` with the UTF-8 form of a host that has `xn--` labels.
[[nodiscard]] bool idn_to_unicode(std::string_view host, std::string& unicode);

/// Whether a label of `host` starts with `xn--`, in any case.
[[nodiscard]] bool has_punycode_label(std::string_view host) noexcept;

}  // namespace hiper
