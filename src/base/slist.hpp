// Lists of strings as applications hold them (curl_slist): made, copied and freed through the memory door.
// Used by the curl_slist_* doors and by every room that returns or keeps such a list.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string_view>

namespace hiper {

/// Appends a copy of `text`. Returns the head of the list (the new entry when `list` is nullptr); nullptr
/// when memory is out, then `list` is as it was.
curl_slist* slist_append(curl_slist* list, std::string_view text) noexcept;

/// A copy that the caller owns; nullptr for an empty list and when memory is out.
curl_slist* slist_copy(const curl_slist* list) noexcept;

void slist_free(curl_slist* list) noexcept;

struct FreeSlist {
  void operator()(curl_slist* list) const noexcept { slist_free(list); }
};
using OwnedSlist = std::unique_ptr<curl_slist, FreeSlist>;

}  // namespace hiper
