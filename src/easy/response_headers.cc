#include "easy/response_headers.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace hiper {

namespace {

constexpr std::uint32_t kFirstSegment = 512;
constexpr std::uint32_t kSegmentMax = 64 * 1024;
constexpr std::size_t kSegmentsKept = 1;       ///< over clear(), beside the first one, if they are small
constexpr std::uint32_t kKeptCapacity = 2048;  ///< of a segment, in bytes
constexpr std::size_t kEntriesKept = 64;
constexpr unsigned kAllOrigins = CURLH_HEADER | CURLH_TRAILER | CURLH_CONNECT | CURLH_1XX | CURLH_PSEUDO;
/// Set in curl_header::origin beside the documented bit, as the original library does: the field is a mask.
constexpr unsigned kOriginMark = 1u << 27;

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool valid(unsigned origin, int request) noexcept {
  return origin != 0 && (origin & ~kAllOrigins) == 0 && request >= -1;
}

}  // namespace

// A transfer with a usual head touches the beginning of this object and the text right behind it, nothing
// else.
class ResponseHeaders::Store {
 public:
  Store() noexcept : first_{nullptr, first_text_, sizeof(first_text_), 0} {}
  void clear() noexcept;
  void close_run() noexcept { open_origin_ = 0; }
  /// Records lines that share their origin, a CURLH_* bit.
  void add(std::string_view lines, unsigned origin, int request, bool begins_head) {
    if (origin == open_origin_ && !begins_head && lines.size() <= room_left_) {
      extend_run(lines);
    } else {
      begin_run(lines, origin, request, begins_head);
    }
  }
  void add_parts(std::string_view name, std::string_view value, unsigned origin, int request);
  std::string_view view(HeadSlice slice) const noexcept;
  const char* value(std::string_view name, std::size_t& cursor);
  bool any();  ///< headers were recorded
  CURLHcode find(std::string_view name, std::size_t wanted, unsigned origin, int request, curl_header** out);
  curl_header* next(unsigned origin, int request, const curl_header* previous);

 private:
  /// A piece of memory for lines; a line is never cut.
  struct Segment {
    std::unique_ptr<char[]> own;  ///< nullptr: `text` is somebody else's
    char* text;
    std::uint32_t capacity;
    std::uint32_t used;
    std::uint32_t free() const noexcept { return capacity - used; }
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

  void clear_grown() noexcept;
  void extend_run(std::string_view lines) noexcept;
  void begin_run(std::string_view lines, unsigned origin, int request, bool begins_head);
  Segment& room(std::size_t size);
  std::size_t num_segments() const noexcept { return 1 + more_.size(); }
  Segment& segment(std::uint32_t at) noexcept { return at == 0 ? first_ : more_[at - 1]; }
  const Segment& segment(std::uint32_t at) const noexcept { return at == 0 ? first_ : more_[at - 1]; }
  Run& run(std::uint32_t at) noexcept { return at == 0 ? first_run_ : more_runs_[at - 1]; }
  void index();
  void index_run(const Run& lines, std::uint32_t from);
  void index_line(char* line, std::size_t size, const Run& lines);
  curl_header* fill(curl_header& out, std::size_t number, Scope scope) const noexcept;

  std::uint32_t num_runs_ = 0;
  std::uint32_t indexed_runs_ = 0;   ///< these, but for the last one, are done with
  std::uint32_t indexed_bytes_ = 0;  ///< of the run that index() looks at next
  std::uint32_t segment_ = 0;        ///< the one that is being filled
  std::uint32_t room_left_ = 0;      ///< in that segment, for the run that is open
  unsigned open_origin_ = 0;         ///< of the last run if more lines may be added to it, else 0
  std::uint32_t head_ = 0;
  std::uint32_t head_segment_ = 0;  ///< where the current head begins
  std::uint32_t head_offset_ = 0;
  bool grown_ = false;  ///< more_, more_runs_ or entries_ are in use
  Segment first_;
  Run first_run_{};
  char first_text_[kFirstSegment];
  std::vector<Segment> more_;
  std::vector<Run> more_runs_;
  std::vector<Entry> entries_;
  curl_header found_{};  ///< for find()
  curl_header next_{};   ///< for next()
};

void ResponseHeaders::Store::clear() noexcept {
  if (std::exchange(grown_, false)) clear_grown();
  first_.used = 0;
  num_runs_ = indexed_runs_ = indexed_bytes_ = segment_ = head_ = head_segment_ = head_offset_ = 0;
  room_left_ = open_origin_ = 0;
}

void ResponseHeaders::Store::clear_grown() noexcept {
  while (more_.size() > kSegmentsKept) more_.pop_back();
  while (!more_.empty() && more_.back().capacity > kKeptCapacity) more_.pop_back();
  for (Segment& kept : more_) kept.used = 0;
  more_runs_.clear();
  entries_.clear();
  if (entries_.capacity() > kEntriesKept) std::vector<Entry>().swap(entries_);
  if (more_runs_.capacity() > kEntriesKept) std::vector<Run>().swap(more_runs_);
}

ResponseHeaders::Store::Segment& ResponseHeaders::Store::room(std::size_t size) {
  if (segment_ == 0 && first_.free() >= size) return first_;
  grown_ = true;
  if (segment_ < num_segments()) {
    Segment& current = segment(segment_);
    if (current.free() >= size) return current;
    if (current.used != 0 || segment_ == 0) ++segment_;
  }
  // Kept segments that are too small for this line are of no use any more.
  while (segment_ < num_segments() && segment(segment_).capacity < size) {
    more_.erase(more_.begin() + (segment_ - 1));
  }
  if (segment_ == num_segments()) {
    const std::uint32_t doubled = segment(segment_ - 1).capacity * 2;
    const std::uint32_t capacity = std::max(static_cast<std::uint32_t>(size), std::min(doubled, kSegmentMax));
    auto text = std::make_unique_for_overwrite<char[]>(capacity);
    char* const place = text.get();
    more_.push_back({std::move(text), place, capacity, 0});
  }
  return segment(segment_);
}

void ResponseHeaders::Store::extend_run(std::string_view lines) noexcept {
  Segment& last = segment(segment_);
  const std::uint32_t size = static_cast<std::uint32_t>(lines.size());
  std::memcpy(last.text + last.used, lines.data(), size);
  last.used += size;
  run(num_runs_ - 1).length += size;
  room_left_ -= size;
}

void ResponseHeaders::Store::begin_run(std::string_view lines, unsigned origin, int request,
                                       bool begins_head) {
  open_origin_ = 0;
  const std::uint32_t size = static_cast<std::uint32_t>(lines.size());
  if (num_runs_ != 0) {
    grown_ = true;
    more_runs_.resize(num_runs_);
  }
  Segment& place = room(size);
  if (begins_head) {
    ++head_;
    head_segment_ = segment_;
    head_offset_ = place.used;
  }
  run(num_runs_++) = {segment_,   place.used, size, head_, request, static_cast<std::uint8_t>(origin),
                      begins_head};
  std::memcpy(place.text + place.used, lines.data(), size);
  place.used += size;
  room_left_ = place.free();
  open_origin_ = origin;
}

void ResponseHeaders::Store::add_parts(std::string_view name, std::string_view value, unsigned origin,
                                       int request) {
  index();
  open_origin_ = 0;
  Segment& last = room(name.size() + value.size() + 2);
  char* const place = last.text + last.used;
  std::copy(name.begin(), name.end(), place);
  place[name.size()] = '\0';
  char* const value_place = place + name.size() + 1;
  std::copy(value.begin(), value.end(), value_place);
  value_place[value.size()] = '\0';
  grown_ = true;
  entries_.push_back({place, value_place, static_cast<std::uint32_t>(name.size()), head_, request,
                      static_cast<std::uint8_t>(origin)});
  last.used += static_cast<std::uint32_t>(name.size() + value.size() + 2);
}

std::string_view ResponseHeaders::Store::view(HeadSlice slice) const noexcept {
  std::uint64_t offset = slice.offset + std::uint64_t{head_offset_};
  for (std::uint32_t i = head_segment_; i <= segment_ && i < num_segments(); ++i) {
    const Segment& here = segment(i);
    if (offset + slice.length <= here.used) return {here.text + offset, slice.length};
    offset -= std::min<std::uint64_t>(offset, here.used);
  }
  return {};
}

// --- Index

/// Takes what was stored since the last time.
void ResponseHeaders::Store::index() {
  while (indexed_runs_ < num_runs_) {
    const Run& next = run(indexed_runs_);
    index_run(next, indexed_bytes_);
    indexed_bytes_ = next.length;
    if (indexed_runs_ + 1 == num_runs_) break;  // the last one may still grow
    ++indexed_runs_;
    indexed_bytes_ = 0;
  }
}

void ResponseHeaders::Store::index_run(const Run& lines, std::uint32_t from) {
  char* line = segment(lines.segment).text + lines.offset + from;
  std::size_t left = lines.length - from;
  bool is_status = lines.begins_head && from == 0;
  while (left > 0) {
    const char* const end = static_cast<const char*>(std::memchr(line, '\n', left));
    if (end == nullptr) break;  // every recorded line has a line end
    const std::size_t size = static_cast<std::size_t>(end - line) + 1;
    if (!is_status) index_line(line, size, lines);
    is_status = false;
    line += size;
    left -= size;
  }
}

/// Cuts the line up in place: the colon, and the byte behind the value, become NUL.
void ResponseHeaders::Store::index_line(char* line, std::size_t size, const Run& lines) {
  const std::string_view text(line, size);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;  // the blank line
  const std::string_view value = trim_blanks(text.substr(colon + 1));
  char* const value_place = value.empty() ? line + colon + 1 : line + (value.data() - text.data());
  grown_ = true;
  entries_.push_back(
      {line, value_place, static_cast<std::uint32_t>(colon), lines.head, lines.request, lines.origin});
  line[colon] = '\0';
  value_place[value.size()] = '\0';
}

const char* ResponseHeaders::Store::value(std::string_view name, std::size_t& cursor) {
  index();
  while (cursor < entries_.size()) {
    const Entry& entry = entries_[cursor++];
    if (entry.head == head_ && same_name({entry.name, entry.name_length}, name)) return entry.value;
  }
  return nullptr;
}

// --- Questions of the application

/// Describes entry `number` as one of its namesakes in `scope`.
curl_header* ResponseHeaders::Store::fill(curl_header& out, std::size_t number, Scope scope) const noexcept {
  const Entry& wanted = entries_[number];
  out.name = wanted.name;
  out.value = wanted.value;
  out.amount = out.index = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!scope.contains(entry)) continue;
    if (!same_name({entry.name, entry.name_length}, {wanted.name, wanted.name_length})) continue;
    if (i < number) ++out.index;
    ++out.amount;
  }
  out.origin = wanted.origin | kOriginMark;
  out.anchor = reinterpret_cast<void*>(number + 1);
  return &out;
}

bool ResponseHeaders::Store::any() {
  index();
  return !entries_.empty();
}

CURLHcode ResponseHeaders::Store::find(std::string_view name, std::size_t wanted, unsigned origin,
                                       int request, curl_header** out) {
  const Scope scope{origin, request};
  bool named = false;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!scope.contains(entries_[i]) || !same_name({entries_[i].name, entries_[i].name_length}, name))
      continue;
    named = true;
    if (wanted-- != 0) continue;
    *out = fill(found_, i, scope);
    return CURLHE_OK;
  }
  return named ? CURLHE_BADINDEX : CURLHE_MISSING;
}

curl_header* ResponseHeaders::Store::next(unsigned origin, int request, const curl_header* previous) {
  index();
  const Scope scope{origin, request};
  std::size_t i = previous == nullptr ? 0 : reinterpret_cast<std::size_t>(previous->anchor);
  if (previous != nullptr && i == 0) return nullptr;
  while (i < entries_.size() && !scope.contains(entries_[i])) ++i;
  return i < entries_.size() ? fill(next_, i, scope) : nullptr;
}

// --- The handle's side: nothing is there before the first line

ResponseHeaders::ResponseHeaders() noexcept = default;
ResponseHeaders::~ResponseHeaders() = default;

ResponseHeaders::Store& ResponseHeaders::store() {
  if (!store_) store_ = std::make_unique<Store>();
  if (std::exchange(stale_, false)) store_->clear();
  return *store_;
}

void ResponseHeaders::clear() noexcept {
  request_ = 0;
  stale_ = store_ != nullptr;
}

void ResponseHeaders::next_request() noexcept {
  ++request_;
  if (Store* const store = recorded()) store->close_run();
}

void ResponseHeaders::add(const HeadLine& line, bool connect) {
  unsigned origin = line.interim ? CURLH_1XX : CURLH_HEADER;
  if (line.kind == LineKind::trailer) origin = CURLH_TRAILER;
  if (connect) origin = CURLH_CONNECT;
  store().add(line.raw, origin, request_, line.kind == LineKind::status);
}

void ResponseHeaders::add(const HeadLines& lines) {
  store().add(lines.raw, lines.interim ? CURLH_1XX : CURLH_HEADER, request_, lines.begins_head);
}

void ResponseHeaders::add(std::string_view name, std::string_view value, unsigned origin) {
  store().add_parts(name, value, origin, request_);
}

std::string_view ResponseHeaders::view(HeadSlice slice) const noexcept {
  const Store* const store = recorded();
  return store != nullptr ? store->view(slice) : std::string_view();
}

const char* ResponseHeaders::value(std::string_view name, std::size_t& cursor) {
  Store* const store = recorded();
  return store != nullptr ? store->value(name, cursor) : nullptr;
}

CURLHcode ResponseHeaders::find(const char* name, std::size_t index, unsigned origin, int request,
                                curl_header** out) {
  if (name == nullptr || out == nullptr || !valid(origin, request)) return CURLHE_BAD_ARGUMENT;
  Store* const store = recorded();
  if (store == nullptr || !store->any()) return CURLHE_NOHEADERS;
  if (request > request_) return CURLHE_NOREQUEST;
  return store->find(name, index, origin, request == -1 ? request_ : request, out);
}

curl_header* ResponseHeaders::next(unsigned origin, int request, const curl_header* previous) {
  Store* const store = recorded();
  if (store == nullptr || !valid(origin, request) || request > request_) return nullptr;
  return store->next(origin, request == -1 ? request_ : request, previous);
}

}  // namespace hiper
