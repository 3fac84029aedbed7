// The engine is what a CURLM is: who takes part, what is ready, what time it is. Every entry from the
// application is one turn: read the clock once, mark what the event or expired timers make ready, run ready
// flows until none is left, announce sockets and then the timer. Called by api/multi.cc and by easy_perform
// (api/easy_transfer.cc).
#pragma once
#include <curl/curl.h>

#include <memory>
#include <optional>
#include <span>

#include "conn/pool.hpp"
#include "conn/services.hpp"
#include "dns/resolver.hpp"
#include "flow/reactor.hpp"
#include "multi/early_look.hpp"
#include "multi/frame_cache.hpp"
#include "multi/poller.hpp"
#include "multi/settings.hpp"
#include "multi/socket_table.hpp"
#include "multi/timer_heap.hpp"
#include "stream/tls_sessions.hpp"
#include "transfer/transfer.hpp"

namespace hiper {

class Easy;

class Engine final : public Reactor, public TransferOwner {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// The engine behind an application's handle; nullptr for NULL and for what is not a live multi handle.
  static Engine* from(CURLM* handle) noexcept;
  CURLM* handle() noexcept { return this; }

  MultiSettings settings;

  // Members. Called outside of turns only; the doors check busy() first.
  /// True while a turn runs, which is whenever a callback of this multi is running.
  bool busy() const noexcept { return busy_; }
  /// True while CURLMOPT_NOTIFYFUNCTION runs, which may do all but start another turn or end the multi.
  bool notifying() const noexcept { return notifying_; }
  CURLMcode add(Easy& easy);
  CURLMcode remove(Easy& easy) noexcept;
  /// A NULL-terminated array of the added handles, from the memory door; nullptr when memory is out.
  CURL** handles() const noexcept;
  curl_off_t count(CURLMinfo_offt what) const noexcept;

  // Turns.
  /// `fd` may be CURL_SOCKET_TIMEOUT or any number; unknown descriptors have no effect.
  CURLMcode socket_action(curl_socket_t fd, Events events) noexcept;
  CURLMcode socket_all() noexcept;
  /// Whether the sockets are asked for events first, which is of no use before anything was sent.
  enum class Look : std::uint8_t { at_sockets, skip };
  CURLMcode perform(Look look = Look::at_sockets) noexcept;
  CURLMcode wait(std::span<curl_waitfd> extra, int timeout_ms, bool wakeable, int* num_ready) noexcept;
  bool wakeup() noexcept { return poller_.wake_up(); }
  int running() const noexcept { return static_cast<int>(num_running_); }
  /// Milliseconds to the next deadline, rounded up; 0: at once; -1: none.
  long timeout_ms() noexcept;
  /// After curl_easy_pause outside of a turn: acts on what changed for `transfer`.
  CURLMcode pause_changed(Transfer& transfer, bool resumes) noexcept;
  /// Runs until `transfer` is done (curl_easy_perform).
  CURLMcode drive(Transfer& transfer) noexcept;
  /// Announces what settings changed outside of a turn made due.
  CURLMcode settings_changed() noexcept;
  /// CURLMOPT_NETWORK_CHANGED: CURLMNWC_ bits.
  CURLMcode network_changed(long what) noexcept;

  // Sockets and messages.
  CURLMcode assign(curl_socket_t fd, void* socketp) noexcept;
  CURLMcode fdset(fd_set* read, fd_set* write, int* max_fd) noexcept;
  CURLMcode waitfds(std::span<curl_waitfd> out, unsigned* count) noexcept;
  CURLMsg* next_message(int* left) noexcept;

  /// The handle of `transfer` was cleaned up inside a callback: nothing of it is called any more, and it goes
  /// when the turn ends.
  void doom(Transfer& transfer) noexcept;
  /// The engine belongs to one easy handle (curl_easy_perform), which outlives a turn in any case.
  void belong_to_handle() noexcept { own_ = true; }

  /// Closes the connection of this engine that a handle holds after CURLOPT_CONNECT_ONLY. In or outside of a
  /// turn.
  void drop_held(HeldConnection& held) noexcept;

  Pool& pool() noexcept { return pool_; }
  Services& services() noexcept { return services_; }

  // Reactor.
  Nanos now() const noexcept override { return now_; }
  void make_ready(Runnable& runnable) noexcept override;
  void make_ready_next_turn(Runnable& runnable) noexcept override;
  Watch& adopt(int fd, SocketCloser closer, CURL* easy) override;
  void retire(Watch& watch) noexcept override;
  void release(Watch& watch) noexcept override;
  void take_over(Watch& watch) override;
  void interest_changed(Watch& watch) noexcept override;
  void arm(Timer& timer, Nanos due) override { timers_.arm(*this, timer, due); }
  void disarm(Timer& timer) noexcept override { timers_.disarm(timer); }
  void* allocate_frame(std::size_t size) noexcept override { return frames_.take(size); }
  void release_frame(void* frame, std::size_t size) noexcept override { frames_.give(frame, size); }

  // TransferOwner.
  void transfer_finished(Transfer& transfer) noexcept override;

 private:
  enum class Entry : std::uint8_t { socket, timeout, other };
  static constexpr Nanos kAtOnce = 0;

  void begin_turn() noexcept;
  void run_ready() noexcept;
  CURLMcode end_turn(Entry entry) noexcept;
  CURLMcode leave() noexcept;
  void rest() noexcept;
  void fire(Watch& watch, Events events) noexcept;
  void expire_timers() noexcept;
  void fail_all(CURLcode code) noexcept;
  Nanos next_deadline() noexcept;

  void announce_sockets() noexcept;
  EarlyLook* worth_a_look(const Watch& watch) noexcept;
  bool look_early(Watch& watch, EarlyLook& early) noexcept;
  void announce_interest(Watch& watch) noexcept;
  void withdraw(Watch& watch) noexcept;
  void count_waited(Watch& watch) noexcept;
  void close_retired(Watch& watch) noexcept;
  void call_socket_function(Watch& watch, int what) noexcept;
  void announce_timer(bool again) noexcept;
  bool needs_another_turn(Entry entry) noexcept;
  void notify() noexcept;
  bool open_poller() noexcept;
  bool all_registered() noexcept;
  std::unique_ptr<Transfer> take_transfer(Easy& easy);
  void keep_held_connection(Transfer& transfer) noexcept;
  void forget(Transfer& transfer) noexcept;
  void update_pool_limits() noexcept;

  static constexpr unsigned kMagic = 0x6d756c74;
  unsigned magic_ = kMagic;
  bool busy_ = false;
  bool own_ = false;
  bool notifying_ = false;
  bool unregistered_ = false;      ///< the system has refused to watch a socket for perform and wait
  bool notify_info_read_ = false;  ///< the message queue has become readable since the last notification
  bool aborted_ = false;  ///< a callback returned -1; transfers fail, new ones are refused until all are gone
  bool callback_failed_ = false;  ///< in this turn
  Nanos now_;
  Nanos announced_due_ = kNever;
  int num_unread_ = 0;      ///< messages in the queue
  int nagged_unread_ = -1;  ///< their number when the timer was last armed only because of them
  bool nagging_ = false;    ///< it is armed because of them
  std::size_t num_running_ = 0;
  std::size_t num_added_ = 0;
  std::size_t most_added_ = 0;  ///< since the engine last had nothing to do
  EarlyLook early_answers_;
  EarlyLook early_connects_;
  unsigned num_opened_ = 0;     ///< sockets that came in this turn
  std::size_t num_waited_ = 0;  ///< sockets somebody waits for
  curl_off_t num_ever_added_ = 0;

  // Destroyed from the bottom up: transfers first, then connections, then what their sockets are registered
  // in.
  FrameCache frames_;
  TimerHeap timers_;
  SocketTable sockets_;
  Poller poller_;
  List<Watch> changed_;
  List<Watch> retired_;
  List<Runnable> ready_;
  List<Runnable> next_turn_;
  Ref<TlsSessions> sessions_;
  std::optional<Resolver> resolver_;
  Pool pool_;
  ReadBuffer read_buffer_;
  Services services_;
  List<Transfer, MessageTag> messages_;
  List<Transfer, NotifyTag> to_notify_;
  List<Transfer, NotifyTag> doomed_;  ///< their handles were cleaned up inside a callback of this turn
  List<Transfer, MemberTag> members_;
  List<Transfer, MemberTag>
      spare_;  ///< finished objects kept for the next add, so that re-adding allocates nothing
  std::size_t num_spare_ = 0;
  List<HeldConnection> held_;  ///< connections of this engine that handles hold (CURLOPT_CONNECT_ONLY)
};

}  // namespace hiper
