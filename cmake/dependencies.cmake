# What the library is built from. hiper_dependencies carries flags and libraries; HIPER_REQUIRES, the names of the
# packages, is also told in libcurl.pc. A room that needs another library adds it here.

set(HIPER_REQUIRES libssl libcrypto libcares zlib libidn2 libpsl)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HIPER_DEPS REQUIRED IMPORTED_TARGET ${HIPER_REQUIRES})

add_library(hiper_dependencies INTERFACE)
target_link_libraries(hiper_dependencies INTERFACE PkgConfig::HIPER_DEPS Threads::Threads)
