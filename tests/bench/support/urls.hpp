// URLs with a range of numbers in them, which stand for several hosts.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace hiper::bench {

/// "http://127.0.0.[1-20]:80/" as the 20 URLs it stands for; one without a range as it is.
std::vector<std::string> expand_url(std::string_view pattern);

}  // namespace hiper::bench
