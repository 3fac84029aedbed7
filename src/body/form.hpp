// The old way to build a form: curl_formadd and its chain of curl_httppost. A chain is turned into a Mime to
// be sent, so there is one renderer for both. Called by api/form.cc, and by whoever sends CURLOPT_HTTPPOST.
#pragma once
#include <curl/curl.h>

#include <cstdarg>
#include <memory>

#include "body/mime.hpp"

namespace hiper {

/// Appends one section made from the options in `arguments` (curl_formadd(3)) to the chain `first` … `last`.
/// On any other answer than CURL_FORMADD_OK the chain is as before.
CURLFORMcode add_form_section(curl_httppost** first, curl_httppost** last, va_list arguments) noexcept;

void free_form(curl_httppost* form) noexcept;

/// The same parts as a Mime. Contents given by pointer stay where they are, so the chain has to outlive it.
/// `stream_read` (CURLOPT_READFUNCTION) delivers CURLFORM_STREAM sections; with nullptr they are empty.
/// nullptr if there is no randomness. May throw std::bad_alloc.
std::unique_ptr<Mime> form_to_mime(const curl_httppost* form, curl_read_callback stream_read);

/// Writes header and body of the form to `append`. Returns what went wrong.
CURLcode write_form(const curl_httppost* form, void* argument, curl_formget_callback append) noexcept;

}  // namespace hiper
