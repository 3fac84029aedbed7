// The header lines of MIME parts (RFC 2045, RFC 7578): which ones a part gets, and how names are escaped.
// Called by body/mime_source.cc.
#pragma once
#include <string>
#include <string_view>

#include "body/mime.hpp"

namespace hiper {

/// The media type a file of this name has, by its extension; nullptr for an unknown one.
const char* type_by_extension(std::string_view filename) noexcept;

/// The media type of a part, without boundary. Empty if it needs no Content-Type line.
struct PartType {
  std::string_view value{};
  bool given = false;  ///< there is one, even if it is empty
};
PartType part_type(const MimePart& part) noexcept;

/// The header lines of `part` and the empty line behind them. `parent_type` is the media type of the
/// multipart it is in. May throw std::bad_alloc.
std::string part_head(const MimePart& part, std::string_view parent_type, const MimeOptions& options);

}  // namespace hiper
