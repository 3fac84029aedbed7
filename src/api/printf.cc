// The doors curl_mprintf and its nine relatives.
#include <curl/curl.h>
#include <curl/mprintf.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "base/format.hpp"
#include "base/memory.hpp"

namespace {

/// Longest text of curl_maprintf; a longer one is an error instead of a way to eat all memory.
constexpr std::size_t kMaxAllocatedText = 64 * 1024 * 1024;

class FileSink final : public hiper::FormatSink {
 public:
  explicit FileSink(FILE* file) noexcept : file_(file) {}
  bool take(std::string_view text) override {
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size();
  }

 private:
  FILE* file_;
};

/// A buffer of the application that holds `size` bytes, the NUL included.
class BufferSink final : public hiper::FormatSink {
 public:
  BufferSink(char* buffer, std::size_t size) noexcept : at_(buffer), left_(size) {}
  bool take(std::string_view text) override {
    const std::size_t fits = std::min(text.size(), left_ == 0 ? 0 : left_ - 1);
    if (fits != 0) std::memcpy(at_, text.data(), fits);
    at_ += fits;
    left_ -= fits;
    return fits == text.size();
  }
  /// Ends the text. Returns its length.
  int finish(const char* start) noexcept {
    if (left_ != 0) *at_ = '\0';
    return static_cast<int>(std::min<std::ptrdiff_t>(at_ - start, INT_MAX));
  }

 private:
  char* at_;
  std::size_t left_;
};

class StringSink final : public hiper::FormatSink {
 public:
  bool take(std::string_view text) override {
    full_ = text.size() > kMaxAllocatedText - text_.size();
    if (full_) return false;
    text_.append(text);
    return true;
  }
  bool full() const noexcept { return full_; }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  bool full_ = false;
};

int print_to_file(FILE* file, const char* format, va_list arguments) noexcept {
  if (file == nullptr || format == nullptr) return 0;
  FileSink sink(file);
  return std::max(hiper::format_text(sink, format, arguments), 0);
}

int print_to_buffer(char* buffer, std::size_t size, const char* format, va_list arguments) noexcept {
  if (size == 0 || format == nullptr) return 0;
  BufferSink sink(buffer, size);
  (void)hiper::format_text(sink, format, arguments);
  return sink.finish(buffer);
}

char* print_to_new(const char* format, va_list arguments) noexcept try {
  if (format == nullptr) return nullptr;
  StringSink sink;
  if (hiper::format_text(sink, format, arguments) < 0 || sink.full()) return nullptr;
  return hiper::duplicate(sink.text());
} catch (const std::bad_alloc&) {
  return nullptr;
}

}  // namespace

extern "C" {

int curl_mvfprintf(FILE* fd, const char* format, va_list args) { return print_to_file(fd, format, args); }

int curl_mvprintf(const char* format, va_list args) { return print_to_file(stdout, format, args); }

int curl_mvsnprintf(char* buffer, size_t maxlength, const char* format, va_list args) {
  return print_to_buffer(buffer, maxlength, format, args);
}

int curl_mvsprintf(char* buffer, const char* format, va_list args) {
  return print_to_buffer(buffer, INT_MAX, format, args);
}

char* curl_mvaprintf(const char* format, va_list args) { return print_to_new(format, args); }

int curl_mfprintf(FILE* fd, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int written = print_to_file(fd, format, arguments);
  va_end(arguments);
  return written;
}

int curl_mprintf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int written = print_to_file(stdout, format, arguments);
  va_end(arguments);
  return written;
}

int curl_msnprintf(char* buffer, size_t maxlength, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int written = print_to_buffer(buffer, maxlength, format, arguments);
  va_end(arguments);
  return written;
}

int curl_msprintf(char* buffer, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int written = print_to_buffer(buffer, INT_MAX, format, arguments);
  va_end(arguments);
  return written;
}

char* curl_maprintf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char* const text = print_to_new(format, arguments);
  va_end(arguments);
  return text;
}

}  // extern "C"
