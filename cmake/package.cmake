# What gets installed: the library, its headers, libcurl.pc, curl-config and the CMake package CURL.
include(CMakePackageConfigHelpers)

string(TOUPPER "${HIPER_PROTOCOLS}" protocols)
string(REPLACE ";" " " PC_PROTOCOLS "${protocols}")
string(REPLACE ";" " " PC_FEATURES "${HIPER_FEATURES}")
string(REPLACE ";" " " PC_REQUIRES "${HIPER_REQUIRES}")
string(REPLACE "." ";" parts "${HIPER_CURL_VERSION}")
set(PC_VERNUM "")
foreach(part IN LISTS parts)
  math(EXPR digits "${part}" OUTPUT_FORMAT HEXADECIMAL)
  string(REGEX REPLACE "^0x" "0" digits "${digits}")
  string(REGEX MATCH "..$" digits "${digits}")
  string(APPEND PC_VERNUM "${digits}")
endforeach()
set(CMAKE_PACKAGE_PROTOCOLS "${protocols}")

# The prefix is known for certain only when installing (cmake --install --prefix), so it is filled in then. ROOT
# stays in the text until that time.
set(ROOT "@CMAKE_INSTALL_PREFIX@")
configure_file(cmake/libcurl.pc.in libcurl.pc.in @ONLY)
configure_file(cmake/curl-config.in curl-config.in @ONLY)
function(hiper_install_text name directory program)
  install(CODE "
    configure_file(\"${CMAKE_BINARY_DIR}/${name}.in\" \"${CMAKE_BINARY_DIR}/${name}\" @ONLY)
    file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${directory}\" TYPE ${program}
         FILES \"${CMAKE_BINARY_DIR}/${name}\")")
endfunction()
hiper_install_text(libcurl.pc "${CMAKE_INSTALL_LIBDIR}/pkgconfig" FILE)
hiper_install_text(curl-config "${CMAKE_INSTALL_BINDIR}" PROGRAM)

install(TARGETS curl EXPORT CURLTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
foreach(name IN LISTS HIPER_OTHER_NAMES)
  install(FILES "$<TARGET_FILE_DIR:curl>/${name}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endforeach()
install(DIRECTORY include/curl DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/CURL")
install(EXPORT CURLTargets NAMESPACE CURL:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/CURLConfig.cmake.in CURLConfig.cmake INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(CURLConfigVersion.cmake VERSION "${HIPER_CURL_VERSION}"
  COMPATIBILITY SameMajorVersion)
install(FILES "${CMAKE_BINARY_DIR}/CURLConfig.cmake" "${CMAKE_BINARY_DIR}/CURLConfigVersion.cmake"
  DESTINATION "${package_dir}")
