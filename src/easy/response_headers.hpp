// What curl_easy_header() and curl_easy_nextheader() know: the header lines of a transfer's requests, kept as
// they came and indexed when somebody asks. One per easy handle; written by the transfer, also used by the
// library itself to find what H1Response points at (location, cookies, challenges).
#pragma once
#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "parse/h1_head.hpp"

namespace hiper {

/// Text never moves once it is stored: what the application was given stays valid until the next transfer.
/// Takes no memory before the first header comes.
class ResponseHeaders {
 public:
  ResponseHeaders() noexcept;
  ResponseHeaders(const ResponseHeaders&) = delete;
  ResponseHeaders& operator=(const ResponseHeaders&) = delete;
  ~ResponseHeaders();

  /// A new transfer begins: forgets everything, keeps some memory. Does not look at that memory, which the
  /// processor has not at hand when thousands of transfers take turns: the first header will.
  void clear() noexcept;
  /// The next request of the same transfer (redirect, authentication round) begins. clear() starts with
  /// request 0.
  void next_request() noexcept;
  /// Records one line of any kind. `connect`: it answers CONNECT. Throws std::bad_alloc.
  void add(const HeadLine& line, bool connect = false);
  /// Records many. Throws std::bad_alloc.
  void add(const HeadLines& lines);
  /// Records a header that did not come as a line, such as ":status" of HTTP/2. `origin` is one CURLH_* bit.
  /// Throws std::bad_alloc.
  void add(std::string_view name, std::string_view value, unsigned origin);

  /// The part of the current head that H1Response found: the head that the last status line began. Valid
  /// until clear().
  std::string_view view(HeadSlice slice) const noexcept;
  /// The next value of the header `name` (any letter case) in the current head, or trailers behind it;
  /// nullptr when there is none left. Start with `cursor` 0. Throws std::bad_alloc.
  const char* value(std::string_view name, std::size_t& cursor);

  /// curl_easy_header(3). Throws std::bad_alloc.
  CURLHcode find(const char* name, std::size_t index, unsigned origin, int request, curl_header** out);
  /// curl_easy_nextheader(3). Throws std::bad_alloc.
  curl_header* next(unsigned origin, int request, const curl_header* previous);

 private:
  class Store;
  Store& store();
  /// nullptr: nothing was recorded since clear().
  Store* recorded() const noexcept { return stale_ ? nullptr : store_.get(); }
  std::unique_ptr<Store> store_;
  int request_ = 0;     ///< number of the current one
  bool stale_ = false;  ///< what store_ holds is that of the last transfer
};

/// The headers of a handle; nullptr when it is not an easy handle. Implemented where the handle is.
ResponseHeaders* response_headers_of(CURL* handle) noexcept;

}  // namespace hiper
