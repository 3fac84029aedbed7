#include "easy/option_names.hpp"

#include <iterator>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

constexpr curl_easyoption kNames[] = {
#define HIPER_OPTION(slot, name, id, type, ...) {#name, static_cast<CURLoption>(id), CURLOT_##type, 0},
#define HIPER_VIEW(name, id, type, ...) {#name, static_cast<CURLoption>(id), CURLOT_##type, 0},
#define HIPER_ALIAS(name, id, type, of) \
  {#name, static_cast<CURLoption>(id), CURLOT_##type, CURLOT_FLAG_ALIAS},
#include "easy/option_table.inc"
    {nullptr, static_cast<CURLoption>(0), CURLOT_LONG, 0},
};
constexpr const curl_easyoption* kEnd = std::end(kNames) - 1;

}  // namespace

const curl_easyoption* option_by_name(const char* name) noexcept {
  if (name == nullptr) return nullptr;
  for (const curl_easyoption& option : kNames) {
    if (option.name != nullptr && equals_ignore_case(option.name, name)) return &option;
  }
  return nullptr;
}

const curl_easyoption* option_by_id(std::uint32_t id) noexcept {
  for (const curl_easyoption& option : kNames) {
    if (option.name != nullptr && static_cast<std::uint32_t>(option.id) == id &&
        option.flags != CURLOT_FLAG_ALIAS)
      return &option;
  }
  return nullptr;
}

const curl_easyoption* option_after(const curl_easyoption* previous) noexcept {
  if (previous == nullptr) return kNames;
  const bool more = previous >= kNames && previous < kEnd && previous + 1 != kEnd;
  return more ? previous + 1 : nullptr;
}

}  // namespace hiper
