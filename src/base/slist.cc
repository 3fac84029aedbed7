#include "base/slist.hpp"

#include "base/memory.hpp"

namespace hiper {

curl_slist* slist_append(curl_slist* list, std::string_view text) noexcept {
  OwnedText copy(duplicate(text));
  if (copy == nullptr) return nullptr;
  auto* const entry = static_cast<curl_slist*>(allocate(sizeof(curl_slist)));
  if (entry == nullptr) return nullptr;
  entry->data = copy.release();
  entry->next = nullptr;
  if (list == nullptr) return entry;
  curl_slist* last = list;
  while (last->next != nullptr) last = last->next;
  last->next = entry;
  return list;
}

curl_slist* slist_copy(const curl_slist* list) noexcept {
  OwnedSlist copy;
  curl_slist* last = nullptr;
  for (; list != nullptr; list = list->next) {
    curl_slist* const entry = slist_append(nullptr, list->data);
    if (entry == nullptr) return nullptr;
    if (last == nullptr) {
      copy.reset(entry);
    } else {
      last->next = entry;
    }
    last = entry;
  }
  return copy.release();
}

void slist_free(curl_slist* list) noexcept {
  while (list != nullptr) {
    curl_slist* const next = list->next;
    release(list->data);
    release(list);
    list = next;
  }
}

}  // namespace hiper
