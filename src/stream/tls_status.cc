// The stapled OCSP response (CURLOPT_SSL_VERIFYSTATUS). RFC 6960, RFC 6066 section 8.
#include <openssl/ocsp.h>

#include "stream/tls_verify.hpp"

namespace hiper {
namespace {

using OwnedResponse = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using OwnedBasic = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;
using OwnedId = std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>>;

constexpr long kClockSkewSeconds = 300;

Status bad_status(Report& report, const char* why) noexcept {
  clear_openssl_errors();
  report.failuref("TLS: the certificate status is not acceptable: %s", why);
  return Status(CURLE_SSL_INVALIDCERTSTATUS);
}

X509* issuer_of(X509* certificate, STACK_OF(X509) * chain) noexcept {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const candidate = sk_X509_value(chain, i);
    if (X509_check_issued(candidate, certificate) == X509_V_OK) return candidate;
  }
  return nullptr;
}

/// `basic` is signed by somebody we trust: does it say that `certificate` is good, now?
Status check_single(OCSP_BASICRESP* basic, X509* certificate, X509* issuer, Report& report) noexcept {
  const int count = OCSP_resp_count(basic);
  for (int i = 0; i < count; ++i) {
    OCSP_SINGLERESP* const single = OCSP_resp_get0(basic, i);
    const OCSP_CERTID* const named = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT* digest = nullptr;
    OCSP_id_get0_info(nullptr, &digest, nullptr, nullptr, const_cast<OCSP_CERTID*>(named));
    const OwnedId id(OCSP_cert_to_id(EVP_get_digestbyobj(digest), certificate, issuer));
    if (id == nullptr || OCSP_id_cmp(id.get(), const_cast<OCSP_CERTID*>(named)) != 0) continue;
    int reason = 0;
    ASN1_GENERALIZEDTIME* revoked = nullptr;
    ASN1_GENERALIZEDTIME* from = nullptr;
    ASN1_GENERALIZEDTIME* until = nullptr;
    const int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
    if (OCSP_check_validity(from, until, kClockSkewSeconds, -1) != 1)
      return bad_status(report, "the OCSP response is out of date");
    if (status == V_OCSP_CERTSTATUS_GOOD) return Status();
    return bad_status(report, OCSP_cert_status_str(status));
  }
  return bad_status(report, "the OCSP response is about another certificate");
}

}  // namespace

Status check_stapled_status(SSL* ssl, Report& report) noexcept {
  unsigned char* bytes = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
  if (bytes == nullptr || size <= 0) return bad_status(report, "the server sent no OCSP response");
  const unsigned char* cursor = bytes;
  const OwnedResponse response(d2i_OCSP_RESPONSE(nullptr, &cursor, size));
  if (response == nullptr) return bad_status(report, "the OCSP response is malformed");
  if (OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return bad_status(report, "the OCSP responder reports an error");
  const OwnedBasic basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) return bad_status(report, "the OCSP response is malformed");
  // The verified chain has the issuer even if the server did not send it.
  STACK_OF(X509)* const verified = SSL_get0_verified_chain(ssl);
  STACK_OF(X509)* const chain = verified != nullptr ? verified : SSL_get_peer_cert_chain(ssl);
  X509_STORE* const store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (OCSP_basic_verify(basic.get(), chain, store, 0) != 1)
    return bad_status(report, "the signature of the OCSP response cannot be verified");
  const OwnedCertificate certificate = peer_certificate(ssl);
  X509* const issuer = issuer_of(certificate.get(), chain);
  if (issuer == nullptr) return bad_status(report, "the issuer of the certificate is unknown");
  return check_single(basic.get(), certificate.get(), issuer, report);
}

}  // namespace hiper
