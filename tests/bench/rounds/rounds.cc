// A client whose work is the same in every run, so that its instructions can be counted: it runs transfers in
// rounds, and goes on only when everything that it waits for is there. The transfers that a round begins are
// started in one turn; their requests are sent before the server may answer (it does when told on our
// standard output, see Responder in ../instructions.py); the answers of a round have all arrived before the
// first one is given to the library; sockets are served in the order of their numbers; the clock is our own.
//
//   rounds keep|new-handle|fresh IN_FLIGHT GROUP WARM_UP ROUNDS URL
//
// GROUP transfers end in each round, and are started again in the next one. IN_FLIGHT is a multiple of it.
// Whatever the library does in the rounds that count happens inside measured_step(), which is what callgrind
// is told to collect. Rounds before them, waiting and talking to the server are outside.
#include <curl/curl.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "support/die.hpp"
#include "support/process.hpp"

namespace hiper::bench {
namespace {

/// Libraries look at the time, and act by it (when to distrust an idle connection, for one), so it must not
/// depend on how fast this run is. It stands still but for the moments in which the server answers.
timespec now = {.tv_sec = 1'000'000, .tv_nsec = 0};
constexpr long kDistanceNs = 5'000'000;
constexpr int kPatienceMs = 30'000;  ///< with a server that stays silent

void pass_time() {
  now.tv_nsec += kDistanceNs;
  now.tv_sec += now.tv_nsec / 1'000'000'000;
  now.tv_nsec %= 1'000'000'000;
}

struct Settings {
  bool new_handle = false;
  bool fresh = false;
  std::size_t in_flight = 0;
  std::size_t group = 0;  ///< transfers that end in a round
  int warm_up = 0;
  int rounds = 0;
  const char* url = nullptr;
};

/// What one call of measured_step does.
enum class Step { start, time, events };

class Rounds {
 public:
  explicit Rounds(const Settings& settings);
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;
  ~Rounds();

  void run();
  void step(Step step);

 private:
  struct Event {
    int fd;
    int mask;
  };

  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long ms, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

  CURL* make_handle(CURL*& slot);
  void start();
  void reap();
  void play();
  void take(Step step);
  void send_requests();
  void let_server_answer();
  void await(int what, std::size_t count);
  std::size_t num_waiting_for(int what) const;

  Settings settings_;
  CURLM* multi_;
  std::vector<CURL*> slots_;      ///< the handles; a handle's CURLOPT_PRIVATE is its slot
  std::vector<CURL**> to_start_;  ///< those that the next round begins with
  std::vector<int> wanted_;       ///< by descriptor: what the library waits for
  std::vector<Event> events_;
  bool due_ = false;  ///< the timer is to strike at once
  bool measuring_ = false;
  std::size_t body_bytes_ = 0;
};

}  // namespace

// The name by which callgrind knows what to collect.
extern "C" [[gnu::noinline]] void measured_step(Rounds& rounds, Step step) { rounds.step(step); }

namespace {

Rounds::Rounds(const Settings& settings)
    : settings_(settings), multi_(curl_multi_init()), slots_(settings.in_flight) {
  if (multi_ == nullptr) die("no multi handle");
  wanted_.resize(allow_descriptors(settings_.in_flight + 64));
  events_.reserve(settings_.in_flight);
  for (CURL*& slot : slots_) to_start_.push_back(&slot);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 2 * static_cast<long>(settings_.in_flight));
}

Rounds::~Rounds() {
  for (CURL* const easy : slots_) {
    curl_multi_remove_handle(multi_, easy);
    curl_easy_cleanup(easy);
  }
  curl_multi_cleanup(multi_);
}

int Rounds::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& wanted = static_cast<Rounds*>(self)->wanted_;
  const auto number = static_cast<std::size_t>(fd);
  if (number >= wanted.size()) die("descriptor %d is more than expected", fd);
  wanted[number] = what == CURL_POLL_REMOVE ? 0 : what;
  return 0;
}

int Rounds::on_timer(CURLM*, long ms, void* self) {
  static_cast<Rounds*>(self)->due_ = ms == 0;  // later ones are out of reach of our clock
  return 0;
}

std::size_t Rounds::on_body(char*, std::size_t size, std::size_t count, void* self) {
  static_cast<Rounds*>(self)->body_bytes_ += size * count;
  return size * count;
}

CURL* Rounds::make_handle(CURL*& slot) {
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) die("no easy handle");
  curl_easy_setopt(easy, CURLOPT_URL, settings_.url);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &slot);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  if (settings_.fresh) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  return easy;
}

void Rounds::start() {
  for (CURL** const slot : to_start_) {
    if (settings_.new_handle) curl_easy_cleanup(std::exchange(*slot, nullptr));
    if (*slot == nullptr) *slot = make_handle(*slot);
    if (curl_multi_add_handle(multi_, *slot) != CURLM_OK) die("a handle is refused");
  }
  to_start_.clear();
}

void Rounds::reap() {
  int left = 0;
  while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    CURL* const easy = message->easy_handle;
    const CURLcode result = message->data.result;
    CURL** slot = nullptr;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status != 200) die("%s, status %ld", curl_easy_strerror(result), status);
    curl_multi_remove_handle(multi_, easy);
    to_start_.push_back(slot);
  }
}

void Rounds::step(Step step) {
  int running = 0;
  if (step == Step::start) {
    start();
  } else if (step == Step::time) {
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  } else {
    for (const Event& event : events_) curl_multi_socket_action(multi_, event.fd, event.mask, &running);
  }
  reap();
}

void Rounds::take(Step next) {
  if (measuring_) {
    measured_step(*this, next);
  } else {
    step(next);
  }
  while (std::exchange(due_, false)) take(Step::time);
}

std::size_t Rounds::num_waiting_for(int what) const {
  const auto waits = [what](int wanted) { return (wanted & what) != 0; };
  return static_cast<std::size_t>(std::count_if(wanted_.begin(), wanted_.end(), waits));
}

// New connections send when they are established, all together.
void Rounds::send_requests() {
  while (const std::size_t connecting = num_waiting_for(CURL_POLL_OUT)) {
    await(CURL_POLL_OUT, connecting);
    take(Step::events);
  }
}

void Rounds::let_server_answer() {
  pass_time();
  std::printf("%zu %zu\n", settings_.in_flight, settings_.group);
  std::fflush(stdout);
}

/// Waits until `count` of the sockets that wait for `what` are ready for it: they are the events_ then.
void Rounds::await(int what, std::size_t count) {
  const bool writing = what == CURL_POLL_OUT;
  std::vector<pollfd> polled;
  for (std::size_t fd = 0; fd < wanted_.size(); ++fd) {
    if ((wanted_[fd] & what) == 0) continue;
    polled.push_back({static_cast<int>(fd), static_cast<short>(writing ? POLLOUT : POLLIN), 0});
  }
  for (int ready = 0; static_cast<std::size_t>(ready) < count;) {
    ready = poll(polled.data(), polled.size(), kPatienceMs);
    if (ready <= 0) die("%zu sockets were to be ready", count);
    // poll returns at the first one: do not keep the processor from the others.
    if (static_cast<std::size_t>(ready) < count) sched_yield();
  }
  events_.clear();
  for (const pollfd& one : polled) {
    if (one.revents != 0) events_.push_back({one.fd, writing ? CURL_CSELECT_OUT : CURL_CSELECT_IN});
  }
}

void Rounds::play() {
  take(Step::start);
  send_requests();
  let_server_answer();
  await(CURL_POLL_IN, settings_.group);
  take(Step::events);
  if (to_start_.size() != settings_.group) die("%zu of %zu have ended", to_start_.size(), settings_.group);
}

void Rounds::run() {
  for (int i = 0; i < settings_.warm_up; ++i) play();
  measuring_ = true;
  const std::size_t before = body_bytes_;
  for (int i = 0; i < settings_.rounds; ++i) play();
  const std::size_t requests = settings_.group * static_cast<std::size_t>(settings_.rounds);
  if (body_bytes_ - before != requests * 100) die("%zu bytes of body", body_bytes_ - before);
}

Settings parse(int argc, char** argv) {
  if (argc != 7) die("usage: rounds keep|new-handle|fresh IN_FLIGHT GROUP WARM_UP ROUNDS URL");
  const std::string_view row = argv[1];
  Settings settings;
  settings.new_handle = row == "new-handle";
  settings.fresh = row == "fresh";
  if (!settings.new_handle && !settings.fresh && row != "keep") die("no such row: %s", argv[1]);
  settings.in_flight = std::strtoul(argv[2], nullptr, 10);
  settings.group = std::strtoul(argv[3], nullptr, 10);
  settings.warm_up = std::atoi(argv[4]);
  settings.rounds = std::atoi(argv[5]);
  settings.url = argv[6];
  if (settings.group == 0 || settings.in_flight % settings.group != 0) die("IN_FLIGHT has no such groups");
  if (settings.in_flight == 0 || settings.warm_up < 0 || settings.rounds <= 0) die("nothing to do");
  return settings;
}

int main_program(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) die("the library does not start");
  {
    Rounds rounds(settings);
    rounds.run();
  }
  curl_global_cleanup();
  return 0;
}

}  // namespace
}  // namespace hiper::bench

// In place of the C library's, for everything in this process.
extern "C" int clock_gettime(clockid_t, timespec* out) noexcept {
  *out = hiper::bench::now;
  return 0;
}

int main(int argc, char** argv) { return hiper::bench::main_program(argc, argv); }
