// What curl_easy_header() and curl_easy_nextheader() know: the header lines of a transfer's requests, kept as
// they came and indexed when somebody asks. One per easy handle; written by the transfer, also used by the
// library itself to find what H1Response points at (location, cookies, challenges).
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "parse/h1_head.hpp"

namespace hiper {

/// Text never moves once it is stored: what the application was given stays valid until the next transfer.
class ResponseHeaders {
 public:
  ResponseHeaders() noexcept = default;
  ResponseHeaders(const ResponseHeaders&) = delete;
  ResponseHeaders& operator=(const ResponseHeaders&) = delete;

  /// A new transfer begins: forgets everything, keeps some memory.
  void clear() noexcept;
  /// The next request of the same transfer (redirect, authentication round) begins. clear() starts with
  /// request 0.
  void next_request() noexcept {
    ++request_;
    open_origin_ = 0;
  }
  /// Records one line of any kind. `connect`: it answers CONNECT. Throws std::bad_alloc.
  void add(const HeadLine& line, bool connect = false) {
    const unsigned origin = origin_of(line, connect);
    const std::size_t size = line.raw.size();
    if (origin == open_origin_ && line.kind != LineKind::status && size <= room_left_) [[likely]] {
      std::memcpy(segments_[segment_].text.get() + segments_[segment_].used, line.raw.data(), size);
      segments_[segment_].used += static_cast<std::uint32_t>(size);
      runs_.back().length += static_cast<std::uint32_t>(size);
      room_left_ -= static_cast<std::uint32_t>(size);
    } else {
      begin_run(line, origin);
    }
  }
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
  /// A piece of memory for lines; a line is never cut.
  struct Segment {
    std::unique_ptr<char[]> text;
    std::uint32_t capacity = 0;
    std::uint32_t used = 0;
  };
  /// A stored header; name and value end with NUL.
  struct Entry {
    char* name;
    char* value;
    std::uint32_t name_length;
    std::uint32_t head;  ///< number of the head it belongs to
    std::int32_t request;
    std::uint8_t origin;
  };
  /// Lines [offset, offset + length) of a segment that share origin, request and head.
  struct Run {
    std::uint32_t segment;
    std::uint32_t offset;
    std::uint32_t length;
    std::uint32_t head;
    std::int32_t request;
    std::uint8_t origin;
    bool begins_head;  ///< its first line is a status line
  };
  struct Scope {
    unsigned origin;
    int request;
    bool contains(const Entry& entry) const noexcept {
      return (entry.origin & origin) != 0 && entry.request == request;
    }
  };

  static unsigned origin_of(const HeadLine& line, bool connect) noexcept {
    if (connect) return CURLH_CONNECT;
    if (line.kind == LineKind::trailer) return CURLH_TRAILER;
    return line.interim ? CURLH_1XX : CURLH_HEADER;
  }
  void begin_run(const HeadLine& line, unsigned origin);
  Segment& room(std::size_t size);
  void index();
  void index_run(const Run& run, std::uint32_t from);
  void index_line(char* line, std::size_t size, const Run& run);
  curl_header* fill(curl_header& out, std::size_t number, Scope scope) const noexcept;
  static bool valid(unsigned origin, int request) noexcept;

  std::vector<Segment> segments_;
  std::vector<Run> runs_;
  std::vector<Entry> entries_;
  std::uint32_t indexed_runs_ = 0;   ///< these, but for the last one, are done with
  std::uint32_t indexed_bytes_ = 0;  ///< of the run that index() looks at next
  std::uint32_t segment_ = 0;        ///< the one that is being filled
  std::uint32_t room_left_ = 0;      ///< in that segment, for the run that is open
  unsigned open_origin_ = 0;         ///< of the last run if more lines may be added to it, else 0
  std::uint32_t head_ = 0;
  std::uint32_t head_segment_ = 0;  ///< where the current head begins
  std::uint32_t head_offset_ = 0;
  std::int32_t request_ = 0;
  curl_header found_{};  ///< for find()
  curl_header next_{};   ///< for next()
};

/// The headers of a handle; nullptr when it is not an easy handle. Implemented where the handle is.
ResponseHeaders* response_headers_of(CURL* handle) noexcept;

}  // namespace hiper
