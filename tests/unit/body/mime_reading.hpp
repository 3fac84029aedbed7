// Reads a Mime to its end and makes the random boundaries readable. For the tests of MIME bodies and forms.
#pragma once
#include <string>
#include <vector>

#include "body/mime.hpp"

namespace hiper::testing {

struct Rendered {
  std::string text;  ///< boundaries written as <0>, <1> … in the order of their first use
  MimeRead last;     ///< the answer that ended it
};

inline bool is_boundary_at(const std::string& text, std::size_t at) {
  const std::string dashes(24, '-');
  if (text.compare(at, 24, dashes) != 0 || text.size() < at + 46 || text[at + 24] == '-') return false;
  for (std::size_t i = at + 24; i < at + 46; ++i) {
    if (isalnum(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

inline std::string name_boundaries(std::string text) {
  std::vector<std::string> known;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_boundary_at(text, at)) continue;
    const std::string boundary = text.substr(at, 46);
    std::size_t number = 0;
    while (number < known.size() && known[number] != boundary) ++number;
    if (number == known.size()) known.push_back(boundary);
    text.replace(at, 46, "<" + std::to_string(number) + ">");
  }
  return text;
}

/// Everything from where the reader stands, in reads of `step` bytes.
inline Rendered read_all(MimeReader& reader, std::size_t step = 16384) {
  Rendered result;
  std::vector<char> buffer(step);
  for (;;) {
    result.last = reader.read(buffer);
    if (result.last.kind != MimeRead::Kind::bytes) break;
    result.text.append(buffer.data(), result.last.count);
  }
  return result;
}

/// Head and body of `mime`.
inline std::string render(const Mime& mime, const MimeOptions& options = {}, std::size_t step = 16384) {
  MimeReader reader(mime, options);
  Rendered result = read_all(reader, step);
  if (result.last.kind != MimeRead::Kind::end) return "<not rendered>";
  if (reader.size() >= 0 && static_cast<std::size_t>(reader.size()) != result.text.size())
    return "<wrong size>";
  return name_boundaries(std::string(reader.content_type()) + "\n" + result.text);
}

}  // namespace hiper::testing
