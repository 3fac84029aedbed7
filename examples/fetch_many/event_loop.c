/* The library never waits by itself here. It tells us by two callbacks what it waits for: which sockets
 * (CURLMOPT_SOCKETFUNCTION) and until when (CURLMOPT_TIMERFUNCTION). We wait for exactly that, and tell it
 * what happened with curl_multi_socket_action(). The cost of an event does not depend on the number of
 * sockets. */
#include "event_loop.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 256 };

static bool complain(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return false;
}

static uint32_t epoll_events(int what) {
  return (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
}

/* What the library waits for on socket `fd` has changed. `known` is the pointer we have assigned to the
 * socket: NULL until we do, and again after CURL_POLL_REMOVE. All we need to know is whether epoll has it
 * already.
 *
 * An event carries the descriptor and no pointer: one that was collected before its socket was removed is
 * then at worst a wrong hint about another socket with the same number, and the library takes events as
 * hints. */
static int on_socket(CURL* easy, curl_socket_t fd, int what, void* user, void* known) {
  struct event_loop* const loop = user;
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    return 0;
  }
  struct epoll_event event = {.events = epoll_events(what), .data.fd = fd};
  if (epoll_ctl(loop->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    complain("epoll_ctl");
    return -1;
  }
  if (!known) curl_multi_assign(loop->multi, fd, loop);
  return 0;
}

/* The library wants to be called in `timeout_ms`, or not by time at all (-1). Calling it from here is not
 * allowed, also when it is 0: let the timer strike as soon as possible. */
static int on_timer(CURLM* multi, long timeout_ms, void* user) {
  struct event_loop* const loop = user;
  struct itimerspec when = {0}; /* stops the timer */
  (void)multi;
  if (timeout_ms >= 0) {
    when.it_value.tv_sec = timeout_ms / 1000;
    when.it_value.tv_nsec = timeout_ms == 0 ? 1 : timeout_ms % 1000 * 1000000;
  }
  if (timerfd_settime(loop->timer_fd, 0, &when, NULL) == 0) return 0;
  complain("timerfd_settime");
  return -1;
}

static bool watch_timer(struct event_loop* loop) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = loop->timer_fd};
  return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) == 0;
}

bool event_loop_open(struct event_loop* loop, CURLM* multi) {
  loop->multi = multi;
  loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (loop->epoll_fd < 0 || loop->timer_fd < 0 || !watch_timer(loop)) {
    complain("cannot make an event loop");
    event_loop_close(loop);
    return false;
  }
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
  return true;
}

static CURLMcode handle_event(struct event_loop* loop, const struct epoll_event* event) {
  int running = 0;
  if (event->data.fd == loop->timer_fd) {
    uint64_t strikes;
    if (read(loop->timer_fd, &strikes, sizeof strikes) < 0) return CURLM_OK; /* set again in the meantime */
    return curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  const int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
  return curl_multi_socket_action(loop->multi, event->data.fd, what, &running);
}

bool event_loop_turn(struct event_loop* loop, int wait_ms) {
  struct epoll_event events[EVENTS_PER_TURN];
  const int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, wait_ms);
  if (count < 0) return errno == EINTR || complain("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const CURLMcode code = handle_event(loop, &events[i]);
    if (code == CURLM_OK) continue;
    fprintf(stderr, "curl_multi_socket_action: %s\n", curl_multi_strerror(code));
    return false;
  }
  return true;
}

void event_loop_close(struct event_loop* loop) {
  if (loop->epoll_fd >= 0) close(loop->epoll_fd);
  if (loop->timer_fd >= 0) close(loop->timer_fd);
  loop->epoll_fd = loop->timer_fd = -1;
}
