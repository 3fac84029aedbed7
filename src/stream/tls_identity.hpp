// The client's own certificate and key: read from a file or a blob, PEM, DER or PKCS#12.
#pragma once
#include "base/report.hpp"
#include "base/status.hpp"
#include "stream/openssl.hpp"
#include "stream/tls_config.hpp"

namespace hiper {

/// Gives `context` the client certificate that `config` names, if it names one. CURLE_SSL_CERTPROBLEM with a
/// report when it cannot be used. Never asks at the terminal for a pass phrase.
Status load_identity(SSL_CTX* context, const TlsConfig& config, Report& report) noexcept;

/// A certificate in PEM from `blob` if there is one, else from `file`; nullptr when it cannot be read.
OwnedCertificate read_certificate(const std::string& file, const std::optional<std::string>& blob) noexcept;

}  // namespace hiper
