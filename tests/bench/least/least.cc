// The least that a library behind the multi-socket interface can do with a kept connection: the floor's
// exchange, inside the calls and callbacks that the contract asks for. Put beside the others it shows what of
// a row is the interface and the application, and what the library:
//
//   run.sh -k 'slow c=1000' system hiper least=build/tests/bench/programs/least
//
// Not a library: it knows one server of this benchmark at a time and what the client asks for in the rows
// `keep` and `slow`, and ends the program at anything else. Like the floor it blocks while it connects.
#include <curl/curl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <string_view>
#include <vector>

#include "support/die.hpp"
#include "support/exchange.hpp"

namespace hiper::bench {
namespace {

/// What a CURL is.
struct Transfer {
  Origin origin;
  void* user_data = nullptr;
  curl_write_callback write = nullptr;
  void* write_data = nullptr;
  int fd = -1;
  long status = 0;
  long num_connects = 0;
  CURLMsg message{};
};

/// What a CURLM is.
class Multi {
 public:
  curl_socket_callback socket_function = nullptr;
  void* socket_data = nullptr;
  curl_multi_timer_callback timer_function = nullptr;
  void* timer_data = nullptr;

  void add(Transfer& transfer);
  int act(curl_socket_t fd);
  CURLMsg* next_message();

 private:
  void start_all();
  void send_request(Transfer& transfer);
  void receive(Transfer& transfer);
  void announce(Transfer& transfer, int what) {
    socket_function(&transfer, transfer.fd, what, socket_data, nullptr);
  }

  sockaddr_in server_{};
  std::vector<Transfer*> added_;    ///< not begun
  std::vector<Transfer*> waiting_;  ///< by descriptor: for their answers
  std::vector<Transfer*> ended_;
  std::size_t num_told_ = 0;  ///< of `ended_`
  std::vector<int> idle_;     ///< connections, the one used last at the back
  int num_running_ = 0;
  std::array<char, 65536> buffer_;
};

[[noreturn]] void die_of_polling() { die("the least library knows the socket interface only"); }

void Multi::add(Transfer& transfer) {
  if (timer_function == nullptr || socket_function == nullptr) die_of_polling();
  const sockaddr_in& address = transfer.origin.address;
  if (server_.sin_port == 0) server_ = address;
  if (server_.sin_port != address.sin_port || server_.sin_addr.s_addr != address.sin_addr.s_addr) {
    die("the least library knows one server at a time");
  }
  ++num_running_;
  added_.push_back(&transfer);
  if (added_.size() == 1) timer_function(this, 0, timer_data);
}

int Multi::act(curl_socket_t fd) {
  if (fd == CURL_SOCKET_TIMEOUT) {
    start_all();
  } else {
    Transfer* const transfer = waiting_[static_cast<std::size_t>(fd)];
    if (transfer != nullptr) receive(*transfer);
  }
  return num_running_;
}

void Multi::start_all() {
  for (Transfer* const transfer : added_) send_request(*transfer);
  for (Transfer* const transfer : added_) announce(*transfer, CURL_POLL_IN);
  added_.clear();
  timer_function(this, -1, timer_data);
}

void Multi::send_request(Transfer& transfer) {
  transfer.status = 0;
  transfer.num_connects = idle_.empty() ? 1 : 0;
  if (idle_.empty()) {
    transfer.fd = connect_to(transfer.origin);
    const auto needed = static_cast<std::size_t>(transfer.fd) + 1;
    if (waiting_.size() < needed) waiting_.resize(2 * needed);
  } else {
    transfer.fd = idle_.back();
    idle_.pop_back();
  }
  waiting_[static_cast<std::size_t>(transfer.fd)] = &transfer;
  const std::string& request = transfer.origin.request;
  const ssize_t sent = send(transfer.fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) die("a request could not be sent at once");
}

void Multi::receive(Transfer& transfer) {
  const ssize_t count = recv(transfer.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) die("the server has closed a connection");
  const auto size = static_cast<std::size_t>(count);
  const AnswerHead head = read_head({buffer_.data(), size});
  const std::size_t body = size - head.size;
  if (static_cast<long long>(body) != head.body_length) die("an answer did not come in one piece");
  if (transfer.write(buffer_.data() + head.size, 1, body, transfer.write_data) != body) die("not taken");
  announce(transfer, CURL_POLL_REMOVE);
  transfer.status = 200;
  waiting_[static_cast<std::size_t>(transfer.fd)] = nullptr;
  idle_.push_back(transfer.fd);
  ended_.push_back(&transfer);
  --num_running_;
}

CURLMsg* Multi::next_message() {
  if (num_told_ == ended_.size()) {
    ended_.clear();
    num_told_ = 0;
    return nullptr;
  }
  Transfer& transfer = *ended_[num_told_++];
  transfer.message = {CURLMSG_DONE, &transfer, {.result = CURLE_OK}};
  return &transfer.message;
}

Transfer& transfer_of(CURL* easy) { return *static_cast<Transfer*>(easy); }
Multi& multi_of(CURLM* multi) { return *static_cast<Multi*>(multi); }

}  // namespace
}  // namespace hiper::bench

using namespace hiper::bench;

// An enum is what the interface names the last argument before the others.
#pragma GCC diagnostic ignored "-Wvarargs"

extern "C" {

CURLcode curl_global_init(long) { return CURLE_OK; }
void curl_global_cleanup(void) {}
CURL* curl_easy_init(void) { return new Transfer; }
void curl_easy_cleanup(CURL* easy) { delete &transfer_of(easy); }
const char* curl_easy_strerror(CURLcode) { return "an error of the least library"; }
const char* curl_multi_strerror(CURLMcode) { return "an error of the least library"; }

curl_version_info_data* curl_version_info(CURLversion) {
  static curl_version_info_data data{};
  data.version = "least";
  return &data;
}

CURLcode(curl_easy_setopt)(CURL* easy, CURLoption option, ...) {
  Transfer& transfer = transfer_of(easy);
  va_list value;
  va_start(value, option);
  if (option == CURLOPT_URL) {
    transfer.origin = origin_of(va_arg(value, const char*));
  } else if (option == CURLOPT_PRIVATE) {
    transfer.user_data = va_arg(value, void*);
  } else if (option == CURLOPT_WRITEFUNCTION) {
    transfer.write = va_arg(value, curl_write_callback);
  } else if (option == CURLOPT_WRITEDATA) {
    transfer.write_data = va_arg(value, void*);
  } else if (option != CURLOPT_NOSIGNAL && option != CURLOPT_HTTP_VERSION) {
    die("the least library does not know the option %d", static_cast<int>(option));
  }
  va_end(value);
  return CURLE_OK;
}

CURLcode(curl_easy_getinfo)(CURL* easy, CURLINFO info, ...) {
  const Transfer& transfer = transfer_of(easy);
  va_list value;
  va_start(value, info);
  if (info == CURLINFO_PRIVATE) {
    *va_arg(value, void**) = transfer.user_data;
  } else if (info == CURLINFO_RESPONSE_CODE) {
    *va_arg(value, long*) = transfer.status;
  } else if (info == CURLINFO_NUM_CONNECTS) {
    *va_arg(value, long*) = transfer.num_connects;
  } else {
    die("the least library does not know the information %d", static_cast<int>(info));
  }
  va_end(value);
  return CURLE_OK;
}

CURLM* curl_multi_init(void) { return new Multi; }

CURLMcode curl_multi_cleanup(CURLM* multi) {
  delete &multi_of(multi);
  return CURLM_OK;
}

CURLMcode(curl_multi_setopt)(CURLM* handle, CURLMoption option, ...) {
  Multi& multi = multi_of(handle);
  va_list value;
  va_start(value, option);
  if (option == CURLMOPT_SOCKETFUNCTION) {
    multi.socket_function = va_arg(value, curl_socket_callback);
  } else if (option == CURLMOPT_SOCKETDATA) {
    multi.socket_data = va_arg(value, void*);
  } else if (option == CURLMOPT_TIMERFUNCTION) {
    multi.timer_function = va_arg(value, curl_multi_timer_callback);
  } else if (option == CURLMOPT_TIMERDATA) {
    multi.timer_data = va_arg(value, void*);
  } else if (option != CURLMOPT_MAXCONNECTS) {
    die("the least library does not know the multi option %d", static_cast<int>(option));
  }
  va_end(value);
  return CURLM_OK;
}

CURLMcode curl_multi_add_handle(CURLM* multi, CURL* easy) {
  multi_of(multi).add(transfer_of(easy));
  return CURLM_OK;
}

CURLMcode curl_multi_remove_handle(CURLM*, CURL*) { return CURLM_OK; }

CURLMcode curl_multi_socket_action(CURLM* multi, curl_socket_t fd, int, int* running_handles) {
  *running_handles = multi_of(multi).act(fd);
  return CURLM_OK;
}

CURLMsg* curl_multi_info_read(CURLM* multi, int* left) {
  *left = 0;
  return multi_of(multi).next_message();
}

CURLMcode curl_multi_perform(CURLM*, int*) { die_of_polling(); }
CURLMcode curl_multi_poll(CURLM*, curl_waitfd*, unsigned, int, int*) { die_of_polling(); }

}  // extern "C"
