// Writing a text to a descriptor: for the files that the library keeps (cookies, HSTS).
#pragma once
#include <string_view>

namespace hiper {

/// All of `text`, in as many calls of write(2) as that takes. False, with errno set, when it fails.
bool write_whole(int fd, std::string_view text) noexcept;

}  // namespace hiper
