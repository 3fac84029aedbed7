#include "base/report.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace hiper {
namespace {

struct Line {
  char text[512];
  std::string_view view;
};

void format_line(Line& line, const char* format, va_list arguments) noexcept {
  const int written = std::vsnprintf(line.text, sizeof line.text, format, arguments);
  const auto length =
      std::min<std::size_t>(written < 0 ? 0 : static_cast<std::size_t>(written), sizeof line.text - 1);
  line.view = {line.text, length};
}

}  // namespace

void Report::failuref(const char* format, ...) noexcept {
  Line line;
  va_list arguments;
  va_start(arguments, format);
  format_line(line, format, arguments);
  va_end(arguments);
  failure(line.view);
}

void Report::infof(const char* format, ...) noexcept {
  if (!verbose()) return;
  Line line;
  va_list arguments;
  va_start(arguments, format);
  format_line(line, format, arguments);
  va_end(arguments);
  info(line.view);
}

}  // namespace hiper
