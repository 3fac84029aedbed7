/* curl_easy_pause, in callbacks and outside, for downloads in every form (as they are, gzip, chunked, https)
 * and for uploads, with curl_easy_perform, curl_multi_perform and curl_multi_socket_action. */
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"

struct form {
  bool tls;
  const char *location, *file;
};
/* Below gz/ the server compresses, and so sends chunks. */
static const struct form kForms[] = {
    {false, "", "f300000"}, {true, "", "f300000"}, {false, "gz/", "text"},    {true, "gz/", "text"},
    {false, "", "f16385"},  {true, "", "f1"},      {false, "gz/", "f300000"}, {true, "gz/", "f300000"}};
enum { kForms_count = sizeof(kForms) / sizeof(*kForms) };
static struct transfer transfers[kForms_count * 3];
enum { kTransfers = sizeof(transfers) / sizeof(*transfers) };

static void begin_form(int number) {
  const struct form* form = &kForms[number % kForms_count];
  struct transfer* transfer = &transfers[number];
  begin(transfer, form->tls, form->location, form->file);
  if (form->location[0] != '\0') curl_easy_setopt(transfer->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  transfer->pause_every = number < kForms_count ? 1 : number < 2 * kForms_count ? 20000 : 100000;
}

/* Resumes what paused; the first time from the application, which is outside of all callbacks. */
static int resume_paused(int count) {
  int resumed = 0;
  for (int number = 0; number < count; ++number) {
    struct transfer* transfer = &transfers[number];
    if (!transfer->paused) continue;
    transfer->paused = false;
    EQUAL(curl_easy_pause(transfer->easy, CURLPAUSE_CONT), CURLE_OK);
    ++resumed;
  }
  return resumed;
}

static void perform(void) {
  CURLM* multi = curl_multi_init();
  for (int number = 0; number < kTransfers; ++number) {
    begin_form(number);
    EQUAL(curl_multi_add_handle(multi, transfers[number].easy), CURLM_OK);
  }
  int running = 1, finished = 0;
  const double deadline = seconds() + 50;
  while (finished < kTransfers) {
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    finished += collect(multi);
    CHECK(seconds() < deadline, "%d of %d done", finished, kTransfers);
    if (resume_paused(kTransfers) == 0 && finished < kTransfers) {
      EQUAL(curl_multi_poll(multi, NULL, 0, 10000, NULL), CURLM_OK);
    }
  }
  for (int number = 0; number < kTransfers; ++number) end(&transfers[number]);
  curl_multi_cleanup(multi);
}

static int epoll_set;
static long timer_ms = -1;
static int announced[65536];

static int on_socket(CURL* easy, curl_socket_t fd, int what, void* data, void* socketp) {
  (void)easy, (void)data, (void)socketp;
  struct epoll_event event = {.data.fd = fd, .events = (uint32_t)what};
  const int operation = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
                        : announced[fd] != 0     ? EPOLL_CTL_MOD
                                                 : EPOLL_CTL_ADD;
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  EQUAL(epoll_ctl(epoll_set, operation, fd, &event), 0);
  announced[fd] = what == CURL_POLL_REMOVE ? 0 : what;
  return 0;
}

static int on_timer(CURLM* multi, long ms, void* data) {
  (void)multi, (void)data;
  timer_ms = ms;
  return 0;
}

static void socket_action(void) {
  CURLM* multi = curl_multi_init();
  epoll_set = epoll_create1(EPOLL_CLOEXEC);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  for (int number = 0; number < kTransfers; ++number) {
    begin_form(number);
    EQUAL(curl_multi_add_handle(multi, transfers[number].easy), CURLM_OK);
  }
  int running = 1, finished = 0, idle = 0;
  while (finished < kTransfers) {
    struct epoll_event event;
    const int wait_ms = timer_ms < 0 || timer_ms > 20 ? 20 : (int)timer_ms;
    if (epoll_wait(epoll_set, &event, 1, wait_ms) == 1) {
      const int what = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                       ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
      EQUAL(curl_multi_socket_action(multi, event.data.fd, what, &running), CURLM_OK);
    } else {
      timer_ms = -1;
      EQUAL(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_OK);
    }
    const int before = finished;
    finished += collect(multi);
    idle = resume_paused(kTransfers) == 0 && before == finished ? idle + 1 : 0;
    CHECK(idle < 500, "nothing happens, %d of %d done", finished, kTransfers);
  }
  for (int number = 0; number < kTransfers; ++number) end(&transfers[number]);
  curl_multi_cleanup(multi);
  close(epoll_set);
}

/* The progress callback of a transfer with nothing to do is called about once a second; it may resume the
 * transfer. */
static int resume_in_progress(void* data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  struct transfer* transfer = data;
  if (!transfer->paused) return 0;
  transfer->paused = false;
  EQUAL(curl_easy_pause(transfer->easy, CURLPAUSE_CONT), CURLE_OK);
  return 0;
}

/* contract: 17.8 */
static void resumed_by_progress_callback(void) {
  for (int number = 0; number < 4; ++number) {
    struct transfer* transfer = &transfers[number];
    begin_form(number);
    transfer->pause_every = 200000;
    curl_easy_setopt(transfer->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(transfer->easy, CURLOPT_XFERINFOFUNCTION, resume_in_progress);
    curl_easy_setopt(transfer->easy, CURLOPT_XFERINFODATA, transfer);
    check_done(transfer, curl_easy_perform(transfer->easy));
    end(transfer);
  }
}

/* The application has its turn also while one callback pauses and another resumes all the time. */
static bool reluctant = true;

static size_t pause_always(char* bytes, size_t size, size_t count, void* data) {
  (void)bytes;
  struct transfer* transfer = data;
  if (!reluctant) transfer->num_received += size * count;
  transfer->paused = reluctant;
  return reluctant ? CURL_WRITEFUNC_PAUSE : size * count;
}

static void pausing_without_end(void) {
  CURLM* multi = curl_multi_init();
  struct transfer* transfer = &transfers[0];
  begin(transfer, false, "", "f300000");
  curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, pause_always);
  curl_easy_setopt(transfer->easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(transfer->easy, CURLOPT_XFERINFOFUNCTION, resume_in_progress);
  curl_easy_setopt(transfer->easy, CURLOPT_XFERINFODATA, transfer);
  EQUAL(curl_multi_add_handle(multi, transfer->easy), CURLM_OK);
  int running = 1, turns = 0, finished = 0;
  for (const double start = seconds(); finished == 0; ++turns) {
    CHECK(seconds() - start < 20, "not done");
    reluctant = turns < 100 || seconds() - start < 0.2;
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    finished = collect(multi);
    if (finished == 0) EQUAL(curl_multi_poll(multi, NULL, 0, 1000, NULL), CURLM_OK);
  }
  CHECK(turns > 100, "%d", turns);
  end(transfer);
  curl_multi_cleanup(multi);
}

/* Paused from outside before anything has come; nothing may come then. */
/* contract: 17.2 */
static void paused_from_outside(void) {
  CURLM* multi = curl_multi_init();
  for (int number = 0; number < 4; ++number) {
    begin_form(number);
    transfers[number].pause_every = 0;
    EQUAL(curl_multi_add_handle(multi, transfers[number].easy), CURLM_OK);
    EQUAL(curl_easy_pause(transfers[number].easy, CURLPAUSE_RECV), CURLE_OK);
  }
  int running = 0, finished = 0;
  for (int turn = 0; turn < 20; ++turn) {
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    EQUAL(running, 4);
    curl_multi_poll(multi, NULL, 0, 10, NULL);
  }
  for (int number = 0; number < 4; ++number) {
    EQUAL(transfers[number].num_received, 0);
    EQUAL(curl_easy_pause(transfers[number].easy, CURLPAUSE_CONT), CURLE_OK);
  }
  const double deadline = seconds() + 20;
  while (finished < 4) {
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    finished += collect(multi);
    CHECK(seconds() < deadline, "%d done", finished);
    if (finished < 4) curl_multi_poll(multi, NULL, 0, 10000, NULL);
  }
  for (int number = 0; number < 4; ++number) end(&transfers[number]);
  curl_multi_cleanup(multi);
}

/* Uploads whose read callback pauses now and then; /echo answers with what it got. */
struct upload {
  const struct file* data;
  size_t num_sent, pause_at;
  bool paused, rewound;
  CURL* easy;
};

static size_t on_read(char* buffer, size_t size, size_t count, void* data) {
  struct upload* upload = data;
  if (upload->num_sent >= upload->pause_at && upload->num_sent < upload->data->size) {
    upload->pause_at = upload->num_sent + 70000;
    upload->paused = true;
    return CURL_READFUNC_PAUSE;
  }
  size_t length = upload->data->size - upload->num_sent;
  if (length > size * count) length = size * count;
  memcpy(buffer, upload->data->bytes + upload->num_sent, length);
  upload->num_sent += length;
  return length;
}

static void upload(bool tls, bool chunked) {
  struct upload upload = {.data = file_of_site("f300000")};
  struct transfer* transfer = &transfers[0];
  begin(transfer, tls, "store/", "f300000");
  CURL* easy = transfer->easy;
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &upload);
  if (!chunked) curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload.data->size);
  CURLM* multi = curl_multi_init();
  EQUAL(curl_multi_add_handle(multi, easy), CURLM_OK);
  int running = 1, pauses = 0;
  const double deadline = seconds() + 20;
  CURLMsg* message = NULL;
  while (message == NULL) {
    int left;
    EQUAL(curl_multi_perform(multi, &running), CURLM_OK);
    message = curl_multi_info_read(multi, &left);
    CHECK(seconds() < deadline, "%zu sent", upload.num_sent);
    if (message != NULL) break;
    if (upload.paused) {
      upload.paused = false;
      ++pauses;
      EQUAL(curl_easy_pause(easy, CURLPAUSE_CONT), CURLE_OK);
    } else {
      curl_multi_poll(multi, NULL, 0, 10000, NULL);
    }
  }
  EQUAL(message->data.result, CURLE_OK);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  CHECK(status == 201 || status == 204, "%ld", status);
  EQUAL(upload.num_sent, upload.data->size);
  CHECK(pauses >= 3, "%d", pauses);
  curl_multi_remove_handle(multi, easy);
  end(transfer);
  curl_multi_cleanup(multi);
  begin(transfer, tls, "store/", "f300000"); /* what the server has now */
  check_done(transfer, curl_easy_perform(transfer->easy));
  end(transfer);
}

/* contract: 17.6 */
static void uploads(void) {
  upload(false, false);
  upload(true, false);
  upload(false, true);
  upload(true, true);
}

int main(int argc, char** argv) {
  static const struct test_case kCases[] = {{"perform", perform},
                                            {"socket_action", socket_action},
                                            {"resumed_by_progress_callback", resumed_by_progress_callback},
                                            {"pausing_without_end", pausing_without_end},
                                            {"paused_from_outside", paused_from_outside},
                                            {"uploads", uploads},
                                            {NULL, NULL}};
  return run_case(argc, argv, kCases);
}
