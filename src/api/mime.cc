// The doors curl_mime_*.
#include "body/mime.hpp"

#include <curl/curl.h>

#include <cstring>
#include <new>
#include <utility>

namespace {

using hiper::Mime;
using hiper::MimePart;

/// CURL_ZERO_TERMINATED, which is written as a C cast.
constexpr std::size_t kZeroTerminated = ~std::size_t{0};

/// Calls `change` with the part behind a handle; its answer, or what went wrong.
template <class Change>
CURLcode change_part(curl_mimepart* handle, Change change) noexcept try {
  return handle == nullptr ? CURLE_BAD_FUNCTION_ARGUMENT : change(*MimePart::from(handle));
} catch (const std::bad_alloc&) {
  return CURLE_OUT_OF_MEMORY;
}

/// The same for setters that cannot refuse.
template <class Change>
CURLcode set_part(curl_mimepart* handle, Change change) noexcept {
  return change_part(handle, [&](MimePart& part) {
    change(part);
    return CURLE_OK;
  });
}

}  // namespace

extern "C" {

curl_mime* curl_mime_init(CURL* /*easy*/) try {
  return Mime::make().release();
} catch (const std::bad_alloc&) {
  return nullptr;
}

void curl_mime_free(curl_mime* mime) { Mime::destroy(Mime::from(mime)); }

curl_mimepart* curl_mime_addpart(curl_mime* mime) try {
  return mime == nullptr ? nullptr : &Mime::from(mime)->add_part();
} catch (const std::bad_alloc&) {
  return nullptr;
}

CURLcode curl_mime_name(curl_mimepart* part, const char* name) {
  return set_part(part, [=](MimePart& p) { p.set_name(name); });
}

CURLcode curl_mime_filename(curl_mimepart* part, const char* filename) {
  return set_part(part, [=](MimePart& p) { p.set_filename(filename); });
}

CURLcode curl_mime_type(curl_mimepart* part, const char* mimetype) {
  return set_part(part, [=](MimePart& p) { p.set_type(mimetype); });
}

CURLcode curl_mime_encoder(curl_mimepart* part, const char* encoding) {
  return change_part(part, [=](MimePart& p) { return p.set_encoding(encoding); });
}

CURLcode curl_mime_headers(curl_mimepart* part, curl_slist* headers, int take_ownership) {
  return set_part(part, [=](MimePart& p) { p.set_headers(headers, take_ownership != 0); });
}

CURLcode curl_mime_data(curl_mimepart* part, const char* data, size_t datasize) {
  return set_part(part, [=](MimePart& p) {
    if (data == nullptr) return p.clear_content();
    p.set_data({data, datasize == kZeroTerminated ? std::strlen(data) : datasize});
  });
}

CURLcode curl_mime_filedata(curl_mimepart* part, const char* filename) {
  return change_part(part, [=](MimePart& p) {
    if (filename != nullptr) return p.set_file(filename);
    p.clear_content();
    return CURLE_OK;
  });
}

CURLcode curl_mime_data_cb(curl_mimepart* part, curl_off_t datasize, curl_read_callback readfunc,
                           curl_seek_callback seekfunc, curl_free_callback freefunc, void* arg) {
  return set_part(part, [=](MimePart& p) { p.set_callbacks(datasize, {readfunc, seekfunc, freefunc, arg}); });
}

CURLcode curl_mime_subparts(curl_mimepart* part, curl_mime* subparts) {
  return change_part(part, [=](MimePart& p) { return p.set_subparts(Mime::from(subparts)); });
}

}  // extern "C"
