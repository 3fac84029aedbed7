// A process that forks at the moment when the library asks to be told of forks, which stands for one whose
// other thread does. Run by lazy_init_test.cc. Exits with 0 if the child could use the library.
#include <curl/curl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

int child_status = -1;

}  // namespace

extern "C" {

int __register_atfork(void (*before)(), void (*after)(), void (*in_child)(), void* object);
extern void* __dso_handle;

// In place of libc's.
int pthread_atfork(void (*before)(), void (*after)(), void (*in_child)()) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);  // ends a child that hangs
    _exit(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? 0 : 1);
  }
  waitpid(child, &child_status, 0);
  return __register_atfork(before, after, in_child, __dso_handle);
}

}  // extern "C"

int main() { return curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK && child_status == 0 ? 0 : 1; }
