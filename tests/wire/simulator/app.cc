// Calls into the library and what is checked after each. The loop is in app_loop.cc, what the application
// does at random moments in operations.cc.
#include "wire/simulator/app.hpp"

#include <algorithm>

namespace hiper::sim {

App::App(Kernel& kernel, Book& book, const AppMood& mood, const ClientMood& clients,
         std::vector<std::string> origins)
    : kernel_(kernel),
      dice_(kernel.dice()),
      book_(book),
      mood_(mood),
      client_mood_(clients),
      origins_(std::move(origins)),
      view_({[this](const std::string& text) { complain(text); }, [this] { return kernel_.now(); },
             [this](int fd) {
               File* const file = kernel_.find(fd);
               const bool socket =
                   file != nullptr && (file->kind == File::Kind::tcp || file->kind == File::Kind::udp);
               return socket ? file->life : 0;
             },
             [this](CURL* easy) {
               return std::any_of(clients_.begin(), clients_.end(),
                                  [easy](const auto& client) { return client->easy() == easy; });
             }}),
      multi_(curl_multi_init()),
      transfers_left_(mood.num_transfers) {
  view_.rough_time = clients.rates > 0;
  kernel_.on_close = [this](int fd) {
    view_.closing(fd);
    closed_fd_ = fd;
  };
  if (!mood_.callbacks) return;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

App::~App() { kernel_.on_close = nullptr; }

// Callbacks.

int App::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* pointer) {
  App& me = *static_cast<App*>(self);
  me.kernel_.trace().note("app: socket", fd, what,
                          static_cast<char*>(pointer) - me.pointers_ >= 0 && pointer != nullptr);
  me.view_.socket_called(easy, fd, what, pointer);
  if (me.multi_ == nullptr) return 0;
  if (what != CURL_POLL_REMOVE && me.dice_.percent(me.mood_.assigns)) {
    void* const chosen = me.dice_.once_in(8) ? nullptr : &me.pointers_[me.dice_.below(sizeof me.pointers_)];
    if (curl_multi_assign(me.multi_, fd, chosen) != CURLM_OK)
      me.complain("curl_multi_assign fails in the callback");
    me.view_.assigned(fd, chosen);
  }
  if (me.dice_.percent(me.mood_.probes)) {
    long ms = 0;
    if (curl_multi_timeout(me.multi_, &ms) != CURLM_RECURSIVE_API_CALL)
      me.complain("a recursive call is possible");
    if (me.dice_.once_in(3)) me.any_client().pause(me.dice_.any_of({CURLPAUSE_CONT, CURLPAUSE_RECV}));
  }
  if (!me.dice_.percent(me.mood_.failing)) return me.dice_.once_in(10) ? 1 : 0;
  me.failed_in_call_ = true;
  return -1;
}

int App::on_timer(CURLM*, long ms, void* self) {
  App& me = *static_cast<App*>(self);
  me.kernel_.trace().note("app: timer", ms);
  me.view_.timer_called(ms);
  if (me.multi_ == nullptr || !me.dice_.percent(me.mood_.failing)) return 0;
  me.failed_in_call_ = true;
  return -1;
}

// Calls.

void App::begin(const char* name, bool is_timeout_call, long a, long b) {
  if (view_.timer_due() < kernel_.now()) lateness_ += kernel_.now() - view_.timer_due();
  kernel_.trace().note(name, a, b);
  ++num_calls_;
  in_call_ = true;
  failed_in_call_ = false;
  view_.begin_call(is_timeout_call);
}

void App::end(CURLMcode code, int running) {
  in_call_ = false;
  if (code != CURLM_OK && code != CURLM_ABORTED_BY_CALLBACK)
    complain("a call answers " + std::to_string(code));
  if (failed_in_call_) {
    aborted_ = true;
    for (const auto& client : clients_)
      client->doomed = client->doomed || (client->is_added && !client->is_done);
  }
  int left = 0;
  read_messages(left);
  unread_ = left;
  long ms = -2;
  // What curl_multi_poll has seen waits for the next curl_multi_perform, without a timer.
  const bool comparable = mood_.callbacks && (by_sockets() || driven_);
  driven_ = false;
  if (multi_ != nullptr && comparable && curl_multi_timeout(multi_, &ms) != CURLM_OK)
    complain("curl_multi_timeout fails");
  view_.end_call(ms, running, expected_running(left));
  if (std::none_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->is_added; })) {
    aborted_ = false;
  }
  check_spinning();
}

int App::expected_running(int left) const {
  const auto count = std::count_if(clients_.begin(), clients_.end(),
                                   [](const auto& client) { return client->is_added && !client->is_done; });
  return static_cast<int>(count) - left;
}

void App::read_messages(int& left) {
  left = 0;
  if (multi_ == nullptr) return;
  do {
    const CURLMsg* const message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) return;
    check_message(*message);
  } while (mood_.reads_all || ending_);
}

void App::check_message(const CURLMsg& message) {
  const auto at = std::find_if(clients_.begin(), clients_.end(),
                               [&](const auto& client) { return client->easy() == message.easy_handle; });
  if (message.msg != CURLMSG_DONE || at == clients_.end()) {
    complain("a strange message");
    return;
  }
  (*at)->finished(message.data.result);
}

void App::act(int fd, int bits) {
  begin("app: socket_action", false, fd, bits);
  int running = -1;
  const CURLMcode code = curl_multi_socket_action(multi_, fd, bits, &running);
  const bool failed = failed_in_call_;
  if ((code == CURLM_ABORTED_BY_CALLBACK) != failed)
    complain("socket_action answers " + std::to_string(code));
  end(code, running);
}

void App::timeout_call() {
  begin("app: timeout", true);
  int running = -1;
  const CURLMcode code = curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  if ((code == CURLM_ABORTED_BY_CALLBACK) != failed_in_call_)
    complain("the timeout call answers " + std::to_string(code));
  end(code, running);
}

void App::perform() {
  begin("app: perform");
  int running = -1;
  const CURLMcode code = curl_multi_perform(multi_, &running);
  driven_ = true;
  if ((code == CURLM_ABORTED_BY_CALLBACK) != failed_in_call_)
    complain("perform answers " + std::to_string(code));
  end(code, running);
}

void App::add(Client& client) {
  client.multi = multi_;
  client.in_call = &in_call_;
  client.slow_chance = mood_.slow;
  client.lateness = by_sockets() && mood_.reads_all && mood_.slow == 0 ? &lateness_ : nullptr;
  client.added();
  const bool refuses = aborted_ && std::any_of(clients_.begin(), clients_.end(), [&](const auto& one) {
                         return one.get() != &client && one->is_added;
                       });
  begin("app: add", false, static_cast<long>(client.number()));
  const CURLMcode code = curl_multi_add_handle(multi_, client.easy());
  if (refuses) {
    if (code != CURLM_ABORTED_BY_CALLBACK) complain("add_handle is not refused after a failed callback");
    client.removed();
  } else if ((code != CURLM_OK) != failed_in_call_) {
    complain("add_handle answers " + std::to_string(code));
  }
  end_quietly();
}

void App::remove(Client& client) {
  begin("app: remove", false, static_cast<long>(client.number()));
  if (curl_multi_remove_handle(multi_, client.easy()) != CURLM_OK) complain("remove_handle fails");
  client.removed();
  end_quietly();
}

void App::pause(Client& client, int bits) {
  begin("app: easy_pause", false, static_cast<long>(client.number()), bits);
  client.pause(bits);
  end_quietly();
}

// More calls than this without anything happening, and without time passing, are a busy loop.
void App::check_spinning() {
  constexpr int kMostInVain = 200;
  if (kernel_.progress != seen_progress_ || kernel_.now() != seen_now_) vain_calls_ = 0;
  seen_progress_ = kernel_.progress;
  seen_now_ = kernel_.now();
  if (++vain_calls_ == kMostInVain) complain("the library keeps the application busy with nothing");
}

}  // namespace hiper::sim
