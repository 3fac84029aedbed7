// What the simulated application does at random moments, and how its run ends.
#include <algorithm>

#include "wire/simulator/app.hpp"

namespace hiper::sim {

struct Operations {
  explicit Operations(App& of) noexcept : app(of), dice(of.dice_) {}

  void start_one() {
    --app.transfers_left_;
    Client* client = reusable();
    if (client == nullptr) {
      app.clients_.push_back(std::make_unique<Client>(app.kernel_, app.book_, app.client_mood_));
      client = app.clients_.back().get();
    }
    client->prepare(app.origins_[dice.below(app.origins_.size())], app.mood_.calm);
    if (!app.mood_.calm && dice.once_in(12)) client->duplicate();
    app.add(*client);
  }

  Client* reusable() {
    if (app.clients_.empty() || dice.once_in(3)) return nullptr;
    Client& client = app.any_client();
    if (client.is_added && !client.is_done) return nullptr;
    if (client.is_added) app.remove(client);
    return &client;
  }

  void remove_one(Client& client) {
    if (!client.is_added) return;
    app.remove(client);
    if (dice.once_in(3)) cleanup_one(client);
  }

  // curl_easy_cleanup, also of a handle that is added.
  void cleanup_one(Client& client) {
    if (app.clients_.size() < 2) return;
    const auto at = std::find_if(app.clients_.begin(), app.clients_.end(),
                                 [&](const auto& one) { return one.get() == &client; });
    app.begin("app: easy_cleanup", false, static_cast<long>(client.number()));
    client.removed();
    client.cleanup();
    app.clients_.erase(at);
    app.end_quietly();
  }

  void add_again(Client& client) {
    if (client.is_added && !client.is_done) return;
    if (client.is_added) app.remove(client);
    client.prepare(app.origins_[dice.below(app.origins_.size())], app.mood_.calm);
    app.add(client);
  }

  void strange_event() {
    const int bits = dice.any_of({0, 1, 2, 3, 4, 5, 7});
    const auto& lives = app.view_.lives();
    int fd = dice.any_of({5, 999999, -5, app.closed_fd_, kFirstDescriptor, kFirstDescriptor + 1});
    if (!lives.empty() && dice.once_in(2)) {
      fd = std::next(lives.begin(), static_cast<std::ptrdiff_t>(dice.below(lives.size())))->first;
    }
    if (fd == CURL_SOCKET_TIMEOUT) {
      app.timeout_call();
    } else {
      app.act(fd, bits);
    }
  }

  void assign() {
    auto& lives = app.view_.lives();
    if (!lives.empty()) {
      const int fd = std::next(lives.begin(), static_cast<std::ptrdiff_t>(dice.below(lives.size())))->first;
      void* const pointer = dice.once_in(3) ? nullptr : &app.pointers_[dice.below(sizeof app.pointers_)];
      if (curl_multi_assign(app.multi_, fd, pointer) != CURLM_OK) app.complain("curl_multi_assign fails");
      app.view_.assigned(fd, pointer);
    }
    if (curl_multi_assign(app.multi_, 77, &app) != CURLM_BAD_SOCKET)
      app.complain("an unknown socket can be assigned");
  }

  void change_limits() {
    const CURLMoption option =
        dice.any_of({CURLMOPT_MAX_HOST_CONNECTIONS, CURLMOPT_MAX_TOTAL_CONNECTIONS, CURLMOPT_MAXCONNECTS});
    const long value = dice.between(0, 3);
    app.limited_ = app.limited_ || option != CURLMOPT_MAXCONNECTS;
    app.begin("app: limit", false, option, value);
    curl_multi_setopt(app.multi_, option, value);
    app.end_quietly();
  }

  void call_from_the_side() {
    switch (dice.below(4)) {
      case 0:
        if (curl_multi_wakeup(app.multi_) != CURLM_OK) app.complain("curl_multi_wakeup fails");
        break;
      case 1:
        app.perform();
        break;
      case 2: {
        app.begin("app: socket_all", true);
        int running = -1;
        const CURLMcode code = curl_multi_socket_all(app.multi_, &running);
        app.end(code, running);
        break;
      }
      default: {
        curl_waitfd fds[20];
        unsigned count = 0;
        if (curl_multi_waitfds(app.multi_, fds, 20, &count) != CURLM_OK)
          app.complain("curl_multi_waitfds fails");
        for (unsigned i = 0; i < std::min(count, 20u); ++i) {
          if (app.kernel_.find(fds[i].fd) == nullptr)
            app.complain("curl_multi_waitfds names a closed descriptor");
        }
      }
    }
  }

  App& app;
  Dice& dice;
};

void App::operate() {
  Operations does(*this);
  if (transfers_left_ > 0 && !ending_ && (clients_.empty() || dice_.once_in(2))) {
    does.start_one();
    return;
  }
  if (mood_.quits && dice_.once_in(4)) {
    finish();
    return;
  }
  if (clients_.empty()) return;
  Client& client = any_client();
  switch (dice_.below(12)) {
    case 0:
      does.remove_one(client);
      break;
    case 1:
      if (client.is_added && dice_.once_in(3)) does.cleanup_one(client);
      break;
    case 2:
      if (clients_.size() < 10) does.add_again(client);
      break;
    case 3:
    case 4:
      pause(client, dice_.any_of<int>({CURLPAUSE_ALL, CURLPAUSE_RECV, CURLPAUSE_SEND}));
      break;
    case 5:
    case 6:
      pause(client, CURLPAUSE_CONT);
      break;
    case 7:
      timeout_call();
      break;
    case 8:
      does.assign();
      break;
    case 9:
      does.change_limits();
      break;
    case 10:
      does.call_from_the_side();
      break;
    default:
      does.strange_event();
  }
}

// Removes what is left and cleans up; then nothing may be open any more and no callback may come.
void App::finish() {
  if (multi_ == nullptr) return;
  ending_ = true;
  operations_.clear();
  const bool removes = dice_.percent(70);
  for (const auto& client : clients_) {
    if (removes && client->is_added) remove(*client);
  }
  begin("app: multi_cleanup");
  CURLM* const multi = multi_;
  multi_ = nullptr;
  if (curl_multi_cleanup(multi) != CURLM_OK) complain("curl_multi_cleanup fails");
  for (const auto& client : clients_) client->removed();
  view_.cleaned_up();
  clients_.clear();
  for (const int fd : kernel_.open_descriptors())
    complain("descriptor " + std::to_string(fd) + " is never closed");
}

}  // namespace hiper::sim
