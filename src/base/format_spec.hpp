// The grammar of curl_mprintf(3) formats: cuts a format into literal text and conversions, and numbers the
// arguments. Used by base/format.cc alone.
#pragma once
#include <cstdint>
#include <string_view>

namespace hiper {

inline constexpr int kMaxFormatArguments = 128;

/// What is fetched from the argument list.
enum class ArgumentType : std::uint8_t {
  none,
  integer,
  is_long,
  long_long,
  real,
  long_real,
  string,
  pointer,
  count_pointer,
};

enum class LengthModifier : std::uint8_t { none, half, is_long, long_long };

/// One conversion. Arguments are numbers from 0; -1 stands for "none".
struct FormatSpec {
  int width = 0;
  int precision = -1;  ///< negative: not given
  int width_argument = -1;
  int precision_argument = -1;
  int argument = -1;
  char conversion = '\0';
  ArgumentType type = ArgumentType::none;
  LengthModifier length = LengthModifier::none;
  bool left = false;
  bool plus = false;
  bool space = false;
  bool alternate = false;
  bool zero = false;
  bool long_double = false;

  bool wide() const noexcept { return type == ArgumentType::is_long || type == ArgumentType::long_long; }
};

/// Literal text and the conversion behind it.
struct FormatPiece {
  std::string_view text{};
  FormatSpec spec{};
  bool has_spec = false;
  bool at_end = false;  ///< nothing is left, also no text
};

class FormatScanner {
 public:
  explicit FormatScanner(const char* format) noexcept : at_(format) {}
  FormatPiece next() noexcept;

 private:
  void read_flags(FormatSpec& spec) noexcept;
  void read_width(FormatSpec& spec) noexcept;
  void read_precision(FormatSpec& spec) noexcept;
  void read_length(FormatSpec& spec) noexcept;
  void read_conversion(FormatSpec& spec) noexcept;
  int read_number() noexcept;
  int read_position() noexcept;
  int take_argument(int position) noexcept;

  const char* at_;
  int next_argument_ = 0;
};

/// Says what to fetch for each argument that `format` uses. Returns their number, -1 if there are more than
/// kMaxFormatArguments.
int collect_argument_types(const char* format, ArgumentType (&types)[kMaxFormatArguments]) noexcept;

}  // namespace hiper
