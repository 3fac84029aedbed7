// One easy handle and its engine: the one it was added to, or one of its own for curl_easy_perform. Called by
// api/easy_transfer.cc.
#pragma once
#include <curl/curl.h>

#include <span>

#include "easy/easy.hpp"

namespace hiper {

/// curl_easy_perform(3): runs the transfer on the handle's own engine, which keeps its connections. Throws
/// std::bad_alloc.
CURLcode perform_easy(Easy& easy);

/// curl_easy_pause(3). Allowed inside callbacks: then the engine acts when the callback has returned.
CURLcode pause_easy(Easy& easy, int action) noexcept;

/// curl_easy_send(3) and curl_easy_recv(3), on the connection of a CURLOPT_CONNECT_ONLY transfer.
CURLcode send_raw(Easy& easy, std::span<const char> bytes, std::size_t& count) noexcept;
CURLcode receive_raw(Easy& easy, std::span<char> room, std::size_t& count) noexcept;

/// curl_easy_cleanup(3). Inside a callback of the multi handle it is added to, or of its own transfer, the
/// handle is invalid at once but goes when the turn ends: the turn still runs with it.
void clean_up_easy(Easy& easy) noexcept;

/// Easy::detach: takes the handle out of its engine and frees its parts.
void detach_easy(Easy& easy) noexcept;

}  // namespace hiper
