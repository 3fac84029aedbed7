#include "parse/percent.hpp"

#include "parse/ascii.hpp"

namespace hiper {
namespace {

void append_encoded_byte(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  const char triplet[3] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  out.append(triplet, 3);
}

bool is_unreserved(char c) noexcept { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

/// Whether `text` has a full %XX at `at`.
bool is_triplet(std::string_view text, std::size_t at) noexcept {
  return text[at] == '%' && text.size() - at > 2 && hex_value(text[at + 1]) >= 0 &&
         hex_value(text[at + 2]) >= 0;
}

}  // namespace

void append_percent_encoded(std::string& out, std::string_view text, std::string_view also_keep) {
  for (const char c : text) {
    if (is_unreserved(c) || also_keep.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      append_encoded_byte(out, c);
    }
  }
}

void append_made_ascii(std::string& out, std::string_view text, std::string_view space) {
  for (const char c : text) {
    if (c == ' ') {
      out.append(space);
    } else if (is_non_ascii(c)) {
      append_encoded_byte(out, c);
    } else {
      out.push_back(c);
    }
  }
}

bool append_percent_decoded(std::string& out, std::string_view text, Decoded allowed) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (is_triplet(text, i)) {
      c = static_cast<char>((hex_value(text[i + 1]) << 4) | hex_value(text[i + 2]));
      i += 2;
    }
    if (allowed == Decoded::no_control && static_cast<unsigned char>(c) < 0x20) return false;
    out.push_back(c);
  }
  return true;
}

void upper_case_percent(std::string& text) noexcept {
  for (std::size_t i = text.find('%'); i != std::string::npos; i = text.find('%', i + 1)) {
    if (!is_triplet(text, i)) continue;
    text[i + 1] = to_upper(text[i + 1]);
    text[i + 2] = to_upper(text[i + 2]);
  }
}

}  // namespace hiper
