#include "conn/tls_layer.hpp"

#include "stream/tls.hpp"

namespace hiper {
namespace {

constexpr std::string_view kAlpnHttp11{"\x08http/1.1", 9};

std::string text_of(const Options& options, Opt option) {
  const char* const text = options.text(option);
  return text == nullptr ? std::string() : std::string(text);
}

std::optional<std::string> blob_of(const Options& options, Opt option) {
  const curl_blob* const blob = options.blob(option);
  if (blob == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(blob->data), blob->len);
}

Status open_tls(ConnectJob& job, TlsStream*& stream) {
  const TlsTarget& target = *job.target.tls;
  const TlsCacheAge age{job.services.reactor.now(), job.options.number(Opt::ca_cache_timeout)};
  Ref<TlsContext> context;
  const Status found = tls_context(target.config, target.key, job.easy, age, job.report, context);
  if (!found.ok()) return found;
  TlsPeer peer;
  peer.host = target.name;
  if (target.config.alpn && target.http_alpn) peer.alpn = kAlpnHttp11;
  peer.sessions = target.config.session_cache ? job.sessions : nullptr;
  peer.session_key = target.peer_key;
  std::unique_ptr<TlsStream> opened;
  const Status made = TlsStream::open(std::move(job.connection.stream), context, peer, job.report, opened);
  if (!made.ok()) return made;
  stream = opened.get();
  job.connection.stream = std::move(opened);
  return made;
}

}  // namespace

Flow<Status> tls_layer_flow(Task& task, ConnectJob& job) {
  TlsStream* stream = nullptr;
  const Status opened = open_tls(job, stream);
  if (!opened.ok()) co_return opened;
  const Status shaken = co_await tls_handshake(task, *stream, job.report, job.deadline);
  job.verify_result = stream->verify_result();
  // No request will carry the last message of the handshake along.
  if (shaken.ok() && job.options.number(Opt::connect_only) != 0) stream->idle();
  if (shaken.ok() && job.report.verbose()) {
    job.report.infof("SSL connection using %s / %s%s", stream->version().data(), stream->cipher().data(),
                     stream->resumed() ? " (resumed)" : "");
  }
  co_return shaken;
}

TlsConfig tls_config_of(const Options& options) {
  TlsConfig config;
  config.verify_peer = options.flag(Opt::ssl_verifypeer);
  config.verify_host = options.flag(Opt::ssl_verifyhost);
  config.verify_status = options.flag(Opt::ssl_verifystatus);
  config.ca_blob = blob_of(options, Opt::cainfo_blob);
  if (!config.ca_blob) config.ca_file = text_of(options, Opt::cainfo);
  config.ca_path = text_of(options, Opt::capath);
  config.crl_file = text_of(options, Opt::crlfile);
  config.issuer_file = text_of(options, Opt::issuercert);
  config.issuer_blob = blob_of(options, Opt::issuercert_blob);
  config.cert_file = text_of(options, Opt::sslcert);
  config.cert_blob = blob_of(options, Opt::sslcert_blob);
  config.cert_type = text_of(options, Opt::sslcerttype);
  config.key_file = text_of(options, Opt::sslkey);
  config.key_blob = blob_of(options, Opt::sslkey_blob);
  config.key_type = text_of(options, Opt::sslkeytype);
  config.key_password = text_of(options, Opt::keypasswd);
  config.version = options.number(Opt::sslversion);
  config.ciphers = text_of(options, Opt::ssl_cipher_list);
  config.tls13_ciphers = text_of(options, Opt::tls13_ciphers);
  config.curves = text_of(options, Opt::ssl_ec_curves);
  config.signature_algorithms = text_of(options, Opt::ssl_signature_algorithms);
  config.options = options.number(Opt::ssl_options);
  config.pinned_key = text_of(options, Opt::pinnedpublickey);
  config.alpn = options.flag(Opt::ssl_enable_alpn);
  config.session_cache = options.flag(Opt::ssl_sessionid_cache);
  config.context_function = options.function<curl_ssl_ctx_callback>(Opt::ssl_ctx_function);
  config.context_data = options.pointer(Opt::ssl_ctx_data);
  return config;
}

}  // namespace hiper
