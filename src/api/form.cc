// The doors curl_formadd, curl_formget and curl_formfree.
#include "body/form.hpp"

#include <curl/curl.h>

extern "C" {

CURLFORMcode curl_formadd(curl_httppost** httppost, curl_httppost** last_post, ...) {
  if (httppost == nullptr || last_post == nullptr) return CURL_FORMADD_NULL;
  va_list arguments;
  va_start(arguments, last_post);
  const CURLFORMcode code = hiper::add_form_section(httppost, last_post, arguments);
  va_end(arguments);
  return code;
}

int curl_formget(curl_httppost* form, void* arg, curl_formget_callback append) {
  return append == nullptr ? CURLE_BAD_FUNCTION_ARGUMENT : hiper::write_form(form, arg, append);
}

void curl_formfree(curl_httppost* form) { hiper::free_form(form); }

}  // extern "C"
