/* An event loop that drives one CURLM with epoll and a timerfd: the multi-socket interface of libcurl. */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H
#include <curl/curl.h>
#include <stdbool.h>

struct event_loop {
  CURLM* multi;
  int epoll_fd;
  int timer_fd;
};

/* Connects `loop` with `multi`. False, with a message on stderr, if the system refuses. */
bool event_loop_open(struct event_loop* loop, CURLM* multi);

/* Waits for events, at most `wait_ms` milliseconds (-1: no limit), and hands them to the library. Returns
 * early when a signal arrives. False, with a message on stderr, when the loop cannot go on. */
bool event_loop_turn(struct event_loop* loop, int wait_ms);

/* Call it after curl_multi_cleanup(), which still reports the sockets it closes. */
void event_loop_close(struct event_loop* loop);

#endif
