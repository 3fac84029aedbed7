// Each story is played with each allocation failing, and with each system call failing in each way it can:
// whatever fails, the story ends, with the right bytes or an error code; nothing leaks; the contract of the
// multi-socket interface holds; and the same multi handle then completes a transfer.
//
// A failure names the case. HIPER_TORTURE=<case> runs only that one: "story:n:memory", "story:n:memory+" (all
// later ones, too), "story:n:ECONNRESET", "story:n:ECONNRESET+".
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "wire/support/faults.hpp"
#include "wire/torture/stage.hpp"

#ifndef HIPER_TORTURE_STRIDE
#define HIPER_TORTURE_STRIDE 1
#endif

namespace hiper::wire {
namespace {

/// Every so many failures are tried.
constexpr long kStride = HIPER_TORTURE_STRIDE;
constexpr int kFailuresShown = 3;
constexpr std::chrono::seconds kLongest{kStride == 1 ? 20 : 60};

struct Totals {
  std::set<std::string_view> stories;
  long allocations = 0;
  long system_calls = 0;
  long leaks = 0;
};
Totals totals;

class SayTotals final : public testing::Environment {
  void TearDown() override {
    std::printf(
        "torture: %zu scenarios, %ld failures injected (%ld allocations, %ld system calls), %ld leaks\n",
        totals.stories.size(), totals.allocations + totals.system_calls, totals.allocations,
        totals.system_calls, totals.leaks);
  }
};
const testing::Environment* const say_totals = testing::AddGlobalTestEnvironment(new SayTotals);

/// What fails in a run.
struct Case {
  bool memory = false;
  long n = 0;  ///< 0: nothing fails
  std::size_t which = 0;
  bool from_then_on = false;
};

/// HIPER_TORTURE.
class Wish {
 public:
  Wish() {
    if (const char* const text = std::getenv("HIPER_TORTURE")) text_ = text;
  }
  bool given() const { return !text_.empty(); }
  std::string_view story() const { return std::string_view(text_).substr(0, text_.find(':')); }
  long n() const {
    const std::size_t colon = text_.find(':');
    return colon == text_.npos ? 0 : std::atol(text_.c_str() + colon + 1);
  }
  bool from_then_on() const { return text_.ends_with('+'); }
  std::string_view error() const {
    std::string_view last = std::string_view(text_).substr(text_.rfind(':') + 1);
    if (from_then_on()) last.remove_suffix(1);
    return last;
  }
  bool is_memory() const { return error() == "memory"; }

 private:
  std::string text_;
};

std::vector<Story> all_stories() {
  std::vector<Story> all;
  for (const auto part :
       {plain_stories(), body_stories(), secure_stories(), connection_stories(), interface_stories()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

int num_failures() {
  const testing::TestResult& result = *testing::UnitTest::GetInstance()->current_test_info()->result();
  int count = 0;
  for (int i = 0; i < result.total_part_count(); ++i) count += result.GetTestPartResult(i).failed() ? 1 : 0;
  return count;
}

class Torture : public testing::TestWithParam<Story> {
 protected:
  ~Torture() override {
    Faults::uninstall();
    SysFaults::disarm();
  }

  /// One run. True when the failure took place.
  bool run(const Case& what) {
    const auto began = std::chrono::steady_clock::now();
    const int descriptors = num_descriptors();
    Faults::install();
    const long live = Faults::num_live();
    const int failures = num_failures();
    const bool struck = play(what);
    Faults::uninstall();
    check_no_descriptor_is_left(descriptors);
    if (num_failures() == failures) check_no_memory_is_left(live);  // messages of failures take memory, too
    EXPECT_LT(std::chrono::steady_clock::now() - began, kLongest) << "that took too long";
    return struck;
  }

  bool play(const Case& what) {
    Stage stage(what.n == 0   ? Stage::Failing::nothing
                : what.memory ? Stage::Failing::memory
                              : Stage::Failing::system);
    stage.harmless = must_not_be_felt(what);
    arm(what);
    stage.world.restart();
    SysFaults::is_announced = [&stage](int fd) { return stage.app().interest(fd) != 0; };
    stage.app().expects_shortage = what.memory;
    if (stage.multi() != nullptr) {
      GetParam().play(stage);
    } else {
      stage.complete = false;
    }
    allocations_ = Faults::num_asked();
    const bool struck = what.memory ? Faults::struck() : SysFaults::struck();
    Faults::disarm();
    SysFaults::disarm();
    EXPECT_TRUE(stage.complete || struck) << "it does not work even if nothing fails";
    EXPECT_TRUE(stage.complete || !stage.harmless) << "this failure must not be felt";
    check_that_it_still_works(stage);
    SysFaults::is_announced = nullptr;
    return struck;
  }

  void arm(const Case& what) const {
    const bool all = what.from_then_on;
    Faults::arm(what.memory ? what.n : 0, all ? Faults::How::from_then_on : Faults::How::once);
    const bool call_fails = !what.memory && what.n != 0;
    SysFaults::arm(call_fails ? what.n : 0, call_fails ? call_of(what) : SysCall::none,
                   call_fails ? error_of(what) : 0,
                   all ? SysFaults::How::from_then_on : SysFaults::How::once);
  }

  static void check_that_it_still_works(Stage& stage) {
    SysFaults::while_waiting = nullptr;
    if (stage.multi() == nullptr) return;
    EXPECT_EQ(stage.app().num_announced(), 0u) << stage.app().whole_trace();
    stage.peer.forget();
    stage.peer.otherwise(always(response("ok")));
    Handle after(stage.peer.url("/after"));
    if (!stage.add(after)) return;
    stage.run([&] { return after.done; }, "the transfer after it");
    EXPECT_EQ(after.code, CURLE_OK) << after.error;
    EXPECT_EQ(after.body, "ok");
    EXPECT_EQ(stage.app().remove(after), CURLM_OK);
    EXPECT_EQ(stage.app().num_announced(), 0u);
    EXPECT_EQ(stage.app().timer_ms(), -1);
  }

  static void check_no_descriptor_is_left(int descriptors) {
    const int more = num_descriptors() - descriptors;
    EXPECT_EQ(more, 0) << "descriptors leaked";
    totals.leaks += more != 0 ? 1 : 0;
    EXPECT_EQ(SysFaults::take_misuse(), "");
  }

  void check_no_memory_is_left(long live) const {
    const long more = Faults::num_live() - live;
    if (is_new_ || more == 0) return;
    ADD_FAILURE() << "memory leaked: " << more << " blocks";
    ++totals.leaks;
  }

  /// The story without failures, which counts what it asks for. False when it does not work.
  bool rehearse() {
    is_new_ = true;  // what the test program itself keeps is made now
    run({});
    is_new_ = false;
    run({});
    calls_ = SysFaults::calls();
    if (HasFailure()) return false;
    EXPECT_GT(allocations_, 5) << "the library's allocations are not seen";
    EXPECT_GT(calls_.size(), 3u) << "the library's system calls are not seen";
    totals.stories.insert(GetParam().name);
    return true;
  }

  void sweep_allocations() {
    for (const bool from_then_on : {false, true}) {
      for (long n = 1 + offset(); !enough(); n += kStride) {
        if (!fail_allocation({true, n, 0, from_then_on})) break;
      }
    }
  }

  void sweep_calls() {
    long at = offset();
    for (const bool from_then_on : {false, true}) {
      for (long n = 1; n <= static_cast<long>(calls_.size()); ++n) {
        const std::size_t num_errors = errors_of(calls_[static_cast<std::size_t>(n - 1)]).size();
        for (std::size_t which = 0; which < num_errors && !enough(); ++which) {
          if (++at % kStride == 0) fail_call({false, n, which, from_then_on});
        }
      }
    }
  }

  void run_wish(const Wish& wish) {
    if (wish.story() != GetParam().name || wish.n() == 0) return;
    if (wish.is_memory()) {
      fail_allocation({true, wish.n(), 0, wish.from_then_on()});
      return;
    }
    ASSERT_LE(wish.n(), static_cast<long>(calls_.size()));
    const std::span<const int> errors = errors_of(calls_[static_cast<std::size_t>(wish.n() - 1)]);
    for (std::size_t which = 0; which < errors.size(); ++which) {
      if (wish.error() == strerrorname_np(errors[which])) {
        fail_call({false, wish.n(), which, wish.from_then_on()});
      }
    }
  }

 private:
  /// True when that allocation was asked for.
  bool fail_allocation(const Case& what) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, name_of_case(what, "memory"));
    const bool struck = run(what);
    totals.allocations += struck ? 1 : 0;
    return struck;
  }

  void fail_call(const Case& what) {
    const int error = error_of(what);
    // What is tried again would be tried for ever.
    if (what.from_then_on && (error == EINTR || error == EAGAIN)) return;
    const std::string text = std::string(strerrorname_np(error)) + (what.from_then_on ? "+" : "");
    const testing::ScopedTrace trace(__FILE__, __LINE__,
                                     name_of_case(what, text) + ", which is " + name_of(call_of(what)));
    const int failures = num_failures();
    totals.system_calls += run(what) ? 1 : 0;
    if (num_failures() != failures) std::printf("the calls of that run: %s\n", calls_made().c_str());
  }

  static std::string calls_made() {
    std::string text;
    for (const SysCall call : SysFaults::calls()) text.append(text.empty() ? "" : " ").append(name_of(call));
    return text;
  }

  static std::string name_of_case(const Case& what, std::string_view error) {
    std::string text = std::string("rerun with HIPER_TORTURE=") + GetParam().name;
    text.append(":").append(std::to_string(what.n)).append(":").append(error);
    return text.append(what.memory && what.from_then_on ? "+" : "");
  }

  SysCall call_of(const Case& what) const { return calls_[static_cast<std::size_t>(what.n - 1)]; }
  int error_of(const Case& what) const { return errors_of(call_of(what))[what.which]; }
  bool must_not_be_felt(const Case& what) const {
    if (what.memory || what.n == 0) return false;
    if (GetParam().asks_names && call_of(what) == SysCall::connect) return false;  // c-ares looks no further
    return is_harmless(call_of(what), error_of(what));
  }
  static bool enough() { return num_failures() >= kFailuresShown; }

  /// Stories begin at different places when not all failures are tried.
  static long offset() {
    const std::string_view name = GetParam().name;
    return static_cast<long>(name.size() * 7 + static_cast<unsigned char>(name.back())) % kStride;
  }

  bool is_new_ = false;
  long allocations_ = 0;
  std::vector<SysCall> calls_;  ///< of the story when nothing fails
};

TEST_P(Torture, EndsWellWhateverMemoryIsMissing) {
  if (!rehearse()) return;
  if (const Wish wish; wish.given()) {
    if (wish.is_memory()) run_wish(wish);
  } else {
    sweep_allocations();
  }
}

TEST_P(Torture, EndsWellWhateverTheSystemRefuses) {
  if (!rehearse()) return;
  if (const Wish wish; wish.given()) {
    if (!wish.is_memory()) run_wish(wish);
  } else {
    sweep_calls();
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, Torture, testing::ValuesIn(all_stories()),
                         [](const auto& story) { return std::string(story.param.name); });

}  // namespace
}  // namespace hiper::wire
