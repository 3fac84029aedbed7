#include "parse/idn.hpp"

#include <idn2.h>

#include <memory>
#include <new>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

struct FreeIdn {
  void operator()(void* text) const noexcept { idn2_free(text); }
};

void throw_if_out_of_memory(int code) {
  if (code == IDN2_MALLOC) throw std::bad_alloc();
}

using Lookup = int (*)(const char* host, char** result, int flags);

int lookup_utf8(const char* host, char** result, int flags) { return idn2_to_ascii_8z(host, result, flags); }
int lookup_locale(const char* host, char** result, int flags) {
  return idn2_to_ascii_lz(host, result, flags);
}

bool convert(Lookup lookup, const std::string& host, int flags, std::string& out) {
  char* raw = nullptr;
  const int code = lookup(host.c_str(), &raw, flags);
  const std::unique_ptr<char, FreeIdn> result(raw);
  throw_if_out_of_memory(code);
  if (code != IDN2_OK || result == nullptr) return false;
  out = result.get();
  return !out.empty();
}

}  // namespace

bool idn_to_ascii(std::string_view host, std::string& ascii) {
  const std::string text(host);
  if (text.find('\0') != std::string::npos) return false;
  // UTF-8 is tried first, whatever the locale says: programs that never call setlocale() still hand over
  // UTF-8. Transitional processing is the fallback for names that IDNA2008 refuses.
  for (const Lookup lookup : {lookup_utf8, lookup_locale}) {
    for (const int flags : {IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL, IDN2_NFC_INPUT | IDN2_TRANSITIONAL}) {
      if (convert(lookup, text, flags, ascii)) return true;
    }
  }
  return false;
}

bool idn_to_unicode(std::string_view host, std::string& unicode) {
  const std::string text(host);
  char* raw = nullptr;
  const int code = idn2_to_unicode_8z8z(text.c_str(), &raw, 0);
  const std::unique_ptr<char, FreeIdn> result(raw);
  throw_if_out_of_memory(code);
  if (code != IDN2_OK || result == nullptr) return false;
  unicode = result.get();
  return true;
}

bool has_punycode_label(std::string_view host) noexcept {
  while (!host.empty()) {
    if (starts_with_ignore_case(host, "xn--")) return true;
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return false;
    host.remove_prefix(dot + 1);
  }
  return false;
}

}  // namespace hiper
