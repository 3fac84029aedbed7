#include "multi/engine.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/memory.hpp"
#include "easy/easy.hpp"
#include "multi/easy_engine.hpp"

namespace hiper {
namespace {

constexpr std::size_t kSpareTransfers = 32;
constexpr int kRegisterAgainMs = 50;

}  // namespace

Engine::Engine()
    : now_(monotonic_now()),
      sessions_(TlsSessions::create()),
      resolver_(std::in_place, *this),
      pool_(*this),
      services_{*this, pool_, *resolver_, *sessions_, read_buffer_} {}

Engine::~Engine() {
  busy_ = true;
  while (Transfer* const transfer = members_.first()) {
    if (!transfer->done()) transfer->abandon();
    transfer->easy().info.last_socket = CURL_SOCKET_BAD;
    forget(*transfer);
    delete transfer;
  }
  while (Transfer* const transfer = spare_.first()) {
    transfer->unlink_member();
    delete transfer;
  }
  while (HeldConnection* const held = held_.first()) {
    held->easy->info.last_socket = CURL_SOCKET_BAD;
    drop_held(*held);
  }
  pool_.clear();
  resolver_.reset();
  sessions_->close();
  announce_sockets();
  nagging_ = aborted_ = false;  // nobody is left whom another turn would serve
  announce_timer(false);
  magic_ = 0;
}

// Looks into whatever it is given, which the sanitizer need not know as an engine.
__attribute__((no_sanitize("vptr"))) Engine* Engine::from(CURLM* handle) noexcept {
  Engine* const engine = static_cast<Engine*>(static_cast<void*>(handle));
  return engine != nullptr && engine->magic_ == kMagic ? engine : nullptr;
}

// Members.

std::unique_ptr<Transfer> Engine::take_transfer(Easy& easy) {
  if (spare_.empty()) return std::make_unique<Transfer>(services_, *this, easy);
  Transfer& spare = *spare_.first();
  spare.unlink_member();
  --num_spare_;
  std::unique_ptr<Transfer> transfer(&spare);
  transfer->reuse_for(easy);
  return transfer;
}

CURLMcode Engine::add(Easy& easy) {
  if (aborted_) {
    if (num_added_ != 0) return CURLM_ABORTED_BY_CALLBACK;
    aborted_ = false;
  }
  Transfer& added = *take_transfer(easy).release();
  added.added();
  members_.push_back(added);
  easy.transfer_slot = &added;
  easy.engine_slot = this;
  easy.detach = detach_easy;
  easy.info.xfer_id = num_ever_added_;
  ++num_added_;
  ++num_running_;
  ++num_ever_added_;
  if (num_added_ > most_added_) frames_.keep_for(most_added_ = num_added_);
  if (settings.max_connects == 0) pool_.set_max_kept(4 * num_added_);
  make_ready_next_turn(added);
  busy_ = true;
  announce_timer(false);
  return leave();
}

CURLMcode Engine::remove(Easy& easy) noexcept {
  Transfer& transfer = *static_cast<Transfer*>(easy.transfer_slot);
  if (transfer.done()) {
    busy_ = true;  // nothing of it has a deadline any more: what time it is does not matter
  } else {
    begin_turn();
  }
  if (transfer.has_message()) --num_unread_;
  if (num_unread_ == 0) nagging_ = false;
  if (transfer.done()) {
    keep_held_connection(transfer);
  } else {
    transfer.abandon();
    --num_running_;
  }
  forget(transfer);
  --num_added_;
  transfer.clear();
  if (num_spare_ < std::max(kSpareTransfers, most_added_)) {
    spare_.push_front(transfer);  // used next, while the processor still has it
    ++num_spare_;
  } else {
    delete &transfer;
  }
  if (num_added_ == 0) aborted_ = false;
  announce_sockets();
  announce_timer(false);
  static_cast<void>(leave());  // the handle is gone whatever the callbacks said
  return CURLM_OK;
}

void Engine::forget(Transfer& transfer) noexcept {
  transfer.unlink_message();
  transfer.unlink_notification();
  transfer.unlink_member();
  transfer.easy().engine_slot = nullptr;
  transfer.easy().transfer_slot = nullptr;
}

void Engine::keep_held_connection(Transfer& transfer) noexcept {
  if (!transfer.lease()) return;
  HeldConnection& held = *parts_if_any(transfer.easy())->held;
  if (held.engine != nullptr) static_cast<Engine*>(held.engine)->drop_held(held);
  held.lease = std::move(transfer.lease());
  held.engine = this;
  held.easy = &transfer.easy();
  held_.push_back(held);
}

void Engine::drop_held(HeldConnection& held) noexcept {
  const bool in_turn = std::exchange(busy_, true);
  held.unlink();
  held.engine = nullptr;
  held.lease.drop();
  if (in_turn) return;
  now_ = monotonic_now();
  announce_sockets();
  announce_timer(false);
  static_cast<void>(leave());
}

void Engine::doom(Transfer& transfer) noexcept {
  if (transfer.has_message()) --num_unread_;
  transfer.unlink_message();
  transfer.unlink_notification();
  static_cast<void>(transfer.set_pause(CURLPAUSE_ALL));
  doomed_.push_back(transfer);
}

void Engine::update_pool_limits() noexcept {
  PoolLimits limits;
  limits.max_total = static_cast<std::size_t>(settings.max_total_connections);
  limits.max_host = static_cast<std::size_t>(settings.max_host_connections);
  limits.max_kept = settings.max_connects > 0 ? static_cast<std::size_t>(settings.max_connects)
                                              : std::max<std::size_t>(4, 4 * num_added_);
  pool_.set_limits(limits);
}

CURL** Engine::handles() const noexcept {
  CURL** const list = static_cast<CURL**>(allocate((num_added_ + 1) * sizeof(CURL*)));
  if (list == nullptr) return nullptr;
  std::size_t at = 0;
  auto& members = const_cast<List<Transfer, MemberTag>&>(members_);
  for (Transfer* transfer = members.first(); transfer != nullptr; transfer = members.next(*transfer)) {
    list[at++] = transfer->easy().handle();
  }
  list[at] = nullptr;
  return list;
}

curl_off_t Engine::count(CURLMinfo_offt what) const noexcept {
  switch (what) {
    case CURLMINFO_XFERS_CURRENT:
      return static_cast<curl_off_t>(num_added_);
    case CURLMINFO_XFERS_RUNNING:
      return static_cast<curl_off_t>(num_running_ - pool_.num_waiting());
    case CURLMINFO_XFERS_PENDING:
      return static_cast<curl_off_t>(pool_.num_waiting());
    case CURLMINFO_XFERS_DONE:
      return num_unread_;
    case CURLMINFO_XFERS_ADDED:
      return num_ever_added_;
    default:
      return -1;
  }
}

// Turns.

void Engine::begin_turn() noexcept {
  busy_ = true;
  num_opened_ = 0;
  now_ = monotonic_now();
  if (aborted_ && num_running_ != 0) fail_all(CURLE_ABORTED_BY_CALLBACK);
}

CURLMcode Engine::end_turn(Entry entry) noexcept {
  announce_sockets();
  if (needs_another_turn(entry)) {
    nagged_unread_ = num_unread_;
    nagging_ = true;
  }
  announce_timer(entry == Entry::timeout);
  const CURLMcode code = leave();
  if (num_added_ == 0) rest();
  if (settings.notify_function != nullptr && !notifying_) notify();
  return code;
}

// Nobody is added any more: memory that was kept for the next ones goes, but for some.
void Engine::rest() noexcept {
  read_buffer_.shrink();
  if (most_added_ == 0) return;
  most_added_ = 0;
  frames_.keep_for(0);
  for (; num_spare_ > kSpareTransfers; --num_spare_) {
    Transfer& spare = spare_.front();
    spare.unlink_member();
    delete &spare;
  }
}

// Whatever may have called the application leaves through here: from now on calls into the multi are welcome
// again, and handles that were cleaned up inside a callback can go.
CURLMcode Engine::leave() noexcept {
  busy_ = false;
  const bool failed = std::exchange(callback_failed_, false);
  while (!doomed_.empty() && !own_) delete &doomed_.front().easy();  // which removes it
  return failed ? CURLM_ABORTED_BY_CALLBACK : CURLM_OK;
}

CURLMcode Engine::socket_action(curl_socket_t fd, Events events) noexcept {
  begin_turn();
  if (fd != CURL_SOCKET_TIMEOUT) {
    if (Watch* const watch = sockets_.find(fd)) fire(*watch, events);
  }
  expire_timers();
  run_ready();
  return end_turn(fd == CURL_SOCKET_TIMEOUT ? Entry::timeout : Entry::socket);
}

CURLMcode Engine::socket_all() noexcept {
  begin_turn();
  sockets_.for_each([this](Watch& watch) { fire(watch, Events::inout); });
  expire_timers();
  run_ready();
  return end_turn(Entry::timeout);
}

CURLMcode Engine::perform(Look look) noexcept {
  begin_turn();
  if (!open_poller()) {
    busy_ = false;
    return CURLM_OUT_OF_MEMORY;
  }
  const auto ready = [this](Watch& watch, Events events) { fire(watch, events); };
  const bool looked = look == Look::skip || !ready_.empty() || poller_.wait({}, 0, false, ready) >= 0;
  if (!looked || !all_registered()) {
    // What the set cannot tell is found out socket by socket.
    sockets_.for_each([this](Watch& watch) { fire(watch, Events::inout); });
  }
  expire_timers();
  run_ready();
  return end_turn(Entry::other);
}

CURLMcode Engine::wait(std::span<curl_waitfd> extra, int timeout_ms, bool wakeable, int* num_ready) noexcept {
  busy_ = true;
  now_ = monotonic_now();
  if (!open_poller()) {
    busy_ = false;
    return CURLM_OUT_OF_MEMORY;
  }
  if (!wakeable && extra.empty() && num_waited_ == 0) timeout_ms = 0;  // curl_multi_wait does not sleep then
  if (!all_registered()) timeout_ms = std::min(timeout_ms, kRegisterAgainMs);
  const Nanos due = next_deadline();
  if (due != kNever) {
    timeout_ms = static_cast<int>(std::min<std::int64_t>(timeout_ms, ms_rounded_up(due - now_)));
  }
  const int count =
      poller_.wait(extra, timeout_ms, wakeable, [this](Watch& watch, Events events) { fire(watch, events); });
  busy_ = false;
  if (num_ready != nullptr) *num_ready = count < 0 ? 0 : count;
  if (count >= 0) return CURLM_OK;
  return errno == ENOMEM ? CURLM_OUT_OF_MEMORY : CURLM_UNRECOVERABLE_POLL;
}

// The system may refuse to watch a socket (epoll_ctl: ENOSPC, ENOMEM). It is asked again before each wait.
bool Engine::all_registered() noexcept {
  if (!unregistered_) return true;
  unregistered_ = false;
  sockets_.for_each([this](Watch& watch) { unregistered_ = !poller_.update(watch) || unregistered_; });
  return !unregistered_;
}

CURLMcode Engine::drive(Transfer& transfer) noexcept {
  CURLMcode code = CURLM_OK;
  while (!transfer.done() && code == CURLM_OK) {
    code = perform(transfer.started() ? Look::at_sockets : Look::skip);
    if (transfer.done() || code != CURLM_OK || !doomed_.empty()) break;
    code = wait({}, 1000, true, nullptr);
  }
  return code;
}

long Engine::timeout_ms() noexcept {
  const Nanos due = next_deadline();
  if (due == kNever) return -1;
  return due == kAtOnce ? 0 : static_cast<long>(ms_rounded_up(due - monotonic_now()));
}

CURLMcode Engine::pause_changed(Transfer& transfer, bool resumes) noexcept {
  begin_turn();
  if (resumes) {
    make_ready_next_turn(transfer);
  } else if (!transfer.done()) {
    make_ready(transfer);
    run_ready();
  }
  return end_turn(Entry::other);
}

CURLMcode Engine::settings_changed() noexcept {
  begin_turn();
  update_pool_limits();
  sockets_.for_each([this](Watch& watch) { interest_changed(watch); });
  return end_turn(Entry::other);
}

CURLMcode Engine::network_changed(long what) noexcept {
  begin_turn();
  const bool all = (what & CURLMNWC_CLEAR_ALL) != 0;
  if (all || (what & CURLMNWC_CLEAR_CONNS) != 0) pool_.renew();
  if (all || (what & CURLMNWC_CLEAR_DNS) != 0) resolver_->cache().clear();
  return end_turn(Entry::other);
}

void Engine::fire(Watch& watch, Events events) noexcept {
  watch.fired_ = watch.fired_ | (any(events) ? events : Events::inout);
  if (watch.waiter_ != nullptr) make_ready(*watch.waiter_);
}

void Engine::expire_timers() noexcept {
  nagging_ = false;
  ready_.take(next_turn_);
  while (Runnable* const target = timers_.pop_due(now_)) make_ready(*target);
}

void Engine::run_ready() noexcept {
  while (!ready_.empty()) ready_.pop_front().run();
}

void Engine::fail_all(CURLcode code) noexcept {
  auto* transfer = members_.first();
  while (transfer != nullptr) {
    Transfer* const next = members_.next(*transfer);
    if (!transfer->done()) transfer->abort(code);
    transfer = next;
  }
}

void Engine::transfer_finished(Transfer& transfer) noexcept {
  --num_running_;
  if (!transfer.easy().valid()) return;  // nobody is left to be told
  if (settings.notifies(CURLMNOTIFY_EASY_DONE)) to_notify_.push_back(transfer);
  if (settings.notifies(CURLMNOTIFY_INFO_READ) && messages_.empty()) notify_info_read_ = true;
  messages_.push_back(transfer);
  ++num_unread_;
  nagged_unread_ = -1;
}

// Sockets and messages.

CURLMcode Engine::assign(curl_socket_t fd, void* socketp) noexcept {
  Watch* const watch = sockets_.find(fd);
  if (watch == nullptr || !(any(watch->announced_) || any(watch->wanted_))) return CURLM_BAD_SOCKET;
  watch->socketp_ = socketp;
  return CURLM_OK;
}

CURLMcode Engine::fdset(fd_set* read, fd_set* write, int* max_fd) noexcept {
  *max_fd = -1;
  sockets_.for_each([&](const Watch& watch) {
    if (!any(watch.wanted()) || watch.fd() >= FD_SETSIZE) return;
    if (any(watch.wanted() & Events::in) && read != nullptr) FD_SET(watch.fd(), read);
    if (any(watch.wanted() & Events::out) && write != nullptr) FD_SET(watch.fd(), write);
    *max_fd = std::max(*max_fd, watch.fd());
  });
  return CURLM_OK;
}

CURLMcode Engine::waitfds(std::span<curl_waitfd> out, unsigned* count) noexcept {
  unsigned found = 0;
  sockets_.for_each([&](const Watch& watch) {
    if (!any(watch.wanted())) return;
    if (found < out.size()) {
      const bool in = any(watch.wanted() & Events::in);
      const bool outgoing = any(watch.wanted() & Events::out);
      out[found] = {watch.fd(),
                    static_cast<short>((in ? CURL_WAIT_POLLIN : 0) | (outgoing ? CURL_WAIT_POLLOUT : 0)), 0};
    }
    ++found;
  });
  if (count != nullptr) *count = found;
  return !out.empty() && found > out.size() ? CURLM_OUT_OF_MEMORY : CURLM_OK;
}

CURLMsg* Engine::next_message(int* left) noexcept {
  if (messages_.empty()) {
    *left = 0;
    return nullptr;
  }
  Transfer& transfer = messages_.pop_front();
  *left = --num_unread_;
  return transfer.message();
}

// Reactor.

void Engine::make_ready(Runnable& runnable) noexcept {
  runnable.unlink();
  ready_.push_back(runnable);
}

void Engine::make_ready_next_turn(Runnable& runnable) noexcept {
  if (!runnable.linked()) next_turn_.push_back(runnable);
}

Watch& Engine::adopt(int fd, SocketCloser closer, CURL* easy) {
  try {
    auto watch = std::make_unique<Watch>(*this, fd, closer, easy);
    sockets_.insert(*watch);
    ++num_opened_;
    return *watch.release();
  } catch (...) {
    closer.close(fd);
    throw;
  }
}

void Engine::retire(Watch& watch) noexcept {
  watch.waiter_ = nullptr;
  watch.wanted_ = Events::none;
  watch.retired_ = true;
  watch.unlink();
  retired_.push_back(watch);
}

void Engine::release(Watch& watch) noexcept {
  watch.unlink();
  poller_.forget(watch);
  sockets_.erase(watch);
  watch.socketp_ = nullptr;
  watch.reactor_ = nullptr;
}

void Engine::take_over(Watch& watch) {
  sockets_.insert(watch);
  watch.reactor_ = this;
  watch.announced_ = Events::none;  // somebody without a socket function may have had it
}

void Engine::interest_changed(Watch& watch) noexcept {
  if (!watch.linked()) changed_.push_back(watch);
}

bool Engine::open_poller() noexcept {
  if (poller_.open()) return true;
  sockets_.for_each([this](Watch& watch) { poller_.forget(watch); });  // what a fork has left
  if (!poller_.create()) return false;
  sockets_.for_each([this](Watch& watch) { poller_.update(watch); });
  return true;
}

}  // namespace hiper
