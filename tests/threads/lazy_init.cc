// A process that has never called the library: 16 threads call it for the first time at the same moment. Run
// by lazy_init_test.cc, once for each function that has to initialise by itself. Exits with 0 if every call
// succeeded.
#include <curl/curl.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int kNumThreads = 16;

bool easy_init() {
  CURL* const easy = curl_easy_init();
  curl_easy_cleanup(easy);
  return easy != nullptr;
}

bool multi_init() {
  CURLM* const multi = curl_multi_init();
  return multi != nullptr && curl_multi_cleanup(multi) == CURLM_OK;
}

bool share_init() {
  CURLSH* const share = curl_share_init();
  return share != nullptr && curl_share_cleanup(share) == CURLSHE_OK;
}

bool global_init() {
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return false;
  curl_global_cleanup();
  return true;
}

bool global_init_mem() {
  if (curl_global_init_mem(CURL_GLOBAL_ALL, std::malloc, std::free, std::realloc, ::strdup, std::calloc) !=
      CURLE_OK)
    return false;
  curl_global_cleanup();
  return true;
}

/// Port 1 of loopback refuses the connection; a URL with a name goes through the resolver, too.
bool perform() {
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_URL, "https://localhost:1/");
  const CURLcode code = curl_easy_perform(easy);
  curl_easy_cleanup(easy);
  return code == CURLE_COULDNT_CONNECT;
}

bool version() { return curl_version_info(CURLVERSION_NOW)->version_num != 0 && curl_version() != nullptr; }

/// Without a curl_global_cleanup, which must not be called while others use the library.
bool everything() {
  return version() && curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK && easy_init() && multi_init() &&
         share_init() && perform();
}

struct Door {
  const char* name;
  bool (*call)();
};
constexpr Door kDoors[] = {{"easy_init", easy_init},   {"multi_init", multi_init},
                           {"share_init", share_init}, {"global_init", global_init},
                           {"perform", perform},       {"global_init_mem", global_init_mem},
                           {"version", version},       {"everything", everything}};

int run(const Door& door) {
  std::atomic<int> num_ready{0};
  std::atomic<int> num_good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([&] {
      ++num_ready;
      while (num_ready.load() < kNumThreads) std::this_thread::yield();
      if (door.call()) ++num_good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return num_good == kNumThreads ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Door& door : kDoors) {
    if (argc == 2 && std::strcmp(door.name, argv[1]) == 0) return run(door);
  }
  return 2;
}
