#include "wire/support/handle.hpp"

#include <algorithm>
#include <set>

namespace hiper::wire {
namespace {

std::set<CURL*>& live_handles() {
  static std::set<CURL*> handles;
  return handles;
}

}  // namespace

Handle::Handle(const std::string& url) : curl(in_library([] { return curl_easy_init(); })) {
  if (curl == nullptr) return;
  live_handles().insert(curl);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_ERRORBUFFER, error);
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
}

Handle::~Handle() {
  in_library([this] { curl_easy_cleanup(curl); });
  live_handles().erase(curl);
}

void Handle::become(CURL* easy) {
  in_library([this] { curl_easy_cleanup(curl); });
  live_handles().erase(curl);
  curl = easy;
  live_handles().insert(curl);
}

bool Handle::is_live(CURL* easy) { return live_handles().count(easy) != 0; }

void Handle::clear() {
  body.clear();
  headers.clear();
  upload_at = 0;
  num_rewinds = 0;
  max_piece = 0;
  num_body_calls = 0;
  done = false;
  code = CURLE_OK;
}

void Handle::post_by_callback(std::string text, curl_off_t size) {
  upload = std::move(text);
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, size);
  set(CURLOPT_READFUNCTION, give);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_SEEKFUNCTION, seek);
  set(CURLOPT_SEEKDATA, this);
}

std::size_t Handle::take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  const InsideLibrary outside(false);
  Handle& handle = *static_cast<Handle*>(self);
  const std::string_view piece(bytes, size * count);
  ++handle.num_body_calls;
  const std::size_t taken = handle.on_body ? handle.on_body(piece) : piece.size();
  if (taken != piece.size()) return taken;
  handle.max_piece = std::max(handle.max_piece, piece.size());
  handle.body += piece;
  return taken;
}

std::size_t Handle::take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  const InsideLibrary outside(false);
  Handle& handle = *static_cast<Handle*>(self);
  const std::string_view line(bytes, size * count);
  const std::size_t taken = handle.on_header ? handle.on_header(line) : line.size();
  if (taken == line.size()) handle.headers += line;
  return taken;
}

std::size_t Handle::give(char* into, std::size_t size, std::size_t count, void* self) {
  const InsideLibrary outside(false);
  Handle& handle = *static_cast<Handle*>(self);
  if (handle.on_read) return handle.on_read(into, size * count);
  const std::size_t left = handle.upload.size() - handle.upload_at;
  if (handle.pause_after_read && left != 0 && (handle.gave_ = !handle.gave_) == false)
    return CURL_READFUNC_PAUSE;
  const std::size_t given = std::min({size * count, left, handle.read_most});
  handle.upload.copy(into, given, handle.upload_at);
  handle.upload_at += given;
  return given;
}

int Handle::seek(void* self, curl_off_t offset, int origin) {
  Handle& handle = *static_cast<Handle*>(self);
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  handle.upload_at = static_cast<std::size_t>(offset);
  ++handle.num_rewinds;
  return CURL_SEEKFUNC_OK;
}

}  // namespace hiper::wire
