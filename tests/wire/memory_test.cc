// Every allocation of a transfer fails once, and memory that runs out for good: the answer is an error code,
// nothing leaks, and the multi works again when there is memory.
#include <gtest/gtest.h>

#include "unit/dns/mock_dns_server.hpp"
#include "unit/stream/tls_fixture.hpp"
#include "wire/support/faults.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// What one run of a scenario has around it. Made anew for each run.
struct Scene {
  World world;
  Peer peer{world};
  Peer other{world};
  bool complete = true;  ///< all went as without failures
  CURLcode also_right = CURLE_OUT_OF_MEMORY;

  App& app() { return world.app(); }
  /// Runs `handle` to its end, or as far as memory goes.
  void transfer(Handle& handle) {
    if (handle.curl == nullptr || handle.short_of_memory) {
      complete = false;
      return;
    }
    const CURLMcode added = app().add(handle);
    if (added != CURLM_OK) {
      EXPECT_EQ(added, CURLM_OUT_OF_MEMORY);
      complete = false;
      return;
    }
    world.run_until_done(handle);
    EXPECT_TRUE(handle.code == CURLE_OK || handle.code == CURLE_OUT_OF_MEMORY || handle.code == also_right)
        << handle.code << ": " << handle.error;
    complete = complete && handle.code == CURLE_OK;
    EXPECT_EQ(app().remove(handle), CURLM_OK);
    EXPECT_EQ(app().num_announced(), 0u);
  }
};

using Scenario = void (*)(Scene&);

class Memory : public testing::Test {
 protected:
  ~Memory() override { Faults::uninstall(); }

  /// One run in which allocation number `n` fails; 0: none. True when that one was asked for.
  bool run(Scenario scenario, long n, Faults::How how) {
    bool struck = false;
    const int descriptors = num_descriptors();
    Faults::install();
    const long live = Faults::num_live();
    {
      Scene scene;
      Faults::arm(n, how);
      scene.world.restart();
      scene.app().expects_shortage = true;
      if (scene.app().multi() == nullptr) {
        scene.complete = false;
      } else {
        scenario(scene);
      }
      asked = Faults::num_asked();
      struck = Faults::struck();
      Faults::disarm();
      EXPECT_TRUE(struck || scene.complete);
      check_that_it_still_works(scene);
    }
    EXPECT_EQ(num_descriptors(), descriptors) << "descriptors leaked";
    Faults::uninstall();
    EXPECT_TRUE(scene_is_new || Faults::num_live() == live) << "memory leaked: " << Faults::num_live() - live;
    return struck;
  }

  void check_that_it_still_works(Scene& scene) {
    if (scene.app().multi() == nullptr) return;
    scene.peer.forget();
    scene.peer.otherwise(always(response("ok")));
    Handle after(scene.peer.url("/after"));
    EXPECT_EQ(scene.world.transfer(after), CURLE_OK) << after.error;
    EXPECT_EQ(after.body, "ok");
  }

  void sweep(Scenario scenario) {
    scene_is_new = true;  // what the test program itself keeps is made now
    run(scenario, 0, Faults::How::once);
    scene_is_new = false;
    run(scenario, 0, Faults::How::once);
    ASSERT_FALSE(HasFailure());
    EXPECT_GT(asked, 20) << "the library's allocations are not seen";
    for (const Faults::How how : {Faults::How::once, Faults::How::from_then_on}) {
      for (long n = 1; !HasFailure(); ++n) {
        SCOPED_TRACE(testing::Message()
                     << "allocation " << n << (how == Faults::How::once ? "" : " and all later"));
        if (!run(scenario, n, how)) break;
      }
    }
  }

  long asked = 0;
  bool scene_is_new = false;
};

// contract: 1.10
TEST_F(Memory, AGet) {
  sweep([](Scene& scene) {
    Handle get(scene.peer.url());
    scene.transfer(get);
    scene.transfer(get);
  });
}

TEST_F(Memory, AGetWithAllThatIsKeptOfItsHead) {
  sweep([](Scene& scene) {
    scene.peer.otherwise(
        {request(),
         trickle("HTTP/1.1 200 OK\r\nContent-Type: text/a-long-type-that-needs-memory\r\n"
                 "Set-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n"),
         client_gone()});
    Handle get(scene.peer.url("/a/path/longer/than/a/small/string"));
    get.set(CURLOPT_USERAGENT, "a name that does not fit a small string");
    get.set(CURLOPT_TIMEOUT_MS, 60000L);
    get.set(CURLOPT_NOPROGRESS, 0L);
    scene.transfer(get);
    if (get.code != CURLE_OK || !get.done) return;
    in_library([&] {
      curl_header* found = nullptr;
      const CURLHcode code = curl_easy_header(get.curl, "Set-Cookie", 0, CURLH_HEADER, -1, &found);
      EXPECT_TRUE(code == CURLHE_OK || code == CURLHE_OUT_OF_MEMORY) << code;
      scene.complete = scene.complete && code == CURLHE_OK;
    });
  });
}

// contract: 1.10
TEST_F(Memory, ATransferThatPauses) {
  sweep([](Scene& scene) {
    scene.peer.otherwise({request(), send(response(std::string(100000, 'x'))), client_gone()});
    Handle get(scene.peer.url());
    bool paused = false;
    get.on_body = [&](std::string_view piece) {
      return std::exchange(paused, true) ? piece.size() : std::size_t{CURL_WRITEFUNC_PAUSE};
    };
    if (get.curl == nullptr || get.short_of_memory || scene.app().add(get) != CURLM_OK) {
      scene.complete = false;
      return;
    }
    scene.world.run([&] {
      if (paused && !get.done) scene.app().pause(get, CURLPAUSE_CONT);
      return get.done;
    });
    scene.complete = get.code == CURLE_OK;
    EXPECT_TRUE(scene.complete || get.code == CURLE_OUT_OF_MEMORY) << get.code;
    scene.app().remove(get);
  });
}

TEST_F(Memory, ARequestWithCookies) {
  sweep([](Scene& scene) {
    scene.peer.otherwise(
        always(response("ok", "Set-Cookie: a-name-that-needs-memory=and-a-value-of-its-own\r\n")));
    Handle get(scene.peer.url());
    if (get.curl == nullptr) {
      scene.complete = false;
      return;
    }
    get.set(CURLOPT_COOKIEFILE, "");
    get.set(CURLOPT_COOKIEJAR, "/dev/null");
    get.set(CURLOPT_COOKIELIST, "Set-Cookie: own-name-that-needs-memory=1; domain=127.0.0.1");
    scene.transfer(get);
    scene.transfer(get);
    if (!get.done || get.code != CURLE_OK || get.short_of_memory) return;
    curl_slist* all = nullptr;
    const CURLcode listed =
        in_library([&] { return curl_easy_getinfo(get.curl, CURLINFO_COOKIELIST, &all); });
    EXPECT_TRUE(listed == CURLE_OK || listed == CURLE_OUT_OF_MEMORY) << listed;
    scene.complete = scene.complete && listed == CURLE_OK;
    curl_slist_free_all(all);
  });
}

TEST_F(Memory, APostWithACallback) {
  sweep([](Scene& scene) {
    Handle post(scene.peer.url());
    if (post.curl != nullptr) post.post_by_callback("0123456789", -1);
    post.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
    scene.transfer(post);
  });
}

TEST_F(Memory, ARedirectToAnotherPeer) {
  sweep([](Scene& scene) {
    scene.peer.otherwise(
        always(response("moved", "Location: " + scene.other.url("/there") + "\r\n", "307 Moved")));
    Handle post(scene.peer.url());
    if (post.curl != nullptr) post.post_by_callback("0123456789", 10);
    post.set(CURLOPT_FOLLOWLOCATION, 1L);
    post.set(CURLOPT_AUTOREFERER, 1L);
    scene.transfer(post);
  });
}

// contract: 1.10
TEST_F(Memory, SeveralAtOnceBehindALimit) {
  sweep([](Scene& scene) {
    in_library([&] { curl_multi_setopt(scene.app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 2L); });
    std::vector<std::unique_ptr<Handle>> handles;
    std::size_t added = 0;
    for (int i = 0; i < 5; ++i) {
      auto get = std::make_unique<Handle>(scene.peer.url("/" + std::to_string(i)));
      if (get->curl == nullptr || get->short_of_memory || scene.app().add(*get) != CURLM_OK) {
        scene.complete = false;
        continue;
      }
      handles.push_back(std::move(get));
      ++added;
    }
    scene.world.run([&] {
      return std::all_of(handles.begin(), handles.end(), [](const auto& get) { return get->done; });
    });
    for (const auto& get : handles) {
      EXPECT_TRUE(get->code == CURLE_OK || get->code == CURLE_OUT_OF_MEMORY) << get->code;
      scene.complete = scene.complete && get->code == CURLE_OK;
      scene.app().remove(*get);
    }
  });
}

// contract: 1.10
TEST_F(Memory, ConnectOnly) {
  sweep([](Scene& scene) {
    Handle only(scene.peer.url());
    only.set(CURLOPT_CONNECT_ONLY, 1L);
    scene.transfer(only);
  });
}

/// The name server as part of the loop.
class DnsPeer final : public Actor {
 public:
  explicit DnsPeer(World& world) : world_(world) {
    world.join(*this);
    server.answerer = [](const DnsQuestion& question) {
      return MockDnsServer::reply(question, {"127.0.0.1"});
    };
  }
  ~DnsPeer() { world_.leave(*this); }
  void pump() override { server.pump(); }
  void add_to(std::vector<pollfd>& set) const override { set.push_back({server.fd(), POLLIN, 0}); }
  MockDnsServer server;

 private:
  World& world_;
};

// contract: 1.10
TEST_F(Memory, AName) {
  sweep([](Scene& scene) {
    DnsPeer dns(scene.world);
    Handle get("http://some.test:" + std::to_string(scene.peer.port()) + "/");
    get.set(CURLOPT_DNS_SERVERS, dns.server.address().c_str());
    get.set(CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
    // c-ares takes an answer that it has no memory for as a lost one, and asks again seconds later.
    get.set(CURLOPT_TIMEOUT_MS, 100L);
    scene.also_right = CURLE_OPERATION_TIMEDOUT;
    scene.transfer(get);
  });
}

TEST_F(Memory, Https) {
  pem_of(authority().certificate.get());  // makes keys
  pem_of(good_server().certificate.get());
  sweep([](Scene& scene) {
    static const OwnedSslContext context = [] {
      OwnedSslContext made(SSL_CTX_new(TLS_server_method()));
      SSL_CTX_use_certificate(made.get(), good_server().certificate.get());
      SSL_CTX_use_PrivateKey(made.get(), good_server().key.get());
      return made;
    }();
    static const std::string trusted = pem_of(authority().certificate.get());
    Peer secure(scene.world, context.get());
    Handle get(secure.url());
    curl_blob blob = {const_cast<char*>(trusted.data()), trusted.size(), CURL_BLOB_COPY};
    get.set(CURLOPT_CAINFO_BLOB, &blob);
    get.set(CURLOPT_FORBID_REUSE, 1L);
    scene.transfer(get);
    scene.transfer(get);  // with the session of the first
  });
}

}  // namespace
}  // namespace hiper::wire
