// What this build can do, in one place: the tables behind curl_version() and curl_version_info(). A protocol
// or feature that starts to work is added in features.cc (and in cmake/capabilities.cmake, which tests
// compare with it).
#pragma once
#include <cstddef>
#include <span>

namespace hiper {

struct BuildFeature {
  const char* name;  ///< as in curl_version_info_data::feature_names
  int bit;           ///< CURL_VERSION_*, 0 for a feature that has none
};

/// Sorted by name, case ignored.
std::span<const BuildFeature> build_features() noexcept;
/// In lower case, sorted, the last entry is nullptr.
const char* const* protocol_names() noexcept;

/// Where trusted certificates are looked for unless the application says otherwise.
extern const char* const kDefaultCaFile;
extern const char* const kDefaultCaPath;

/// Versions of the libraries in use, asked at run time; constants that stay valid.
struct LibraryVersions {
  const char* openssl;  ///< "3.0.1"
  const char* zlib;
  const char* cares;
  int cares_number;
  const char* idn2;
  const char* psl;  ///< behind a space it may name what it is built with
};
LibraryVersions library_versions() noexcept;

}  // namespace hiper
