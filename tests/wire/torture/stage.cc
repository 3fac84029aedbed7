#include "wire/torture/stage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "wire/support/faults.hpp"

namespace hiper::wire {
namespace {

constexpr int kRoundsMost = 20000;

/// What a peer's end may look like to the application, whichever call told it.
constexpr CURLcode kBroken[] = {CURLE_SEND_ERROR,   CURLE_RECV_ERROR,        CURLE_GOT_NOTHING,
                                CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR, CURLE_COULDNT_RESOLVE_HOST,
                                CURLE_AGAIN};
constexpr CURLcode kUnconnected[] = {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST,
                                     CURLE_INTERFACE_FAILED};

template <class Codes>
bool is_one_of(const Codes& codes, CURLcode code) {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

}  // namespace

bool is_plausible(SysCall call, CURLcode code) {
  switch (call) {
    case SysCall::socket:
    case SysCall::connect:
    case SysCall::bind:
    case SysCall::getifaddrs:
    case SysCall::getsockname:
      return is_one_of(kUnconnected, code);
    case SysCall::send:
    case SysCall::sendmsg:
    case SysCall::recv:
    case SysCall::recvfrom:
      return is_one_of(kBroken, code);
    case SysCall::read:
    case SysCall::open:
    case SysCall::fstat:
      return code == CURLE_READ_ERROR || code == CURLE_ABORTED_BY_CALLBACK ||
             code == CURLE_COULDNT_RESOLVE_HOST;
    case SysCall::poll:
    case SysCall::epoll_wait:
    case SysCall::epoll_ctl:
    case SysCall::epoll_create:
    case SysCall::eventfd:
      return code == CURLE_OUT_OF_MEMORY || code == CURLE_UNRECOVERABLE_POLL || is_one_of(kBroken, code) ||
             is_one_of(kUnconnected, code);
    case SysCall::getrandom:
      return code == CURLE_FAILED_INIT;
    default:
      return false;
  }
}

bool Stage::judge(CURLcode code, CURLcode expected) {
  if (code == expected) return true;
  complete = false;
  const bool memory = failing == Failing::memory && code == CURLE_OUT_OF_MEMORY;
  const bool system = failing == Failing::system && is_plausible(SysFaults::failed(), code);
  const bool also = failing != Failing::nothing && is_one_of(also_right, code);
  EXPECT_TRUE(memory || system || also) << "code " << code << ", expected was " << expected;
  return false;
}

bool Stage::judge(CURLMcode code) {
  if (code == CURLM_OK) return true;
  complete = false;
  EXPECT_NE(failing, Failing::nothing);
  EXPECT_TRUE(code == CURLM_OUT_OF_MEMORY || (failing == Failing::system && code == CURLM_UNRECOVERABLE_POLL))
      << "code " << code;
  return false;
}

bool Stage::add(Handle& handle) {
  if (handle.curl == nullptr || handle.short_of_memory) {
    EXPECT_EQ(failing, Failing::memory) << "no memory for a handle";
    return give_up();
  }
  const CURLMcode added = app().add(handle);
  if (added == CURLM_OK) return true;
  EXPECT_EQ(added, CURLM_OUT_OF_MEMORY);
  EXPECT_EQ(failing, Failing::memory);
  return give_up();
}

void Stage::run(const std::function<bool()>& reached, const char* what) {
  world.pump();
  for (int rounds = 0; !reached(); ++rounds) {
    if (rounds < kRoundsMost && world.step(5000)) continue;
    ADD_FAILURE() << "waited in vain for " << what << " (" << rounds << " rounds): " << app().whole_trace();
    complete = false;
    return;
  }
}

bool Stage::finish(Handle& handle, std::string_view body, CURLcode expected) {
  run([&] { return handle.done; }, "the end of a transfer");
  const testing::ScopedTrace trace(__FILE__, __LINE__, handle.error);
  const bool right = judge(handle.code, expected);
  // What a transfer that fails has delivered until then is a matter of time.
  const bool bytes_right = expected == CURLE_OK ? handle.body == body : body.starts_with(handle.body);
  EXPECT_TRUE(!right || bytes_right) << handle.body.size() << " bytes: " << handle.body.substr(0, 200);
  EXPECT_EQ(app().remove(handle), CURLM_OK);
  return right;
}

bool Stage::transfer(Handle& handle, std::string_view body, CURLcode expected) {
  return add(handle) && finish(handle, body, expected);
}

bool Stage::perform(CURL* easy, Handle& results, std::string_view body) {
  if (easy == nullptr || results.short_of_memory) {
    EXPECT_EQ(failing, Failing::memory);
    return give_up();
  }
  SysFaults::while_waiting = [this] { world.pump(); };
  const CURLcode code = in_library([&] { return curl_easy_perform(easy); });
  SysFaults::while_waiting = nullptr;
  const bool right = judge(code, CURLE_OK);
  EXPECT_TRUE(!right || results.body == body) << results.body;
  return right;
}

}  // namespace hiper::wire
