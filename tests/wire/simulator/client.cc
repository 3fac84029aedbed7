#include "wire/simulator/client.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace hiper::sim {

Client::Client(Kernel& kernel, Book& book, const ClientMood& mood)
    : kernel_(kernel), dice_(kernel.dice()), book_(book), mood_(mood), easy_(curl_easy_init()) {}

Client::~Client() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

void Client::complain(const std::string& text) {
  kernel_.trace().complain("transfer " + std::to_string(number_) + ": " + text);
}

void Client::reset() {
  curl_easy_reset(easy_);
  curl_slist_free_all(headers_);
  headers_ = nullptr;
}

// While it runs the handle is still known: announcements may name it.
void Client::cleanup() {
  curl_easy_cleanup(easy_);
  easy_ = nullptr;
}

void Client::duplicate() {
  CURL* const copy = curl_easy_duphandle(easy_);
  if (copy == nullptr) {
    complain("curl_easy_duphandle failed");
    return;
  }
  curl_easy_cleanup(easy_);
  easy_ = copy;
  holds_connection = false;
}

// Choosing what to do.

void Client::prepare(const std::string& origin, bool calm) {
  reset();
  number_ = book_.records.size();
  book_.records.emplace_back();
  record().calm = calm;
  is_done = doomed = connect_only = follows = probes = false;
  disturbed = !calm;
  paused = 0;
  timeout_ms = shortest_timeout_ms_ = 0;
  delivered_.clear();
  upload_at_ = 0;
  aborted_with_ = CURLE_OK;
  set_text(CURLOPT_URL, origin + "/t/" + std::to_string(number_) + "/0");
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_DNS_SERVERS, "10.53.0.1,10.53.0.2");
  set(CURLOPT_NOSIGNAL, 1);
  if (dice_.percent(mood_.uploads)) {
    choose_upload();
  } else if (dice_.once_in(10)) {
    set(CURLOPT_NOBODY, 1);
    record().head_only = true;
  }
  choose_callbacks();
  if (!calm) {
    choose_timeouts();
    choose_oddities();
  }
}

void Client::choose_upload() {
  Record& mine = record();
  mine.uploads = true;
  const std::size_t most = dice_.once_in(20) ? 90000 : mood_.max_upload;
  mine.upload = bytes_of(number_ + 77777, dice_.once_in(6) ? 0 : dice_.below(most));
  const bool put = dice_.once_in(2);
  const bool known = dice_.once_in(2);
  const auto size = static_cast<curl_off_t>(mine.upload.size());
  if (!put && dice_.once_in(2)) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, size);
    curl_easy_setopt(easy_, CURLOPT_COPYPOSTFIELDS, mine.upload.c_str());
  } else {
    set(put ? CURLOPT_UPLOAD : CURLOPT_POST, 1);
    curl_easy_setopt(easy_, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy_, CURLOPT_READDATA, this);
    curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
    if (known) {
      curl_easy_setopt(easy_, put ? CURLOPT_INFILESIZE_LARGE : CURLOPT_POSTFIELDSIZE_LARGE, size);
    } else {
      headers_ = curl_slist_append(headers_, "Transfer-Encoding: chunked");
    }
  }
  if (dice_.once_in(3))
    headers_ = curl_slist_append(headers_, dice_.once_in(2) ? "Expect:" : "Expect: 100-continue");
  if (headers_ != nullptr) curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  if (dice_.once_in(2)) set(CURLOPT_EXPECT_100_TIMEOUT_MS, dice_.between(1, 1500));
  if (dice_.once_in(3)) set(CURLOPT_UPLOAD_BUFFERSIZE, 16384);
}

void Client::choose_callbacks() {
  const bool calm = record().calm;
  pause_chance_ = dice_.percent(mood_.pauses) ? static_cast<std::size_t>(dice_.between(1, 30)) : 0;
  abort_chance_ = !calm && dice_.percent(mood_.aborts) ? static_cast<std::size_t>(dice_.between(1, 20)) : 0;
  probes = dice_.once_in(8);
  if (dice_.once_in(3)) {
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  }
  if (dice_.once_in(3)) set(CURLOPT_BUFFERSIZE, dice_.any_of({1024L, 2000L, 100000L}));
  if (dice_.once_in(3)) {
    follows = true;
    set(CURLOPT_FOLLOWLOCATION, 1);
    if (!calm && dice_.once_in(3)) set(CURLOPT_MAXREDIRS, dice_.between(0, 3));
  }
  if (dice_.once_in(6)) {
    set(CURLOPT_NOPROGRESS, 0);
    curl_easy_setopt(easy_, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy_, CURLOPT_XFERINFODATA, this);
  }
  if (dice_.percent(mood_.rates)) {
    const curl_off_t rate = dice_.any_of<curl_off_t>({200, 1000, 1000, 500, 125});
    curl_easy_setopt(easy_, dice_.once_in(2) ? CURLOPT_MAX_RECV_SPEED_LARGE : CURLOPT_MAX_SEND_SPEED_LARGE,
                     rate);
  }
}

void Client::set_longest(long ms) {
  timeout_ms = ms;
  set(CURLOPT_TIMEOUT_MS, ms);
  shortest_timeout_ms_ = shortest_timeout_ms_ == 0 ? ms : std::min(shortest_timeout_ms_, ms);
}

void Client::choose_timeouts() {
  const auto shorter = [this](long ms) {
    shortest_timeout_ms_ = shortest_timeout_ms_ == 0 ? ms : std::min(shortest_timeout_ms_, ms);
  };
  if (dice_.percent(mood_.timeouts)) {
    timeout_ms = dice_.once_in(2) ? dice_.between(1, 60) : dice_.between(1, 4000);
    set(CURLOPT_TIMEOUT_MS, timeout_ms);
    shorter(timeout_ms);
  }
  if (dice_.percent(mood_.timeouts)) {
    const long ms = dice_.between(1, 2000);
    set(CURLOPT_CONNECTTIMEOUT_MS, ms);
    shorter(ms);
  }
  if (dice_.percent(mood_.timeouts / 2)) {
    set(CURLOPT_LOW_SPEED_LIMIT, dice_.between(1, 5000));
    const long seconds = dice_.between(1, 4);
    set(CURLOPT_LOW_SPEED_TIME, seconds);
    shorter(seconds * 1000);
  }
}

void Client::choose_oddities() {
  const auto maybe = [this] { return dice_.percent(mood_.oddities); };
  if (maybe()) set(CURLOPT_FRESH_CONNECT, 1);
  if (maybe()) set(CURLOPT_FORBID_REUSE, 1);
  if (maybe()) set(CURLOPT_FAILONERROR, 1);
  if (maybe()) set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, dice_.between(0, 400));
  if (maybe()) set(CURLOPT_DNS_CACHE_TIMEOUT, dice_.between(-1, 1));
  if (maybe()) set(CURLOPT_DNS_SHUFFLE_ADDRESSES, 1);
  if (maybe()) set(CURLOPT_MAXAGE_CONN, 1);
  if (maybe()) set(CURLOPT_KEEP_SENDING_ON_ERROR, 1);
  if (maybe()) set(CURLOPT_IPRESOLVE, dice_.between(CURL_IPRESOLVE_V4, CURL_IPRESOLVE_V6));
  if (maybe()) set(CURLOPT_TCP_NODELAY, 0);
  if (maybe() && !record().uploads && dice_.once_in(2)) {
    set(CURLOPT_CONNECT_ONLY, 1);
    connect_only = true;
  }
}

// Callbacks.

void Client::callback(const char* name) {
  kernel_.trace().note(name, static_cast<long>(number_));
  ++kernel_.progress;
  if (!is_added || is_done) complain(std::string(name) + " callback of a transfer that does not run");
  if (!*in_call) complain(std::string(name) + " callback outside of any call");
  if (dice_.percent(slow_chance)) kernel_.pass(dice_.between(1, 20) * kMillisecond);
  if (aborted_with_ != CURLE_OK) complain(std::string(name) + " callback after one has aborted");
  if (probes && dice_.once_in(4)) {
    int running = 0;
    const bool refused =
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_RECURSIVE_API_CALL &&
        curl_multi_remove_handle(multi, easy_) == CURLM_RECURSIVE_API_CALL;
    if (!refused) complain("a recursive call was not refused");
  }
}

std::size_t Client::abort(CURLcode code, std::size_t answer) {
  aborted_with_ = code;
  disturbed = true;
  kernel_.trace().note("app: aborts", static_cast<long>(number_), code);
  return answer;
}

std::size_t Client::on_write(char* bytes, std::size_t, std::size_t count, void* self) {
  Client& me = *static_cast<Client*>(self);
  me.callback("app: write");
  if ((me.paused & CURLPAUSE_RECV) != 0) me.complain("write callback while receiving is paused");
  if (me.aborts_now()) return me.abort(CURLE_WRITE_ERROR, count - 1);
  if (me.pauses_now()) {
    me.paused |= CURLPAUSE_RECV;
    return CURL_WRITEFUNC_PAUSE;
  }
  me.delivered_.append(bytes, count);
  if (me.pauses_now() && me.dice_.once_in(3)) me.pause(me.dice_.any_of({CURLPAUSE_RECV, CURLPAUSE_ALL, 0}));
  return count;
}

std::size_t Client::on_header(char*, std::size_t, std::size_t count, void* self) {
  Client& me = *static_cast<Client*>(self);
  me.callback("app: header");
  if (me.aborts_now()) return me.abort(CURLE_WRITE_ERROR, count - 1);
  if (me.pauses_now() && me.dice_.once_in(2)) {
    me.paused |= CURLPAUSE_RECV;
    return CURL_WRITEFUNC_PAUSE;
  }
  return count;
}

std::size_t Client::on_read(char* into, std::size_t, std::size_t count, void* self) {
  Client& me = *static_cast<Client*>(self);
  me.callback("app: read");
  if ((me.paused & CURLPAUSE_SEND) != 0) me.complain("read callback while sending is paused");
  if (me.aborts_now()) return me.abort(CURLE_ABORTED_BY_CALLBACK, CURL_READFUNC_ABORT);
  if (me.pauses_now()) {
    me.paused |= CURLPAUSE_SEND;
    return CURL_READFUNC_PAUSE;
  }
  const std::string& all = me.record().upload;
  const std::size_t left = all.size() - me.upload_at_;
  std::size_t size = std::min(left, count);
  if (me.dice_.once_in(2) && size > 1) size = 1 + me.dice_.below(size);
  std::memcpy(into, all.data() + me.upload_at_, size);
  me.upload_at_ += size;
  return size;
}

int Client::on_seek(void* self, curl_off_t offset, int origin) {
  Client& me = *static_cast<Client*>(self);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > me.record().upload.size()) {
    me.complain("a seek to a place that does not exist");
    return CURL_SEEKFUNC_FAIL;
  }
  me.upload_at_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int Client::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  Client& me = *static_cast<Client*>(self);
  me.callback("app: progress");
  if (me.aborts_now() && me.dice_.once_in(3)) {
    me.abort(CURLE_ABORTED_BY_CALLBACK, 0);
    return 1;
  }
  if (me.paused != 0 && me.dice_.once_in(6)) me.pause(CURLPAUSE_CONT);
  return 0;
}

// What the model knows is set first: an unpaused transfer may be driven at once.
void Client::pause(int bits) {
  kernel_.trace().note("app: pause", static_cast<long>(number_), bits);
  if (is_added && !is_done) paused = bits;
  curl_easy_pause(easy_, bits);
}

// Results.

void Client::added() {
  is_added = true;
  added_at = kernel_.now();
}

void Client::finished(CURLcode code) {
  kernel_.trace().note("app: message", static_cast<long>(number_), code);
  if (!is_added) complain("a message for a transfer that is not added");
  if (is_done) complain("a second message");
  is_done = true;
  result = code;
  paused = 0;
  check_code(code);
  check_delivered(code);
}

void Client::check_code(CURLcode code) {
  const std::string told = std::to_string(code);
  if (aborted_with_ != CURLE_OK && code != aborted_with_ && !(doomed && code == CURLE_ABORTED_BY_CALLBACK)) {
    complain("ended with " + told + " although a callback aborted it");
  }
  const bool self_made = code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK;
  if (self_made && aborted_with_ == CURLE_OK && !doomed)
    complain("nobody aborted it, but it ended with " + told);
  if (code != CURLE_OK && !disturbed && !doomed) complain("nothing disturbed it, but it ended with " + told);
  const long took = static_cast<long>((kernel_.now() - added_at) / kMillisecond);
  const long late = lateness != nullptr ? static_cast<long>(*lateness / kMillisecond) + 2 : 0;
  if (lateness != nullptr && timeout_ms != 0 && took > timeout_ms + late) {
    complain("took " + std::to_string(took) + " ms, but its time-out is " + std::to_string(timeout_ms) +
             " ms");
  }
  if (code != CURLE_OPERATION_TIMEDOUT) return;
  const long shortest = shortest_timeout_ms_ != 0 ? std::min(shortest_timeout_ms_, 300000L) : 300000L;
  if (took < shortest) complain("timed out after " + std::to_string(took) + " ms, too early");
}

const std::string* Client::expected_body(bool& whole) {
  static const std::string none;
  const Record& mine = record();
  whole = false;
  if (mine.attempts.empty()) return &none;
  const Attempt& last = mine.attempts.back();
  if (last.wild) return nullptr;
  if (follows && last.redirects) return &none;
  whole = last.whole;
  return &last.body;
}

void Client::check_delivered(CURLcode code) {
  bool whole = false;
  const std::string* const body = expected_body(whole);
  if (body == nullptr) return;
  if (delivered_.size() > body->size() || body->compare(0, delivered_.size(), delivered_) != 0) {
    complain("what was delivered is not what was sent");
  }
  if (code == CURLE_OK && connect_only) holds_connection = true;
  if (code != CURLE_OK || connect_only) return;
  if (!whole) complain("ended well without a whole answer");
  if (delivered_.size() != body->size()) {
    complain("ended well with " + std::to_string(delivered_.size()) + " of " + std::to_string(body->size()) +
             " bytes");
  }
}

}  // namespace hiper::sim
