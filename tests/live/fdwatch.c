/* Watches how the library uses the socket and timer callbacks of a program that knows nothing of it.
 *
 * Preloaded (LD_PRELOAD), it stands between a program and libcurl and aborts the program at the first broken
 * promise:
 *  - a descriptor is closed while it is announced, that is, before the program was told to forget it;
 *  - a CURL_POLL_REMOVE for a descriptor that is not announced, or the same interest announced twice in a
 * row;
 *  - something announced that is no open socket, or for an easy handle that does not exist;
 *  - the pointer of curl_multi_assign is not handed back, or survives a CURL_POLL_REMOVE;
 *  - the timer is told -1 twice in a row, or a number below that;
 *  - a socket is still announced when no transfer is running, or after curl_multi_cleanup.
 * With FDWATCH_EPOLL set also when a descriptor is closed while it is in an epoll set, or cannot be added to
 * one: for programs that tell epoll at once.
 *
 * The file FDWATCH_LOG gets a line each time the program is idle, and the reason for an abort. Only what
 * programs with one thread do is watched.
 */
#define _GNU_SOURCE
#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>
#undef curl_multi_setopt

enum { kMaxDescriptors = 1 << 16, kMaxMultis = 64, kMaxEasies = 1 << 16 };

struct multi {
  CURLM* handle;
  curl_socket_callback socket_function;
  void* socket_data;
  curl_multi_timer_callback timer_function;
  void* timer_data;
  bool timer_set;
  int num_announced;
  unsigned long num_socket_calls;
  unsigned long num_timer_calls;
};

struct descriptor {
  struct multi* multi; /* NULL: not announced */
  int interest;
  void* socketp;
  int epoll; /* descriptor of the epoll set it is in, plus one */
};

static struct multi multis[kMaxMultis];
static struct descriptor descriptors[kMaxDescriptors];
static CURL* easies[kMaxEasies]; /* open addressing; kGone marks what was deleted */
static CURL* const kGone = (CURL*)&easies;
static int log_descriptor = -1;
static bool strict_epoll;

#define REAL(name) ((__typeof__(&name))real_function(#name))

static void* real_function(const char* name) {
  void* function = dlsym(RTLD_NEXT, name);
  if (function == NULL) abort();
  return function;
}

static void say(const char* format, va_list arguments) {
  char line[400];
  int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
  if (length < 0) return;
  size_t size = (size_t)length < sizeof(line) - 2 ? (size_t)length : sizeof(line) - 2;
  line[size++] = '\n';
  if (log_descriptor != -1 && write(log_descriptor, line, size) < 0) abort();
}

__attribute__((format(printf, 1, 2))) static void note(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(format, arguments);
  va_end(arguments);
}

#define BROKEN(...) \
  (note("BROKEN: " __VA_ARGS__), fprintf(stderr, "fdwatch: " __VA_ARGS__), fputc('\n', stderr), abort())

/* Line buffering lets the test follow what the program prints. */
__attribute__((constructor)) static void start(void) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  const char* path = getenv("FDWATCH_LOG");
  if (path != NULL) log_descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  strict_epoll = getenv("FDWATCH_EPOLL") != NULL;
}

/* The entry of `easy`, or where it could be put. */
static CURL** easy_entry(CURL* easy) {
  size_t place = ((size_t)easy >> 4) % kMaxEasies;
  CURL** gone = NULL;
  for (int tries = 0; tries < kMaxEasies; ++tries, place = (place + 1) % kMaxEasies) {
    if (easies[place] == easy) return &easies[place];
    if (easies[place] == kGone && gone == NULL) gone = &easies[place];
    if (easies[place] == NULL) return gone != NULL ? gone : &easies[place];
  }
  abort();
}

static CURL* born(CURL* easy) {
  if (easy != NULL) *easy_entry(easy) = easy;
  return easy;
}

CURL* curl_easy_init(void) { return born(REAL(curl_easy_init)()); }

CURL* curl_easy_duphandle(CURL* easy) { return born(REAL(curl_easy_duphandle)(easy)); }

void curl_easy_cleanup(CURL* easy) {
  REAL(curl_easy_cleanup)(easy);
  CURL** entry = easy_entry(easy);
  if (easy != NULL && *entry == easy) *entry = kGone;
}

static struct multi* find_multi(CURLM* handle, bool create) {
  struct multi* unused = NULL;
  for (struct multi* multi = multis; multi < multis + kMaxMultis; ++multi) {
    if (multi->handle == handle) return multi;
    if (multi->handle == NULL && unused == NULL) unused = multi;
  }
  if (!create || unused == NULL) return NULL;
  memset(unused, 0, sizeof(*unused));
  unused->handle = handle;
  return unused;
}

static struct descriptor* find_descriptor(int fd) {
  if (fd < 0 || fd >= kMaxDescriptors) BROKEN("descriptor %d", fd);
  return &descriptors[fd];
}

static void removed(struct descriptor* descriptor) {
  --descriptor->multi->num_announced;
  descriptor->multi = NULL;
  descriptor->interest = CURL_POLL_NONE;
  descriptor->socketp = NULL;
}

static void check_announcement(struct multi* multi, CURL* easy, int fd, int what, void* socketp) {
  struct descriptor* descriptor = find_descriptor(fd);
  struct stat status;
  if (fstat(fd, &status) != 0) BROKEN("announcement %d for %d, which is not open", what, fd);
  if (!S_ISSOCK(status.st_mode)) BROKEN("announcement %d for %d, which is no socket", what, fd);
  if (easy == NULL || *easy_entry(easy) != easy)
    BROKEN("announcement for an easy handle that does not exist");
  if (what < CURL_POLL_IN || what > CURL_POLL_REMOVE) BROKEN("announcement %d of unknown meaning", what);
  if (what == CURL_POLL_REMOVE && descriptor->multi == NULL)
    BROKEN("REMOVE for %d, which is not announced", fd);
  if (descriptor->multi != NULL && descriptor->multi != multi) BROKEN("%d is announced by another multi", fd);
  if (descriptor->multi != NULL && descriptor->interest == what)
    BROKEN("%d is announced as %d again", fd, what);
  if (descriptor->socketp != socketp) BROKEN("%d: not the pointer that was assigned", fd);
}

static int on_socket(CURL* easy, curl_socket_t fd, int what, void* data, void* socketp) {
  struct multi* multi = data;
  struct descriptor* descriptor = find_descriptor(fd);
  check_announcement(multi, easy, fd, what, socketp);
  ++multi->num_socket_calls;
  if (what != CURL_POLL_REMOVE) {
    if (descriptor->multi == NULL) ++multi->num_announced;
    descriptor->multi = multi;
    descriptor->interest = what;
  }
  const int answer = multi->socket_function(easy, fd, what, multi->socket_data, socketp);
  if (what == CURL_POLL_REMOVE) removed(descriptor);
  return answer;
}

static int on_timer(CURLM* handle, long timeout_ms, void* data) {
  struct multi* multi = data;
  if (handle != multi->handle) BROKEN("timer callback for another multi");
  if (timeout_ms < -1) BROKEN("timer of %ld ms", timeout_ms);
  if (timeout_ms == -1 && !multi->timer_set) BROKEN("timer -1, but none was set");
  multi->timer_set = timeout_ms != -1;
  ++multi->num_timer_calls;
  return multi->timer_function(handle, timeout_ms, multi->timer_data);
}

static CURLMcode set_callback(struct multi* multi, CURLMoption option, void* value) {
  __typeof__(&curl_multi_setopt) set = REAL(curl_multi_setopt);
  const bool is_socket = option == CURLMOPT_SOCKETFUNCTION;
  if (is_socket) {
    multi->socket_function = (curl_socket_callback)value;
  } else {
    multi->timer_function = (curl_multi_timer_callback)value;
  }
  set(multi->handle, is_socket ? CURLMOPT_SOCKETDATA : CURLMOPT_TIMERDATA, multi);
  if (value == NULL) return set(multi->handle, option, NULL);
  return is_socket ? set(multi->handle, option, on_socket) : set(multi->handle, option, on_timer);
}

CURLMcode curl_multi_setopt(CURLM* handle, CURLMoption option, ...) {
  va_list arguments;
  va_start(arguments, option);
  void* value = va_arg(arguments, void*); /* long and curl_off_t travel the same way on 64-bit systems */
  va_end(arguments);
  struct multi* multi = find_multi(handle, true);
  if (multi == NULL) BROKEN("too many multi handles");
  switch (option) {
    case CURLMOPT_SOCKETFUNCTION:
    case CURLMOPT_TIMERFUNCTION:
      return set_callback(multi, option, value);
    case CURLMOPT_SOCKETDATA:
      multi->socket_data = value;
      return CURLM_OK;
    case CURLMOPT_TIMERDATA:
      multi->timer_data = value;
      return CURLM_OK;
    default:
      return REAL(curl_multi_setopt)(handle, option, value);
  }
}

CURLMcode curl_multi_assign(CURLM* handle, curl_socket_t fd, void* socketp) {
  const CURLMcode code = REAL(curl_multi_assign)(handle, fd, socketp);
  if (code == CURLM_OK) find_descriptor(fd)->socketp = socketp;
  return code;
}

CURLMcode curl_multi_socket_action(CURLM* handle, curl_socket_t fd, int events, int* running) {
  struct multi* multi = find_multi(handle, true);
  const CURLMcode code = REAL(curl_multi_socket_action)(handle, fd, events, running);
  if (*running == 0 && multi != NULL) {
    if (multi->num_announced != 0) BROKEN("nothing runs, but %d sockets are announced", multi->num_announced);
    note("idle: %lu socket callbacks, %lu timer callbacks", multi->num_socket_calls, multi->num_timer_calls);
  }
  return code;
}

CURLMcode curl_multi_cleanup(CURLM* handle) {
  const CURLMcode code = REAL(curl_multi_cleanup)(handle);
  struct multi* multi = find_multi(handle, false);
  if (multi == NULL) return code;
  if (multi->num_announced != 0) BROKEN("after cleanup %d sockets are announced", multi->num_announced);
  multi->handle = NULL;
  note("cleaned up");
  return code;
}

int close(int fd) {
  if (fd >= 0 && fd < kMaxDescriptors) {
    if (descriptors[fd].multi != NULL) BROKEN("%d is closed before it is removed", fd);
    if (strict_epoll && descriptors[fd].epoll != 0) BROKEN("%d is closed while in an epoll set", fd);
    descriptors[fd].epoll = 0;
  }
  return REAL(close)(fd);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event) {
  const int answer = REAL(epoll_ctl)(epoll, operation, fd, event);
  if (fd < 0 || fd >= kMaxDescriptors) return answer;
  /* libuv tells epoll to forget descriptors without looking whether it has them. */
  if (strict_epoll && answer != 0 && errno != ENOENT) BROKEN("epoll_ctl %d for %d: %m", operation, fd);
  if (answer == 0 && operation == EPOLL_CTL_ADD) descriptors[fd].epoll = epoll + 1;
  if (answer == 0 && operation == EPOLL_CTL_DEL) descriptors[fd].epoll = 0;
  return answer;
}
