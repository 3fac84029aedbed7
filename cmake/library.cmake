# The library: src/**/*.cc compiled once (hiper_objects), linked into libcurl.so.4.8.0 (target curl) and, for the
# tests, put into an archive (hiper_static).

file(STRINGS "${CMAKE_SOURCE_DIR}/include/curl/curlver.h" version_line REGEX "define LIBCURL_VERSION ")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" HIPER_CURL_VERSION "${version_line}")

file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/*.cc")
# Replaces operator new of whatever it is linked into, so it goes into the shared library alone.
set(operator_new "${CMAKE_SOURCE_DIR}/src/base/operator_new.cc")
list(REMOVE_ITEM sources "${operator_new}")

# How every source of the library is compiled.
add_library(hiper_compile INTERFACE)
target_include_directories(hiper_compile INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_include_directories(hiper_compile SYSTEM INTERFACE "${CMAKE_SOURCE_DIR}/include")
target_link_libraries(hiper_compile INTERFACE hiper_dependencies)
# Here the deprecated options are implemented; what <curl/curl.h> says about them is for others.
target_compile_definitions(hiper_compile INTERFACE CURL_DISABLE_DEPRECATION)

set(HIPER_EXPORTS_LIST "${CMAKE_SOURCE_DIR}/src/api/exports.list")
set(map "${CMAKE_BINARY_DIR}/exports.map")
set(aliases "${CMAKE_BINARY_DIR}/exports.S")
set(declarations "${CMAKE_BINARY_DIR}/exports.hpp")
hiper_generate_exports("${HIPER_EXPORTS_LIST}" "${map}" "${aliases}" "${declarations}")

# Only what <curl/curl.h> declares is visible at all (CURL_EXTERN); the version script says how it is exported.
add_library(hiper_objects OBJECT ${sources})
target_link_libraries(hiper_objects PUBLIC hiper_compile PRIVATE hiper_warnings)
target_compile_definitions(hiper_objects PRIVATE HIPER_VERSION="${PROJECT_VERSION}"
  HIPER_HOST="${CMAKE_SYSTEM_PROCESSOR}-pc-linux-gnu" HIPER_CA_BUNDLE="${HIPER_CA_BUNDLE}"
  HIPER_CA_PATH="${HIPER_CA_PATH}")
target_compile_options(hiper_objects PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden
  "SHELL:-include ${declarations}")

if(HIPER_PROFILE)
  target_compile_options(hiper_objects PRIVATE ${HIPER_PROFILE_FLAGS_${HIPER_PROFILE}})
endif()
if(HIPER_LTO)
  # "Fat" objects hold code as well: the tests link them as usual.
  target_compile_options(hiper_objects PRIVATE -flto -ffat-lto-objects)
endif()

add_library(hiper_static STATIC)
target_link_libraries(hiper_static PUBLIC hiper_compile PRIVATE hiper_objects)
if(HIPER_LTO)
  target_link_options(hiper_static INTERFACE -fno-lto)
endif()

add_library(curl SHARED "${aliases}")
set_source_files_properties("${aliases}" PROPERTIES LANGUAGE ASM)
target_link_libraries(curl PRIVATE hiper_objects hiper_warnings)
set_target_properties(curl PROPERTIES VERSION 4.8.0 SOVERSION 4 LINKER_LANGUAGE CXX LINK_DEPENDS "${map}"
  EXPORT_NAME libcurl)
target_include_directories(curl INTERFACE
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_link_options(curl PRIVATE LINKER:--version-script=${map} LINKER:--exclude-libs,ALL
  LINKER:-Bsymbolic-functions LINKER:--as-needed LINKER:-z,relro LINKER:-z,now)
if(HIPER_LTO)
  target_link_options(curl PRIVATE -flto=auto -O2)
endif()
if(HIPER_PROFILE)
  target_link_options(curl PRIVATE ${HIPER_PROFILE_FLAGS_${HIPER_PROFILE}})
endif()
if(NOT HIPER_SANITIZE)
  target_sources(curl PRIVATE "${operator_new}")
  target_link_options(curl PRIVATE -static-libstdc++ -static-libgcc LINKER:--no-undefined)
endif()
add_library(CURL::libcurl ALIAS curl)

# Programs of the distribution may ask for these names; the versions they need are in the same file.
set(HIPER_OTHER_NAMES libcurl-gnutls.so.4 libcurl-nss.so.4)
foreach(name IN LISTS HIPER_OTHER_NAMES)
  add_custom_command(TARGET curl POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} -E create_symlink $<TARGET_FILE_NAME:curl> $<TARGET_FILE_DIR:curl>/${name})
endforeach()
