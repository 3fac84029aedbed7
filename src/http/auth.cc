#include "http/auth.hpp"

#include <curl/curl.h>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

struct AuthScheme {
  std::string_view name;
  unsigned long bit;
};
constexpr AuthScheme kSchemes[] = {
    {"Basic", CURLAUTH_BASIC}, {"Digest", CURLAUTH_DIGEST}, {"Negotiate", CURLAUTH_NEGOTIATE},
    {"NTLM", CURLAUTH_NTLM},   {"Bearer", CURLAUTH_BEARER}, {"AWS4-HMAC-SHA256", CURLAUTH_AWS_SIGV4}};

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

/// Goes behind the next comma that is not inside a quoted string.
void skip_member(std::string_view& text) noexcept {
  bool quoted = false;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (quoted && c == '\\' && !text.empty()) {
      text.remove_prefix(1);
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      return;
    }
  }
}

}  // namespace

// A list of challenges and their parameters, all between commas: a parameter is a token with '=' behind it.
long challenged_schemes(std::string_view value) noexcept {
  unsigned long found = 0;
  while (!value.empty()) {
    skip_blanks(value);
    std::size_t length = 0;
    while (length < value.size() && !is_blank(value[length]) && value[length] != ',' && value[length] != '=')
      ++length;
    const std::string_view token = value.substr(0, length);
    std::string_view rest = value.substr(length);
    skip_blanks(rest);
    if (!rest.starts_with('=')) {
      for (const AuthScheme& scheme : kSchemes) {
        if (equals_ignore_case(scheme.name, token)) found |= scheme.bit;
      }
    }
    skip_member(value);
  }
  return static_cast<long>(found);
}

long first_auth(long wanted, long possible) noexcept {
  const auto schemes = static_cast<unsigned long>(wanted) & ~CURLAUTH_ONLY;
  const bool one = (schemes & (schemes - 1)) == 0;
  return one ? wanted & possible : 0;
}

long best_auth(long offered) noexcept {
  for (const unsigned long bit : {CURLAUTH_BEARER, CURLAUTH_BASIC}) {
    if ((static_cast<unsigned long>(offered) & bit) != 0) return static_cast<long>(bit);
  }
  return 0;
}

}  // namespace hiper
