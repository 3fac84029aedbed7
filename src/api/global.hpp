// The process-wide state: who initialised the library, and how often. Called by the other doors.
#pragma once
#include <curl/curl.h>

namespace hiper {

/// What curl_easy_init and its like do first: initialises the library with the default functions unless
/// somebody did it before. Counts as one curl_global_init that nobody has to undo (as in libcurl).
/// Thread-safe; one atomic load when there is nothing to do.
CURLcode ensure_global_init() noexcept;

}  // namespace hiper
