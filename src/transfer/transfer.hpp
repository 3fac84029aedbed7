// The life of one transfer: prepare, get a connection, exchange, and again for redirects and retries, until
// done. It is the root of its flow and the place where user callbacks meet the library: error texts, debug
// lines, headers, body. Created by multi/engine for each handle that is added; runs only from the engine's
// loop.
#pragma once
#include <curl/curl.h>

#include <limits>
#include <memory>
#include <string>

#include "base/list.hpp"
#include "body/body_writer.hpp"
#include "conn/pool.hpp"
#include "conn/services.hpp"
#include "easy/easy.hpp"
#include "flow/flow.hpp"
#include "flow/task.hpp"
#include "http/exchange_control.hpp"
#include "http/h1_exchange.hpp"
#include "http/h1_response.hpp"
#include "transfer/easy_parts.hpp"
#include "transfer/pace.hpp"
#include "transfer/plan.hpp"
#include "transfer/request_body.hpp"

namespace hiper {

class Transfer;
struct MemberTag;   ///< member of the engine's list of added handles
struct MessageTag;  ///< has an unread CURLMSG_DONE
struct NotifyTag;   ///< its end is still to be told to CURLMOPT_NOTIFYFUNCTION

/// What a transfer has from the first byte of a response on. One that waits for that byte does without.
struct Reception {
  Reception(H1Sink& sink, const ResponseRules& rules, const WriteConfig& config, Reactor& where) noexcept
      : response(sink, rules), writer(config), reactor(where) {}
  H1Response response;
  BodyWriter writer;
  HeaderWriter header_writer;
  std::string redirect_to;           ///< where it leads, if that will be followed
  std::uint32_t challenged = 0;      ///< CURLAUTH_* that it offers
  std::uint8_t num_set_cookies = 0;  ///< in the current head
  bool hsts_said = false;            ///< the current head had its Strict-Transport-Security
  Reactor& reactor;                  ///< whose memory it is
};

/// Receptions come and go with each request: their memory is recycled like that of flows.
struct RecycleReception {
  void operator()(Reception* reception) const noexcept {
    Reactor& reactor = reception->reactor;
    reception->~Reception();
    reactor.release_frame(reception, sizeof(Reception));
  }
};

/// What differs from the handle's own plan.
struct Detour {
  PlanChanges changes;
  Plan plan;
};

/// The engine, as a transfer sees it.
class TransferOwner {
 public:
  virtual void transfer_finished(Transfer& transfer) noexcept = 0;

 protected:
  ~TransferOwner() = default;
};

class Transfer final : public Task,
                       public ExchangeControl,
                       public H1Sink,
                       public ConnectionInfo,
                       public ListNode<MemberTag>,
                       public ListNode<MessageTag>,
                       public ListNode<NotifyTag> {
 public:
  Transfer(Services& services, TransferOwner& owner, Easy& easy) noexcept;
  ~Transfer();

  // For the engine.
  /// A finished and cleared object serves another handle.
  void reuse_for(Easy& easy) noexcept { easy_ = &easy; }
  Easy& easy() const noexcept { return *easy_; }
  /// The handle is added; run() begins the transfer.
  void added() noexcept;
  bool done() const noexcept { return done_; }
  bool started() const noexcept { return started_; }
  void run() noexcept override;
  /// Ends the transfer with `code` and tells the owner.
  void abort(CURLcode code) noexcept;
  /// The handle is removed in the middle of its transfer: ends without a message.
  void abandon() noexcept;
  /// Nothing of the last transfer stays but memory.
  void clear() noexcept;
  CURLMsg* message() noexcept { return &message_; }
  CURLcode result() const noexcept { return message_.data.result; }
  bool has_message() const noexcept { return static_cast<const ListNode<MessageTag>&>(*this).linked(); }
  void unlink_message() noexcept { static_cast<ListNode<MessageTag>&>(*this).unlink(); }
  void unlink_notification() noexcept { static_cast<ListNode<NotifyTag>&>(*this).unlink(); }
  void unlink_member() noexcept { static_cast<ListNode<MemberTag>&>(*this).unlink(); }

  /// curl_easy_pause: CURLPAUSE_RECV and CURLPAUSE_SEND bits. True if something goes on that did not before.
  bool set_pause(int bits) noexcept;
  int pause_bits() const noexcept { return pause_; }
  /// The connection in use; of a finished transfer only after CURLOPT_CONNECT_ONLY.
  Lease& lease() noexcept { return lease_; }

  // Report.
  void failure(std::string_view text) noexcept override;
  void info(std::string_view text) noexcept override;
  bool verbose() const noexcept override { return verbose_; }

  // ExchangeControl.
  bool receiving_paused() const noexcept override { return (pause_ & CURLPAUSE_RECV) != 0; }
  bool sending_paused() const noexcept override { return (pause_ & CURLPAUSE_SEND) != 0; }
  void pause_sending() noexcept override { pause_ |= CURLPAUSE_SEND; }
  std::size_t receive_allowance() noexcept override {
    return pace_ ? pace_->receive.allowance(now()) : kNoLimit;
  }
  std::size_t send_allowance() noexcept override { return pace_ ? pace_->send.allowance(now()) : kNoLimit; }
  Nanos receive_from() const noexcept override { return pace_ ? pace_->receive.open_from() : 0; }
  Nanos send_from() const noexcept override { return pace_ ? pace_->send.open_from() : 0; }
  void on_head_sent(std::span<const char> bytes) noexcept override;
  void on_body_sent(std::span<const char> bytes) noexcept override;
  void on_request_sent() noexcept override;
  void on_received(std::size_t count) noexcept override;
  void on_os_error(int error) noexcept override;
  bool take_continue() noexcept override { return std::exchange(continue_seen_, false); }
  H1Response& begin_response() override;
  bool delivery_paused() const noexcept override {
    return reception_ && (reception_->writer.paused() || reception_->header_writer.has_pending());
  }
  Outcome resume_delivery() override;
  Outcome finish_delivery() override;

  // H1Sink.
  HeaderNames lines_wanted() const noexcept override;
  Outcome header(const HeadLine& line) override;
  void head_lines(const HeadLines& lines) override;
  HeadVerdict head_complete(const H1Response& response) override;
  Outcome body(std::span<const char> bytes) override;

  // ConnectionInfo.
  curl_socket_t active_socket() const noexcept override;
  Endpoint local_endpoint() const noexcept override;
  void* tls_pointer() const noexcept override;
  void* tls_context() const noexcept override;

 private:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  /// Why the same request goes out again, to the same place.
  enum class Round : std::uint8_t { none, without_expect, with_auth };
  enum class Hsts : std::uint8_t { off, wanted, open };

  // dialog.cc: the flow.
  bool goes_on(Status& result);
  Flow<Status> one_request(Task& task);
  Flow<Status> get_connection(Task& task);
  Flow<Status> open_connection(Task& task);
  bool take_idle_connection();
  Status make_place_to_hold();
  void connection_reused();
  void note_queue_time() noexcept;
  ReuseRules rules_of_reuse() const noexcept;
  Status prepare();
  Status note_effective_url(bool changed);
  Status open_hsts();
  HstsView hsts_view() const noexcept;
  void secure_redirect(Url& target, std::string& text) const;
  Status before_request(H1Request& request);
  Status after_response(bool& again);
  bool should_retry(CURLcode code) const noexcept;
  Status prepare_retry();
  Round wanted_round(int status) const noexcept;
  Status begin_round();
  PlanChanges& changes();
  Status follow();
  void note_addresses() noexcept;
  void note_connection();

  // delivery.cc: towards the application.
  WriteConfig write_config() const noexcept;
  ResponseRules response_rules() const noexcept;
  HeadVerdict judge(const H1Response& response);
  HeadVerdict judge_resumed(const H1Response& response, curl_off_t resume);
  void head_begins() noexcept;
  void note_head(const H1Response& response);
  void note_hsts(const HeadLine& line);

  // cookies.cc: between the exchange and the handle's cookies.
  Status insert_cookies(std::string_view& head);
  void take_cookie(const HeadLine& line);
  Outcome paused(const Outcome& outcome) noexcept;
  void debug(curl_infotype type, std::span<const char> bytes) noexcept;

  // transfer.cc: beginning and end.
  Nanos now() const noexcept { return reactor().now(); }
  const Options& options() const noexcept { return easy_->options; }
  InfoNumbers& numbers() noexcept { return easy_->info.numbers; }
  curl_off_t bytes_moved() noexcept { return numbers().size_download + numbers().size_upload; }
  bool deadline_struck() const noexcept { return now() >= total_deadline_; }
  void report_timeout() noexcept;
  void begin();
  void begin_limits();
  bool begin_safely() noexcept;
  void begin_request() noexcept;
  bool goes_on_safely(Status& result) noexcept;
  void set_alarm();
  Status tick();
  Status call_progress() noexcept;
  void finish(CURLcode code) noexcept;
  void end_flow() noexcept;

  // With thousands of transfers each cache line counts: first what adding, removing and reading the message
  // touch, then what every event touches.
  int pause_ = 0;
  bool started_ = false;
  bool done_ = true;
  bool verbose_ = false;
  bool error_told_ = false;  ///< the error buffer has a text of this transfer
  bool continue_seen_ = false;
  bool received_any_ = false;
  bool reusable_ = false;  ///< how the last exchange left its connection
  bool peer_was_gone_ = false;
  bool cookies_on_ = false;  ///< the engine takes part in the current request
  Hsts hsts_ = Hsts::off;
  Round another_round_ = Round::none;
  std::uint8_t num_retries_ = 0;
  Easy* easy_;
  CURLMsg message_{};
  Lease lease_;
  std::unique_ptr<Detour> detour_;  ///< after a redirect, or an answer that asks for it
  RequestBody request_body_;
  Nanos started_at_ = 0;
  Nanos total_deadline_ = kNever;
  Nanos next_tick_ = kNever;
  Flow<Status> flow_;
  std::unique_ptr<Reception, RecycleReception> reception_;  ///< from the first byte of a response on
  std::unique_ptr<Pace> pace_;                              ///< when speeds are limited or watched
  const Plan* plan_ = nullptr;                              ///< the handle's, or the detour's
  Timer alarm_;  ///< total_deadline_ or next_tick_, whichever comes first
  Services& services_;
  TransferOwner& owner_;
  TextBuffer head_with_cookies_;  ///< of the current request, if it has cookies of the engine
};

}  // namespace hiper
