// Doors of features that are not part of this build: WebSocket, export of TLS sessions, HTTP/2 server push.
// They answer as libcurl does when it is built without them.
#include <curl/curl.h>

extern "C" {

CURLcode curl_ws_recv(CURL* /*curl*/, void* /*buffer*/, size_t /*buflen*/, size_t* recv,
                      const struct curl_ws_frame** metap) {
  if (recv != nullptr) *recv = 0;
  if (metap != nullptr) *metap = nullptr;
  return CURLE_NOT_BUILT_IN;
}

CURLcode curl_ws_send(CURL* /*curl*/, const void* /*buffer*/, size_t /*buflen*/, size_t* sent,
                      curl_off_t /*fragsize*/, unsigned int /*flags*/) {
  if (sent != nullptr) *sent = 0;
  return CURLE_NOT_BUILT_IN;
}

CURLcode curl_ws_start_frame(CURL* /*curl*/, unsigned int /*flags*/, curl_off_t /*frame_len*/) {
  return CURLE_NOT_BUILT_IN;
}

const struct curl_ws_frame* curl_ws_meta(CURL* /*curl*/) { return nullptr; }

CURLcode curl_easy_ssls_import(CURL* /*curl*/, const char* /*session_key*/, const unsigned char* /*shmac*/,
                               size_t /*shmac_len*/, const unsigned char* /*sdata*/, size_t /*sdata_len*/) {
  return CURLE_NOT_BUILT_IN;
}

CURLcode curl_easy_ssls_export(CURL* /*curl*/, curl_ssls_export_cb* /*export_fn*/, void* /*userptr*/) {
  return CURLE_NOT_BUILT_IN;
}

char* curl_pushheader_bynum(struct curl_pushheaders* /*h*/, size_t /*num*/) { return nullptr; }

char* curl_pushheader_byname(struct curl_pushheaders* /*h*/, const char* /*name*/) { return nullptr; }

}  // extern "C"
