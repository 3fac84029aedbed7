# What this build of the library can do. The protocols and features are listed in one place, the tables of
# src/base/features.cc; libcurl.pc, curl-config and the CMake package get them from there. tests/package compares
# them with what curl_version_info says.

set(HIPER_SSL_BACKENDS OpenSSL)
set(HIPER_CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt" CACHE STRING "File with the certificates trusted by default")
set(HIPER_CA_PATH "/etc/ssl/certs" CACHE STRING "Directory with the certificates trusted by default")

# hiper_read_table(<text> <name of the array> <out>): the first string of each entry.
function(hiper_read_table text name out)
  if(NOT text MATCHES "${name}\\[\\] = {([^;]*)}[ \n]*;")
    message(FATAL_ERROR "src/base/features.cc has no table ${name} that cmake/capabilities.cmake can read")
  endif()
  string(REGEX MATCHALL "\"[^\"]+\"" words "${CMAKE_MATCH_1}")
  list(TRANSFORM words REPLACE "\"" "")
  set(${out} ${words} PARENT_SCOPE)
endfunction()

set(features "${CMAKE_SOURCE_DIR}/src/base/features.cc")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${features}")
file(READ "${features}" text)
hiper_read_table("${text}" kFeatures HIPER_FEATURES)
hiper_read_table("${text}" kProtocols HIPER_PROTOCOLS)
