// curl_multi_setopt and the notification switches: the options of a multi handle (curl_multi_setopt(3)).
// The C signature names the enum, whose promotion clang finds worth a warning.
#pragma GCC diagnostic ignored "-Wvarargs"

#include <curl/curl.h>

#include <cstdarg>

#include "multi/engine.hpp"

using namespace hiper;

namespace {

CURLMcode set_number(Engine& engine, long MultiSettings::*member, long value) noexcept {
  if (value < 0) return CURLM_BAD_FUNCTION_ARGUMENT;
  engine.settings.*member = value;
  return engine.settings_changed();
}

CURLMcode set_option(Engine& engine, CURLMoption option, va_list argument) noexcept {
  MultiSettings& settings = engine.settings;
  switch (option) {
    case CURLMOPT_SOCKETFUNCTION:
      settings.socket_function = va_arg(argument, curl_socket_callback);
      return engine.settings_changed();
    case CURLMOPT_SOCKETDATA:
      settings.socket_data = va_arg(argument, void*);
      return CURLM_OK;
    case CURLMOPT_TIMERFUNCTION:
      settings.timer_function = va_arg(argument, curl_multi_timer_callback);
      return engine.settings_changed();
    case CURLMOPT_TIMERDATA:
      settings.timer_data = va_arg(argument, void*);
      return CURLM_OK;
    case CURLMOPT_PUSHFUNCTION:
      settings.push_function = va_arg(argument, curl_push_callback);
      return CURLM_OK;
    case CURLMOPT_PUSHDATA:
      settings.push_data = va_arg(argument, void*);
      return CURLM_OK;
    case CURLMOPT_NOTIFYFUNCTION:
      settings.notify_function = va_arg(argument, curl_notify_callback);
      return CURLM_OK;
    case CURLMOPT_NOTIFYDATA:
      settings.notify_data = va_arg(argument, void*);
      return CURLM_OK;
    case CURLMOPT_MAXCONNECTS:
      return set_number(engine, &MultiSettings::max_connects, va_arg(argument, long));
    case CURLMOPT_MAX_HOST_CONNECTIONS:
      return set_number(engine, &MultiSettings::max_host_connections, va_arg(argument, long));
    case CURLMOPT_MAX_TOTAL_CONNECTIONS:
      return set_number(engine, &MultiSettings::max_total_connections, va_arg(argument, long));
    case CURLMOPT_MAX_CONCURRENT_STREAMS: {
      const long streams = va_arg(argument, long);
      settings.max_concurrent_streams = streams < 1 || streams > 0x7fffffff ? 100 : streams;
      return CURLM_OK;
    }
    case CURLMOPT_NETWORK_CHANGED:
      return engine.network_changed(va_arg(argument, long));
    // Without effect from here on: there are no resolver threads to limit or to leave behind, and pipelining
    // is gone.
    case CURLMOPT_RESOLVE_THREADS_MAX: {
      const long threads = va_arg(argument, long);
      return threads < 1 || threads > 0xffffffffL ? CURLM_BAD_FUNCTION_ARGUMENT : CURLM_OK;
    }
    case CURLMOPT_QUICK_EXIT:
    case CURLMOPT_PIPELINING:
    case CURLMOPT_MAX_PIPELINE_LENGTH:
    case CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE:
    case CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE:
    case CURLMOPT_PIPELINING_SITE_BL:
    case CURLMOPT_PIPELINING_SERVER_BL:
      return CURLM_OK;
    default:
      return CURLM_UNKNOWN_OPTION;
  }
}

CURLMcode switch_notification(CURLM* m, unsigned notification, bool on) noexcept {
  Engine* const engine = Engine::from(m);
  if (engine == nullptr) return CURLM_BAD_HANDLE;
  if (notification > CURLMNOTIFY_EASY_DONE) return CURLM_UNKNOWN_OPTION;
  const unsigned bit = 1u << notification;
  unsigned& enabled = engine->settings.notifications;
  enabled = on ? enabled | bit : enabled & ~bit;
  return CURLM_OK;
}

}  // namespace

extern "C" {

#undef curl_multi_setopt
CURLMcode curl_multi_setopt(CURLM* m, CURLMoption option, ...) {
  Engine* const engine = Engine::from(m);
  if (engine == nullptr) return CURLM_BAD_HANDLE;
  if (engine->busy()) return CURLM_RECURSIVE_API_CALL;
  va_list argument;
  va_start(argument, option);
  const CURLMcode code = set_option(*engine, option, argument);
  va_end(argument);
  return code;
}

CURLMcode curl_multi_notify_enable(CURLM* m, unsigned int notification) {
  return switch_notification(m, notification, true);
}

CURLMcode curl_multi_notify_disable(CURLM* m, unsigned int notification) {
  return switch_notification(m, notification, false);
}

}  // extern "C"
