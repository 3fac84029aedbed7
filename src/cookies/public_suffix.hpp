// Which domains are open to everybody below them ("com", "co.uk", "github.io"), so that no cookie may be set
// for all of their hosts: the Public Suffix List, as libpsl has it built in.
#pragma once
#include <string_view>

namespace hiper {

/// Whether `host` may set a cookie for `domain`, which is itself or a domain above it. Neither has a leading
/// dot. Throws std::bad_alloc.
bool may_set_for_domain(std::string_view host, std::string_view domain);

/// `domain` is on the list by name (names of one label that nobody listed are not).
bool is_listed_suffix(std::string_view domain);

}  // namespace hiper
