// What HTTP does with the next request, and where its body comes from. Many options speak about it and each
// moves the others (CURLOPT_HTTPGET(3), POST(3), NOBODY(3), UPLOAD(3)):
//   HTTPGET 1, POST 1, UPLOAD 1, HTTPPOST, MIMEPOST   choose the method and switch NOBODY off
//   POST 0, UPLOAD 0                                  back to GET; NOBODY stays
//   POSTFIELDS, COPYPOSTFIELDS (NULL too)             choose POST; NOBODY stays, and wins
//   NOBODY 1                                          HEAD; NOBODY 0 then means GET, not what was before
#include <cstring>

#include "easy/mime_doors.hpp"
#include "easy/set_option.hpp"
#include "easy/setters.hpp"

namespace hiper::setters {
namespace {

CURLcode choose(Options& options, Method method) noexcept {
  return options.set_number(Opt::method, static_cast<std::int64_t>(method));
}

CURLcode choose_with_body(Options& options, Method method) noexcept {
  const CURLcode result = choose(options, method);
  if (result == CURLE_OK) options.erase(Opt::nobody);
  return result;
}

}  // namespace

CURLcode httpget(Options& options, bool on) noexcept {
  return on ? choose_with_body(options, Method::get) : CURLE_OK;
}

CURLcode post(Options& options, bool on) noexcept {
  return on ? choose_with_body(options, Method::post) : choose(options, Method::get);
}

CURLcode upload(Options& options, bool on) noexcept {
  return on ? choose_with_body(options, Method::put) : choose(options, Method::get);
}

CURLcode nobody(Options& options, bool on) noexcept {
  if (!on) {
    options.erase(Opt::nobody);
    const bool was_head = options.number(Opt::method) == static_cast<long>(Method::head);
    return was_head ? choose(options, Method::get) : CURLE_OK;
  }
  const CURLcode result = options.set_number(Opt::nobody, 1);
  return result == CURLE_OK ? choose(options, Method::head) : result;
}

CURLcode httppost(Options& options, void* form) noexcept {
  const CURLcode result = options.set_pointer(Opt::httppost, form);
  return result == CURLE_OK ? choose_with_body(options, Method::post_form) : result;
}

CURLcode mimepost(Easy& easy, void* mime) noexcept {
  const CURLcode result = name_mime(easy, mime);
  return result == CURLE_OK ? choose_with_body(easy.options, Method::post_mime) : result;
}

CURLcode postfields(Options& options, void* data) noexcept {
  const CURLcode result = options.set_pointer(Opt::postfields, data);
  if (result != CURLE_OK) return result;
  options.erase(Opt::copypostfields);
  return choose(options, Method::post);
}

/// As many bytes as POSTFIELDSIZE says, or up to the NUL if it says nothing.
CURLcode copypostfields(Options& options, const void* data) noexcept {
  const CURLcode chosen = choose(options, Method::post);
  if (chosen != CURLE_OK) return chosen;
  if (data == nullptr) {
    options.erase(Opt::copypostfields);
    options.erase(Opt::postfields);
    return CURLE_OK;
  }
  const curl_off_t size = options.offset(Opt::postfieldsize_large);
  curl_blob blob{const_cast<void*>(data), 0, CURL_BLOB_COPY};
  blob.len = size < 0 ? std::strlen(static_cast<const char*>(data)) : static_cast<std::size_t>(size);
  if (size < 0 && blob.len > kMaxInput) return CURLE_BAD_FUNCTION_ARGUMENT;
  const CURLcode result = options.set_blob(Opt::copypostfields, &blob);
  if (result == CURLE_OK) options.erase(Opt::postfields);
  return result;
}

CURLcode post_size(Options& options, const OptionRow& row, std::int64_t size) noexcept {
  if (size < row.low) return CURLE_BAD_FUNCTION_ARGUMENT;
  return options.set_number(row.slot, size);
}

}  // namespace hiper::setters
