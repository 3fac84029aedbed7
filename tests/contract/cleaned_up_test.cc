// What was cleaned up is no handle any more, as far as its memory still tells: here it does, because nothing
// is given back to the system. So this is a program of its own.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {

/// Memory that was freed is kept in a list while this is set.
bool keeping = false;
struct Kept {
  Kept* next;
};
Kept* kept = nullptr;

void* take(std::size_t size) noexcept {
  // Room in front of the object for the list, so that its bytes stay as they were left.
  void* const block = std::malloc(size + alignof(std::max_align_t));
  return block == nullptr ? nullptr : static_cast<char*>(block) + alignof(std::max_align_t);
}

void give(void* object) noexcept {
  if (object == nullptr) return;
  void* const block = static_cast<char*>(object) - alignof(std::max_align_t);
  if (!keeping) {
    std::free(block);
    return;
  }
  kept = new (block) Kept{kept};
}

/// While it lives nothing is given back.
class Keeping {
 public:
  Keeping() { keeping = true; }
  Keeping(const Keeping&) = delete;
  Keeping& operator=(const Keeping&) = delete;
  ~Keeping() {
    keeping = false;
    while (kept != nullptr) std::free(std::exchange(kept, kept->next));
  }
};

}  // namespace

void* operator new(std::size_t size) {
  void* const object = take(size);
  if (object == nullptr) throw std::bad_alloc();
  return object;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* object) noexcept { give(object); }
void operator delete(void* object, std::size_t) noexcept { give(object); }
void operator delete(void* object, const std::nothrow_t&) noexcept { give(object); }
void operator delete[](void* object) noexcept { give(object); }
void operator delete[](void* object, std::size_t) noexcept { give(object); }
void operator delete[](void* object, const std::nothrow_t&) noexcept { give(object); }

namespace {

// contract: 16.2
TEST(CleanedUp, AMultiHandleIsRefused) {
  const Keeping memory;
  CURL* const easy = curl_easy_init();
  CURLM* const multi = curl_multi_init();
  ASSERT_EQ(curl_multi_cleanup(multi), CURLM_OK);
  int running = 77;
  EXPECT_EQ(curl_multi_cleanup(multi), CURLM_BAD_HANDLE) << "twice";
  EXPECT_EQ(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(running, 0);
  EXPECT_EQ(curl_multi_perform(multi, &running), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_add_handle(multi, easy), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_wakeup(multi), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L), CURLM_BAD_HANDLE);
  EXPECT_EQ(curl_multi_info_read(multi, nullptr), nullptr);
  curl_easy_cleanup(easy);
}

// contract: 2.6
TEST(CleanedUp, AnEasyHandleIsRefused) {
  const Keeping memory;
  CURL* const easy = curl_easy_init();
  CURLM* const multi = curl_multi_init();
  curl_easy_cleanup(easy);
  EXPECT_EQ(curl_multi_add_handle(multi, easy), CURLM_BAD_EASY_HANDLE);
  EXPECT_EQ(curl_multi_remove_handle(multi, easy), CURLM_BAD_EASY_HANDLE);
  curl_easy_cleanup(easy);
  EXPECT_EQ(curl_multi_cleanup(multi), CURLM_OK);
}

}  // namespace
