#include "body/form_options.hpp"

#include <cstdint>
#include <cstring>

namespace hiper {
namespace {

/// The value of an option, of the one type it has; from the argument list or from a CURLFORM_ARRAY.
struct FormValue {
  const char* text = nullptr;
  curl_off_t number = 0;
};

enum class ValueType { text, number_long, number_off, none };

ValueType value_type(int option) noexcept {
  switch (option) {
    case CURLFORM_COPYNAME:
    case CURLFORM_PTRNAME:
    case CURLFORM_COPYCONTENTS:
    case CURLFORM_PTRCONTENTS:
    case CURLFORM_FILECONTENT:
    case CURLFORM_ARRAY:
    case CURLFORM_FILE:
    case CURLFORM_BUFFER:
    case CURLFORM_BUFFERPTR:
    case CURLFORM_CONTENTTYPE:
    case CURLFORM_CONTENTHEADER:
    case CURLFORM_FILENAME:
    case CURLFORM_STREAM:
      return ValueType::text;
    case CURLFORM_NAMELENGTH:
    case CURLFORM_CONTENTSLENGTH:
    case CURLFORM_BUFFERLENGTH:
      return ValueType::number_long;
    case CURLFORM_CONTENTLEN:
      return ValueType::number_off;
    default:
      return ValueType::none;
  }
}

class FormOptions {
 public:
  explicit FormOptions(std::vector<FormItem>& items) : items_(items) { items_.assign(1, FormItem{}); }

  CURLFORMcode set(int option, const FormValue& value) {
    switch (option) {
      case CURLFORM_PTRNAME:
        return set_name(value.text, CURL_HTTPPOST_PTRNAME);
      case CURLFORM_COPYNAME:
        return set_name(value.text, 0);
      case CURLFORM_NAMELENGTH:
        return set_length(item().name_length, value);
      case CURLFORM_PTRCONTENTS:
        return set_contents(value.text, CURL_HTTPPOST_PTRCONTENTS);
      case CURLFORM_COPYCONTENTS:
        return set_contents(value.text, 0);
      case CURLFORM_CONTENTSLENGTH:
      case CURLFORM_CONTENTLEN:
        item().contents_length = value.number;
        return CURL_FORMADD_OK;
      case CURLFORM_FILECONTENT:
        return set_contents(value.text, CURL_HTTPPOST_READFILE);
      case CURLFORM_FILE:
        return set_file(value.text);
      case CURLFORM_BUFFERPTR:
        return set_contents(value.text, CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_PTRBUFFER);
      case CURLFORM_BUFFERLENGTH:
        return set_length(item().buffer_length, value);
      case CURLFORM_STREAM:
        return set_contents(value.text, CURL_HTTPPOST_CALLBACK);
      case CURLFORM_CONTENTTYPE:
        return set_type(value.text);
      case CURLFORM_CONTENTHEADER:
        return set_headers(value.text);
      case CURLFORM_BUFFER:
      case CURLFORM_FILENAME:
        return set_once(item().show_filename, value.text);
      default:
        return CURL_FORMADD_UNKNOWN_OPTION;
    }
  }

  CURLFORMcode check() const noexcept {
    const FormItem& first = items_.front();
    if (first.name == nullptr) return CURL_FORMADD_INCOMPLETE;
    if (first.name_length != 0) {
      const auto length = static_cast<std::size_t>(first.name_length);
      if (first.name_length < 0 || std::memchr(first.name, 0, length) != nullptr) return CURL_FORMADD_NULL;
    }
    for (const FormItem& item : items_) {
      if (item.contents == nullptr) return CURL_FORMADD_INCOMPLETE;
      if ((item.flags & CURL_HTTPPOST_FILENAME) != 0 && item.contents_length != 0)
        return CURL_FORMADD_INCOMPLETE;
      const bool copied = item.flags == 0;
      if (item.buffer_length < 0 || (copied && item.contents_length < 0)) return CURL_FORMADD_MEMORY;
    }
    return CURL_FORMADD_OK;
  }

 private:
  FormItem& item() noexcept { return items_.back(); }

  static CURLFORMcode set_once(const char*& to, const char* text) noexcept {
    if (to != nullptr) return CURL_FORMADD_OPTION_TWICE;
    to = text;
    return text == nullptr ? CURL_FORMADD_NULL : CURL_FORMADD_OK;
  }

  static CURLFORMcode set_length(long& to, const FormValue& value) noexcept {
    if (to != 0) return CURL_FORMADD_OPTION_TWICE;
    to = static_cast<long>(value.number);
    return CURL_FORMADD_OK;
  }

  CURLFORMcode set_name(const char* name, long flag) noexcept {
    item().flags |= flag;
    return set_once(item().name, name);
  }

  CURLFORMcode set_contents(const char* contents, long flags) noexcept {
    const CURLFORMcode code = set_once(item().contents, contents);
    if (code == CURL_FORMADD_OK) item().flags |= flags;
    return code;
  }

  /// A second file opens another item.
  CURLFORMcode set_file(const char* path) {
    const bool has_file = item().contents != nullptr && (item().flags & CURL_HTTPPOST_FILENAME) != 0;
    if (has_file && path != nullptr) items_.emplace_back();
    return set_contents(path, CURL_HTTPPOST_FILENAME);
  }

  /// A second type belongs to the next file.
  CURLFORMcode set_type(const char* type) {
    const bool next =
        item().type != nullptr && type != nullptr && (item().flags & CURL_HTTPPOST_FILENAME) != 0;
    if (next) items_.emplace_back();
    return set_once(item().type, type);
  }

  CURLFORMcode set_headers(const char* list) noexcept {
    if (item().headers != nullptr) return CURL_FORMADD_OPTION_TWICE;
    item().headers = reinterpret_cast<curl_slist*>(const_cast<char*>(list));
    return CURL_FORMADD_OK;
  }

  std::vector<FormItem>& items_;
};

CURLFORMcode read_array(FormOptions& options, const curl_forms* entry) {
  if (entry == nullptr) return CURL_FORMADD_NULL;
  for (; entry->option != CURLFORM_END; ++entry) {
    if (entry->option == CURLFORM_ARRAY) return CURL_FORMADD_ILLEGAL_ARRAY;
    FormValue value;
    value.text = entry->value;
    value.number = static_cast<curl_off_t>(reinterpret_cast<std::intptr_t>(entry->value));
    const CURLFORMcode code = options.set(entry->option, value);
    if (code != CURL_FORMADD_OK) return code;
  }
  return CURL_FORMADD_OK;
}

}  // namespace

CURLFORMcode read_form_options(std::vector<FormItem>& items, va_list arguments) {
  FormOptions options(items);
  for (;;) {
    // A number, not the enum: programs may pass any.
    const int option = va_arg(arguments, int);
    if (option == CURLFORM_END) return options.check();
    FormValue value;
    switch (value_type(option)) {
      case ValueType::text:
        value.text = va_arg(arguments, const char*);
        break;
      case ValueType::number_long:
        value.number = va_arg(arguments, long);
        break;
      case ValueType::number_off:
        value.number = va_arg(arguments, curl_off_t);
        break;
      case ValueType::none:
        return CURL_FORMADD_UNKNOWN_OPTION;
    }
    const CURLFORMcode code = option == CURLFORM_ARRAY
                                  ? read_array(options, reinterpret_cast<const curl_forms*>(value.text))
                                  : options.set(option, value);
    if (code != CURL_FORMADD_OK) return code;
  }
}

}  // namespace hiper
