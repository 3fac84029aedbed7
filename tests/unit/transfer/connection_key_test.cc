// Which options a connection may be shared across, and which not. Every option is in one of the two lists: a
// new one has to be decided.
#include <algorithm>

#include "transfer/planning.hpp"

namespace {

using hiper::Opt;
using hiper::Shape;
using hiper::Storage;
using hiper::testing::Planned;
using hiper::testing::set;

struct Row {
  Opt slot;
  const char* name;
};
constexpr Row kRows[] = {
#define HIPER_OPTION(slot, name, ...) {Opt::slot, #name},
#include "easy/option_table.inc"
};

/// Options of connections that have no say in the key, and why.
constexpr Opt kNoSay[] = {
    // They choose the address or the peer that is connected to, and that is in the key.
    Opt::connect_to, Opt::resolve,
    // They are looked at before a connection is asked for.
    Opt::protocols, Opt::redir_protocols,
    // What they ask for can be had from any TLS connection.
    Opt::certinfo,
    // Nothing here reads them: other protocols, or not built in.
    Opt::altsvc, Opt::altsvc_ctrl, Opt::doh_url, Opt::ech, Opt::ftpport, Opt::ftpsslauth, Opt::ftp_account,
    Opt::ftp_alternative_to_user, Opt::ftp_skip_pasv_ip, Opt::ftp_ssl_ccc, Opt::ftp_use_eprt,
    Opt::ftp_use_epsv, Opt::ftp_use_pret, Opt::gssapi_delegation, Opt::proxy_transfer_mode, Opt::sasl_authzid,
    Opt::sasl_ir, Opt::service_name, Opt::socks5_gssapi_service, Opt::ssh_auth_types, Opt::ssh_compression,
    Opt::ssh_host_public_key_md5, Opt::ssh_host_public_key_sha256, Opt::ssh_knownhosts,
    Opt::ssh_private_keyfile, Opt::ssh_public_keyfile, Opt::sslengine, Opt::sslengine_default,
    Opt::ssl_falsestart, Opt::tlsauth_password, Opt::tlsauth_type, Opt::tlsauth_username,
    Opt::proxy_tlsauth_password, Opt::proxy_tlsauth_type, Opt::proxy_tlsauth_username, Opt::use_ssl};

/// Options of requests, or of nothing, that shape a connection nevertheless.
constexpr Opt kSay[] = {Opt::port,          Opt::httpproxytunnel, Opt::proxyheader, Opt::proxyauth,
                        Opt::proxyusername, Opt::proxypassword,   Opt::ssl_ctx_data};

bool is_in(std::span<const Opt> list, Opt option) {
  return std::find(list.begin(), list.end(), option) != list.end();
}

bool shapes(Opt option) {
  const Shape shape = hiper::shape_of(option);
  if (shape == Shape::connection || shape == Shape::tls) return !is_in(kNoSay, option);
  return is_in(kSay, option);
}

void begin(Planned& planned) {
  set(planned.easy, CURLOPT_URL, "https://host.test/");
  set(planned.easy, CURLOPT_PROXY, "http://proxy.test:3128");
}

void other_function() {}

/// Gives `option` a value that it did not have.
CURLcode flip(hiper::Options& options, Opt option, curl_slist* list) {
  static char bytes[] = "x1: y";
  curl_blob blob{bytes, sizeof bytes, CURL_BLOB_COPY};
  switch (hiper::storage_of(option)) {
    case Storage::number: {
      const bool mask = option == Opt::protocols || option == Opt::redir_protocols;
      const std::int64_t flipped = hiper::initial_of(option) == 0 ? 1 : 0;
      return options.set_number(option, mask ? static_cast<std::int64_t>(CURLPROTO_HTTPS) : flipped);
    }
    case Storage::text:
      return options.set_text(option, "x1");
    case Storage::list:
      return options.set_list(option, list);
    case Storage::pointer:
      return options.set_pointer(option, bytes);
    case Storage::function:
      return options.set_function(option, other_function);
    case Storage::blob:
      return options.set_blob(option, &blob);
    case Storage::text_list:
      return options.append_text(option, "x1");
  }
  return CURLE_FAILED_INIT;
}

// contract: 1.12
TEST(ConnectionKey, ChangesWithEveryOptionThatShapesAConnectionAndWithNoOther) {
  Planned base;
  begin(base);
  ASSERT_EQ(base.make(), CURLE_OK) << base.note.said;
  const hiper::OwnedSlist list(hiper::slist_append(nullptr, "x1: y"));
  for (const Row& row : kRows) {
    // Another URL is another host; what stands in CURLU is looked at below.
    if (row.slot == Opt::url || row.slot == Opt::curlu) continue;
    Planned planned;
    begin(planned);
    ASSERT_EQ(flip(planned.easy.options, row.slot, list.get()), CURLE_OK) << row.name;
    ASSERT_EQ(planned.make(), CURLE_OK) << row.name << ": " << planned.note.said;
    EXPECT_EQ(planned.plan.key == base.plan.key, !shapes(row.slot)) << row.name;
    planned.easy.options.set_pointer(Opt::mimepost, nullptr);  // what flip() gave is no mime to let go
  }
}

TEST(ConnectionKey, ListsEveryDecisionOnce) {
  for (const Opt option : kNoSay) {
    const Shape shape = hiper::shape_of(option);
    EXPECT_TRUE(shape == Shape::connection || shape == Shape::tls) << static_cast<int>(option);
    EXPECT_EQ(std::count(std::begin(kNoSay), std::end(kNoSay), option), 1) << static_cast<int>(option);
  }
  for (const Opt option : kSay) {
    const Shape shape = hiper::shape_of(option);
    EXPECT_FALSE(shape == Shape::connection || shape == Shape::tls) << static_cast<int>(option);
  }
}

hiper::ConnectionKey key_of(Planned& planned) {
  EXPECT_EQ(planned.make(), CURLE_OK) << planned.note.said;
  return planned.plan.key;
}

hiper::ConnectionKey key_of(const char* url) {
  Planned planned;
  set(planned.easy, CURLOPT_URL, url);
  return key_of(planned);
}

TEST(ConnectionKey, IsOfSchemeHostAndPort) {
  const hiper::ConnectionKey key = key_of("http://host.test/a?b#c");
  EXPECT_EQ(key, key_of("http://host.test:80/other"));
  EXPECT_EQ(key, key_of("http://user:password@host.test/"));
  EXPECT_FALSE(key == key_of("http://host.test:81/"));
  EXPECT_FALSE(key == key_of("https://host.test:80/"));
  EXPECT_FALSE(key == key_of("http://other.test/"));
}

TEST(ConnectionKey, DoesNotMistakeOneFieldForAnother) {
  Planned one;
  set(one.easy, CURLOPT_URL, "http://host.test/");
  set(one.easy, CURLOPT_INTERFACE, "ab");
  Planned other;
  set(other.easy, CURLOPT_URL, "http://host.test/");
  set(other.easy, CURLOPT_DNS_SERVERS, nullptr);
  set(other.easy, CURLOPT_DNS_INTERFACE, "ab");
  EXPECT_FALSE(key_of(one) == key_of(other));
}

TEST(ConnectionKey, IsOfTheHostThatConnectToNames) {
  Planned plain;
  set(plain.easy, CURLOPT_URL, "http://host.test/");
  Planned elsewhere;
  set(elsewhere.easy, CURLOPT_URL, "http://host.test/");
  elsewhere.list(CURLOPT_CONNECT_TO, {"host.test:80:other.test:81"});
  Planned direct;
  set(direct.easy, CURLOPT_URL, "http://other.test:81/");
  const hiper::ConnectionKey key = key_of(elsewhere);
  EXPECT_FALSE(key == key_of(plain));
  EXPECT_FALSE(key == key_of(direct)) << "a connection to one name serves no other";
  EXPECT_EQ(key.host(), "other.test:81") << "limits count what is connected to";
  Planned unconcerned;
  set(unconcerned.easy, CURLOPT_URL, "http://host.test/");
  unconcerned.list(CURLOPT_CONNECT_TO, {"another.test::other.test:81"});
  EXPECT_EQ(key_of(unconcerned), key_of(plain));
}

TEST(ConnectionKey, OfTlsKnowsWhetherHttp11IsOffered) {
  Planned newer;
  set(newer.easy, CURLOPT_URL, "https://host.test/");
  Planned older;
  set(older.easy, CURLOPT_URL, "https://host.test/");
  set(older.easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_0));
  EXPECT_FALSE(key_of(newer) == key_of(older));
}

TEST(ConnectionKey, OfPlainHttpKnowsNothingOfTls) {
  Planned strict;
  set(strict.easy, CURLOPT_URL, "http://host.test/");
  Planned lax;
  set(lax.easy, CURLOPT_URL, "http://host.test/");
  set(lax.easy, CURLOPT_SSL_VERIFYPEER, 0L);
  EXPECT_EQ(key_of(strict), key_of(lax));
}

TEST(ConnectionKey, IgnoresProxyDetailsWithoutAProxy) {
  Planned plain;
  set(plain.easy, CURLOPT_URL, "http://host.test/");
  Planned odd;
  set(odd.easy, CURLOPT_URL, "http://host.test/");
  set(odd.easy, CURLOPT_PROXYUSERPWD, "u:p");
  set(odd.easy, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
  EXPECT_EQ(key_of(plain), key_of(odd));
}

}  // namespace
