// CURLOPT_HTTPHEADER, read the way its man page says: "Name: value" adds or replaces, "Name:" removes, "Name;" sends the
// name without a value. Used by http/request_head.cc.
#pragma once
#include <curl/curl.h>

#include <string_view>

namespace hiper {

/// One line of the application's list.
struct CustomHeader {
  enum class Kind : unsigned char { invalid, send, send_empty, remove };
  Kind kind = Kind::invalid;
  std::string_view name;
  std::string_view value;  ///< without leading blanks
};
CustomHeader read_custom_header(std::string_view line) noexcept;

/// The first line of `list` about `name`, in any case; kind invalid if there is none.
CustomHeader find_custom_header(const curl_slist* list, std::string_view name) noexcept;

}  // namespace hiper
