// The doors curl_version and curl_version_info.
#include <curl/curl.h>

#include <cstdio>
#include <cstring>
#include <iterator>

#include "base/features.hpp"

#ifndef HIPER_VERSION
#define HIPER_VERSION "0.1.0"
#endif
#ifndef HIPER_HOST
#define HIPER_HOST HIPER_MACHINE "-pc-linux-gnu"
#if defined(__x86_64__)
#define HIPER_MACHINE "x86_64"
#elif defined(__aarch64__)
#define HIPER_MACHINE "aarch64"
#elif defined(__riscv)
#define HIPER_MACHINE "riscv64"
#else
#define HIPER_MACHINE "unknown"
#endif
#endif

namespace {

constexpr std::size_t kMaxFeatures = 64;

/// All that the two doors hand out; made once, by whoever asks first.
struct VersionFacts {
  VersionFacts() noexcept;

  char line[256];
  char openssl[64];
  const char* feature_names[kMaxFeatures + 1] = {};
  curl_version_info_data info{};
};

VersionFacts::VersionFacts() noexcept {
  const hiper::LibraryVersions libraries = hiper::library_versions();
  std::snprintf(openssl, sizeof openssl, "OpenSSL/%s", libraries.openssl);
  std::snprintf(line, sizeof line, "libcurl/%s hiper/%s %s zlib/%s c-ares/%s libidn2/%s libpsl/%.*s",
                LIBCURL_VERSION, HIPER_VERSION, openssl, libraries.zlib, libraries.cares, libraries.idn2,
                static_cast<int>(std::strcspn(libraries.psl, " ")), libraries.psl);
  info.age = CURLVERSION_NOW;
  info.version = LIBCURL_VERSION;
  info.version_num = LIBCURL_VERSION_NUM;
  info.host = HIPER_HOST;
  info.ssl_version = openssl;
  info.libz_version = libraries.zlib;
  info.protocols = hiper::protocol_names();
  info.ares = libraries.cares;
  info.ares_num = libraries.cares_number;
  info.libidn = libraries.idn2;
  info.cainfo = hiper::kDefaultCaFile;
  info.capath = hiper::kDefaultCaPath;
  info.feature_names = feature_names;
  std::size_t count = 0;
  for (const hiper::BuildFeature& feature : hiper::build_features()) {
    info.features |= feature.bit;
    if (count < kMaxFeatures) feature_names[count++] = feature.name;
  }
}

VersionFacts& facts() noexcept {
  static VersionFacts facts;
  return facts;
}

}  // namespace

extern "C" {

char* curl_version(void) { return facts().line; }

// All ages get the newest struct: it begins with the older ones.
curl_version_info_data* curl_version_info(CURLversion /*age*/) { return &facts().info; }

}  // extern "C"
