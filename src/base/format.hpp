// printf as the curl_m*printf functions define it (curl_mprintf(3)), independent of the C library's
// extensions. The doors in api/printf.cc say where the characters go.
#pragma once
#include <cstdarg>
#include <cstddef>
#include <string_view>

namespace hiper {

class FormatSink {
 public:
  /// Takes all of `text`, or answers false: then formatting ends at once.
  [[nodiscard]] virtual bool take(std::string_view text) = 0;

 protected:
  ~FormatSink() = default;
};

/// Writes `format` with its arguments to `sink`. Returns how many characters were written, also when the sink
/// refused the rest; a format that asks for more than 128 arguments writes nothing and returns -1.
int format_text(FormatSink& sink, const char* format, va_list arguments);

}  // namespace hiper
