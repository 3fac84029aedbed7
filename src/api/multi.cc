// The C door of the multi interface: check the handle, guard against recursion, convert, call the engine,
// translate.
#include <curl/curl.h>

#include <cstdarg>
#include <new>

#include "api/global.hpp"
#include "easy/easy.hpp"
#include "multi/engine.hpp"

using namespace hiper;

namespace {

/// The engine for a call that must not be made from a callback of the same multi. `turns`: not from the
/// notification callback either.
struct Door {
  explicit Door(CURLM* handle, bool turns = false) noexcept : engine(Engine::from(handle)) {
    if (engine == nullptr) {
      code = CURLM_BAD_HANDLE;
    } else if (engine->busy() || (turns && engine->notifying())) {
      code = CURLM_RECURSIVE_API_CALL;
    }
  }
  bool open() const noexcept { return code == CURLM_OK; }
  Engine* engine;
  CURLMcode code = CURLM_OK;
};

template <class Call>
CURLMcode with_running(CURLM* handle, int* running, Call call) noexcept {
  const Door door(handle, true);
  const CURLMcode code = door.open() ? call(*door.engine) : door.code;
  if (running != nullptr) *running = door.engine != nullptr ? door.engine->running() : 0;
  return code;
}

Events from_bitmask(int bits) noexcept {
  return static_cast<Events>(static_cast<unsigned>(bits) &
                             (CURL_CSELECT_IN | CURL_CSELECT_OUT | CURL_CSELECT_ERR));
}

}  // namespace

extern "C" {

CURLM* curl_multi_init(void) {
  if (ensure_global_init() != CURLE_OK) return nullptr;
  try {
    return (new Engine)->handle();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

CURLMcode curl_multi_add_handle(CURLM* m, CURL* curl) {
  const Door door(m);
  if (door.engine == nullptr) return CURLM_BAD_HANDLE;
  Easy* const easy = Easy::from(curl);
  if (easy == nullptr) return CURLM_BAD_EASY_HANDLE;
  if (easy->engine_slot != nullptr) return CURLM_ADDED_ALREADY;
  if (!door.open()) return door.code;
  try {
    return door.engine->add(*easy);
  } catch (const std::bad_alloc&) {
    return CURLM_OUT_OF_MEMORY;
  }
}

CURLMcode curl_multi_remove_handle(CURLM* m, CURL* curl) {
  const Door door(m);
  if (door.engine == nullptr) return CURLM_BAD_HANDLE;
  Easy* const easy = Easy::from(curl);
  if (easy == nullptr) return CURLM_BAD_EASY_HANDLE;
  if (easy->engine_slot == nullptr) return CURLM_OK;
  if (easy->engine_slot != door.engine) return CURLM_BAD_EASY_HANDLE;
  return door.open() ? door.engine->remove(*easy) : door.code;
}

CURLMcode curl_multi_cleanup(CURLM* m) {
  const Door door(m, true);
  if (!door.open()) return door.code;
  delete door.engine;
  return CURLM_OK;
}

CURLMcode curl_multi_perform(CURLM* m, int* running_handles) {
  return with_running(m, running_handles, [](Engine& engine) { return engine.perform(); });
}

CURLMcode(curl_multi_socket)(CURLM* m, curl_socket_t s, int* running_handles) {
  return with_running(m, running_handles,
                      [s](Engine& engine) { return engine.socket_action(s, Events::none); });
}

CURLMcode curl_multi_socket_action(CURLM* m, curl_socket_t s, int ev_bitmask, int* running_handles) {
  return with_running(m, running_handles,
                      [=](Engine& engine) { return engine.socket_action(s, from_bitmask(ev_bitmask)); });
}

CURLMcode curl_multi_socket_all(CURLM* m, int* running_handles) {
  return with_running(m, running_handles, [](Engine& engine) { return engine.socket_all(); });
}

CURLMcode curl_multi_wait(CURLM* m, struct curl_waitfd extra_fds[], unsigned int extra_nfds, int timeout_ms,
                          int* ret) {
  const Door door(m);
  if (!door.open()) return door.code;
  if (timeout_ms < 0 || (extra_fds == nullptr && extra_nfds != 0)) return CURLM_BAD_FUNCTION_ARGUMENT;
  return door.engine->wait({extra_fds, extra_nfds}, timeout_ms, false, ret);
}

CURLMcode curl_multi_poll(CURLM* m, struct curl_waitfd extra_fds[], unsigned int extra_nfds, int timeout_ms,
                          int* ret) {
  const Door door(m);
  if (!door.open()) return door.code;
  if (timeout_ms < 0 || (extra_fds == nullptr && extra_nfds != 0)) return CURLM_BAD_FUNCTION_ARGUMENT;
  return door.engine->wait({extra_fds, extra_nfds}, timeout_ms, true, ret);
}

// May be called from any thread, at any moment: it touches nothing but the wake-up descriptor.
CURLMcode curl_multi_wakeup(CURLM* m) {
  Engine* const engine = Engine::from(m);
  if (engine == nullptr) return CURLM_BAD_HANDLE;
  return engine->wakeup() ? CURLM_OK : CURLM_WAKEUP_FAILURE;
}

// The exception set stays as it is: no protocol here uses out-of-band data.
CURLMcode curl_multi_fdset(CURLM* m, fd_set* read_fd_set, fd_set* write_fd_set, fd_set*, int* max_fd) {
  const Door door(m);
  if (!door.open()) return door.code;
  int ignored;
  return door.engine->fdset(read_fd_set, write_fd_set, max_fd != nullptr ? max_fd : &ignored);
}

CURLMcode curl_multi_waitfds(CURLM* m, struct curl_waitfd* ufds, unsigned int size, unsigned int* fd_count) {
  const Door door(m);
  if (!door.open()) return door.code;
  if ((ufds == nullptr && (size != 0 || fd_count == nullptr))) return CURLM_BAD_FUNCTION_ARGUMENT;
  return door.engine->waitfds({ufds, size}, fd_count);
}

CURLMcode curl_multi_timeout(CURLM* m, long* timeout_ms) {
  const Door door(m);
  if (!door.open()) return door.code;
  if (timeout_ms == nullptr) return CURLM_BAD_FUNCTION_ARGUMENT;
  *timeout_ms = door.engine->timeout_ms();
  return CURLM_OK;
}

// Allowed inside callbacks.
CURLMcode curl_multi_assign(CURLM* m, curl_socket_t sockfd, void* sockp) {
  Engine* const engine = Engine::from(m);
  return engine == nullptr ? CURLM_BAD_HANDLE : engine->assign(sockfd, sockp);
}

// Allowed inside callbacks.
CURLMsg* curl_multi_info_read(CURLM* m, int* msgs_in_queue) {
  int ignored;
  int& left = msgs_in_queue != nullptr ? *msgs_in_queue : ignored;
  left = 0;
  Engine* const engine = Engine::from(m);
  return engine == nullptr ? nullptr : engine->next_message(&left);
}

CURL** curl_multi_get_handles(CURLM* m) {
  const Engine* const engine = Engine::from(m);
  return engine == nullptr ? nullptr : engine->handles();
}

CURLMcode curl_multi_get_offt(CURLM* m, CURLMinfo_offt info, curl_off_t* pvalue) {
  const Engine* const engine = Engine::from(m);
  if (engine == nullptr) return CURLM_BAD_HANDLE;
  if (pvalue == nullptr) return CURLM_BAD_FUNCTION_ARGUMENT;
  *pvalue = engine->count(info);
  return *pvalue < 0 ? CURLM_UNKNOWN_OPTION : CURLM_OK;
}

}  // extern "C"
