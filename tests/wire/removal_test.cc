// A handle is taken out, or its multi handle ends, in every state of its transfer. Nothing stays announced,
// nothing leaks, and the handle can be used again, here or elsewhere.
#include <gtest/gtest.h>

#include "wire/support/full_listener.hpp"
#include "wire/support/name_server.hpp"
#include "wire/support/second_app.hpp"
#include "wire/support/tls.hpp"
#include "wire/support/world.hpp"

namespace hiper::wire {
namespace {

/// What surrounds one transfer that is stopped in some state.
struct Scene {
  World world;
  Peer peer{world};
  Peer second{world};
  Peer secure{world, tls_server()};
  NameServer names{world};
  FullListener full;
  std::string upload = std::string(8 << 20, 'u');
  curl_slist* headers = nullptr;
  std::unique_ptr<Handle> other;  ///< stands in front of the queue
  std::unique_ptr<Handle> handle = std::make_unique<Handle>();
  bool called = false;

  Scene() {
    handle->set(CURLOPT_URL, peer.url().c_str());
    handle->set(CURLOPT_TIMEOUT_MS, 60000L);
    trust(*handle);
    names.be_silent();
  }
  ~Scene() { curl_slist_free_all(headers); }
  App& app() { return world.app(); }
  void start() {
    EXPECT_EQ(app().add(*handle), CURLM_OK);
    EXPECT_EQ(app().fire_timer(), CURLM_OK);
  }
  void run(const std::function<bool()>& reached) { world.run(reached, "the state"); }
  /// From now on all that the handle may need works.
  void heal() {
    names.answer();
    for (Peer* const server : {&peer, &second, &secure}) {
      server->forget();
      server->otherwise(always(response("ok")));
    }
  }
};

struct State {
  const char* name;
  void (*reach)(Scene&);
};

void upload_in(Scene& scene, const char* header) {
  scene.headers = curl_slist_append(nullptr, header);
  scene.handle->set(CURLOPT_HTTPHEADER, scene.headers);
  scene.handle->post_by_callback(scene.upload, static_cast<curl_off_t>(scene.upload.size()));
}

void answer_with(Scene& scene, const std::string& part) {
  scene.peer.otherwise({request(), send(part), client_gone()});
  scene.start();
}

const State kStates[] = {
    {"BeforeTheFirstTurn", [](Scene& s) { EXPECT_EQ(s.app().add(*s.handle), CURLM_OK); }},
    {"Resolving",
     [](Scene& s) {
       s.handle->set(CURLOPT_URL, NameServer::url("some.test", s.peer).c_str());
       s.names.serve(*s.handle);
       s.start();
       s.run([&] { return s.names.server.num_asked != 0; });
     }},
    {"Connecting",
     [](Scene& s) {
       s.handle->set(CURLOPT_URL, s.full.url().c_str());
       s.start();
       EXPECT_EQ(s.app().num_announced(), 1u);
     }},
    {"InTheTlsHandshake",
     [](Scene& s) {
       s.peer.otherwise({bytes(50), client_gone()});
       s.handle->set(CURLOPT_URL, ("https://127.0.0.1:" + std::to_string(s.peer.port()) + "/").c_str());
       s.start();
       s.run([&] { return s.peer.num_accepted() == 1 && s.peer.connection(0).at_step() == 1; });
     }},
    {"Sending",
     [](Scene& s) {
       s.peer.otherwise({head(), stop_reading(), hold(), start_reading(), client_gone()});
       upload_in(s, "Expect:");
       s.start();
       s.run([&] { return s.app().interest(s.app().only_socket()) == CURL_POLL_INOUT; });
     }},
    {"WaitingFor100",
     [](Scene& s) {
       s.peer.otherwise({head(), client_gone()});
       upload_in(s, "Expect: 100-continue");
       s.handle->set(CURLOPT_EXPECT_100_TIMEOUT_MS, 50000L);
       s.start();
       s.run([&] { return s.peer.requests.size() == 1; });
     }},
    {"WaitingForTheAnswer",
     [](Scene& s) {
       answer_with(s, "");
       s.run([&] { return s.peer.requests.size() == 1; });
     }},
    {"InTheMiddleOfTheHead",
     [](Scene& s) {
       answer_with(s, "HTTP/1.1 200 OK\r\nContent-Len");
       s.run([&] { return !s.handle->headers.empty(); });
     }},
    {"InTheMiddleOfTheBody",
     [](Scene& s) {
       answer_with(s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
       s.run([&] { return s.handle->body == "half"; });
     }},
    {"InTheMiddleOfAChunk",
     [](Scene& s) {
       answer_with(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf");
       s.run([&] { return s.handle->body == "half"; });
     }},
    {"InTheMiddleOfABodyOverTls",
     [](Scene& s) {
       s.secure.otherwise(
           {request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), client_gone()});
       s.handle->set(CURLOPT_URL, s.secure.url().c_str());
       s.start();
       s.run([&] { return s.handle->body == "half"; });
     }},
    {"PausedWithDataPending",
     [](Scene& s) {
       s.handle->on_body = [&s](std::string_view piece) {
         return std::exchange(s.called, true) ? piece.size() : std::size_t{CURL_WRITEFUNC_PAUSE};
       };
       answer_with(s, response(std::string(100000, 'x')));
       s.run([&] { return s.called; });
     }},
    {"PausedFromOutside",
     [](Scene& s) {
       answer_with(s, "");
       s.run([&] { return s.peer.requests.size() == 1; });
       EXPECT_EQ(s.app().pause(*s.handle, CURLPAUSE_ALL), CURLE_OK);
     }},
    {"JustResumed",
     [](Scene& s) {
       answer_with(s, "");
       s.run([&] { return s.peer.requests.size() == 1; });
       EXPECT_EQ(s.app().pause(*s.handle, CURLPAUSE_ALL), CURLE_OK);
       EXPECT_EQ(s.app().pause(*s.handle, CURLPAUSE_CONT), CURLE_OK);
     }},
    {"WaitingForItsRate",
     [](Scene& s) {
       s.handle->set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{100000});
       answer_with(s, response(std::string(50000, 'x')));
       s.run([&] { return !s.handle->body.empty(); });
       s.handle->set(CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t{0});
     }},
    {"QueuedBehindALimit",
     [](Scene& s) {
       curl_multi_setopt(s.app().multi(), CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
       s.peer.otherwise({request(), client_gone()});
       s.other = std::make_unique<Handle>(s.peer.url("/other"));
       s.app().add(*s.other);
       s.start();
       s.run([&] { return s.peer.requests.size() == 1; });
     }},
    {"HavingHadItsShareOfTheTurn",
     [](Scene& s) {
       s.peer.otherwise(always(response(std::string(4 << 20, 'x'))));
       s.start();
       s.run([&] { return s.handle->body.size() >= 1u << 20 && !s.handle->done; });
     }},
    {"FinishedUnread",
     [](Scene& s) {
       s.app().reading = App::Reading::none;
       s.peer.otherwise(always(response("ok")));
       s.start();
       s.run([&] { return s.app().running() == 0; });
       s.app().reading = App::Reading::all;
     }},
    {"FailedUnread",
     [](Scene& s) {
       s.app().reading = App::Reading::none;
       s.peer.otherwise({request(), end_sending(), client_gone()});
       s.start();
       s.run([&] { return s.app().running() == 0; });
       s.app().reading = App::Reading::all;
     }},
    {"InTheBodyOfARedirect",
     [](Scene& s) {
       s.handle->set(CURLOPT_FOLLOWLOCATION, 1L);
       answer_with(s, "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 10\r\n\r\nhalf");
       s.run([&] { return s.handle->status() == 302; });
     }},
    {"AfterARedirect",
     [](Scene& s) {
       s.handle->set(CURLOPT_FOLLOWLOCATION, 1L);
       s.second.otherwise({request(), client_gone()});
       s.peer.otherwise(always(response("", "Location: " + s.second.url("/there") + "\r\n", "302 Found")));
       s.start();
       s.run([&] { return s.second.requests.size() == 1; });
     }},
};

class Removal : public testing::TestWithParam<State> {
 protected:
  static void SetUpTestSuite() {
    Handle warm;  // keys and tables that are made once
    trust(warm);
    tls_server();
  }
  /// Runs `rest` in the state; afterwards no descriptor is left.
  template <class Rest>
  void after_state(Rest rest) {
    const int before = num_descriptors();
    {
      Scene scene;
      GetParam().reach(scene);
      if (!HasFailure()) rest(scene);
    }
    EXPECT_EQ(num_descriptors(), before);
  }
  static void expect_nothing_left(App& app) {
    EXPECT_EQ(app.num_announced(), 0u);
    EXPECT_EQ(app.timer_ms(), -1);
  }
  /// Only the one in front of the queue may be left.
  static void remove(Scene& scene) {
    EXPECT_EQ(scene.app().remove(*scene.handle), CURLM_OK);
    if (scene.other) {
      EXPECT_EQ(scene.app().remove(*scene.other), CURLM_OK);
    }
    expect_nothing_left(scene.app());
  }
  static void clean_up_handles(Scene& scene) {
    scene.app().forget(*scene.handle);
    scene.handle.reset();
    if (scene.other) scene.app().forget(*scene.other);
    scene.other.reset();
  }
  static void expect_success(Handle& handle, CURLcode code) {
    EXPECT_EQ(code, CURLE_OK) << handle.error;
    EXPECT_EQ(handle.body, "ok");
  }
  /// The handle's own URL is not for another peer; the one that never answers is.
  static void make_reachable(Scene& scene) {
    scene.heal();
    Handle& handle = *scene.handle;
    handle.clear();
    handle.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
    char* url = handle.info<char*>(CURLINFO_EFFECTIVE_URL);
    const std::string now = url == nullptr ? "" : url;
    const bool plain_peer_as_tls =
        now.rfind("https://127.0.0.1:" + std::to_string(scene.peer.port()), 0) == 0;
    if (now == scene.full.url() || plain_peer_as_tls) handle.set(CURLOPT_URL, scene.peer.url().c_str());
  }
};

// contract: 2.9, 2.10
TEST_P(Removal, TheHandleCanBeAddedAgain) {
  after_state([](Scene& scene) {
    remove(scene);
    make_reachable(scene);
    expect_success(*scene.handle, scene.world.transfer(*scene.handle));
    EXPECT_EQ(scene.app().cleanup(), CURLM_OK);
  });
}

TEST_P(Removal, TheHandleCanBeAddedAgainAtOnceWithoutATurnBetween) {
  after_state([](Scene& scene) {
    for (int rounds = 0; rounds < 3; ++rounds) {
      EXPECT_EQ(scene.app().remove(*scene.handle), CURLM_OK);
      EXPECT_EQ(scene.app().add(*scene.handle), CURLM_OK);
    }
    remove(scene);
    make_reachable(scene);
    expect_success(*scene.handle, scene.world.transfer(*scene.handle));
  });
}

// contract: 2.20
TEST_P(Removal, TheEasyHandleIsCleanedUpFirst) {
  after_state([](Scene& scene) {
    clean_up_handles(scene);
    expect_nothing_left(scene.app());
    scene.heal();
    Handle next(scene.peer.url());
    expect_success(next, scene.world.transfer(next));
    EXPECT_EQ(scene.app().cleanup(), CURLM_OK);
  });
}

// contract: 2.18, 2.19
TEST_P(Removal, TheMultiHandleIsCleanedUpFirst) {
  after_state([](Scene& scene) {
    EXPECT_EQ(scene.app().cleanup(), CURLM_OK);
    EXPECT_EQ(curl_easy_pause(scene.handle->curl, CURLPAUSE_CONT), CURLE_BAD_FUNCTION_ARGUMENT);
    scene.world.restart();
    make_reachable(scene);
    expect_success(*scene.handle, scene.world.transfer(*scene.handle));
    scene.handle.reset();
  });
}

TEST_P(Removal, BothAreCleanedUpAtOnce) {
  after_state([](Scene& scene) {
    scene.app().cleanup();
    scene.handle.reset();
    scene.other.reset();
  });
  after_state([](Scene& scene) {
    clean_up_handles(scene);
    scene.app().cleanup();
  });
}

// contract: 2.9, 2.10
TEST_P(Removal, TheHandleMovesToAnotherMulti) {
  after_state([](Scene& scene) {
    SecondApp second(scene.world);
    EXPECT_EQ(curl_multi_add_handle(second.app.multi(), scene.handle->curl), CURLM_ADDED_ALREADY);
    EXPECT_EQ(curl_multi_remove_handle(second.app.multi(), scene.handle->curl), CURLM_BAD_EASY_HANDLE);
    remove(scene);
    make_reachable(scene);
    EXPECT_EQ(second.app.add(*scene.handle), CURLM_OK);
    scene.world.run_until_done(*scene.handle);
    expect_success(*scene.handle, scene.handle->code);
    EXPECT_EQ(scene.app().cleanup(), CURLM_OK) << "the first one goes while the other works";
    EXPECT_EQ(second.app.remove(*scene.handle), CURLM_OK);
    scene.handle->clear();
    EXPECT_EQ(second.app.add(*scene.handle), CURLM_OK);
    scene.world.run_until_done(*scene.handle);
    expect_success(*scene.handle, scene.handle->code);
    EXPECT_EQ(second.app.cleanup(), CURLM_OK);
  });
}

// contract: 2.11
TEST_P(Removal, OthersAreNotDisturbed) {
  after_state([](Scene& scene) {
    Peer calm(scene.world);
    calm.otherwise({request(), hold(), send(response("calm")), client_gone()});
    Handle witness(calm.url());
    EXPECT_EQ(scene.app().add(witness), CURLM_OK);
    scene.world.run([&] { return calm.requests.size() == 1; });
    EXPECT_EQ(scene.app().remove(*scene.handle), CURLM_OK);
    if (scene.other) scene.app().remove(*scene.other);
    EXPECT_EQ(scene.app().num_announced(), 1u);
    calm.release();
    scene.world.run_until_done(witness);
    EXPECT_EQ(witness.code, CURLE_OK);
    EXPECT_EQ(witness.body, "calm");
  });
}

INSTANTIATE_TEST_SUITE_P(States, Removal, testing::ValuesIn(kStates),
                         [](const auto& about) { return std::string(about.param.name); });

}  // namespace
}  // namespace hiper::wire
