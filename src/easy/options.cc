#include "easy/options.hpp"

#include <algorithm>
#include <cstring>

#include "base/memory.hpp"
#include "base/slist.hpp"

namespace hiper {

namespace {

/// A blob in one piece of memory: the header, then the bytes if they are copied.
curl_blob* make_blob(const curl_blob& source) noexcept {
  const bool copied = (source.flags & CURL_BLOB_COPY) != 0;
  auto* const blob = static_cast<curl_blob*>(allocate(sizeof(curl_blob) + (copied ? source.len : 0)));
  if (blob == nullptr) return nullptr;
  *blob = source;
  if (!copied) return blob;
  blob->data = blob + 1;
  if (source.len > 0) std::memcpy(blob->data, source.data, source.len);
  return blob;
}

bool equal_copies(const curl_blob& a, const curl_blob& b) noexcept {
  const bool copies = (a.flags & b.flags & CURL_BLOB_COPY) != 0;
  return copies && a.len == b.len && (a.len == 0 || std::memcmp(a.data, b.data, a.len) == 0);
}

constexpr bool null_is_a_value(Opt option) noexcept {
  return option == Opt::cainfo || option == Opt::capath || option == Opt::proxy_cainfo ||
         option == Opt::proxy_capath;
}

}  // namespace

void Options::free_value(Storage storage, Value value) noexcept {
  if (storage == Storage::text) release(value.text);
  if (storage == Storage::blob) release(value.blob);
  if (storage == Storage::text_list) slist_free(value.list);
}

bool Options::copy_value(Storage storage, Value& value) noexcept {
  switch (storage) {
    case Storage::text:
      if (value.text == nullptr) return true;
      value.text = duplicate(value.text);
      return value.text != nullptr;
    case Storage::blob:
      value.blob = make_blob(*value.blob);
      return value.blob != nullptr;
    case Storage::text_list:
      value.list = slist_copy(value.list);
      return value.list != nullptr;
    default:
      return true;
  }
}

bool Options::grow() noexcept {
  const std::size_t wider = capacity_ < 12 ? capacity_ + 4u : capacity_ + capacity_ / 2u;
  auto* const grown = static_cast<Value*>(resize(values_, wider * sizeof(Value)));
  if (grown == nullptr) return false;
  values_ = grown;
  capacity_ = static_cast<std::uint16_t>(wider);
  return true;
}

Options::Value* Options::find_or_insert(Opt option) noexcept {
  if (Value* const value = find(option)) return value;
  if (count_ == capacity_ && !grow()) return nullptr;
  const auto index = static_cast<std::size_t>(option);
  const std::size_t group = index / 8;
  const unsigned bit = 1u << (index % 8);
  Value* const value = values_ + place_of(group, bit);
  std::memmove(value + 1, value, static_cast<std::size_t>(values_ + count_ - value) * sizeof(Value));
  *value = Value{};
  present_[group] = static_cast<std::uint8_t>(present_[group] | bit);
  const std::size_t half_end = group < kLowerGroups ? kLowerGroups : kGroups;
  for (std::size_t later = group + 1; later < half_end; ++later) ++first_[later];
  if (group < kLowerGroups) ++lower_count_;
  ++count_;
  return value;
}

void Options::remove(Opt option) noexcept {
  const auto index = static_cast<std::size_t>(option);
  const std::size_t group = index / 8;
  const unsigned bit = 1u << (index % 8);
  Value* const value = values_ + place_of(group, bit);
  std::memmove(value, value + 1, static_cast<std::size_t>(values_ + count_ - value - 1) * sizeof(Value));
  present_[group] = static_cast<std::uint8_t>(present_[group] & ~bit);
  const std::size_t half_end = group < kLowerGroups ? kLowerGroups : kGroups;
  for (std::size_t later = group + 1; later < half_end; ++later) --first_[later];
  if (group < kLowerGroups) --lower_count_;
  --count_;
}

void Options::erase(Opt option) noexcept {
  const Value* const value = find(option);
  if (value == nullptr) return;
  free_value(storage_of(option), *value);
  remove(option);
  changed(option);
}

CURLcode Options::set_number(Opt option, std::int64_t new_number) noexcept {
  const std::int64_t before = offset(option);
  Value* const value = find_or_insert(option);
  if (value == nullptr) return CURLE_OUT_OF_MEMORY;
  value->number = new_number;
  if (before != new_number) changed(option);
  return CURLE_OK;
}

CURLcode Options::set_text(Opt option, const char* new_text) noexcept {
  if (new_text != nullptr) return set_text(option, std::string_view(new_text));
  if (!null_is_a_value(option)) {
    erase(option);
    return CURLE_OK;
  }
  Value* const value = find_or_insert(option);
  if (value == nullptr) return CURLE_OUT_OF_MEMORY;
  release(value->text);
  value->text = nullptr;
  changed(option);
  return CURLE_OK;
}

CURLcode Options::set_text(Opt option, std::string_view new_text) noexcept {
  Value* value = find(option);
  if (value != nullptr && value->text != nullptr && new_text == value->text) return CURLE_OK;
  char* const copy = duplicate(new_text);
  if (copy == nullptr) return CURLE_OUT_OF_MEMORY;
  value = find_or_insert(option);
  if (value == nullptr) {
    release(copy);
    return CURLE_OUT_OF_MEMORY;
  }
  release(value->text);
  value->text = copy;
  changed(option);
  return CURLE_OK;
}

CURLcode Options::set_list(Opt option, curl_slist* new_list) noexcept {
  if (new_list == nullptr) {
    erase(option);
    return CURLE_OK;
  }
  Value* const value = find_or_insert(option);
  if (value == nullptr) return CURLE_OUT_OF_MEMORY;
  value->list = new_list;
  changed(option);
  return CURLE_OK;
}

CURLcode Options::set_pointer(Opt option, void* new_pointer) noexcept {
  Value* const value = find_or_insert(option);
  if (value == nullptr) return CURLE_OUT_OF_MEMORY;
  value->pointer = new_pointer;
  changed(option);
  return CURLE_OK;
}

CURLcode Options::set_function(Opt option, void (*callback)()) noexcept {
  if (callback == nullptr) {
    erase(option);
    return CURLE_OK;
  }
  Value* const value = find_or_insert(option);
  if (value == nullptr) return CURLE_OUT_OF_MEMORY;
  const bool same = value->function == callback;
  value->function = callback;
  if (!same) changed(option);
  return CURLE_OK;
}

CURLcode Options::set_blob(Opt option, const curl_blob* new_blob) noexcept {
  if (new_blob == nullptr) {
    erase(option);
    return CURLE_OK;
  }
  Value* value = find(option);
  if (value != nullptr && equal_copies(*value->blob, *new_blob)) return CURLE_OK;
  curl_blob* const copy = make_blob(*new_blob);
  if (copy == nullptr) return CURLE_OUT_OF_MEMORY;
  value = find_or_insert(option);
  if (value == nullptr) {
    release(copy);
    return CURLE_OUT_OF_MEMORY;
  }
  release(value->blob);
  value->blob = copy;
  changed(option);
  return CURLE_OK;
}

CURLcode Options::append_text(Opt option, const char* item) noexcept {
  const Value* const before = find(option);
  OwnedSlist first;
  if (before == nullptr) {
    first.reset(slist_append(nullptr, item));
    if (first == nullptr) return CURLE_OUT_OF_MEMORY;
  } else if (slist_append(before->list, item) == nullptr) {
    return CURLE_OUT_OF_MEMORY;
  }
  Value* const value = find_or_insert(option);
  if (value == nullptr) return CURLE_OUT_OF_MEMORY;
  if (first != nullptr) value->list = first.release();
  changed(option);
  return CURLE_OK;
}

void Options::clear() noexcept {
  const Value* value = values_;
  for_each_set([&](Opt option) { free_value(storage_of(option), *value++); });
  release(values_);
  values_ = nullptr;
  count_ = capacity_ = lower_count_ = 0;
  present_.fill(0);
  first_.fill(0);
  ++generation_;
}

CURLcode Options::copy_from(const Options& other) noexcept {
  clear();
  if (other.count_ == 0) return CURLE_OK;
  values_ = static_cast<Value*>(allocate(other.count_ * sizeof(Value)));
  if (values_ == nullptr) return CURLE_OUT_OF_MEMORY;
  capacity_ = other.count_;
  bool enough = true;
  other.for_each_set([&](Opt option) {
    if (!enough) return;
    Value copy = *other.find(option);
    enough = copy_value(storage_of(option), copy);
    if (enough) *find_or_insert(option) = copy;  // there is room for all of them
  });
  if (enough) return CURLE_OK;
  clear();
  return CURLE_OUT_OF_MEMORY;
}

Options::PostBody Options::post_body() const noexcept {
  const curl_off_t size = offset(Opt::postfieldsize_large);
  if (const curl_blob* const copy = blob(Opt::copypostfields)) {
    const auto copied = static_cast<curl_off_t>(copy->len);
    return {static_cast<const char*>(copy->data), size < 0 ? copied : std::min(size, copied)};
  }
  return {static_cast<const char*>(pointer(Opt::postfields)), size};
}

}  // namespace hiper
