/* What the scenarios of this folder are written with: an application of the multi-socket interface which
 * prints all it does and all it is told, and a peer that answers when the scenario says so. Both are in one
 * thread, so what happens does not depend on time. Everything is printed under names (a handle "a", a socket
 * "s1", a connection of the peer "p1"), so that the output of two libraries can be compared.
 *
 * Used by recorder.c and scenarios_*.c; implemented in app.c (the application) and peer.c. */
#ifndef HIPER_TESTS_LIVE_DIFFERENTIAL_RECORDER_H
#define HIPER_TESTS_LIVE_DIFFERENTIAL_RECORDER_H
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition, ...)                                       \
  do {                                                              \
    if (condition) break;                                           \
    fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
    fprintf(stderr, __VA_ARGS__);                                   \
    fputc('\n', stderr);                                            \
    exit(1);                                                        \
  } while (0)

enum { kHandlesMax = 128, kSocketsMax = 512, kPeersMax = 256 };

/* The application. */

struct handle {
  CURL* easy;
  char name[16];
  size_t num_received, num_sent;
  /* What its callbacks do. Zero: nothing special. */
  size_t pause_at, abort_write_at; /* in the write callback, once this many bytes have come */
  bool abort_header, abort_progress, abort_read;
  bool pause_header;   /* the first header line */
  bool pause_read;     /* the next call of the read callback */
  size_t upload_size;  /* what the read callback has to give */
  size_t read_at_most; /* how much it gives at once */
  void (*on_progress)(struct handle*);
  void (*on_write)(struct handle*);
  void (*on_header)(struct handle*);
  char error[CURL_ERROR_SIZE];
};

struct application {
  CURLM* multi;
  bool reverse;           /* events of sockets with higher numbers first */
  bool refuses_to_open;   /* in the open-socket callback */
  bool assigns;           /* gives each announced socket its pointer; true at the start */
  bool reads_one_message; /* one curl_multi_info_read per call, and only after socket events and time-outs */
  bool reads_no_messages; /* the scenario reads them with read_messages() */
  int socket_answer;      /* what the callbacks return */
  int timer_answer;
  void (*on_socket)(CURL* easy, curl_socket_t fd, int what); /* run in the callbacks */
  void (*on_timer)(long ms);
  void (*on_message)(struct handle* handle, CURLcode code); /* after a message was read */
};
extern struct application app;

/* A handle for `url` with all callbacks set; it ends with the scenario, or with cleanup_easy(). */
struct handle* easy(const char* name, const char* url);
struct handle* handle_named(const char* name);
#define SET(handle, option, value)                                          \
  do {                                                                      \
    const CURLcode code_ = curl_easy_setopt((handle)->easy, option, value); \
    CHECK(code_ == CURLE_OK, "%s: %d", #option, code_);                     \
    say("# %s %s", (handle)->name, #option);                                \
  } while (0)
/* The handle sends `size` bytes from its read callback. `known` false: chunked. */
void upload(struct handle* handle, size_t size, bool known);

/* Gives a socket a buffer of a size that the kernel does not change. */
void limit_buffer(int fd, int which);

/* Prints one line, as part of the call that is going on. */
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* Calls of the application; each is printed with what it brings about. */
void add(struct handle* handle);
void remove_easy(struct handle* handle);
void cleanup_easy(struct handle* handle);
void pause_to(struct handle* handle, int bits);
void timeout_call(void);
void action(const char* socket, int bits); /* socket_action for the newest socket of that name */
void action_fd(curl_socket_t fd, int bits, const char* name);
void socket_all(void);
void perform(void);
void read_messages(void);
void compare_multi_timeout(void); /* says whether curl_multi_timeout agrees with what was announced */
void set_multi(CURLMoption option, long value, const char* name);

/* Runs a timer that is due at once and events of announced sockets until there are none. Does not wait. */
void settle(void);
/* One event, or one due timer; false if there is none. */
bool settle_one(void);
/* Sleeps until the timer that is set and runs it, then settles. */
void wait_timer(void);
bool timer_is_set(void);
/* Lets so much time pass that our library looks at an idle connection before it uses it again. */
void be_idle(void);
/* As settle(), but waits for timers too, until the number of running transfers is `running`. */
void settle_until(int running);

/* Removes and ends the handles in the order in which they were made, then the multi. */
void finish(void);

curl_socket_t descriptor_of(const char* socket);
/* The open descriptor that is bound to `port`, CURL_SOCKET_BAD if there is none. */
curl_socket_t descriptor_with_port(int port);
/* The local port of the first socket that is connected to `port` and was not given by this function before;
 * -1 if there is none. */
int next_client_port(int port);

/* The peer. */

struct listener {
  int fd, port;
};
struct peer {
  int fd;
  char name[16];
  void* tls;
  bool shaken;
};

struct listener listen_at(const char* address, int port, int backlog); /* 0: a port of the kernel's choice */
/* A listener whose queue is full: who connects waits. */
struct listener listen_deaf(const char* address, int port);
/* "http://127.0.0.1:<port><path>", in one of a few static buffers. */
const char* url_at(struct listener listener, const char* path);
const char* text(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* The next connection; waits for it, with the application's timers running. */
struct peer* accepted(struct listener listener);
/* Reads a request with its head and the body its Content-Length or chunks say (not after Expect). */
void request(struct peer* peer);
/* Adds `handle` and runs until its request has reached the peer. */
struct peer* started(struct handle* handle, struct listener listener);
/* Reads `size` bytes of a body. */
void body_of(struct peer* peer, size_t size);
void answer(struct peer* peer, const char* bytes);
void answer_bytes(struct peer* peer, const char* bytes, size_t size);
/* Sends `size` bytes of 'x', with the application running as it has room. */
void stream_out(struct peer* peer, size_t size);
/* Reads `size` bytes, with the application running as it sends. */
void stream_in(struct peer* peer, size_t size);
void hang_up(struct peer* peer);
void reset(struct peer* peer);
/* A response with a body of `body`. */
const char* ok(const char* body);

/* TLS with the certificate in `directory`. To be called before anything is received. */
void speak_tls(struct peer* peer);
/* Moves all handshakes on as far as they go; true if anything was done. */
bool pump_tls(void);
extern const char* directory; /* where ca.pem, server.pem, server.key are; sockets can be made there */

/* A table of scenarios ends with a NULL name. */
struct scenario {
  const char* name;
  void (*run)(void);
};
extern const struct scenario basic_scenarios[], connection_scenarios[], upload_scenarios[], pause_scenarios[],
    time_scenarios[], member_scenarios[], odd_scenarios[], tls_scenarios[];

#endif
