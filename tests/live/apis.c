/* The same downloads by every API that drives transfers: curl_easy_perform, curl_multi_perform with
 * curl_multi_poll, curl_multi_wait, curl_multi_fdset or curl_multi_waitfds, and curl_multi_socket_action.
 * And: wake-ups, 2000 transfers at once, and a multi that is left with work undone. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "client.h"

enum { kTransfers = 200, kAtATime = 50 };
static const char* const kNames[] = {"f0", "f1", "f100", "f16383", "f16384", "f16385", "f300000"};
static struct transfer transfers[2000];

static void begin_number(int number) {
  const size_t num_names = sizeof(kNames) / sizeof(*kNames);
  begin(&transfers[number], number % 2 == 1, "", kNames[(size_t)number / 2 % num_names]);
}

static void easy_perform(void) {
  long num_connects = 0;
  begin_number(0);
  CURL* easy = transfers[0].easy;
  for (int number = 0; number < kTransfers; ++number) {
    struct transfer* transfer = &transfers[number];
    begin_number(number);
    CURL* mine = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    transfer->easy = easy;
    check_done(transfer, curl_easy_perform(easy));
    num_connects += new_connections(easy);
    curl_easy_cleanup(mine);
  }
  EQUAL(num_connects, 2);
  curl_easy_cleanup(easy);
}

/* Keeps `at_a_time` transfers going; `wait` waits until there may be something to do. */
static void run_perform_loop(void (*wait)(CURLM*), int count, int at_a_time) {
  CURLM* multi = curl_multi_init();
  int started = 0, finished = 0, running = 0;
  const double deadline = seconds() + 50;
  while (finished < count) {
    for (; started < count && started - finished < at_a_time; ++started) {
      begin_number(started);
      EQUAL(curl_multi_add_handle(multi, transfers[started].easy), CURLM_OK);
    }
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    const int before = finished;
    finished += collect(multi);
    EQUAL(running, started - finished);
    CHECK(seconds() < deadline, "%d of %d done", finished, count);
    if (finished == before) wait(multi);
  }
  for (int number = 0; number < count; ++number) end(&transfers[number]);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);
}

static void by_poll(CURLM* multi) {
  int num_ready = -1;
  EQUAL(curl_multi_poll(multi, NULL, 0, 10000, &num_ready), CURLM_OK);
  CHECK(num_ready >= 0, "not written");
}

static void by_wait(CURLM* multi) {
  int num_ready = -1;
  EQUAL(curl_multi_wait(multi, NULL, 0, 10000, &num_ready), CURLM_OK);
  CHECK(num_ready >= 0, "not written");
}

static void by_select(CURLM* multi) {
  fd_set readable, writable, failed;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_ZERO(&failed);
  int highest = -2;
  long ms = -2;
  EQUAL(curl_multi_fdset(multi, &readable, &writable, &failed, &highest), CURLM_OK);
  EQUAL(curl_multi_timeout(multi, &ms), CURLM_OK);
  CHECK(highest >= -1 && ms >= -1, "highest %d, %ld ms", highest, ms);
  if (highest == -1) ms = ms < 0 || ms > 100 ? 100 : ms;
  if (ms < 0) ms = 10000;
  struct timeval timeout = {ms / 1000, ms % 1000 * 1000};
  CHECK(select(highest + 1, &readable, &writable, &failed, &timeout) >= 0, "%m");
}

static void by_waitfds(CURLM* multi) {
  struct curl_waitfd found[kAtATime * 2];
  struct pollfd polled[kAtATime * 2];
  unsigned count = 0;
  long ms = -1;
  EQUAL(curl_multi_waitfds(multi, found, kAtATime * 2, &count), CURLM_OK);
  CHECK(count <= kAtATime * 2, "%u", count);
  EQUAL(curl_multi_timeout(multi, &ms), CURLM_OK);
  for (unsigned index = 0; index < count; ++index) {
    const short events = found[index].events;
    polled[index].fd = found[index].fd;
    polled[index].events = (short)(((events & CURL_WAIT_POLLIN) != 0 ? POLLIN : 0) |
                                   ((events & CURL_WAIT_POLLOUT) != 0 ? POLLOUT : 0));
  }
  CHECK(poll(polled, count, ms < 0 || ms > 10000 ? 10000 : (int)ms) >= 0, "%m");
}

/* contract: 10.3 */
static void perform_poll(void) { run_perform_loop(by_poll, kTransfers, kAtATime); }
/* contract: 10.3 */
static void perform_wait(void) { run_perform_loop(by_wait, kTransfers, kAtATime); }
/* contract: 10.3 */
static void perform_select(void) { run_perform_loop(by_select, kTransfers, kAtATime); }
/* contract: 10.3 */
static void perform_waitfds(void) { run_perform_loop(by_waitfds, kTransfers, kAtATime); }
static void two_thousand(void) { run_perform_loop(by_poll, 2000, 2000); }

/* An application with an event loop of its own, in which every wait is one epoll_wait. */
static int epoll_set;
static double timer_due;

static int on_socket(CURL* easy, curl_socket_t fd, int what, void* data, void* socketp) {
  (void)easy, (void)data;
  static int known;
  struct epoll_event event = {.data.fd = fd};
  if (what == CURL_POLL_REMOVE) {
    CHECK(socketp == &known, "REMOVE without the assigned pointer");
    EQUAL(epoll_ctl(epoll_set, EPOLL_CTL_DEL, fd, NULL), 0);
    return 0;
  }
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  EQUAL(epoll_ctl(epoll_set, socketp == &known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event), 0);
  EQUAL(curl_multi_assign((CURLM*)data, fd, &known), CURLM_OK);
  return 0;
}

static int on_timer(CURLM* multi, long ms, void* data) {
  (void)multi, (void)data;
  timer_due = ms < 0 ? 0 : seconds() + (double)ms / 1000;
  return 0;
}

static void socket_turn(CURLM* multi, int* running) {
  struct epoll_event events[64];
  const double left = timer_due == 0 ? 10 : timer_due - seconds();
  const int count = epoll_wait(epoll_set, events, 64, left <= 0 ? 0 : (int)(left * 1000) + 1);
  CHECK(count >= 0, "%m");
  for (int index = 0; index < count; ++index) {
    const unsigned bits = events[index].events;
    const int what = ((bits & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((bits & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((bits & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
    EQUAL(curl_multi_socket_action(multi, events[index].data.fd, what, running), CURLM_OK);
  }
  if (timer_due == 0 || seconds() < timer_due) return;
  timer_due = 0;
  EQUAL(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, running), CURLM_OK);
}

static CURLM* new_socket_multi(void) {
  CURLM* multi = curl_multi_init();
  epoll_set = epoll_create1(EPOLL_CLOEXEC);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, multi);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  return multi;
}

static void run_socket_loop(int count, int at_a_time) {
  CURLM* multi = new_socket_multi();
  int started = 0, finished = 0, running = 0;
  const double deadline = seconds() + 50;
  while (finished < count) {
    for (; started < count && started - finished < at_a_time; ++started) {
      begin_number(started);
      EQUAL(curl_multi_add_handle(multi, transfers[started].easy), CURLM_OK);
    }
    socket_turn(multi, &running);
    finished += collect(multi);
    CHECK(seconds() < deadline, "%d of %d done", finished, count);
  }
  EQUAL(timer_due, 0);
  for (int number = 0; number < count; ++number) end(&transfers[number]);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);
  close(epoll_set);
}

static void socket_action(void) { run_socket_loop(kTransfers, kAtATime); }
/* contract: 7.13 */
static void two_thousand_sockets(void) { run_socket_loop(2000, 2000); }

/* Handles and multis are given up in all states: nothing is left, which the checker and valgrind see. */
/* contract: 1.3, 2.9 */
static void give_up(void) {
  for (int turns = 0; turns < 40; ++turns) {
    CURLM* multi = new_socket_multi();
    int running = 0;
    for (int number = 0; number < 20; ++number) {
      begin_number(number);
      EQUAL(curl_multi_add_handle(multi, transfers[number].easy), CURLM_OK);
    }
    for (int turn = 0; turn < turns; ++turn) {
      if (timer_due != 0 && seconds() >= timer_due) {
        timer_due = 0;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      struct epoll_event event;
      if (epoll_wait(epoll_set, &event, 1, 1) != 1) continue;
      curl_multi_socket_action(multi, event.data.fd, (int)(event.events & 3), &running);
    }
    for (int number = 0; number < 10; ++number) {
      EQUAL(curl_multi_remove_handle(multi, transfers[number].easy), CURLM_OK);
    }
    if (turns % 2 == 0) EQUAL(curl_multi_cleanup(multi), CURLM_OK);
    for (int number = 0; number < 20; ++number) end(&transfers[number]);
    if (turns % 2 == 1) EQUAL(curl_multi_cleanup(multi), CURLM_OK);
    close(epoll_set);
    timer_due = 0;
  }
}

/* For the test of the checker: an application that closes what is not its own. */
static int close_early(CURL* easy, curl_socket_t fd, int what, void* data, void* socketp) {
  (void)easy, (void)data, (void)socketp;
  if (what != CURL_POLL_REMOVE) close(fd);
  return 0;
}

static void closed_too_early(void) {
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, close_early);
  begin_number(0);
  EQUAL(curl_multi_add_handle(multi, transfers[0].easy), CURLM_OK);
  int running = 1;
  EQUAL(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
}

static void* wake_often(void* data) {
  for (int times = 0; times < 100; ++times) {
    usleep(2000);
    EQUAL(curl_multi_wakeup(data), CURLM_OK);
  }
  return NULL;
}

/* contract: 11.7 */
static void wakeup(void) {
  CURLM* multi = curl_multi_init();
  const double start = seconds();
  EQUAL(curl_multi_wakeup(multi), CURLM_OK);
  EQUAL(curl_multi_poll(multi, NULL, 0, 20000, NULL), CURLM_OK); /* a wake-up that came early counts */
  CHECK(seconds() - start < 5, "%f s", seconds() - start);
  pthread_t thread;
  EQUAL(pthread_create(&thread, NULL, wake_often, multi), 0);
  for (int times = 0; times < 5; ++times) EQUAL(curl_multi_poll(multi, NULL, 0, 20000, NULL), CURLM_OK);
  CHECK(seconds() - start < 10, "%f s", seconds() - start);
  pthread_join(thread, NULL);
  EQUAL(curl_multi_poll(multi, NULL, 0, 20000, NULL), CURLM_OK);
  const double idle = seconds();
  EQUAL(curl_multi_poll(multi, NULL, 0, 200, NULL), CURLM_OK); /* many wake-ups count once */
  CHECK(seconds() - idle > 0.15, "%f s", seconds() - idle);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);
}

/* curl_multi_poll also waits for what the application hands over. */
/* contract: 11.4, 11.5 */
static void extra_descriptors(void) {
  CURLM* multi = curl_multi_init();
  int ends[2], num_ready = -1;
  EQUAL(pipe(ends), 0);
  struct curl_waitfd extra = {.fd = ends[0], .events = CURL_WAIT_POLLIN};
  EQUAL(curl_multi_poll(multi, &extra, 1, 100, &num_ready), CURLM_OK);
  EQUAL(num_ready, 0);
  EQUAL(extra.revents, 0);
  EQUAL(write(ends[1], "x", 1), 1);
  const double start = seconds();
  EQUAL(curl_multi_poll(multi, &extra, 1, 20000, &num_ready), CURLM_OK);
  EQUAL(num_ready, 1);
  EQUAL(extra.revents, CURL_WAIT_POLLIN);
  extra.revents = 0;
  EQUAL(curl_multi_wait(multi, &extra, 1, 20000, &num_ready), CURLM_OK);
  EQUAL(num_ready, 1);
  CHECK(seconds() - start < 5, "%f s", seconds() - start);
  EQUAL(curl_multi_cleanup(multi), CURLM_OK);
  close(ends[0]);
  close(ends[1]);
}

int main(int argc, char** argv) {
  static const struct test_case kCases[] = {{"easy_perform", easy_perform},
                                            {"perform_poll", perform_poll},
                                            {"perform_wait", perform_wait},
                                            {"perform_select", perform_select},
                                            {"perform_waitfds", perform_waitfds},
                                            {"socket_action", socket_action},
                                            {"two_thousand", two_thousand},
                                            {"two_thousand_sockets", two_thousand_sockets},
                                            {"give_up", give_up},
                                            {"closed_too_early", closed_too_early},
                                            {"wakeup", wakeup},
                                            {"extra_descriptors", extra_descriptors},
                                            {NULL, NULL}};
  return run_case(argc, argv, kCases);
}
