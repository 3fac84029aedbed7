#include "body/mime_head.hpp"

#include "parse/ascii.hpp"

namespace hiper {
namespace {

struct ExtensionType {
  std::string_view extension;
  const char* type;
};
constexpr ExtensionType kTypes[] = {
    {".gif", "image/gif"},       {".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"}, {".png", "image/png"},
    {".svg", "image/svg+xml"},   {".txt", "text/plain"},      {".htm", "text/html"},   {".html", "text/html"},
    {".pdf", "application/pdf"}, {".xml", "application/xml"},
};

/// Whether `line` is a header line called `name`.
bool is_header(std::string_view line, std::string_view name) noexcept {
  return line.size() > name.size() && line[name.size()] == ':' && starts_with_ignore_case(line, name);
}

const char* find_header(const MimePart& part, std::string_view name) noexcept {
  for (const curl_slist* entry = part.headers(); entry != nullptr; entry = entry->next) {
    if (is_header(entry->data, name)) return entry->data + name.size() + 1;
  }
  return nullptr;
}

/// What a part is if nobody says so. Plain text without a file name goes without saying.
const char* default_type(const MimePart& part) noexcept {
  if (part.content() == MimePart::Content::multipart) return "multipart/mixed";
  const bool has_filename = part.filename().has_value();
  const bool is_file = part.content() == MimePart::Content::file;
  const char* type = has_filename ? type_by_extension(*part.filename()) : nullptr;
  if (type == nullptr && is_file) type = type_by_extension(part.path());
  if (type == nullptr) return is_file && has_filename ? "application/octet-stream" : nullptr;
  return has_filename || std::string_view(type) != "text/plain" ? type : nullptr;
}

/// A name in quotes: with backslashes (RFC 2183), or as HTML forms do it (WHATWG HTML, multipart/form-data).
void append_escaped(std::string& to, std::string_view name, bool backslash) {
  for (const char c : name) {
    if (backslash) {
      if (c == '"' || c == '\\') to.push_back('\\');
      to.push_back(c);
      continue;
    }
    switch (c) {
      case '"':
        to.append("%22");
        break;
      case '\r':
        to.append("%0D");
        break;
      case '\n':
        to.append("%0A");
        break;
      default:
        to.push_back(c);
    }
  }
}

void append_disposition(std::string& head, const MimePart& part, std::string_view parent_type,
                        const MimeOptions& options) {
  const bool in_form = starts_with_ignore_case(parent_type, "multipart/form-data");
  if (!in_form && !part.name() && !part.filename()) return;
  head.append("Content-Disposition: ").append(in_form ? "form-data" : "attachment");
  if (part.name()) {
    head.append("; name=\"");
    append_escaped(head, *part.name(), options.backslash_escape);
    head.push_back('"');
  }
  if (part.filename()) {
    head.append("; filename=\"");
    append_escaped(head, *part.filename(), options.backslash_escape);
    head.push_back('"');
  }
  head.append("\r\n");
}

}  // namespace

const char* type_by_extension(std::string_view filename) noexcept {
  for (const ExtensionType& known : kTypes) {
    if (filename.size() < known.extension.size()) continue;
    if (equals_ignore_case(filename.substr(filename.size() - known.extension.size()), known.extension)) {
      return known.type;
    }
  }
  return nullptr;
}

PartType part_type(const MimePart& part) noexcept {
  if (part.type()) return {*part.type(), true};
  if (const char* value = find_header(part, "Content-Type")) {
    while (*value == ' ' || *value == '\t') ++value;
    return {value, true};
  }
  const char* const type = default_type(part);
  return type == nullptr ? PartType{} : PartType{type, true};
}

std::string part_head(const MimePart& part, std::string_view parent_type, const MimeOptions& options) {
  std::string head;
  if (find_header(part, "Content-Disposition") == nullptr)
    append_disposition(head, part, parent_type, options);
  if (const PartType type = part_type(part); type.given) {
    head.append("Content-Type: ").append(type.value);
    if (part.content() == MimePart::Content::multipart) {
      head.append("; boundary=").append(part.subparts()->boundary());
    }
    head.append("\r\n");
  }
  const char* const encoding = encoding_name(part.encoding());
  if (encoding != nullptr && find_header(part, "Content-Transfer-Encoding") == nullptr) {
    head.append("Content-Transfer-Encoding: ").append(encoding).append("\r\n");
  }
  for (const curl_slist* entry = part.headers(); entry != nullptr; entry = entry->next) {
    if (!is_header(entry->data, "Content-Type")) head.append(entry->data).append("\r\n");
  }
  return head.append("\r\n");
}

}  // namespace hiper
