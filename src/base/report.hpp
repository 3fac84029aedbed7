// Where a room says what happened: the error buffer and the debug callback. Implemented by transfer/.
#pragma once
#include <string_view>

namespace hiper {

class Report {
 public:
  /// The text for CURLOPT_ERRORBUFFER; the first one of a transfer's failing attempt wins. No trailing
  /// newline.
  virtual void failure(std::string_view text) noexcept = 0;
  /// One line of CURLINFO_TEXT, without newline. Ask verbose() first when building the text costs anything.
  virtual void info(std::string_view text) noexcept = 0;
  virtual bool verbose() const noexcept = 0;

  /// printf-style variants; cut at 511 bytes.
  void failuref(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));
  void infof(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));

 protected:
  ~Report() = default;
};

}  // namespace hiper
