#include "stream/tls_config.hpp"

#include <cstdint>
#include <string_view>

#include "stream/openssl.hpp"

namespace hiper {
namespace {

/// Writes fields in a fixed order, each so that its end is unmistakable.
class KeyWriter {
 public:
  void flag(bool value) { key_ += value ? '1' : '0'; }
  void number(std::uintmax_t value) {
    key_ += std::to_string(value);
    key_ += ';';
  }
  void text(std::string_view value) {
    number(value.size());
    key_ += value;
  }
  void digest(std::string_view value) {
    number(value.size());
    const Sha256 hash = sha256(value);
    for (const unsigned char byte : hash) key_ += static_cast<char>(byte);
  }
  void blob(const std::optional<std::string>& value) {
    flag(value.has_value());
    if (value.has_value()) digest(*value);
  }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

void write_trust(KeyWriter& key, const TlsConfig& config) {
  key.flag(config.verify_peer);
  key.flag(config.verify_host);
  key.flag(config.verify_status);
  key.text(config.ca_file);
  key.text(config.ca_path);
  key.blob(config.ca_blob);
  key.text(config.crl_file);
  key.text(config.issuer_file);
  key.blob(config.issuer_blob);
  key.text(config.pinned_key);
}

void write_identity(KeyWriter& key, const TlsConfig& config) {
  key.text(config.cert_file);
  key.blob(config.cert_blob);
  key.text(config.cert_type);
  key.text(config.key_file);
  key.blob(config.key_blob);
  key.text(config.key_type);
  key.flag(!config.key_password.empty());
  if (!config.key_password.empty()) key.digest(config.key_password);
}

void write_protocol(KeyWriter& key, const TlsConfig& config) {
  key.number(static_cast<unsigned long>(config.version));
  key.text(config.ciphers);
  key.text(config.tls13_ciphers);
  key.text(config.curves);
  key.text(config.signature_algorithms);
  key.number(static_cast<unsigned long>(config.options));
  key.flag(config.alpn);
  key.flag(config.session_cache);
  key.number(reinterpret_cast<std::uintptr_t>(config.context_function));
  key.number(reinterpret_cast<std::uintptr_t>(config.context_data));
}

}  // namespace

std::string TlsConfig::cache_key() const {
  KeyWriter key;
  write_trust(key, *this);
  write_identity(key, *this);
  write_protocol(key, *this);
  return key.take();
}

}  // namespace hiper
