// Reads the argument list of curl_formadd: which options there are, how they combine, which combinations are
// errors. Used by body/form.cc.
#pragma once
#include <curl/curl.h>

#include <cstdarg>
#include <vector>

namespace hiper {

/// One section as the options describe it; nothing is copied. A section with several files has one item for
/// each.
struct FormItem {
  const char* name = nullptr;
  const char* contents = nullptr;  ///< data, path, buffer, or the argument for the read function
  const char* type = nullptr;
  const char* show_filename = nullptr;
  curl_slist* headers = nullptr;
  long name_length = 0;            ///< 0: up to the NUL
  long buffer_length = 0;          ///< 0: up to the NUL
  curl_off_t contents_length = 0;  ///< 0: up to the NUL
  long flags = 0;                  ///< CURL_HTTPPOST_*
};

/// May throw std::bad_alloc. `items` is only good after CURL_FORMADD_OK; it then has at least one.
CURLFORMcode read_form_options(std::vector<FormItem>& items, va_list arguments);

}  // namespace hiper
