#include "support/urls.hpp"

#include <charconv>

namespace hiper::bench {
namespace {

struct Range {
  int first = 0;
  int last = -1;
};

/// "1-20" as a range; an empty one if that is not what it is (the brackets of an IPv6 address).
Range read_range(std::string_view text) {
  Range range;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return {};
  const auto last = std::from_chars(first.ptr + 1, end, range.last);
  if (last.ec != std::errc() || last.ptr != end) return {};
  return range;
}

}  // namespace

std::vector<std::string> expand_url(std::string_view pattern) {
  const std::size_t open = pattern.find('['), close = pattern.find(']');
  if (open == pattern.npos || close == pattern.npos || close < open) return {std::string(pattern)};
  const Range range = read_range(pattern.substr(open + 1, close - open - 1));
  std::vector<std::string> urls;
  for (int i = range.first; i <= range.last; ++i) {
    urls.push_back(std::string(pattern.substr(0, open)) + std::to_string(i) +
                   std::string(pattern.substr(close + 1)));
  }
  if (urls.empty()) urls.emplace_back(pattern);
  return urls;
}

}  // namespace hiper::bench
