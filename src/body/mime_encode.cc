#include "body/mime_encode.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace hiper {
namespace {

constexpr std::size_t kMaxLine = 76;  // RFC 2045, section 6.7 (5) and 6.8

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_group(std::string& out, std::string_view bytes) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    bits = bits << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
  }
  const char group[4] = {kBase64[bits >> 18 & 63], kBase64[bits >> 12 & 63],
                         bytes.size() > 1 ? kBase64[bits >> 6 & 63] : '=',
                         bytes.size() > 2 ? kBase64[bits & 63] : '='};
  out.append(group, 4);
}

bool is_literal(char c) noexcept { return (c >= ' ' && c <= '~' && c != '=') || c == '\t'; }

}  // namespace

std::size_t SevenBitEncoder::encode(std::string_view in, bool /*last*/, std::string& out) {
  const auto bad = std::find_if(in.begin(), in.end(), [](char c) { return (c & '\x80') != 0; });
  const auto good = static_cast<std::size_t>(bad - in.begin());
  out.append(in.substr(0, good));
  failed_ = good < in.size();
  return good;
}

std::size_t Base64Encoder::encode(std::string_view in, bool last, std::string& out) {
  std::size_t used = 0;
  while (in.size() - used >= 3 || (last && used < in.size())) {
    if (column_ == kMaxLine) {
      out.append("\r\n");
      column_ = 0;
    }
    const std::string_view bytes = in.substr(used, 3);
    append_group(out, bytes);
    column_ += 4;
    used += bytes.size();
  }
  return used;
}

curl_off_t Base64Encoder::encoded_size(curl_off_t size) noexcept {
  if (size <= 0 || size > std::numeric_limits<curl_off_t>::max() / 2) return size == 0 ? 0 : -1;
  const curl_off_t characters = (size + 2) / 3 * 4;
  return characters + (characters - 1) / static_cast<curl_off_t>(kMaxLine) * 2;
}

std::size_t QuotedPrintableEncoder::encode(std::string_view in, bool last, std::string& out) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::size_t used = 0;
  // The byte and the two behind it decide; at the end there are fewer.
  while (used < in.size() && (last || in.size() - used >= 3)) {
    const std::string_view rest = in.substr(used);
    if (rest.substr(0, 2) == "\r\n") {
      out.append("\r\n");
      column_ = 0;
      used += 2;
      continue;
    }
    const char c = rest[0];
    const bool line_ends = rest.size() == 1 || rest.substr(1, 2) == "\r\n";
    const bool literal = is_literal(c) && !(line_ends && (c == ' ' || c == '\t'));
    const std::size_t length = literal ? 1 : 3;
    // The last place of a line that goes on belongs to the soft line break.
    if (column_ + length > kMaxLine - (line_ends ? 0 : 1)) {
      out.append("=\r\n");
      column_ = 0;
    }
    if (literal) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      const char code[3] = {'=', kDigits[byte >> 4], kDigits[byte & 15]};
      out.append(code, 3);
    }
    column_ += length;
    ++used;
  }
  return used;
}

}  // namespace hiper
