#include "base/format.hpp"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "base/format_spec.hpp"

namespace hiper {
namespace {

/// Longest text of one floating-point value, and most digits that an integer's precision adds; as observed.
constexpr int kMaxNumberLength = 325;

union Value {
  std::intmax_t integer;
  void* pointer;
  double real;
  long double long_real;
};

class Formatter {
 public:
  Formatter(FormatSink& sink, const Value* values) noexcept : sink_(sink), values_(values) {}

  int written() const noexcept { return written_; }

  bool write(std::string_view text) {
    if (text.size() > static_cast<std::size_t>(INT_MAX - written_) || !sink_.take(text)) return false;
    written_ += static_cast<int>(text.size());
    return true;
  }

  bool convert(FormatSpec spec) {
    fix_width_and_precision(spec);
    switch (spec.type) {
      case ArgumentType::none:
        return spec.conversion != '%' || write("%");
      case ArgumentType::count_pointer:
        return store_count(spec);
      case ArgumentType::string:
        return write_string(spec);
      case ArgumentType::pointer:
        return write_pointer(spec);
      case ArgumentType::real:
      case ArgumentType::long_real:
        return write_real(spec);
      default:
        return spec.conversion == 'c' ? write_character(spec) : write_integer(spec);
    }
  }

 private:
  const Value& value_of(const FormatSpec& spec) const noexcept { return values_[spec.argument]; }

  void fix_width_and_precision(FormatSpec& spec) const noexcept {
    if (spec.width_argument >= 0) {
      const auto width = static_cast<int>(values_[spec.width_argument].integer);
      spec.left = spec.left || width < 0;
      spec.width = width == INT_MIN ? INT_MAX : width < 0 ? -width : width;
    }
    if (spec.precision_argument >= 0)
      spec.precision = static_cast<int>(values_[spec.precision_argument].integer);
  }

  bool pad(char c, int count) {
    char block[64];
    std::memset(block, c, sizeof block);
    while (count > 0) {
      const int part = std::min(count, static_cast<int>(sizeof block));
      if (!write({block, static_cast<std::size_t>(part)})) return false;
      count -= part;
    }
    return true;
  }

  bool write_padded(const FormatSpec& spec, std::string_view text) {
    const int missing = spec.width - static_cast<int>(std::min<std::size_t>(text.size(), INT_MAX));
    return (spec.left || pad(' ', missing)) && write(text) && (!spec.left || pad(' ', missing));
  }

  bool store_count(const FormatSpec& spec) noexcept {
    void* const to = value_of(spec).pointer;
    if (to == nullptr) return true;
    switch (spec.length) {
      case LengthModifier::half:
        *static_cast<short*>(to) = static_cast<short>(written_);
        break;
      case LengthModifier::none:
        *static_cast<int*>(to) = written_;
        break;
      case LengthModifier::is_long:
        *static_cast<long*>(to) = written_;
        break;
      case LengthModifier::long_long:
        *static_cast<long long*>(to) = written_;
        break;
    }
    return true;
  }

  /// '#' and %S put the text into quotes, inside the width.
  bool write_string(const FormatSpec& spec) {
    const auto* const text = static_cast<const char*>(value_of(spec).pointer);
    if (text == nullptr) return write_padded(spec, spec.precision >= 0 && spec.precision < 5 ? "" : "(nil)");
    const bool limited = spec.precision >= 0;
    const std::string_view shown{
        text, limited ? strnlen(text, static_cast<std::size_t>(spec.precision)) : std::strlen(text)};
    if (!spec.alternate) return write_padded(spec, shown);
    const std::size_t length = shown.size() + 2;
    const int missing = spec.width - static_cast<int>(std::min<std::size_t>(length, INT_MAX));
    return (spec.left || pad(' ', missing)) && write("\"") && write(shown) && write("\"") &&
           (!spec.left || pad(' ', missing));
  }

  bool write_character(const FormatSpec& spec) {
    const char c = static_cast<char>(value_of(spec).integer);
    return write_padded(spec, {&c, 1});
  }

  bool write_pointer(FormatSpec spec) {
    void* const pointer = value_of(spec).pointer;
    if (pointer == nullptr) return write_padded(spec, "(nil)");
    spec.alternate = true;
    spec.conversion = 'x';
    return write_number(spec, reinterpret_cast<std::uintptr_t>(pointer), false);
  }

  bool write_integer(const FormatSpec& spec) {
    const std::intmax_t value = value_of(spec).integer;
    const bool is_signed = spec.conversion == 'd' || spec.conversion == 'i';
    const bool negative = is_signed && value < 0;
    const auto bits = static_cast<std::uintmax_t>(value);
    if (is_signed) return write_number(spec, negative ? 0 - bits : bits, negative);
    return write_number(spec, spec.wide() ? bits : bits & UINT_MAX, false);
  }

  bool write_number(const FormatSpec& spec, std::uintmax_t value, bool negative) {
    char buffer[64 + kMaxNumberLength];
    char* const end = buffer + sizeof buffer;
    char* at = write_digits(spec, value, end);
    const int least = spec.precision < 0 ? 1 : std::min(spec.precision, kMaxNumberLength);
    while (end - at < least) *--at = '0';
    if (spec.alternate && spec.conversion == 'o' && (at == end || *at != '0')) *--at = '0';
    const std::string_view digits{at, static_cast<std::size_t>(end - at)};

    char prefix[3];
    std::size_t prefix_length = 0;
    if (negative || spec.plus || spec.space) prefix[prefix_length++] = negative ? '-' : spec.plus ? '+' : ' ';
    if (spec.alternate && (spec.conversion == 'x' || spec.conversion == 'X')) {
      prefix[prefix_length++] = '0';
      prefix[prefix_length++] = spec.conversion;
    }
    const int missing = spec.width - static_cast<int>(digits.size() + prefix_length);
    if (!spec.left && !spec.zero && !pad(' ', missing)) return false;
    if (!write({prefix, prefix_length})) return false;
    if (!spec.left && spec.zero && !pad('0', missing)) return false;
    return write(digits) && (!spec.left || pad(' ', missing));
  }

  static char* write_digits(const FormatSpec& spec, std::uintmax_t value, char* end) noexcept {
    const char* const alphabet = spec.conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const unsigned base = spec.conversion == 'o'                             ? 8
                          : spec.conversion == 'x' || spec.conversion == 'X' ? 16
                                                                             : 10;
    for (; value != 0; value /= base) *--end = alphabet[value % base];
    return end;
  }

  bool write_real(const FormatSpec& spec) {
    char format[32];
    char* at = format;
    *at++ = '%';
    if (spec.left) *at++ = '-';
    if (spec.plus) *at++ = '+';
    if (spec.space) *at++ = ' ';
    if (spec.alternate) *at++ = '#';
    if (spec.zero) *at++ = '0';
    std::memcpy(at, "*.*", 3);
    at += 3;
    if (spec.type == ArgumentType::long_real) *at++ = 'L';
    *at++ = spec.conversion;
    *at = '\0';
    char text[kMaxNumberLength + 1];
    const int width = std::min(spec.width, kMaxNumberLength);
    const int precision = std::min(spec.precision, kMaxNumberLength);
    const int length = spec.type == ArgumentType::long_real
                           ? print(text, format, width, precision, value_of(spec).long_real)
                           : print(text, format, width, precision, value_of(spec).real);
    if (length < 0) return true;
    return write({text, static_cast<std::size_t>(std::min(length, kMaxNumberLength))});
  }

  template <class Real>
  static int print(char (&text)[kMaxNumberLength + 1], const char* format, int width, int precision,
                   Real value) noexcept {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return std::snprintf(text, sizeof text, format, width, precision, value);
#pragma GCC diagnostic pop
  }

  FormatSink& sink_;
  const Value* values_;
  int written_ = 0;
};

void fetch(Value& value, ArgumentType type, va_list& arguments) {
  switch (type) {
    case ArgumentType::string:
    case ArgumentType::pointer:
    case ArgumentType::count_pointer:
      value.pointer = va_arg(arguments, void*);
      break;
    case ArgumentType::real:
      value.real = va_arg(arguments, double);
      break;
    case ArgumentType::long_real:
      value.long_real = va_arg(arguments, long double);
      break;
    case ArgumentType::is_long:
      value.integer = va_arg(arguments, long);
      break;
    case ArgumentType::long_long:
      value.integer = va_arg(arguments, long long);
      break;
    // A number that the format leaves out is taken for an int.
    default:
      value.integer = va_arg(arguments, int);
      break;
  }
}

}  // namespace

int format_text(FormatSink& sink, const char* format, va_list arguments) {
  ArgumentType types[kMaxFormatArguments];
  const int num_arguments = collect_argument_types(format, types);
  if (num_arguments < 0) return -1;
  Value values[kMaxFormatArguments];
  va_list rest;
  va_copy(rest, arguments);
  for (int i = 0; i < num_arguments; ++i) fetch(values[i], types[i], rest);
  va_end(rest);

  Formatter formatter(sink, values);
  FormatScanner scanner(format);
  for (FormatPiece piece = scanner.next(); !piece.at_end; piece = scanner.next()) {
    if (!formatter.write(piece.text) || (piece.has_spec && !formatter.convert(piece.spec))) break;
  }
  return formatter.written();
}

}  // namespace hiper
