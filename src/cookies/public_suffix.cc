#include "cookies/public_suffix.hpp"

#include <libpsl.h>

#include <string>

#include "cookies/cookie.hpp"
#include "parse/ascii.hpp"

namespace hiper {
bool may_set_for_domain(std::string_view host, std::string_view domain) {
  const psl_ctx_t* const list = psl_builtin();
  if (list == nullptr) {  // a libpsl without data: only what no list has to say
    return equals_ignore_case(host, domain) || domain.find('.') != std::string_view::npos;
  }
  // The list is in lower case.
  return psl_is_cookie_domain_acceptable(list, lowered(host).c_str(), lowered(domain).c_str()) == 1;
}

bool is_listed_suffix(std::string_view domain) {
  const psl_ctx_t* const list = psl_builtin();
  return list != nullptr &&
         psl_is_public_suffix2(list, lowered(domain).c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}

}  // namespace hiper
