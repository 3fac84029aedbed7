// Which process this is, counted in forks. A child inherits handles whose sockets and kernel objects it
// shares with its parent: what is done to those reaches the parent, too, so whoever holds one remembers the
// generation it was made in and leaves it alone in any other. Asked by conn/ and multi/; set up by global
// init.
//
// A child made without fork(2), by clone(2) or _Fork(3), is not noticed: handles must not be used there.
#pragma once
#include <atomic>
#include <mutex>

namespace hiper {

/// Equal within one process, different in parent and child.
using ProcessGeneration = unsigned;

namespace process_detail {
extern std::atomic<ProcessGeneration> generation;
}  // namespace process_detail

/// Costs one load, no system call: it may stand in any path.
inline ProcessGeneration process_generation() noexcept {
  return process_detail::generation.load(std::memory_order_relaxed);
}

/// From now on every fork(2) of the process begins a new generation in the child, and happens while the
/// forking thread holds `outermost`. Only the first call has an effect; `outermost` must be held, or no
/// other thread be in the library yet. False when memory is out.
bool notice_forks(std::mutex& outermost) noexcept;

/// Forks happen while the forking thread holds `mutex`, so that no child finds it locked by a thread that the
/// child does not have. For locks of the whole process that may be taken inside of the `outermost` one, which
/// must be held, and known from notice_forks(). Only the first call for a mutex has an effect; there is room
/// for a few.
void hold_during_forks(std::mutex& mutex) noexcept;

}  // namespace hiper
