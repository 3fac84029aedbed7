// Who the peer is, and what we show it: certificates, names, pins, client certificates, error codes.
#include "stream/tls_verify.hpp"

#include <openssl/pkcs12.h>

#include "stream/tls_fixture.hpp"

namespace hiper {
namespace {

class TlsVerify : public TlsFixture {
 protected:
  CURLcode connect_to(const Identity& identity) {
    SSL_CTX_use_certificate(server.context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(server.context.get(), identity.key.get());
    report.first.clear();
    return connect();
  }
};

TEST_F(TlsVerify, UnknownAuthorityIsRefusedWithAReason) {
  const Identity other = make_identity({"Other", nullptr, -3600, 3600, true});
  config.ca_blob = pem_of(other.certificate.get());
  EXPECT_EQ(connect(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_NE(report.first.find("unable to get local issuer certificate"), std::string::npos) << report.first;
  EXPECT_EQ(client->verify_result(), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_EQ(client->read(std::span<char>(report.first)).kind(), IoResult::Kind::failed);
  EXPECT_EQ(client->write(report.first).kind(), IoResult::Kind::failed);
}

TEST_F(TlsVerify, ServerIsToldWhyItWasRefused) {
  config.ca_blob = pem_of(make_identity({"Other", nullptr, -3600, 3600, true}).certificate.get());
  EXPECT_EQ(connect(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_FALSE(wire.to_server.empty());
}

TEST_F(TlsVerify, UnverifiedPeerIsAcceptedWithItsVerifyResult) {
  config.ca_blob.reset();
  config.verify_peer = false;
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
  EXPECT_NE(client->verify_result(), X509_V_OK);
  peer.host = "wrong.test";
  EXPECT_EQ(connect(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(client->verify_result(), 1);
  config.verify_host = false;
  EXPECT_EQ(connect(), CURLE_OK);
}

TEST_F(TlsVerify, ExpiredAndNotYetValidAndSelfSigned) {
  EXPECT_EQ(connect_to(make_identity({.valid_from = -7200, .valid_until = -3600}, &authority())),
            CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(client->verify_result(), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(connect_to(make_identity({.valid_from = 3600, .valid_until = 7200}, &authority())),
            CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(client->verify_result(), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(connect_to(make_identity({})), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_EQ(client->verify_result(), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}

TEST_F(TlsVerify, WrongHostIsRefusedAlsoWhenTheSessionIsResumed) {
  const Ref<TlsSessions> sessions = TlsSessions::create();
  peer.sessions = sessions.get();
  ASSERT_EQ(connect(), CURLE_OK);
  write_all("x");
  (void)read_all();
  ASSERT_GT(sessions->num_sessions(), 0u);
  peer.host = "wrong.test";  // a caller that gives two hosts the same key
  EXPECT_EQ(connect(), CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_TRUE(client->resumed());
  EXPECT_NE(report.first.find("wrong.test"), std::string::npos);
}

TEST_F(TlsVerify, SessionOfARefusedPeerIsNotKept) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Ref<TlsSessions> sessions = TlsSessions::create();
    peer.sessions = sessions.get();
    SSL_CTX_set_max_proto_version(server.context.get(), version);
    peer.host = "wrong.test";
    EXPECT_EQ(connect(), CURLE_PEER_FAILED_VERIFICATION);
    server.pump(wire);
    EXPECT_EQ(sessions->num_sessions(), 0u);
    client.reset();
  }
}

TEST_F(TlsVerify, Pins) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(good_server().key.get(), &der);
  const std::string key(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  char digest[48];
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(digest), sha256(key).data(), 32);
  const OwnedBio pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(pem.get(), good_server().key.get());
  const TemporaryFile der_file(key);
  const TemporaryFile pem_file(text_of(pem.get()));
  const TemporaryFile certificate(pem_of(good_server().certificate.get()));
  const std::string right = std::string("sha256//") + digest;
  for (const std::string& good :
       {right, "sha256//AAAA;" + right, right + ";sha256//AAAA", der_file.path(), pem_file.path()}) {
    config.pinned_key = good;
    EXPECT_EQ(connect(), CURLE_OK) << good;
  }
  for (const std::string& bad :
       {std::string("sha256//"), std::string("sha256//AAAA;"), "sha256//AAAA;" + std::string(digest),
        right.substr(0, right.size() - 1), std::string("/nonexistent"), certificate.path()}) {
    config.pinned_key = bad;
    config.verify_peer = false;
    EXPECT_EQ(connect(), CURLE_SSL_PINNEDPUBKEYNOTMATCH) << bad;
  }
}

TEST_F(TlsVerify, IssuerMustBeTheOneAskedFor) {
  config.issuer_blob = pem_of(authority().certificate.get());
  EXPECT_EQ(connect(), CURLE_OK);
  config.issuer_blob = pem_of(good_server().certificate.get());
  EXPECT_EQ(connect(), CURLE_SSL_ISSUER_ERROR);
  config.issuer_blob = "rubbish";
  EXPECT_EQ(connect(), CURLE_SSL_ISSUER_ERROR);
  config.issuer_blob.reset();
  config.issuer_file = "/nonexistent";
  EXPECT_EQ(connect(), CURLE_SSL_ISSUER_ERROR);
}

TEST_F(TlsVerify, MissingStapledStatusIsRefused) {
  config.verify_status = true;
  EXPECT_EQ(connect(), CURLE_SSL_INVALIDCERTSTATUS);
}

TEST_F(TlsVerify, PartialChainIsEnoughUnlessForbidden) {
  config.ca_blob = pem_of(good_server().certificate.get());
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
  config.options = CURLSSLOPT_NO_PARTIALCHAIN;
  EXPECT_EQ(connect(), CURLE_PEER_FAILED_VERIFICATION);
}

TEST_F(TlsVerify, NamesOfTheCertificate) {
  X509* const c = good_server().certificate.get();
  for (const char* host :
       {"server.test", "SERVER.test", "server.test.", "a.wild.test", "127.0.0.1", "::1", "0:0::1"})
    EXPECT_TRUE(certificate_is_for(c, host)) << host;
  for (const char* host : {"", ".", "test", ".test", ".server.test", "wild.test", "a.b.wild.test",
                           "server.test.evil", "127.0.0.2", "::2", "xserver.test"})
    EXPECT_FALSE(certificate_is_for(c, host)) << host;
}

TEST_F(TlsVerify, CommonNameCountsOnlyWithoutAlternativeNames) {
  const Identity plain = make_identity({.common_name = "plain.test", .alternatives = nullptr});
  EXPECT_TRUE(certificate_is_for(plain.certificate.get(), "plain.test"));
  EXPECT_FALSE(certificate_is_for(plain.certificate.get(), "other.test"));
  const Identity both = make_identity({.common_name = "plain.test", .alternatives = "DNS:alt.test"});
  EXPECT_FALSE(certificate_is_for(both.certificate.get(), "plain.test"));
  const Identity address = make_identity({.common_name = "plain.test", .alternatives = "IP:127.0.0.1"});
  EXPECT_FALSE(certificate_is_for(address.certificate.get(), "plain.test"));
  const Identity common_address = make_identity({.common_name = "127.0.0.1", .alternatives = nullptr});
  EXPECT_TRUE(certificate_is_for(common_address.certificate.get(), "127.0.0.1"));
  const Identity name_as_address = make_identity({.common_name = "x", .alternatives = "DNS:127.0.0.1"});
  EXPECT_FALSE(certificate_is_for(name_as_address.certificate.get(), "127.0.0.1"));
}

class TlsClientCertificate : public TlsVerify {
 protected:
  TlsClientCertificate() : identity(make_identity({.common_name = "client"}, &authority())) {
    server.demand_client_certificate();
  }
  std::string pem() const { return pem_of(identity.certificate.get()); }
  Identity identity;
};

TEST_F(TlsClientCertificate, FromBlobsAndFilesAndOneFileForBoth) {
  const TemporaryFile both(pem() + pem_of(identity.key.get()));
  const TemporaryFile certificate(pem());
  const TemporaryFile key(pem_of(identity.key.get()));
  config.cert_blob = pem();
  config.key_blob = pem_of(identity.key.get());
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
  write_all("GET");
  EXPECT_TRUE(server.done);
  config.cert_blob.reset();
  config.key_blob.reset();
  config.cert_file = both.path();
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
  write_all("GET");
  EXPECT_TRUE(server.done);
  config.cert_file = certificate.path();
  config.key_file = key.path();
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
  write_all("GET");
  EXPECT_TRUE(server.done);
}

TEST_F(TlsClientCertificate, Pkcs12AndDer) {
  const OwnedPkcs12 bundle(
      PKCS12_create("secret", "x", identity.key.get(), identity.certificate.get(), nullptr, 0, 0, 0, 0, 0));
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  i2d_PKCS12_bio(bio.get(), bundle.get());
  config.cert_blob = text_of(bio.get());
  config.cert_type = "p12";
  config.key_password = "secret";
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
  config.key_password = "wrong";
  EXPECT_EQ(connect(), CURLE_SSL_CERTPROBLEM);
  const OwnedBio der(BIO_new(BIO_s_mem()));
  i2d_X509_bio(der.get(), identity.certificate.get());
  config.cert_blob = text_of(der.get());
  config.cert_type = "DER";
  config.key_blob = pem_of(identity.key.get());
  EXPECT_EQ(connect(), CURLE_OK) << report.first;
}

TEST_F(TlsClientCertificate, ProblemsWithItAreReported) {
  const auto refused = [&] {
    report.first.clear();
    const CURLcode code = connect();
    EXPECT_FALSE(report.first.empty());
    return code == CURLE_SSL_CERTPROBLEM;
  };
  config.cert_blob = pem();
  EXPECT_TRUE(refused()) << "no key";
  config.key_blob = pem_of(authority().key.get());
  EXPECT_TRUE(refused()) << "key of somebody else";
  config.key_blob = pem_of(identity.key.get(), "secret");
  EXPECT_TRUE(refused()) << "no password";
  config.key_password = "wrong";
  EXPECT_TRUE(refused()) << "wrong password";
  config.key_password = "secret";
  EXPECT_EQ(connect(), CURLE_OK);
  config.key_type = "ENG";
  EXPECT_TRUE(refused()) << "engine key";
  config.key_type = "";
  config.cert_type = "ENG";
  EXPECT_TRUE(refused()) << "engine certificate";
  config.cert_type = "";
  config.cert_blob = "rubbish";
  EXPECT_TRUE(refused()) << "rubbish";
  config.cert_blob.reset();
  config.cert_file = "/nonexistent";
  EXPECT_TRUE(refused()) << "no file";
}

TEST_F(TlsClientCertificate, MissingOneIsAConnectErrorInTls12AndAReceiveErrorInTls13) {
  SSL_CTX_set_max_proto_version(server.context.get(), TLS1_2_VERSION);
  EXPECT_EQ(connect(), CURLE_SSL_CONNECT_ERROR);
  EXPECT_NE(report.first.find("handshake failure"), std::string::npos) << report.first;
  SSL_CTX_set_max_proto_version(server.context.get(), TLS1_3_VERSION);
  ASSERT_EQ(connect(), CURLE_OK);
  last = client->write(std::string_view("GET"));
  server.pump(wire);
  EXPECT_EQ(read_all(), "");
  EXPECT_EQ(last.code(), CURLE_RECV_ERROR);
  EXPECT_NE(client->why().find("certificate required"), std::string_view::npos) << client->why();
}

}  // namespace
}  // namespace hiper
