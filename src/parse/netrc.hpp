// The file ~/.netrc, which holds logins for hosts (ftp(1), CURLOPT_NETRC(3)). No I/O. Used by
// transfer/netrc_login.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace hiper {

struct NetrcLogin {
  std::string user;
  std::string password;  ///< empty if the file has none
};

enum class NetrcResult : unsigned char {
  found,
  none,       ///< no entry for this host and user
  malformed,  ///< a quoted text has no end
};

/// Looks in the text of such a file for the first entry ("machine" with this name, or "default") of `host`
/// and, if given, of `user`: then an entry with another login is passed over, and one without a login serves
/// any. What is behind that entry is not read. Keywords and host names are compared without case. `login`
/// changes only if something is found. Throws std::bad_alloc.
NetrcResult find_netrc_login(std::string_view text, std::string_view host,
                             std::optional<std::string_view> user, NetrcLogin& login);

}  // namespace hiper
