// The text file that keeps known HSTS hosts from one run of a program to the next, in libcurl's format
// (CURLOPT_HSTS(3)): a line for each, `host "YYYYMMDD HH:MM:SS"` in UTC or `host "unlimited"`, a dot before
// the name if the entry is good for subdomains; `#` begins a comment. Used by transfer/strict_transport.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/hsts.hpp"

namespace hiper {

/// Lines that are longer are passed over.
inline constexpr std::size_t kHstsLineMax = 4095;
/// No more bytes of a file are read.
inline constexpr std::size_t kHstsFileMax = 32 << 20;

/// A NUL-terminated stamp: "20301231 23:59:59" or "unlimited".
using HstsStamp = std::array<char, 18>;
HstsStamp format_hsts_stamp(std::int64_t expires) noexcept;
/// Reads a stamp, or another form of date that curl_getdate knows. False if it is none.
bool parse_hsts_stamp(std::string_view stamp, std::int64_t& expires) noexcept;

/// Reads one line. False for comments and whatever is no entry. Throws std::bad_alloc.
bool parse_hsts_line(std::string_view line, HstsEntry& entry);
/// Appends one line, its end included. Throws std::bad_alloc.
void append_hsts_line(const HstsEntry& entry, std::string& text);

/// Appends the entries of the file at `path` to `entries`. A file that does not exist has none. False if it
/// exists and cannot be read. Throws std::bad_alloc.
bool load_hsts_file(const char* path, std::vector<HstsEntry>& entries);

/// Replaces the file at `path` in one step: a new file beside it is written and renamed, so that others see
/// the old or the new one. A link is followed; what is no regular file is written to directly. A new file can
/// be read by its owner only, an old one keeps its permissions. False if that fails; then the old file is
/// there still. Throws std::bad_alloc.
bool save_hsts_file(const char* path, const std::vector<HstsEntry>& entries);

}  // namespace hiper
