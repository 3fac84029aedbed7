// An easy handle as an application uses it: collects what it receives, and offers a body to send.
#pragma once
#include <curl/curl.h>

#include <functional>
#include <string>
#include <string_view>

#include "wire/support/faults.hpp"

namespace hiper::wire {

class Handle {
 public:
  /// `curl` is NULL when there is no memory for it.
  explicit Handle(const std::string& url = "");
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  template <class Value>
  CURLcode set(CURLoption option, Value value) {
    const CURLcode answer = in_library([&] { return curl_easy_setopt(curl, option, value); });
    short_of_memory = short_of_memory || answer == CURLE_OUT_OF_MEMORY;
    return answer;
  }
  template <class Value>
  Value info(CURLINFO which) const {
    Value value{};
    curl_easy_getinfo(curl, which, &value);
    return value;
  }
  long status() const { return info<long>(CURLINFO_RESPONSE_CODE); }
  /// POST by the read callback; size -1: unknown, so chunked.
  void post_by_callback(std::string body, curl_off_t size);
  /// Takes over `easy`, a duplicate or the like, in place of what it has. Options stay as they are.
  void become(CURL* easy);
  /// Forgets the results.
  void clear();
  static bool is_live(CURL* easy);

  CURL* curl;
  std::string body;     ///< received
  std::string headers;  ///< received
  std::string upload;   ///< what the read callback gives
  std::size_t upload_at = 0;
  std::size_t read_most = SIZE_MAX;  ///< bytes per call of the read callback
  bool pause_after_read = false;     ///< the read callback pauses after each piece
  int num_rewinds = 0;
  std::size_t max_piece = 0;                             ///< largest call of the write callback
  int num_body_calls = 0;                                ///< of the write callback
  std::function<std::size_t(std::string_view)> on_body;  ///< nullptr: takes all
  std::function<std::size_t(std::string_view)> on_header;
  std::function<std::size_t(char*, std::size_t)> on_read;
  bool short_of_memory = false;  ///< an option could not be set
  bool done = false;
  CURLcode code = CURLE_OK;
  char error[CURL_ERROR_SIZE] = "";

 private:
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t give(char* into, std::size_t size, std::size_t count, void* self);
  static int seek(void* self, curl_off_t offset, int origin);
  bool gave_ = false;
};

}  // namespace hiper::wire
