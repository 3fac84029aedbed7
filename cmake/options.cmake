# What can be chosen when configuring, and the flags that follow from it.

option(HIPER_WERROR "Warnings are errors" OFF)
option(HIPER_COVERAGE "Count executed lines (gcov)" OFF)
set(HIPER_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined or thread")
set(HIPER_CURL_EXAMPLES "${CMAKE_BINARY_DIR}/curl-doc/usr/share/doc/libcurl4/examples" CACHE PATH
    "The example programs of libcurl4-doc, which tests/live builds (tests/run.sh unpacks them here)")

# A sanitizer brings allocation functions and a runtime of its own, so what needs ours to be the only ones in the
# library (static libstdc++, own operator new) and what runs foreign programs is left out with it.
if(HIPER_SANITIZE)
  set(HIPER_PLAIN OFF)
else()
  set(HIPER_PLAIN ON)
endif()
option(HIPER_SYSTEM_TESTS "Run the tests that use the installed library and other programs" ${HIPER_PLAIN})
option(HIPER_DISCOVER_TESTS "Register every unit test by itself instead of one per program" ${HIPER_PLAIN})

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()
# The shared library is optimised as a whole: a request passes through some two hundred short functions of many files.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND HIPER_PLAIN)
  set(HIPER_LTO_DEFAULT ON)
else()
  set(HIPER_LTO_DEFAULT OFF)
endif()
option(HIPER_LTO "Link the shared library with -flto" ${HIPER_LTO_DEFAULT})
# cmake/profiled.sh builds twice: once to record what the benchmark executes, then with that knowledge.
set(HIPER_PROFILE "" CACHE STRING "Profile-guided optimisation with g++: record, use, or empty for none")
set(HIPER_PROFILE_FLAGS_record -fprofile-generate -fprofile-dir=${CMAKE_BINARY_DIR}/profile)
set(HIPER_PROFILE_FLAGS_use -fprofile-use=${CMAKE_BINARY_DIR}/profile -fprofile-correction -Wno-missing-profile)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# ccache keeps what was compiled before; without it a precompiled header makes the tests compile faster.
find_program(HIPER_CCACHE ccache)
if(HIPER_CCACHE AND NOT HIPER_PROFILE)
  set(CMAKE_C_COMPILER_LAUNCHER "${HIPER_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${HIPER_CCACHE}")
endif()

if(HIPER_SANITIZE)
  add_compile_options(-fsanitize=${HIPER_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${HIPER_SANITIZE})
  if(HIPER_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(HIPER_COVERAGE)
  add_compile_options(--coverage -O0)
  add_link_options(--coverage)
endif()

# The warnings of the project, for its own C++ code.
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Takes the operator new of a flow's promise, a template, for a stranger to its operator delete (docs/decisions/flows.md).
  list(APPEND warnings -Wno-mismatched-new-delete)
endif()
if(HIPER_WERROR)
  list(APPEND warnings -Werror)
endif()
add_library(hiper_warnings INTERFACE)
target_compile_options(hiper_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${warnings}>")
