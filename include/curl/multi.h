/* SPDX-License-Identifier: MIT
 *
 * The multi interface: many transfers in one thread.
 */
#ifndef CURLINC_CURL_H
#include "curl.h" /* includes this file where its turn is */
#elif !defined(CURLINC_MULTI_H)
#define CURLINC_MULTI_H

#ifdef __cplusplus
extern "C" {
#endif

#ifdef CURL_STRICTER
typedef struct Curl_multi CURLM;
#else
typedef void CURLM;
#endif

typedef enum {
  CURLM_CALL_MULTI_PERFORM = -1,
  CURLM_OK = 0,
  CURLM_BAD_HANDLE = 1,
  CURLM_BAD_EASY_HANDLE = 2,
  CURLM_OUT_OF_MEMORY = 3,
  CURLM_INTERNAL_ERROR = 4,
  CURLM_BAD_SOCKET = 5,
  CURLM_UNKNOWN_OPTION = 6,
  CURLM_ADDED_ALREADY = 7,
  CURLM_RECURSIVE_API_CALL = 8,
  CURLM_WAKEUP_FAILURE = 9,
  CURLM_BAD_FUNCTION_ARGUMENT = 10,
  CURLM_ABORTED_BY_CALLBACK = 11,
  CURLM_UNRECOVERABLE_POLL = 12,
  CURLM_LAST
} CURLMcode;

#define CURLM_CALL_MULTI_SOCKET CURLM_CALL_MULTI_PERFORM

/* ---- Messages: transfers that are done ---- */

typedef enum { CURLMSG_NONE = 0, CURLMSG_DONE = 1, CURLMSG_LAST } CURLMSG;

struct CURLMsg {
  CURLMSG msg;
  CURL* easy_handle;
  union {
    void* whatever;
    CURLcode result; /* with CURLMSG_DONE */
  } data;
};
typedef struct CURLMsg CURLMsg;

/* ---- Waiting ---- */

/* Events of struct curl_waitfd. */
#define CURL_WAIT_POLLIN 0x0001
#define CURL_WAIT_POLLPRI 0x0002
#define CURL_WAIT_POLLOUT 0x0004

struct curl_waitfd {
  curl_socket_t fd;
  short events;
  short revents;
};

/* ---- Events by socket ---- */

/* What the socket callback is told to watch for. */
#define CURL_POLL_NONE 0
#define CURL_POLL_IN 1
#define CURL_POLL_OUT 2
#define CURL_POLL_INOUT 3
#define CURL_POLL_REMOVE 4

/* What curl_multi_socket_action() is told: a timeout in place of a socket,
   or what a socket is ready for. */
#define CURL_SOCKET_TIMEOUT CURL_SOCKET_BAD
#define CURL_CSELECT_IN 0x01
#define CURL_CSELECT_OUT 0x02
#define CURL_CSELECT_ERR 0x04

typedef int (*curl_socket_callback)(CURL* easy, curl_socket_t s, int what, void* userp, void* socketp);
typedef int (*curl_multi_timer_callback)(CURLM* m, long timeout_ms, void* userp);

/* ---- Server push ---- */

#define CURL_PUSH_OK 0
#define CURL_PUSH_DENY 1
#define CURL_PUSH_ERROROUT 2

struct curl_pushheaders; /* valid while the callback runs */

typedef int (*curl_push_callback)(CURL* parent, CURL* easy, size_t num_headers,
                                  struct curl_pushheaders* headers, void* userp);

CURL_EXTERN char* curl_pushheader_bynum(struct curl_pushheaders* h, size_t num);
CURL_EXTERN char* curl_pushheader_byname(struct curl_pushheaders* h, const char* name);

/* ---- Notifications ---- */

#define CURLMNOTIFY_INFO_READ 0
#define CURLMNOTIFY_EASY_DONE 1

typedef void (*curl_notify_callback)(CURLM* m, unsigned int notification, CURL* easy, void* user_data);

/* ---- Options ---- */

typedef enum {
  CURLOPT(CURLMOPT_SOCKETFUNCTION, CURLOPTTYPE_FUNCTIONPOINT, 1),
  CURLOPT(CURLMOPT_SOCKETDATA, CURLOPTTYPE_OBJECTPOINT, 2),
  CURLOPT(CURLMOPT_PIPELINING, CURLOPTTYPE_LONG, 3),
  CURLOPT(CURLMOPT_TIMERFUNCTION, CURLOPTTYPE_FUNCTIONPOINT, 4),
  CURLOPT(CURLMOPT_TIMERDATA, CURLOPTTYPE_OBJECTPOINT, 5),
  CURLOPT(CURLMOPT_MAXCONNECTS, CURLOPTTYPE_LONG, 6),
  CURLOPT(CURLMOPT_MAX_HOST_CONNECTIONS, CURLOPTTYPE_LONG, 7),
  CURLOPT(CURLMOPT_MAX_PIPELINE_LENGTH, CURLOPTTYPE_LONG, 8),
  CURLOPT(CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE, CURLOPTTYPE_OFF_T, 9),
  CURLOPT(CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE, CURLOPTTYPE_OFF_T, 10),
  CURLOPT(CURLMOPT_PIPELINING_SITE_BL, CURLOPTTYPE_OBJECTPOINT, 11),
  CURLOPT(CURLMOPT_PIPELINING_SERVER_BL, CURLOPTTYPE_OBJECTPOINT, 12),
  CURLOPT(CURLMOPT_MAX_TOTAL_CONNECTIONS, CURLOPTTYPE_LONG, 13),
  CURLOPT(CURLMOPT_PUSHFUNCTION, CURLOPTTYPE_FUNCTIONPOINT, 14),
  CURLOPT(CURLMOPT_PUSHDATA, CURLOPTTYPE_OBJECTPOINT, 15),
  CURLOPT(CURLMOPT_MAX_CONCURRENT_STREAMS, CURLOPTTYPE_LONG, 16),
  CURLOPT(CURLMOPT_NETWORK_CHANGED, CURLOPTTYPE_LONG, 17),
  CURLOPT(CURLMOPT_NOTIFYFUNCTION, CURLOPTTYPE_FUNCTIONPOINT, 18),
  CURLOPT(CURLMOPT_NOTIFYDATA, CURLOPTTYPE_OBJECTPOINT, 19),
  CURLOPT(CURLMOPT_RESOLVE_THREADS_MAX, CURLOPTTYPE_LONG, 20),
  CURLOPT(CURLMOPT_QUICK_EXIT, CURLOPTTYPE_LONG, 21),
  CURLMOPT_LASTENTRY /* the next free number */
} CURLMoption;

/* CURLMOPT_PIPELINING. */
#define CURLPIPE_NOTHING 0L
#define CURLPIPE_HTTP1 1L
#define CURLPIPE_MULTIPLEX 2L

/* CURLMOPT_NETWORK_CHANGED. */
#define CURLMNWC_CLEAR_ALL (1L << 0)
#define CURLMNWC_CLEAR_CONNS (1L << 1)
#define CURLMNWC_CLEAR_DNS (1L << 2)

/* Numbers of transfers, for curl_multi_get_offt(). */
typedef enum {
  CURLMINFO_NONE = 0,
  CURLMINFO_XFERS_CURRENT = 1,
  CURLMINFO_XFERS_RUNNING = 2,
  CURLMINFO_XFERS_PENDING = 3,
  CURLMINFO_XFERS_DONE = 4,
  CURLMINFO_XFERS_ADDED = 5,
  CURLMINFO_LASTENTRY
} CURLMinfo_offt;

/* ---- Functions ---- */

CURL_EXTERN CURLM* curl_multi_init(void);
CURL_EXTERN CURLMcode curl_multi_cleanup(CURLM* m);
CURL_EXTERN CURLMcode curl_multi_setopt(CURLM* m, CURLMoption option, ...);
CURL_EXTERN const char* curl_multi_strerror(CURLMcode error);

CURL_EXTERN CURLMcode curl_multi_add_handle(CURLM* m, CURL* curl);
CURL_EXTERN CURLMcode curl_multi_remove_handle(CURLM* m, CURL* curl);
CURL_EXTERN CURL** curl_multi_get_handles(CURLM* m);
CURL_EXTERN CURLMcode curl_multi_get_offt(CURLM* m, CURLMinfo_offt info, curl_off_t* pvalue);
CURL_EXTERN CURLMsg* curl_multi_info_read(CURLM* m, int* msgs_in_queue);

/* Drive everything, and wait in between. */
CURL_EXTERN CURLMcode curl_multi_perform(CURLM* m, int* running_handles);
CURL_EXTERN CURLMcode curl_multi_wait(CURLM* m, struct curl_waitfd extra_fds[], unsigned int extra_nfds,
                                      int timeout_ms, int* ret);
CURL_EXTERN CURLMcode curl_multi_poll(CURLM* m, struct curl_waitfd extra_fds[], unsigned int extra_nfds,
                                      int timeout_ms, int* ret);
CURL_EXTERN CURLMcode curl_multi_wakeup(CURLM* m);
CURL_EXTERN CURLMcode curl_multi_fdset(CURLM* m, fd_set* read_fd_set, fd_set* write_fd_set,
                                       fd_set* exc_fd_set, int* max_fd);
CURL_EXTERN CURLMcode curl_multi_waitfds(CURLM* m, struct curl_waitfd* ufds, unsigned int size,
                                         unsigned int* fd_count);
CURL_EXTERN CURLMcode curl_multi_timeout(CURLM* m, long* timeout_ms);

/* Drive only what an event or a timeout concerns. */
CURL_EXTERN CURLMcode curl_multi_socket_action(CURLM* m, curl_socket_t s, int ev_bitmask,
                                               int* running_handles);
CURL_EXTERN CURLMcode curl_multi_assign(CURLM* m, curl_socket_t sockfd, void* sockp);

CURL_EXTERN CURLMcode curl_multi_notify_enable(CURLM* m, unsigned int notification);
CURL_EXTERN CURLMcode curl_multi_notify_disable(CURLM* m, unsigned int notification);

/* Drive by socket without telling the event. */
CURL_EXTERN CURLMcode CURL_DEPRECATED(7.19.5, "Use curl_multi_socket_action()")
    curl_multi_socket(CURLM* m, curl_socket_t s, int* running_handles);
CURL_EXTERN CURLMcode CURL_DEPRECATED(7.19.5, "Use curl_multi_socket_action()")
    curl_multi_socket_all(CURLM* m, int* running_handles);

#ifndef CURL_ALLOW_OLD_MULTI_SOCKET
/* Even programs that use the old name get the function that takes an event. */
#define curl_multi_socket(x, y, z) curl_multi_socket_action(x, y, 0, z)
#endif

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_MULTI_H */
