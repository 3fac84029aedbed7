// curl_easy_setopt: reads the argument as the option's type says, checks it and stores it. Called by
// api/setopt.cc.
#pragma once
#include <curl/curl.h>

#include <cstdarg>
#include <cstdint>

#include "easy/easy.hpp"

namespace hiper {

/// Texts and blobs longer than this are refused (CURLE_BAD_FUNCTION_ARGUMENT).
inline constexpr std::size_t kMaxInput = 8'000'000;

/// `id` is a CURLoption, or what an application takes for one: such a number need not fit the enum. Takes one
/// argument from `arguments`. CURLE_UNKNOWN_OPTION for numbers that are no option and for options
/// that this build does not have, CURLE_BAD_FUNCTION_ARGUMENT for values out of range, CURLE_NOT_BUILT_IN,
/// CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_ENGINE_NOTFOUND, CURLE_OUT_OF_MEMORY; on any error nothing changed.
CURLcode set_option(Easy& easy, std::uint32_t id, va_list arguments) noexcept;

}  // namespace hiper
