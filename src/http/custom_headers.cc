#include "http/custom_headers.hpp"

#include "parse/ascii.hpp"

namespace hiper {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

CustomHeader read_custom_header(std::string_view line) noexcept {
  CustomHeader header;
  const std::size_t mark = line.find_first_of(":;");
  if (mark == std::string_view::npos || mark == 0) return header;
  header.name = line.substr(0, mark);
  header.value = trimmed(line.substr(mark + 1));
  if (line[mark] == ':') {
    header.kind = header.value.empty() ? CustomHeader::Kind::remove : CustomHeader::Kind::send;
  } else if (header.value.empty()) {
    header.kind = CustomHeader::Kind::send_empty;
  }
  return header;
}

CustomHeader find_custom_header(const curl_slist* list, std::string_view name) noexcept {
  for (; list != nullptr; list = list->next) {
    const CustomHeader header = read_custom_header(list->data);
    if (header.kind != CustomHeader::Kind::invalid && equals_ignore_case(header.name, name)) return header;
  }
  return {};
}

}  // namespace hiper
