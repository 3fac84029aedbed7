#include "stream/tls_config.hpp"

#include <gtest/gtest.h>

#include <set>

namespace hiper {
namespace {

CURLcode some_function(CURL*, void*, void*) { return CURLE_OK; }

int kSomeData = 0;

using Change = void (*)(TlsConfig&);
constexpr Change kChanges[] = {
    [](TlsConfig& c) { c.verify_peer = false; },
    [](TlsConfig& c) { c.verify_host = false; },
    [](TlsConfig& c) { c.verify_status = true; },
    [](TlsConfig& c) { c.ca_file = "x"; },
    [](TlsConfig& c) { c.ca_path = "x"; },
    [](TlsConfig& c) { c.ca_blob = "x"; },
    [](TlsConfig& c) { c.ca_blob = "y"; },
    [](TlsConfig& c) { c.ca_blob = ""; },
    [](TlsConfig& c) { c.crl_file = "x"; },
    [](TlsConfig& c) { c.issuer_file = "x"; },
    [](TlsConfig& c) { c.issuer_blob = "x"; },
    [](TlsConfig& c) { c.cert_file = "x"; },
    [](TlsConfig& c) { c.cert_blob = "x"; },
    [](TlsConfig& c) { c.cert_type = "x"; },
    [](TlsConfig& c) { c.key_file = "x"; },
    [](TlsConfig& c) { c.key_blob = "x"; },
    [](TlsConfig& c) { c.key_type = "x"; },
    [](TlsConfig& c) { c.key_password = "x"; },
    [](TlsConfig& c) { c.version = CURL_SSLVERSION_TLSv1_2; },
    [](TlsConfig& c) { c.version = CURL_SSLVERSION_MAX_TLSv1_2; },
    [](TlsConfig& c) { c.ciphers = "x"; },
    [](TlsConfig& c) { c.tls13_ciphers = "x"; },
    [](TlsConfig& c) { c.curves = "x"; },
    [](TlsConfig& c) { c.signature_algorithms = "x"; },
    [](TlsConfig& c) { c.options = 1; },
    [](TlsConfig& c) { c.pinned_key = "x"; },
    [](TlsConfig& c) { c.alpn = false; },
    [](TlsConfig& c) { c.session_cache = false; },
    [](TlsConfig& c) { c.context_function = some_function; },
    [](TlsConfig& c) { c.context_data = &kSomeData; },
};

TEST(TlsConfig, EachFieldChangesTheKeyInItsOwnWay) {
  std::set<std::string> keys{TlsConfig().cache_key()};
  for (std::size_t i = 0; i < std::size(kChanges); ++i) {
    TlsConfig config;
    kChanges[i](config);
    EXPECT_TRUE(keys.insert(config.cache_key()).second) << "change number " << i;
  }
}

TEST(TlsConfig, EqualConfigurationsHaveEqualKeys) {
  for (const Change change : kChanges) {
    TlsConfig config;
    change(config);
    const TlsConfig copy = config;
    EXPECT_EQ(config.cache_key(), copy.cache_key());
  }
}

TEST(TlsConfig, TextCannotMoveFromOneFieldToTheNext) {
  TlsConfig one;
  one.ca_file = "ab";
  one.ca_path = "c";
  TlsConfig other;
  other.ca_file = "a";
  other.ca_path = "bc";
  EXPECT_NE(one.cache_key(), other.cache_key());
  one.ca_file = "1;x";
  one.ca_path = "";
  other.ca_file = "";
  other.ca_path = "1;x";
  EXPECT_NE(one.cache_key(), other.cache_key());
}

TEST(TlsConfig, SecretsAreNotReadableInTheKey) {
  TlsConfig config;
  config.key_password = "hunter2hunter2";
  EXPECT_EQ(config.cache_key().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace hiper
