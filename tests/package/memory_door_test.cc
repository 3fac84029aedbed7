// All memory of the library comes from the functions given to curl_global_init_mem, C++ containers included,
// and each of those requests may fail. The program has an operator new of its own, which the library must
// neither use nor replace.
#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace {

long requests = 0;               // through curl_global_init_mem's functions
long live = 0;                   // blocks not yet given back
long fail_at = 0;                // the request that fails, 0: none
long calls_of_operator_new = 0;  // of this program's own

bool grant() {
  ++requests;
  return requests != fail_at;
}
void* count(void* p) {
  if (p != nullptr) ++live;
  return p;
}
void* give(std::size_t size) { return grant() ? count(std::malloc(size)) : nullptr; }
void* give_zeroed(std::size_t n, std::size_t size) { return grant() ? count(std::calloc(n, size)) : nullptr; }
char* give_copy(const char* s) { return grant() ? static_cast<char*>(count(::strdup(s))) : nullptr; }
void* give_more(void* p, std::size_t size) {
  if (!grant()) return nullptr;
  return p == nullptr ? count(std::malloc(size)) : std::realloc(p, size);
}
void take_back(void* p) {
  if (p != nullptr) --live;
  std::free(p);
}

int failures = 0;
void expect(bool condition, const char* what) {
  if (condition) return;
  ++failures;
  std::fprintf(stderr, "failed: %s (request %ld of %ld)\n", what, fail_at, requests);
}

/// Uses a bit of everything that allocates. True when nothing failed.
bool use_library() {
  bool ok = true;
  CURL* const easy = curl_easy_init();
  if (easy == nullptr) return false;
  CURLM* const multi = curl_multi_init();
  ok = multi != nullptr;
  ok = curl_easy_setopt(easy, CURLOPT_URL, "http://localhost:1/a/path/longer/than/small/strings") ==
           CURLE_OK &&
       ok;
  ok = curl_easy_setopt(easy, CURLOPT_USERAGENT, "memory door, longer than a small string") == CURLE_OK && ok;
  CURLU* const url = curl_url();
  ok = url != nullptr &&
       curl_url_set(url, CURLUPART_URL, "http://host.example/with/a/path?q=1", 0) == CURLUE_OK && ok;
  if (multi != nullptr) {
    const CURLMcode added = curl_multi_add_handle(multi, easy);
    ok = added == CURLM_OK && ok;
    if (added == CURLM_OK) curl_multi_remove_handle(multi, easy);
  }
  char* const text = curl_easy_escape(easy, "a b", 0);
  ok = text != nullptr && ok;
  curl_free(text);
  curl_url_cleanup(url);
  curl_easy_cleanup(easy);
  if (multi != nullptr) curl_multi_cleanup(multi);
  return ok;
}

bool run_once() {
  requests = 0;
  live = 0;
  calls_of_operator_new = 0;
  bool ok =
      curl_global_init_mem(CURL_GLOBAL_ALL, give, take_back, give_more, give_copy, give_zeroed) == CURLE_OK;
  if (ok) {
    ok = use_library();
    curl_global_cleanup();
  }
  expect(live == 0, "everything is given back");
  expect(calls_of_operator_new == 0, "the program's operator new is left alone");
  return ok;
}

}  // namespace

void* operator new(std::size_t size) {
  ++calls_of_operator_new;
  if (void* const p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

int main() {
  expect(run_once(), "works when memory is there");
  const long total = requests;
  expect(total > 5, "the functions are used");

  // A request of the library in vain must not be answered by another allocator: every one is reached.
  for (fail_at = 1; fail_at <= total && failures == 0; ++fail_at) {
    const bool ok = run_once();
    if (!ok) continue;
    expect(requests >= fail_at, "a failed request is either reported or does without");
  }
  fail_at = 0;
  expect(run_once(), "works again afterwards");

  requests = 0;
  const std::string text(100, 'x');
  expect(text.size() == 100 && calls_of_operator_new == 1 && requests == 0,
         "the program's operator new is still its own");
  std::printf("%ld requests, each failed once: %s\n", total, failures == 0 ? "ok" : "FAILED");
  return failures == 0 ? 0 : 1;
}
