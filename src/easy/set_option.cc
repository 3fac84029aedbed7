#include "easy/set_option.hpp"

#include <cstring>

#include "easy/cookie_doors.hpp"
#include "easy/setters.hpp"

namespace hiper {
namespace {

CURLcode set_text(Easy& easy, const OptionRow& row, const char* text) noexcept {
  Options& options = easy.options;
  if (text != nullptr && std::strlen(text) > kMaxInput) return CURLE_BAD_FUNCTION_ARGUMENT;
  switch (row.setter) {
    case Setter::userpwd:
      return setters::userpwd(options, row.slot, text);
    case Setter::protocols_text:
      return setters::protocols_text(options, row.slot, text);
    case Setter::cookiefile:
      return setters::cookiefile(easy, text);
    case Setter::cookiejar:
      return setters::cookiejar(easy, text);
    case Setter::cookielist:
      return cookie_command(easy, text);
    case Setter::hsts_file:
      return setters::hsts_file(options, text);
    case Setter::dns_servers:
      return setters::dns_servers(options, text);
    case Setter::ip_address:
      return setters::ip_address(options, row.slot, text);
    case Setter::tls_engine:
      return setters::tls_engine(options, text);
    case Setter::tlsauth_type:
      return setters::tlsauth_type(options, row.slot, text);
    default:
      return options.set_text(row.slot, text);
  }
}

CURLcode set_blob(Easy& easy, const OptionRow& row, const curl_blob* blob) noexcept {
  if (blob != nullptr && blob->len > kMaxInput) return CURLE_BAD_FUNCTION_ARGUMENT;
  if (blob != nullptr && blob->data == nullptr && blob->len > 0) return CURLE_BAD_FUNCTION_ARGUMENT;
  return easy.options.set_blob(row.slot, blob);
}

CURLcode set_pointer(Easy& easy, const OptionRow& row, void* pointer) noexcept {
  Options& options = easy.options;
  switch (row.setter) {
    case Setter::httppost:
      return setters::httppost(options, pointer);
    case Setter::mimepost:
      return setters::mimepost(easy, pointer);
    case Setter::postfields:
      return setters::postfields(options, pointer);
    case Setter::copypostfields:
      return setters::copypostfields(options, pointer);
    case Setter::list:
      return options.set_list(row.slot, static_cast<curl_slist*>(pointer));
    case Setter::blob:
      return set_blob(easy, row, static_cast<const curl_blob*>(pointer));
    case Setter::share:
      return attach_share(easy, pointer);
    default:
      return options.set_pointer(row.slot, pointer);
  }
}

}  // namespace

CURLcode set_option(Easy& easy, std::uint32_t id, va_list arguments) noexcept {
  const OptionRow* const row = find_option_row(id);
  if (row == nullptr || row->setter == Setter::unknown) return CURLE_UNKNOWN_OPTION;
  const CURLcode available = availability(row->feature);
  if (available != CURLE_OK) return available;
  if (row->id < CURLOPTTYPE_OBJECTPOINT) return setters::number(easy.options, *row, va_arg(arguments, long));
  if (row->id >= CURLOPTTYPE_OFF_T && row->id < CURLOPTTYPE_BLOB) {
    return setters::number(easy.options, *row, va_arg(arguments, curl_off_t));
  }
  if (row->setter == Setter::ignored) return CURLE_OK;
  if (row->setter == Setter::function) {
    return easy.options.set_function(row->slot, va_arg(arguments, void (*)()));
  }
  if (row->setter >= Setter::text && row->setter < Setter::list) {
    return set_text(easy, *row, va_arg(arguments, const char*));
  }
  return set_pointer(easy, *row, va_arg(arguments, void*));
}

}  // namespace hiper
