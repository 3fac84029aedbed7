#include "stream/tls_context.hpp"

#include "stream/tls_fixture.hpp"
#include "stream/tls_global.hpp"

namespace hiper {
namespace {

class TlsContexts : public testing::Test {
 protected:
  TlsContexts() {
    EXPECT_EQ(tls_global_init(), CURLE_OK);
    config.ca_file = bundle.path();
  }
  ~TlsContexts() override {
    context = {};
    tls_global_cleanup();
  }
  CURLcode get() {
    report.first.clear();
    context = {};
    const Status status =
        tls_context(config, config.cache_key(), nullptr, {now, ca_cache_seconds}, report, context);
    EXPECT_EQ(status.ok(), static_cast<bool>(context));
    EXPECT_EQ(status.ok(), report.first.empty());
    return status.code();
  }
  X509_STORE* store() const { return SSL_CTX_get_cert_store(context->native()); }
  static int num_certificates(X509_STORE* store) {
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(store));
  }

  TemporaryFile bundle{pem_of(authority().certificate.get())};
  TlsConfig config;
  RecordingReport report;
  Nanos now = 1000 * kSecond;
  long ca_cache_seconds = 24L * 60 * 60;
  Ref<TlsContext> context;
};

TEST_F(TlsContexts, EqualConfigurationsShareOne) {
  ASSERT_EQ(get(), CURLE_OK);
  const Ref<TlsContext> first = context;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(first.get(), context.get());
  EXPECT_EQ(tls_context_counts().num_contexts_made, 1u);
}

TEST_F(TlsContexts, DifferentConfigurationsShareTheParsedBundle) {
  ASSERT_EQ(get(), CURLE_OK);
  X509_STORE* const first = store();
  config.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(store(), first);
  EXPECT_EQ(tls_context_counts().num_contexts_made, 2u);
  EXPECT_EQ(tls_context_counts().num_trusts_made, 1u);
}

TEST_F(TlsContexts, ChangedBundleIsNoticedWithinASecond) {
  ASSERT_EQ(get(), CURLE_OK);
  const Ref<TlsContext> first = context;
  const Identity second = make_identity({"Second Authority", nullptr, -3600, 3600, true}, nullptr);
  bundle.write(pem_of(authority().certificate.get()) + pem_of(second.certificate.get()));
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(first.get(), context.get()) << "files are not looked at for every connection";
  now += kSecond;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_NE(first.get(), context.get());
  EXPECT_EQ(num_certificates(store()), 2);
  EXPECT_NE(first->session_scope(), context->session_scope());
  now += kSecond;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(tls_context_counts().num_contexts_made, 2u);
}

TEST_F(TlsContexts, BundleIsParsedAgainWhenItIsTooOld) {
  ASSERT_EQ(get(), CURLE_OK);
  ca_cache_seconds = 60;
  now += 59 * kSecond;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(tls_context_counts().num_trusts_made, 1u);
  now += kSecond;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(tls_context_counts().num_trusts_made, 2u);
  ca_cache_seconds = -1;
  now += 1000 * 24 * 60 * 60 * kSecond;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(tls_context_counts().num_trusts_made, 2u);
  ca_cache_seconds = 0;
  ASSERT_EQ(get(), CURLE_OK);
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(tls_context_counts().num_trusts_made, 4u);
}

TEST_F(TlsContexts, ChangedClientCertificateIsNoticed) {
  const TemporaryFile both(pem_of(good_server().certificate.get()) + pem_of(good_server().key.get()));
  config.cert_file = both.path();
  ASSERT_EQ(get(), CURLE_OK);
  both.write("rubbish");
  now += kSecond;
  EXPECT_EQ(get(), CURLE_SSL_CERTPROBLEM);
}

TEST_F(TlsContexts, UnusedOnesAreDroppedAndUsedOnesStay) {
  config.verify_peer = false;
  ASSERT_EQ(get(), CURLE_OK);
  const Ref<TlsContext> used = context;
  const TlsConfig used_config = config;
  for (int i = 0; i < 100; ++i) {
    config.context_data = &config + i;
    ASSERT_EQ(get(), CURLE_OK);
  }
  EXPECT_LE(tls_context_counts().num_contexts, 18u);
  config = used_config;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(used.get(), context.get());
}

TEST_F(TlsContexts, ContextOutlivesTheCache) {
  ASSERT_EQ(get(), CURLE_OK);
  tls_contexts_free();
  EXPECT_EQ(tls_context_counts().num_contexts, 0u);
  EXPECT_EQ(num_certificates(store()), 1);
}

TEST_F(TlsContexts, BadFilesHaveTheirCodes) {
  config.ca_file = "/nonexistent";
  EXPECT_EQ(get(), CURLE_SSL_CACERT_BADFILE);
  EXPECT_NE(report.first.find("/nonexistent"), std::string::npos);
  config.ca_blob = "rubbish";
  EXPECT_EQ(get(), CURLE_SSL_CACERT_BADFILE);
  config.ca_blob = "";
  EXPECT_EQ(get(), CURLE_SSL_CACERT_BADFILE);
  config.verify_peer = false;
  EXPECT_EQ(get(), CURLE_OK) << "not needed, not read";
  config.crl_file = "/nonexistent";
  EXPECT_EQ(get(), CURLE_SSL_CRL_BADFILE);
  config.crl_file = bundle.path();
  EXPECT_EQ(get(), CURLE_SSL_CRL_BADFILE);
}

TEST_F(TlsContexts, MissingCaDirectoryAndNoAuthoritiesAtAllAreNoErrors) {
  config.ca_path = "/nonexistent";
  EXPECT_EQ(get(), CURLE_OK);
  config.ca_file.clear();
  EXPECT_EQ(get(), CURLE_OK);
  config.ca_path.clear();
  EXPECT_EQ(get(), CURLE_OK);
}

TEST_F(TlsContexts, BadAlgorithmListsAreCipherErrors) {
  for (std::string TlsConfig::*list : {&TlsConfig::ciphers, &TlsConfig::tls13_ciphers, &TlsConfig::curves,
                                       &TlsConfig::signature_algorithms}) {
    config.*list = "rubbish";
    EXPECT_EQ(get(), CURLE_SSL_CIPHER);
    EXPECT_NE(report.first.find("rubbish"), std::string::npos);
    (config.*list).clear();
  }
  config.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  config.tls13_ciphers = "TLS_AES_128_GCM_SHA256";
  config.curves = "X25519";
  config.signature_algorithms = "ECDSA+SHA256";
  EXPECT_EQ(get(), CURLE_OK);
}

TEST_F(TlsContexts, Versions) {
  struct Row {
    long asked;
    int lowest;
    int highest;
  };
  for (const Row& row :
       {Row{CURL_SSLVERSION_DEFAULT, TLS1_2_VERSION, 0}, Row{CURL_SSLVERSION_TLSv1, TLS1_VERSION, 0},
        Row{CURL_SSLVERSION_TLSv1_0, TLS1_VERSION, 0}, Row{CURL_SSLVERSION_TLSv1_1, TLS1_1_VERSION, 0},
        Row{CURL_SSLVERSION_TLSv1_2, TLS1_2_VERSION, 0}, Row{CURL_SSLVERSION_TLSv1_3, TLS1_3_VERSION, 0},
        Row{CURL_SSLVERSION_MAX_DEFAULT, TLS1_2_VERSION, 0},
        Row{CURL_SSLVERSION_MAX_TLSv1_0, TLS1_VERSION, TLS1_VERSION},
        Row{CURL_SSLVERSION_MAX_TLSv1_3 | CURL_SSLVERSION_TLSv1_2, TLS1_2_VERSION, TLS1_3_VERSION}}) {
    config.version = row.asked;
    ASSERT_EQ(get(), CURLE_OK) << row.asked;
    EXPECT_EQ(SSL_CTX_get_min_proto_version(context->native()), row.lowest) << row.asked;
    EXPECT_EQ(SSL_CTX_get_max_proto_version(context->native()), row.highest) << row.asked;
  }
  config.version = CURL_SSLVERSION_MAX_TLSv1_0 | CURL_SSLVERSION_TLSv1_3;
  EXPECT_EQ(get(), CURLE_SSL_CONNECT_ERROR);
}

struct Called {
  int times = 0;
  CURLcode answer = CURLE_OK;
  static CURLcode function(CURL*, void* context, void* self) {
    Called& called = *static_cast<Called*>(self);
    ++called.times;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(static_cast<SSL_CTX*>(context)),
                        good_server().certificate.get());
    return called.answer;
  }
};

TEST_F(TlsContexts, FunctionOfTheApplicationGetsAContextThatNobodyElseSees) {
  ASSERT_EQ(get(), CURLE_OK);
  const Ref<TlsContext> shared = context;
  Called called;
  config.context_function = Called::function;
  config.context_data = &called;
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(num_certificates(store()), 2);
  ASSERT_EQ(get(), CURLE_OK);
  EXPECT_EQ(called.times, 2);
  EXPECT_EQ(num_certificates(SSL_CTX_get_cert_store(shared->native())), 1);
  EXPECT_EQ(tls_context_counts().num_trusts_made, 1u);
  EXPECT_EQ(tls_context_counts().num_contexts, 1u);
  called.answer = CURLE_ABORTED_BY_CALLBACK;
  EXPECT_EQ(get(), CURLE_ABORTED_BY_CALLBACK);
}

}  // namespace
}  // namespace hiper
