// How a seed becomes a world. Everything that chance decides in a run comes from one generator (dice.hpp):
// first what the run is like, here, then each single thing when it happens. Nothing else differs between two
// runs of a seed: the clock, the descriptors and the network are simulated (kernel.hpp, libc.cc), so the
// trace is the same to the last step, which its hash shows.
//
// A world has a few hosts with names or addresses, IPv4 and IPv6, each address accepting, refusing or
// swallowing connections; two name servers; HTTP servers behind the addresses (http_server.cc); and an
// application (app.cc). About every fourth world is calm: delays and odd ways of driving the library, but
// nothing that may make a transfer fail, so there every transfer must end well.
#include "wire/simulator/run.hpp"

#include <curl/curl.h>

#include "wire/simulator/app.hpp"
#include "wire/simulator/dns_server.hpp"
#include "wire/simulator/http_server.hpp"

namespace hiper::sim {
namespace {

class World {
 public:
  World(std::uint64_t seed, bool prints) : dice_(seed), kernel_(dice_, trace_), dns_(kernel_) {
    trace_.printing = prints;
    calm_ = dice_.once_in(4);
    choose_servers();
    choose_names();
    choose_clients();
    choose_app();
    choose_weather();
  }

  RunResult run() {
    {
      App app(kernel_, book_, app_mood_, client_mood_, origins_);
      app.run();
    }
    return {trace_.complaints(), trace_.hash(), trace_.num_notes()};
  }

 private:
  /// The chance of something that does not happen in every world.
  std::size_t some(std::size_t most) { return dice_.once_in(2) ? 0 : 1 + dice_.below(most); }
  std::size_t trouble(std::size_t most) { return calm_ ? 0 : some(most); }

  void choose_servers() {
    ServerMood mood;
    mood.trouble = trouble(60);
    mood.accept_trouble = trouble(30);
    mood.closes = some(60);
    mood.redirects = trouble(40);
    mood.slow = some(30);
    mood.max_body = dice_.any_of<std::size_t>({50, 2000, 8000});
    server_ = std::make_unique<HttpServer>(kernel_, book_, mood);
  }

  void choose_names() {
    const std::size_t num_hosts = 1 + dice_.below(3);
    for (std::size_t host = 0; host < num_hosts; ++host) add_host(static_cast<unsigned>(host));
    server_->origins = origins_;
    dns_.refuses_udp = !calm_ && dice_.once_in(30);
    for (const unsigned last : {1u, 2u}) kernel_.serve(Place::v4(10, 53, 0, last, 53), dns_);
  }

  void add_host(unsigned host) {
    const auto port = static_cast<std::uint16_t>(dice_.once_in(2) ? 80 : 8080);
    const std::string suffix = port == 80 ? "" : ":8080";
    std::vector<Place> places;
    const std::size_t count = dice_.once_in(2) ? 1 : 1 + dice_.below(4);
    bool good = false;
    for (unsigned i = 0; i < count; ++i) {
      const unsigned last = host * 10 + i;
      const Place place = dice_.once_in(3) ? Place::v6(last, port) : Place::v4(10, 0, 0, last, port);
      const bool bad = !(calm_ && i + 1 == count && !good) && dice_.percent(count > 1 ? 40 : calm_ ? 0 : 20);
      if (bad) {
        server_->set_reach(place, dice_.any_of({Reach::refuses, Reach::silent, Reach::unreachable}));
      } else {
        good = true;
      }
      has_ip6_ = has_ip6_ || place.family == AF_INET6;
      kernel_.serve(place, *server_);
      places.push_back(place);
    }
    if (dice_.once_in(2) && count == 1) {
      origins_.push_back("http://" + places[0].text() + suffix);
      return;
    }
    const std::string name = "h" + std::to_string(host) + ".test";
    origins_.push_back("http://" + name + suffix);
    NameMood mood;
    mood.addresses = std::move(places);
    mood.trouble = trouble(60);
    mood.exists = calm_ || !dice_.once_in(12);
    mood.silent = !calm_ && dice_.once_in(15);
    mood.truncates = !calm_ && dice_.once_in(8);
    mood.delay_max = dice_.any_of<Nanos>({0, 5, 50, 1500}) * kMillisecond;
    dns_.names[name] = mood;
  }

  void choose_clients() {
    client_mood_.uploads = some(80);
    client_mood_.timeouts = trouble(80);
    client_mood_.pauses = some(80);
    client_mood_.aborts = trouble(50);
    client_mood_.rates = dice_.once_in(4) ? 1 + dice_.below(80) : 0;
    client_mood_.oddities = trouble(30);
    client_mood_.max_upload = dice_.any_of<std::size_t>({50, 3000, 20000});
  }

  void choose_app() {
    app_mood_.driver = dice_.any_of({Driver::level, Driver::level, Driver::level, Driver::level, Driver::edge,
                                     Driver::edge, Driver::poll, Driver::wait, Driver::fdset, Driver::easy});
    const bool by_sockets = app_mood_.driver == Driver::level || app_mood_.driver == Driver::edge;
    app_mood_.callbacks = by_sockets || dice_.once_in(2);
    app_mood_.reads_all = !dice_.once_in(4);
    app_mood_.batches = dice_.once_in(3);
    app_mood_.vague = some(50);
    app_mood_.late = dice_.once_in(4) ? 1 + dice_.below(40) : 0;
    app_mood_.assigns = some(100);
    app_mood_.failing = !calm_ && dice_.once_in(8) ? 1 + dice_.below(20) : 0;
    app_mood_.slow = dice_.once_in(10) ? 1 + dice_.below(30) : 0;
    app_mood_.probes = some(20);
    app_mood_.calm = calm_;
    app_mood_.quits = dice_.once_in(10);
    app_mood_.num_transfers = 1 + dice_.below(6);
    app_mood_.num_operations = app_mood_.num_transfers + (dice_.once_in(2) ? dice_.below(20) : 0);
    app_mood_.busy_time = dice_.any_of<Nanos>({10, 100, 300, 2000}) * kMillisecond;
  }

  void choose_weather() {
    kernel_.weather.short_count = some(60);
    kernel_.weather.interrupts = dice_.once_in(5) ? 1 + dice_.below(20) : 0;
    kernel_.weather.spurious_again = some(20);
    kernel_.weather.connects_at_once = dice_.once_in(5);
    kernel_.weather.no_ip6 = !calm_ && dice_.once_in(10);
    kernel_.weather.socket_fails = !calm_ && dice_.once_in(10) ? 1 + dice_.below(20) : 0;
  }

  Dice dice_;
  Trace trace_;
  Kernel kernel_;
  Book book_;
  DnsServer dns_;
  std::unique_ptr<HttpServer> server_;
  std::vector<std::string> origins_;
  bool calm_ = false;
  bool has_ip6_ = false;
  AppMood app_mood_;
  ClientMood client_mood_;
};

/// What the library finds out once per process must not depend on which run comes first.
bool prepare_process() {
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return false;
  Dice dice(1);
  Trace trace;
  Kernel kernel(dice, trace);
  return curl_multi_cleanup(curl_multi_init()) == CURLM_OK;
}

}  // namespace

RunResult run_seed(std::uint64_t seed, bool prints) {
  static const bool ready = prepare_process();
  if (!ready) return {{"the library cannot be initialized"}, 0, 0};
  World world(seed, prints);
  return world.run();
}

}  // namespace hiper::sim
