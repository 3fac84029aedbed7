#include "easy/option_rows.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace hiper {
namespace {

constexpr std::int64_t kMinLong = std::numeric_limits<long>::min();
constexpr std::int64_t kMaxLong = std::numeric_limits<long>::max();
constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
constexpr std::int64_t kMaxSeconds = kMaxInt / 1000;  ///< CURLOPT_TIMEOUT(3): must fit when in milliseconds

constexpr OptionRow kRows[] = {
#define HIPER_OPTION(slot, name, id, type, storage, initial, shape, setter, low, high, feature)    \
  {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high), id, Opt::slot, Setter::setter, \
   OptionFeature::feature},
#define HIPER_VIEW(name, id, type, slot, setter, low, high, feature)                               \
  {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high), id, Opt::slot, Setter::setter, \
   OptionFeature::feature},
#include "easy/option_table.inc"
};

// The last digits of option numbers are unique across their types, so they are the index.
constexpr int kTypeSpan = 10000;
constexpr std::size_t kNumbers =
    1 + static_cast<std::size_t>(std::max_element(std::begin(kRows), std::end(kRows),
                                                  [](const OptionRow& a, const OptionRow& b) {
                                                    return a.id % kTypeSpan < b.id % kTypeSpan;
                                                  })
                                     ->id %
                                 kTypeSpan);
constexpr std::uint16_t kNoRow = 0xffff;

constexpr auto kRowOfNumber = [] {
  std::array<std::uint16_t, kNumbers> index{};
  index.fill(kNoRow);
  std::uint16_t row = 0;
  for (const OptionRow& option : kRows) index[static_cast<std::size_t>(option.id % kTypeSpan)] = row++;
  return index;
}();

static_assert(
    [] {
      for (const OptionRow& row : kRows) {
        if (kRows[kRowOfNumber[static_cast<std::size_t>(row.id % kTypeSpan)]].id != row.id) return false;
      }
      return true;
    }(),
    "two options have the same number");

}  // namespace

const OptionRow* find_option_row(std::uint32_t id) noexcept {
  const std::uint32_t number = id % kTypeSpan;
  if (number >= kNumbers) return nullptr;
  const std::uint16_t row = kRowOfNumber[number];
  if (row == kNoRow || static_cast<std::uint32_t>(kRows[row].id) != id) return nullptr;
  return &kRows[row];
}

}  // namespace hiper
