#include "stream/tls_trust.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <new>

namespace hiper {
namespace {

struct FreeInfos {
  void operator()(STACK_OF(X509_INFO) * infos) const noexcept {
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
  }
};

const char* text_or_null(const std::string& text) noexcept { return text.empty() ? nullptr : text.c_str(); }

/// Adds every certificate and CRL of PEM text; false if there is no certificate in it.
bool add_blob(X509_STORE* store, std::string_view pem) noexcept {
  const OwnedBio bio = memory_bio(pem);
  if (bio == nullptr) return false;
  const std::unique_ptr<STACK_OF(X509_INFO), FreeInfos> infos(
      PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr));
  if (infos == nullptr) return false;
  int num_certificates = 0;
  for (int i = 0; i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509_INFO* const info = sk_X509_INFO_value(infos.get(), i);
    if (info->x509 != nullptr && X509_STORE_add_cert(store, info->x509) == 1) ++num_certificates;
    if (info->crl != nullptr) X509_STORE_add_crl(store, info->crl);
  }
  return num_certificates > 0;
}

bool add_directory(X509_STORE* store, const std::string& path) noexcept {
  return path.empty() || X509_STORE_load_locations(store, nullptr, path.c_str()) == 1;
}

Status load_authorities(X509_STORE* store, const TlsConfig& config, Report& report) noexcept {
  if (config.ca_blob.has_value()) {
    if (!add_blob(store, *config.ca_blob)) {
      report.failuref("TLS: no CA certificate can be read from the given blob: %s", OpensslReason().c_str());
      return Status(CURLE_SSL_CACERT_BADFILE);
    }
  } else if (!config.ca_file.empty() &&
             X509_STORE_load_locations(store, text_or_null(config.ca_file), nullptr) != 1) {
    report.failuref("TLS: cannot read CA certificates from %s: %s", config.ca_file.c_str(),
                    OpensslReason().c_str());
    return Status(CURLE_SSL_CACERT_BADFILE);
  }
  if (!add_directory(store, config.ca_path))
    report.infof("TLS: the CA directory %s cannot be used", config.ca_path.c_str());
  return Status();
}

Status load_crl(X509_STORE* store, const TlsConfig& config, Report& report) noexcept {
  if (config.crl_file.empty()) return Status();
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup != nullptr && X509_load_crl_file(lookup, config.crl_file.c_str(), X509_FILETYPE_PEM) > 0)
    return Status();
  report.failuref("TLS: cannot read a CRL from %s: %s", config.crl_file.c_str(), OpensslReason().c_str());
  return Status(CURLE_SSL_CRL_BADFILE);
}

}  // namespace

std::string trust_key(const TlsConfig& config) {
  TlsConfig only;
  only.verify_peer = config.verify_peer;
  only.crl_file = config.crl_file;
  if (config.verify_peer) {
    only.ca_file = config.ca_file;
    only.ca_path = config.ca_path;
    only.ca_blob = config.ca_blob;
  }
  return only.cache_key();
}

Status load_trust(const TlsConfig& config, Nanos now, Report& report, Ref<TlsTrust>& trust) {
  OwnedStore store(X509_STORE_new());
  if (store == nullptr) return Status::out_of_memory();
  FileStamps files;
  if (config.verify_peer && !config.ca_blob.has_value()) files.add(config.ca_file);
  files.add(config.crl_file);
  if (config.verify_peer) {
    if (const Status loaded = load_authorities(store.get(), config, report); !loaded.ok()) return loaded;
  }
  if (const Status loaded = load_crl(store.get(), config, report); !loaded.ok()) return loaded;
  clear_openssl_errors();
  trust = Ref<TlsTrust>(new TlsTrust(std::move(store), trust_key(config), std::move(files), now));
  return Status();
}

OwnedStore TlsTrust::copy(const TlsConfig& config) const noexcept {
  OwnedStore store(X509_STORE_new());
  if (store == nullptr) return nullptr;
  X509_STORE_lock(store_.get());
  STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(store_.get());
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509_OBJECT* const object = sk_X509_OBJECT_value(objects, i);
    if (X509* const certificate = X509_OBJECT_get0_X509(object))
      X509_STORE_add_cert(store.get(), certificate);
    if (X509_CRL* const crl = X509_OBJECT_get0_X509_CRL(object)) X509_STORE_add_crl(store.get(), crl);
  }
  X509_STORE_unlock(store_.get());
  if (config.verify_peer) add_directory(store.get(), config.ca_path);
  clear_openssl_errors();
  return store;
}

}  // namespace hiper
