#include "base/format_spec.hpp"

#include <algorithm>
#include <climits>
#include <cstring>

namespace hiper {
namespace {

constexpr bool is_decimal(char c) noexcept { return c >= '0' && c <= '9'; }

ArgumentType integer_type(LengthModifier length) noexcept {
  switch (length) {
    case LengthModifier::is_long:
      return ArgumentType::is_long;
    case LengthModifier::long_long:
      return ArgumentType::long_long;
    default:
      return ArgumentType::integer;
  }
}

ArgumentType type_of(const FormatSpec& spec) noexcept {
  switch (spec.conversion) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return integer_type(spec.length);
    case 'c':
      return ArgumentType::integer;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return spec.long_double ? ArgumentType::long_real : ArgumentType::real;
    case 's':
    case 'S':
      return ArgumentType::string;
    case 'p':
      return ArgumentType::pointer;
    case 'n':
      return ArgumentType::count_pointer;
    default:
      return ArgumentType::none;
  }
}

/// Notes that argument `index` is fetched as `type`. False when there are too many.
bool note(ArgumentType (&types)[kMaxFormatArguments], int& num_types, int index, ArgumentType type) noexcept {
  if (index < 0) return true;
  if (index >= kMaxFormatArguments) return false;
  for (; num_types <= index; ++num_types) types[num_types] = ArgumentType::integer;
  types[index] = type;
  return true;
}

}  // namespace

FormatPiece FormatScanner::next() noexcept {
  FormatPiece piece;
  const char* const start = at_;
  at_ += std::strcspn(at_, "%");
  piece.text = {start, static_cast<std::size_t>(at_ - start)};
  if (*at_ == '\0') {
    piece.at_end = piece.text.empty();
    return piece;
  }
  ++at_;
  piece.has_spec = true;
  const int position = read_position();
  read_flags(piece.spec);
  read_width(piece.spec);
  read_precision(piece.spec);
  read_length(piece.spec);
  read_conversion(piece.spec);
  if (piece.spec.type != ArgumentType::none) piece.spec.argument = take_argument(position);
  return piece;
}

/// Decimal digits as a number, INT_MAX if it is too large.
int FormatScanner::read_number() noexcept {
  int value = 0;
  for (; is_decimal(*at_); ++at_) value = value > (INT_MAX - 9) / 10 ? INT_MAX : value * 10 + (*at_ - '0');
  return value;
}

/// "m$" as m; 0 (and nothing read) if there is none.
int FormatScanner::read_position() noexcept {
  const char* const start = at_;
  const int position = read_number();
  if (*at_ == '$' && position > 0) {
    ++at_;
    return position;
  }
  at_ = start;
  return 0;
}

int FormatScanner::take_argument(int position) noexcept {
  next_argument_ = position > 0 ? position : std::min(next_argument_, INT_MAX - 1) + 1;
  return next_argument_ - 1;
}

void FormatScanner::read_flags(FormatSpec& spec) noexcept {
  for (;; ++at_) {
    switch (*at_) {
      case '-':
        spec.left = true;
        break;
      case '+':
        spec.plus = true;
        break;
      case ' ':
        spec.space = true;
        break;
      case '#':
        spec.alternate = true;
        break;
      case '0':
        spec.zero = true;
        break;
      default:
        return;
    }
  }
}

void FormatScanner::read_width(FormatSpec& spec) noexcept {
  if (*at_ != '*') {
    spec.width = read_number();
    return;
  }
  ++at_;
  spec.width_argument = take_argument(read_position());
}

void FormatScanner::read_precision(FormatSpec& spec) noexcept {
  if (*at_ != '.') return;
  ++at_;
  if (*at_ != '*') {
    spec.precision = read_number();
    return;
  }
  ++at_;
  spec.precision_argument = take_argument(read_position());
}

void FormatScanner::read_length(FormatSpec& spec) noexcept {
  static_assert(sizeof(std::size_t) == sizeof(long), "z is read as long");
  for (;; ++at_) {
    switch (*at_) {
      case 'h':
        spec.length = LengthModifier::half;
        break;
      case 'l':
        spec.length =
            spec.length == LengthModifier::is_long ? LengthModifier::long_long : LengthModifier::is_long;
        break;
      case 'q':
        spec.length = LengthModifier::long_long;
        break;
      case 'z':
        spec.length = LengthModifier::is_long;
        break;
      case 'O':
        spec.length = LengthModifier::long_long;
        break;  // a curl_off_t
      case 'L':
        spec.length = LengthModifier::long_long;
        spec.long_double = true;
        break;
      default:
        return;
    }
  }
}

void FormatScanner::read_conversion(FormatSpec& spec) noexcept {
  if (*at_ == '\0') return;
  spec.conversion = *at_++;
  spec.type = type_of(spec);
  if (spec.conversion == 'S') spec.alternate = true;
}

int collect_argument_types(const char* format, ArgumentType (&types)[kMaxFormatArguments]) noexcept {
  int num_types = 0;
  FormatScanner scanner(format);
  for (FormatPiece piece = scanner.next(); !piece.at_end; piece = scanner.next()) {
    const FormatSpec& spec = piece.spec;
    if (!note(types, num_types, spec.width_argument, ArgumentType::integer) ||
        !note(types, num_types, spec.precision_argument, ArgumentType::integer) ||
        !note(types, num_types, spec.argument, spec.type)) {
      return -1;
    }
  }
  return num_types;
}

}  // namespace hiper
