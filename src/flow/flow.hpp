// Flow<T>: a dialog written top-down as a coroutine. Lazy, awaited once, single-threaded. Destroying the
// outermost flow cancels it: every frame's locals are destroyed and waits unregister themselves. The only
// place, with task.hpp, that says coroutine_handle. The rules that keep g++ 12 honest are in docs/decisions
// (flows); tests/flow runs the forms.
//
// Every flow takes a Task& as its first parameter (members of a class: as the first one after `this`): its
// frame comes from that task's reactor.
#pragma once
#include <coroutine>
#include <cstddef>
#include <cstring>
#include <exception>
#include <type_traits>
#include <utility>

#include "flow/task.hpp"

namespace hiper {

template <class T>
class Flow;

class FlowPromiseBase {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
      return h.promise().finish();
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }

  template <class... Rest>
  static void* operator new(std::size_t size, Task& task, Rest&...) noexcept {
    return allocate(size, task.reactor());
  }
  template <class Self, class... Rest>
  static void* operator new(std::size_t size, Self&, Task& task, Rest&...) noexcept {
    return allocate(size, task.reactor());
  }
  static void operator delete(void* frame, std::size_t size) noexcept {
    Reactor* reactor;
    std::memcpy(&reactor, static_cast<char*>(frame) + size, sizeof(reactor));
    reactor->release_frame(frame, size + sizeof(reactor));
  }

  /// Runs the flow for `parent`; true when it is still busy and the parent must wait.
  bool run_for(std::coroutine_handle<> self, std::coroutine_handle<> parent) noexcept {
    parent_ = parent;
    self.resume();
    if (state_ == State::finished) return false;
    state_ = State::parked;
    return true;
  }

 private:
  enum class State : unsigned char { running, parked, finished };
  /// Behind the frame stands whose memory it is.
  static void* allocate(std::size_t size, Reactor& reactor) noexcept {
    Reactor* const owner = &reactor;
    void* const frame = reactor.allocate_frame(size + sizeof(owner));
    if (frame != nullptr) std::memcpy(static_cast<char*>(frame) + size, &owner, sizeof(owner));
    return frame;
  }
  std::coroutine_handle<> finish() noexcept {
    return std::exchange(state_, State::finished) == State::parked ? parent_ : std::noop_coroutine();
  }
  std::coroutine_handle<> parent_ = std::noop_coroutine();
  State state_ = State::running;
};

/// T is a class like Status: default constructible, T::out_of_memory(), T::from_current_exception(), and
/// accessors that do not exist on temporaries.
template <class T>
class [[nodiscard]] Flow {
  static_assert(std::is_class_v<T>,
                "a flow answers with a class whose accessors do not exist on temporaries");

 public:
  class promise_type : public FlowPromiseBase {
   public:
    Flow get_return_object() noexcept {
      return Flow(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    static Flow get_return_object_on_allocation_failure() noexcept {
      return Flow(std::coroutine_handle<promise_type>());
    }
    void unhandled_exception() noexcept { value_ = T::from_current_exception(); }
    void return_value(T value) noexcept { value_ = std::move(value); }
    T take() noexcept { return std::move(value_); }

   private:
    T value_ = T::out_of_memory();
  };

  Flow() noexcept = default;
  Flow(Flow&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Flow& operator=(Flow&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Flow() {
    if (handle_) handle_.destroy();
  }

  /// For the owner of a root flow. Done is also true when the frame could not be allocated.
  bool done() const noexcept { return !handle_ || handle_.done(); }
  void start() noexcept {
    if (handle_) handle_.promise().run_for(handle_, std::noop_coroutine());
  }
  T result() noexcept { return handle_ ? handle_.promise().take() : T::out_of_memory(); }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> child) noexcept : child_(child) {}
    bool await_ready() const noexcept { return !child_; }
    // Starting the child here, instead of by symmetric transfer, keeps the stack flat on every compiler and
    // -O level.
    bool await_suspend(std::coroutine_handle<> parent) const noexcept {
      return child_.promise().run_for(child_, parent);
    }
    T await_resume() const noexcept { return child_ ? child_.promise().take() : T::out_of_memory(); }

   private:
    std::coroutine_handle<promise_type> child_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(handle_); }

 private:
  explicit Flow(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class... Args>
inline constexpr bool flow_parameters_are_simple = ((std::is_reference_v<Args> ||
                                                     std::is_trivially_destructible_v<Args>)&&...);

}  // namespace hiper

template <class T, class... Args>
struct std::coroutine_traits<hiper::Flow<T>, Args...> {
  static_assert(hiper::flow_parameters_are_simple<Args...>,
                "a flow takes references and trivially destructible values only");
  static_assert((!std::is_rvalue_reference_v<Args> && ...),
                "an rvalue reference would dangle after the first wait");
  using promise_type = typename hiper::Flow<T>::promise_type;
};
