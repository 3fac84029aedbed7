#include "http/custom_headers.hpp"

#include "parse/ascii.hpp"
#include "parse/h1_head.hpp"

namespace hiper {

bool CustomHeader::is(std::string_view header) const noexcept { return equals_ignore_case(name, header); }

std::string_view without_line_end(std::string_view text) noexcept {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool is_one_line(std::string_view text) noexcept {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

namespace {

/// A blank line inside: what follows would be a body, or a second request.
bool ends_head(std::string_view text) noexcept {
  return text.find("\n\n") != std::string_view::npos || text.find("\n\r\n") != std::string_view::npos;
}

}  // namespace

CustomHeader read_custom_header(std::string_view line) noexcept {
  CustomHeader header;
  header.text = without_line_end(line);
  if (ends_head(header.text)) {
    header.kind = CustomHeader::Kind::broken;
    return header;
  }
  std::size_t mark = header.text.find(':');
  const bool colon = mark != std::string_view::npos;
  if (!colon && header.text.ends_with(';')) mark = header.text.size() - 1;
  if (mark == std::string_view::npos || mark == 0) return header;
  header.name = header.text.substr(0, mark);
  header.raw = header.text.substr(mark + 1);
  header.value = trim_blanks(header.raw);
  header.kind = CustomHeader::Kind::send;
  if (header.value.empty()) header.kind = colon ? CustomHeader::Kind::remove : CustomHeader::Kind::send_empty;
  return header;
}

CustomHeader find_custom_header(const curl_slist* list, std::string_view name) noexcept {
  for (; list != nullptr; list = list->next) {
    // Nearly all lines are about something else: their first letter says so.
    if (list->data == nullptr || to_lower(list->data[0]) != to_lower(name.front())) continue;
    const CustomHeader header = read_custom_header(list->data);
    if (header.kind != CustomHeader::Kind::invalid && header.is(name)) return header;
  }
  return {};
}

}  // namespace hiper
