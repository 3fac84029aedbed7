// Small questions about the text of a URL, asked by its parser and by the resolver of relative references.
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <string_view>

namespace hiper {

/// The length of the scheme that `text` starts with, or 0. When a scheme may be missing (guessed or
/// defaulted) a colon alone is not enough, since `host:80` is then a host: a slash has to follow.
std::size_t scheme_length(std::string_view text, unsigned flags) noexcept;

/// Whether `name` is made like a scheme: a letter, then letters, digits, `+`, `-` and `.` (RFC 3986, 3.1).
bool is_scheme_name(std::string_view name) noexcept;

/// Whether `text` has a byte that no part may hold: control bytes, and spaces unless allowed.
bool has_junk(std::string_view text, unsigned flags) noexcept;

/// Splits off what follows the first `mark`; `text` keeps what is before it. False when there is no mark.
bool split_after(std::string_view& text, char mark, std::string_view& after) noexcept;

}  // namespace hiper
