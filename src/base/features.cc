#include "base/features.hpp"

#include <ares.h>
#include <curl/curl.h>
#include <idn2.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <zlib.h>

#include <iterator>

// The build may say otherwise (cmake/capabilities.cmake).
#ifndef HIPER_CA_BUNDLE
#define HIPER_CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#endif
#ifndef HIPER_CA_PATH
#define HIPER_CA_PATH "/etc/ssl/certs"
#endif

namespace hiper {
namespace {

constexpr BuildFeature kFeatures[] = {
    {"AsynchDNS", CURL_VERSION_ASYNCHDNS},      //
    {"HSTS", CURL_VERSION_HSTS},                //
    {"IDN", CURL_VERSION_IDN},                  //
    {"IPv6", CURL_VERSION_IPV6},                //
    {"Largefile", CURL_VERSION_LARGEFILE},      //
    {"libz", CURL_VERSION_LIBZ},                //
    {"PSL", CURL_VERSION_PSL},                  //
    {"SSL", CURL_VERSION_SSL},                  //
    {"threadsafe", CURL_VERSION_THREADSAFE},    //
    {"UnixSockets", CURL_VERSION_UNIX_SOCKETS}  //
};

constexpr const char* kProtocols[] = {"http", "https", nullptr};

}  // namespace

const char* const kDefaultCaFile = HIPER_CA_BUNDLE;
const char* const kDefaultCaPath = HIPER_CA_PATH;

std::span<const BuildFeature> build_features() noexcept { return kFeatures; }

const char* const* protocol_names() noexcept { return kProtocols; }

LibraryVersions library_versions() noexcept {
  LibraryVersions versions{};
  versions.openssl = OpenSSL_version(OPENSSL_VERSION_STRING);
  versions.zlib = zlibVersion();
  versions.cares = ares_version(&versions.cares_number);
  versions.idn2 = idn2_check_version(nullptr);
  versions.psl = psl_get_version();
  return versions;
}

}  // namespace hiper
