// The blessed forms of a co_await (docs/decisions/flows.md), each run to its end and each cancelled after
// every number of wake-ups. g++ 12 miscompiles forms that look as harmless as these, silently and depending
// on the -O level, so this program is built with several.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fixture.hpp"

namespace hiper {
namespace {

// Leaves: each waits once.

Flow<Status> succeed(Task& task) {
  co_await WaitWake(task);
  co_return Status();
}
Flow<Status> fail(Task& task, CURLcode code) {
  const Tracked local(1);
  co_await WaitWake(task);
  co_return Status(code);
}
Flow<Answer> answer(Task& task, int value) {
  const Tracked local(value);
  co_await WaitWake(task);
  co_return Answer(local.value());
}
Flow<Answer> answer_at_once(Task& task, int value) {
  static_cast<void>(task);
  co_return Answer(value);
}
Flow<Status> want(Task& task, const Tracked& given, int value) {
  co_await WaitWake(task);
  co_return given.value() == value ? Status() : Status(CURLE_FAILED_INIT);
}
Status check(bool good) { return good ? Status() : Status(CURLE_FAILED_INIT); }

// The forms. Each has waited `num_waits` times when it ends, and ends with CURLE_OK.

Flow<Status> stands_alone(Task& task) {
  co_await WaitWake(task);
  co_await WaitWake(task);
  co_return Status();
}
Flow<Status> stands_alone_in_a_branch(Task& task) {
  if (task.reactor().now() != 0) co_await WaitWake(task);
  if (task.reactor().now() == 0) {
    co_await WaitWake(task);
  } else {
    co_await WaitWake(task);
  }
  co_return Status();
}
Flow<Status> right_of_a_name(Task& task) {
  const Tracked before(1);
  const Status status = co_await succeed(task);
  const Tracked after(2);
  const Answer got = co_await answer(task, 7);
  co_return check(status.ok() && got.ok() && got.value() == 7 && got.text().size() == 40);
}
Flow<Status> in_an_if(Task& task) {
  if (const Status status = co_await succeed(task); !status.ok()) co_return status;
  if (const Status status = co_await fail(task, CURLE_SEND_ERROR); !status.ok()) {
    const Tracked inside(1);
    const Answer got = co_await answer(task, 3);
    co_return check(got.value() == 3 && status.code() == CURLE_SEND_ERROR);
  }
  co_return Status(CURLE_FAILED_INIT);
}
// Without a local in the body, where `if (co_await ...)` goes wrong.
Flow<Status> in_an_if_with_nothing_else(Task& task) {
  if (const Status status = co_await succeed(task); status.ok()) co_return Status();
  co_return Status(CURLE_FAILED_INIT);
}
Flow<Status> in_an_if_with_an_else(Task& task) {
  if (const Answer got = co_await answer(task, 5); got.value() != 5) {
    co_return Status(CURLE_FAILED_INIT);
  } else if (const Answer second = co_await answer(task, 6); second.value() + got.value() == 11) {
    const Status last = co_await succeed(task);
    co_return last;
  } else {
    co_return Status(CURLE_FAILED_INIT);
  }
}
Flow<Status> right_of_co_return(Task& task) {
  const Tracked before(1);
  co_return co_await succeed(task);
}
Flow<Answer> answer_right_of_co_return(Task& task) { co_return co_await answer(task, 9); }
Flow<Status> three_deep(Task& task) {
  const Tracked local(1);
  const Answer got = co_await answer_right_of_co_return(task);
  const Status status = co_await right_of_a_name(task);
  co_return check(got.value() == 9 && status.ok());
}
Flow<Status> recursive(Task& task, int depth) {
  const Tracked local(depth);
  if (depth == 0) {
    co_await WaitWake(task);
    co_return Status();
  }
  const Status status = co_await recursive(task, depth - 1);
  co_return check(status.ok() && local.value() == depth);
}
Flow<Status> sixty_deep(Task& task) {
  const Status status = co_await recursive(task, 60);
  co_return status;
}

// Loops.

Flow<Status> for_loop(Task& task) {
  int sum = 0;
  for (int i = 0; i < 4; ++i) {
    if (i == 1) continue;
    const Tracked local(i);
    const Answer got = co_await answer(task, i);
    sum += got.value();
    if (i == 3) break;
  }
  co_return check(sum == 5);
}
Flow<Status> endless_loop_over_a_named_answer(Task& task) {
  for (int i = 0;; ++i) {
    const Answer got = co_await answer(task, i);
    if (!got.ok() || got.value() == 2) break;
  }
  for (;;) {
    co_await WaitWake(task);
    co_return Status();
  }
}
Flow<Status> while_loop(Task& task) {
  int left = 3;
  while (left > 0) {
    if (const Answer got = co_await answer(task, 1); got.ok()) left -= got.value();
  }
  do {
    co_await WaitWake(task);
  } while (left > 0);
  co_return check(left == 0);
}
Flow<Status> loop_over_a_named_vector(Task& task) {
  const std::vector<std::string> names(3, std::string(40, 'n'));
  std::size_t length = 0;
  for (const std::string& name : names) {
    co_await WaitWake(task);
    length += name.size();
  }
  co_return check(length == 120);
}
Flow<Status> waiting_and_not_waiting_mixed(Task& task) {
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    const Answer quick = co_await answer_at_once(task, i);
    const Answer slow = co_await answer(task, i);
    const Answer quick_again = co_await answer_at_once(task, i);
    sum += quick.value() + slow.value() + quick_again.value();
  }
  co_return check(sum == 9);
}
Flow<Status> switch_over_a_named_answer(Task& task) {
  const Answer got = co_await answer(task, 2);
  switch (got.value()) {
    case 1:
      co_return Status(CURLE_FAILED_INIT);
    case 2: {
      const Tracked local(4);
      const Answer second = co_await answer(task, 4);
      if (second.value() != local.value()) co_return Status(CURLE_FAILED_INIT);
      [[fallthrough]];
    }
    case 3:
      co_await WaitWake(task);
      break;
    default:
      co_return Status(CURLE_FAILED_INIT);
  }
  co_return Status();
}

// Scopes, owners, exceptions.

Flow<Status> nested_scopes(Task& task) {
  const Tracked outer(1);
  {
    const Tracked inner(2);
    co_await WaitWake(task);
  }
  if (Tracked::num_live == 0) co_return Status(CURLE_FAILED_INIT);
  {
    const Tracked inner(3);
    std::array<char, 300> room{};
    room[299] = 'x';
    co_await WaitWake(task);
    co_return check(inner.value() == 3 && room[299] == 'x');
  }
}
Flow<Status> unique_pointers(Task& task) {
  auto first = std::make_unique<Tracked>(1);
  const std::unique_ptr<Tracked> second = std::make_unique<Tracked>(2);
  co_await WaitWake(task);
  const auto third = std::move(first);
  const Status status = co_await want(task, *third, 1);
  co_return check(status.ok() && first == nullptr && second->value() == 2);
}
Flow<Status> throws(Task& task, int when) {
  const Tracked local(1);
  if (when == 0) throw std::bad_alloc();
  co_await WaitWake(task);
  const Tracked second(2);
  if (when == 1) throw std::bad_alloc();
  co_return Status();
}
Flow<Status> a_child_that_throws(Task& task) {
  const Status at_once = co_await throws(task, 0);
  const Status later = co_await throws(task, 1);
  const Status never = co_await throws(task, 2);
  co_return check(at_once.code() == CURLE_OUT_OF_MEMORY && later.code() == CURLE_OUT_OF_MEMORY && never.ok());
}
Flow<Status> in_a_try_block(Task& task) {
  int caught = 0;
  for (int i = 0; i < 2; ++i) {
    try {
      const Tracked local(i);
      const Answer got = co_await answer(task, i);
      if (got.value() == 1) throw std::bad_alloc();
      co_await WaitWake(task);
    } catch (const std::bad_alloc&) {
      ++caught;
    }
  }
  const Status status = co_await succeed(task);
  co_return check(status.ok() && caught == 1);
}

// Parameters.

Flow<Status> temporary_of_a_class_with_constructors(Task& task) {
  if (const Status status = co_await want(task, Tracked(5), 5); !status.ok()) co_return status;
  const Status status = co_await want(task, Tracked(6), 6);
  co_return status;
}
Flow<Status> takes_a_string(Task& task, const std::string& text) {
  co_await WaitWake(task);
  co_return check(text.size() == 43);
}
Flow<Status> string_temporary(Task& task) {
  const std::string start(40, 's');
  const Status status = co_await takes_a_string(task, start + "end");
  co_return status;
}
struct Plain {
  int number;
  const char* text;
};
Flow<Status> takes_values(Task& task, Plain plain, std::string_view view, int number = 3) {
  co_await WaitWake(task);
  co_return check(plain.number == 1 && *plain.text == 'p' && view == "view" && number == 3);
}
Flow<Status> trivial_values(Task& task) {
  const Plain plain = {1, "p"};
  const Status status = co_await takes_values(task, plain, "view");
  co_return status;
}
Flow<Status> fills_in(Task& task, std::string& out) {
  co_await WaitWake(task);
  out.assign(50, 'o');
  co_return Status();
}
Flow<Status> reference_to_a_local(Task& task) {
  std::string out;
  const Status status = co_await fills_in(task, out);
  co_return check(status.ok() && out.size() == 50);
}
template <class T>
Flow<Status> take_any(Task& task, const T& value) {
  co_await WaitWake(task);
  co_return check(sizeof(value) == sizeof(T));
}
Flow<Status> templates(Task& task) {
  if (const Status status = co_await take_any(task, 1L); !status.ok()) co_return status;
  const Tracked local(1);
  co_return co_await take_any(task, local);
}
Flow<Status> no_throw(Task& task) noexcept {
  const Status status = co_await succeed(task);
  co_return status;
}

// Members.

class Shape {
 public:
  virtual Flow<Status> area(Task& task, int want) = 0;

 protected:
  ~Shape() = default;
};
class Square final : public Shape {
 public:
  Flow<Status> area(Task& task, int want) override {
    const Answer got = co_await side(task);
    co_return check(got.value() * got.value() == want);
  }
  Flow<Answer> side(Task& task) const {
    co_await WaitWake(task);
    co_return Answer(side_.value());
  }

 private:
  Tracked side_{3};
};
Flow<Status> virtual_members(Task& task) {
  Square square;
  Shape& shape = square;
  const Status status = co_await shape.area(task, 9);
  co_return status;
}

// A class that is the task itself, as a transfer is.
class Job final : public Task {
 public:
  explicit Job(Reactor& reactor, Task& line) : Task(reactor), line_(line) {}
  void run() noexcept override {}
  Flow<Status> go(Task& task) {
    const Status status = co_await without_task_parameter_first();
    co_return check(status.ok() && &task == &line_);
  }

 private:
  Flow<Status> without_task_parameter_first() {
    co_await WaitWake(line_);
    co_return Status();
  }
  Task& line_;
};
Flow<Status> members_of_a_task(Task& task) {
  Job job(task.reactor(), task);
  const Status status = co_await job.go(task);
  co_return status;
}

// What is not in the statement of the co_await is free.
Flow<Status> lambdas_and_conditionals_beside_it(Task& task) {
  const Tracked local(2);
  const auto doubled = [&local] { return 2 * local.value(); };
  const Answer got = co_await answer(task, doubled());
  const std::string text = got.ok() ? got.text() : std::string();
  const std::array<int, 2> pair = {got.value(), doubled()};
  co_await WaitWake(task);
  co_return text.size() == 40 && pair[0] == pair[1] ? Status() : Status(CURLE_FAILED_INIT);
}
Flow<Status> a_named_flow(Task& task) {
  Flow<Answer> later = answer(task, 4);
  co_await WaitWake(task);
  const Answer got = co_await std::move(later);
  co_return check(got.value() == 4);
}
Flow<Status> a_flow_that_is_never_awaited(Task& task) {
  const Flow<Answer> unused = answer(task, 4);
  co_await WaitWake(task);
  co_return Status();
}
Flow<Status> answers_of_waits(Task& task) {
  const Nanos deadline = task.reactor().now() + kSecond;
  const Woken woken = co_await WaitWake(task, deadline);
  if (const Woken again = co_await WaitWake(task, deadline); again.timed_out()) {
    co_return Status(CURLE_OPERATION_TIMEDOUT);
  }
  co_return check(!woken.timed_out());
}

struct Form {
  const char* name;
  Flow<Status> (*make)(Task&);
  int num_waits;
};
constexpr Form kForms[] = {
    {"stands_alone", stands_alone, 2},
    {"stands_alone_in_a_branch", stands_alone_in_a_branch, 2},
    {"right_of_a_name", right_of_a_name, 2},
    {"in_an_if", in_an_if, 3},
    {"in_an_if_with_nothing_else", in_an_if_with_nothing_else, 1},
    {"in_an_if_with_an_else", in_an_if_with_an_else, 3},
    {"right_of_co_return", right_of_co_return, 1},
    {"three_deep", three_deep, 3},
    {"sixty_deep", sixty_deep, 1},
    {"for_loop", for_loop, 3},
    {"endless_loop_over_a_named_answer", endless_loop_over_a_named_answer, 4},
    {"while_loop", while_loop, 4},
    {"loop_over_a_named_vector", loop_over_a_named_vector, 3},
    {"waiting_and_not_waiting_mixed", waiting_and_not_waiting_mixed, 3},
    {"switch_over_a_named_answer", switch_over_a_named_answer, 3},
    {"nested_scopes", nested_scopes, 2},
    {"unique_pointers", unique_pointers, 2},
    {"a_child_that_throws", a_child_that_throws, 2},
    {"in_a_try_block", in_a_try_block, 4},
    {"temporary_of_a_class_with_constructors", temporary_of_a_class_with_constructors, 2},
    {"string_temporary", string_temporary, 1},
    {"trivial_values", trivial_values, 1},
    {"reference_to_a_local", reference_to_a_local, 1},
    {"templates", templates, 2},
    {"no_throw", no_throw, 1},
    {"virtual_members", virtual_members, 1},
    {"members_of_a_task", members_of_a_task, 1},
    {"lambdas_and_conditionals_beside_it", lambdas_and_conditionals_beside_it, 2},
    {"a_named_flow", a_named_flow, 2},
    {"a_flow_that_is_never_awaited", a_flow_that_is_never_awaited, 1},
    {"answers_of_waits", answers_of_waits, 2},
};

class EveryForm : public FlowTest, public ::testing::WithParamInterface<Form> {
 protected:
  const Form& form = GetParam();
};

TEST_P(EveryForm, RunsToItsEndWithTheRightNumberOfWaits) {
  {
    Flow<Status> flow = form.make(line);
    EXPECT_FALSE(flow.done()) << "it is lazy";
    flow.start();
    int num_waits = 0;
    for (; !flow.done() && num_waits < 100; ++num_waits) step();
    ASSERT_TRUE(flow.done());
    EXPECT_EQ(num_waits, form.num_waits);
    const Status status = flow.result();
    EXPECT_EQ(status.code(), CURLE_OK);
  }
  expect_nothing_left();
}

TEST_P(EveryForm, CanBeCancelledAfterEachWait) {
  for (int num_waits = 0; num_waits < form.num_waits; ++num_waits) {
    {
      Flow<Status> flow = form.make(line);
      flow.start();
      for (int i = 0; i < num_waits; ++i) step();
      EXPECT_FALSE(flow.done());
      EXPECT_TRUE(line.is_suspended());
    }
    expect_nothing_left();
    step();  // a wake-up that comes too late does no harm
  }
}

TEST_P(EveryForm, CanBeDroppedBeforeItStarts) {
  { const Flow<Status> flow = form.make(line); }
  expect_nothing_left();
}

TEST_P(EveryForm, EndsOutOfMemoryWithEachFrameFailing) {
  for (int n = 1;; ++n) {
    bool struck = false;
    {
      const std::size_t before = reactor.num_frames_asked();
      reactor.fail_frame(n);
      Flow<Status> flow = form.make(line);
      flow.start();
      for (int i = 0; !flow.done() && i < 100; ++i) step();
      ASSERT_TRUE(flow.done()) << n;
      struck = reactor.num_frames_asked() - before >= static_cast<std::size_t>(n);
      const Status status = flow.result();
      // Forms that look at their children's failures only in the end answer with their own code.
      if (!struck) {
        EXPECT_EQ(status.code(), CURLE_OK) << n;
      }
    }
    reactor.fail_frame(0);
    expect_nothing_left();
    if (!struck) break;
  }
}

TEST_P(EveryForm, EndsWithEachAllocationFailing) {
  for (long n = 1;; ++n) {
    bool struck = false;
    {
      const FailingNew failing(n);
      Flow<Status> flow = form.make(line);
      flow.start();
      for (int i = 0; !flow.done() && i < 100; ++i) step();
      struck = failing.struck();
      FailingNew::pause();
      ASSERT_TRUE(flow.done()) << n;
      const Status status = flow.result();
      if (!struck) {
        EXPECT_EQ(status.code(), CURLE_OK) << n;
      }
    }
    expect_nothing_left();
    if (!struck) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Canary, EveryForm, ::testing::ValuesIn(kForms),
                         [](const ::testing::TestParamInfo<Form>& form) { return form.param.name; });

}  // namespace
}  // namespace hiper
