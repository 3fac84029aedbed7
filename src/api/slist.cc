// The doors curl_slist_*.
#include "base/slist.hpp"

#include <curl/curl.h>

extern "C" {

curl_slist* curl_slist_append(curl_slist* list, const char* data) {
  return data == nullptr ? nullptr : hiper::slist_append(list, data);
}

void curl_slist_free_all(curl_slist* list) { hiper::slist_free(list); }

}  // extern "C"
