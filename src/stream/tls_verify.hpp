// What is checked about the peer once its certificate chain has been verified: name, issuer, OCSP status,
// pinned key. Called by TlsStream at the end of the handshake, also of a resumed one.
#pragma once
#include <string>

#include "base/report.hpp"
#include "base/status.hpp"
#include "stream/openssl.hpp"
#include "stream/tls_context.hpp"

namespace hiper {

/// Is the certificate for `host` (name or address)? RFC 6125: alternative names; the common name only where
/// there are none; `*` only as the whole leftmost label.
bool certificate_is_for(X509* certificate, const std::string& host) noexcept;

/// Does the certificate's key match `pinned`: a file (PEM or DER), or "sha256//" digests with ";" between?
bool key_is_pinned(X509* certificate, const std::string& pinned) noexcept;

/// Runs all checks that the configuration asks for, in libcurl's order. Sets `verify_result` when the
/// certificate got past name and issuer. Errors have a report.
Status check_peer(SSL* ssl, const TlsContext& context, const std::string& host, long& verify_result,
                  Report& report) noexcept;

/// CURLOPT_SSL_VERIFYSTATUS: a stapled OCSP response (RFC 6066 section 8) that says "good" and is valid now.
Status check_stapled_status(SSL* ssl, Report& report) noexcept;

/// `host` is an IPv4 or IPv6 address.
bool is_address(const std::string& host) noexcept;

}  // namespace hiper
