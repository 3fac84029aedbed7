// What a CURLU is: the handle of curl_url(), also given with CURLOPT_CURLU.
#pragma once
#include <curl/curl.h>

#include "parse/url.hpp"

/// The struct that the public header only declares, hence outside of any namespace.
struct Curl_URL {
  hiper::Url url;
};
