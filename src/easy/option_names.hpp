// Options by name and number, for programs that learn them at run time. Called by api/easy_options.cc.
#pragma once
#include <curl/curl.h>

#include <cstdint>

namespace hiper {

/// `name` without "CURLOPT_", in any case; nullptr when there is none, also for NULL.
const curl_easyoption* option_by_name(const char* name) noexcept;
/// Never an alias; nullptr for numbers that are no option.
const curl_easyoption* option_by_id(std::uint32_t id) noexcept;
/// The first option for NULL, the one behind `previous` otherwise (in the order of names), nullptr at the
/// end.
const curl_easyoption* option_after(const curl_easyoption* previous) noexcept;

}  // namespace hiper
