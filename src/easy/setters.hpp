// The setters of options that are more than one value in one place. For set_option.cc only; each file of
// setters is about one subject.
#pragma once
#include <curl/curl.h>

#include <cstdint>

#include "easy/easy.hpp"
#include "easy/option_rows.hpp"

namespace hiper::setters {

// set_method.cc: what HTTP does, and with which body.
CURLcode httpget(Options& options, bool on) noexcept;
CURLcode post(Options& options, bool on) noexcept;
CURLcode upload(Options& options, bool on) noexcept;
CURLcode nobody(Options& options, bool on) noexcept;
CURLcode httppost(Options& options, void* form) noexcept;
CURLcode mimepost(Easy& easy, void* mime) noexcept;
CURLcode postfields(Options& options, void* data) noexcept;
CURLcode copypostfields(Options& options, const void* data) noexcept;
CURLcode post_size(Options& options, const OptionRow& row, std::int64_t size) noexcept;

// set_text.cc: texts with a grammar.
CURLcode userpwd(Options& options, Opt user, const char* text) noexcept;
CURLcode protocols_text(Options& options, Opt slot, const char* names) noexcept;
CURLcode cookiefile(Easy& easy, const char* name) noexcept;
CURLcode cookiejar(Easy& easy, const char* name) noexcept;
CURLcode hsts_file(Options& options, const char* name) noexcept;
CURLcode dns_servers(Options& options, const char* servers) noexcept;
CURLcode ip_address(Options& options, Opt slot, const char* address) noexcept;
CURLcode tls_engine(Options& options, const char* name) noexcept;
CURLcode tlsauth_type(Options& options, Opt slot, const char* type) noexcept;

// set_number.cc: numbers with rules of their own.
CURLcode number(Options& options, const OptionRow& row, std::int64_t value) noexcept;

}  // namespace hiper::setters
