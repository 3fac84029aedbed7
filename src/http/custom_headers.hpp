// CURLOPT_HTTPHEADER, read the way its man page says: "Name: value" adds or replaces, "Name:" removes,
// "Name;" sends the name without a value. Used by http/request_head.cc and, for trailers and MIME types, by
// its neighbours.
#pragma once
#include <curl/curl.h>

#include <string_view>

namespace hiper {

/// One line of the application's list. Views of that line.
struct CustomHeader {
  enum class Kind : unsigned char {
    invalid,  ///< neither ':' nor a ';' at the end, or no name: not sent
    send,
    send_empty,
    remove,
    broken,  ///< a blank line inside would end the head; single line breaks are sent as they are (some
             ///< programs put several headers into one item)
  };
  Kind kind = Kind::invalid;
  std::string_view text;  ///< the whole line without line breaks at its end
  std::string_view name;
  std::string_view raw;    ///< what follows the colon, blanks included
  std::string_view value;  ///< without blanks around it

  bool is(std::string_view header) const noexcept;
};
CustomHeader read_custom_header(std::string_view line) noexcept;

/// The first line of `list` about `name`, in any case; kind invalid if there is none.
CustomHeader find_custom_header(const curl_slist* list, std::string_view name) noexcept;

/// `text` without CR and LF at its end.
std::string_view without_line_end(std::string_view text) noexcept;
/// It can go into a head as a part of one line.
bool is_one_line(std::string_view text) noexcept;

}  // namespace hiper
