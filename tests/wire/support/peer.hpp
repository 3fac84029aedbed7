// The other end of the wire: a server on a loopback port of the kernel's choice whose connections follow
// scripts. It never waits: World pumps it between the turns of the application.
#pragma once
#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace hiper::wire {

class World;

/// Takes part in the loop of a World.
class Actor {
 public:
  /// Does all that goes without waiting.
  virtual void pump() = 0;
  virtual void add_to(std::vector<pollfd>& set) const = 0;
  /// Milliseconds until it must be pumped, -1: only for its descriptors.
  virtual int timer_left() const { return -1; }

 protected:
  ~Actor() = default;
};

struct Step {
  enum class Kind {
    request,       ///< wait for the next request and its body
    first_flight,  ///< wait until the server's first messages of the TLS handshake have gone out
    head,          ///< wait for the head of the next request
    bytes,         ///< wait for `count` bytes
    send,          ///< send `text`; in pieces of `sizes`, each when the client has read the one before
    answer,        ///< send what Peer::answerer says to the last request, in pieces of `sizes`
    hold,          ///< wait for Peer::release()
    send_cut,      ///< the first `count` bytes of `text` as it goes over the wire (encrypted, say), and FIN
    end_sending,   ///< FIN
    close,         ///< close, which is a RST if something was not read
    reset,         ///< RST
    stop_reading,  ///< from here on
    start_reading,
    client_gone,  ///< wait until the client has closed
    again,        ///< the script starts over
  };
  Kind kind;
  std::string text{};
  std::vector<std::size_t> sizes{};
  std::size_t count = 0;
};
using Script = std::vector<Step>;

// Steps by name.
inline Step request() { return {Step::Kind::request}; }
inline Step first_flight() { return {Step::Kind::first_flight}; }
inline Step head() { return {Step::Kind::head}; }
inline Step bytes(std::size_t count) { return {Step::Kind::bytes, {}, {}, count}; }
inline Step send(std::string text) { return {Step::Kind::send, std::move(text)}; }
/// The text in pieces of these sizes, and then the rest.
inline Step send_in(std::string text, std::vector<std::size_t> sizes) {
  return {Step::Kind::send, std::move(text), std::move(sizes)};
}
inline Step trickle(std::string text) {
  std::vector<std::size_t> ones(text.size(), 1);
  return {Step::Kind::send, std::move(text), std::move(ones)};
}
/// What the wire carries of the text, cut off by a FIN after `count` bytes.
inline Step send_cut(std::string text, std::size_t count) {
  return {Step::Kind::send_cut, std::move(text), {}, count};
}
inline Step answer(std::vector<std::size_t> sizes = {}) { return {Step::Kind::answer, {}, std::move(sizes)}; }
inline Step hold() { return {Step::Kind::hold}; }
inline Step end_sending() { return {Step::Kind::end_sending}; }
inline Step close_it() { return {Step::Kind::close}; }
inline Step reset_it() { return {Step::Kind::reset}; }
inline Step stop_reading() { return {Step::Kind::stop_reading}; }
inline Step start_reading() { return {Step::Kind::start_reading}; }
inline Step client_gone() { return {Step::Kind::client_gone}; }
inline Step again() { return {Step::Kind::again}; }

/// A response with Content-Length.
std::string response(std::string_view body, std::string_view more_headers = {},
                     std::string_view status = "200 OK");
/// `body` in chunks of at most `piece` bytes, the last one, of no size, not included.
std::string chunks(std::string_view body, std::size_t piece);
/// The text "unpacked" as gzip packs it.
inline constexpr std::string_view kGzipOfUnpacked{
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xcd\x2b\x48\x4c\xce\x4e\x4d\x01\x00"
    "\x96\x62\x2f\xca\x08\x00\x00\x00",
    28};
/// Bytes that show where something is missing or twice.
std::string pattern(std::size_t size);
/// Answers every request with `text`, for ever.
Script always(const std::string& text);
/// Answers one request with `text`, then waits for the client to close.
Script once(const std::string& text);

class Peer;

/// One accepted connection.
class PeerConnection {
 public:
  PeerConnection(Peer& peer, int fd, Script script, SSL* tls);
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;
  ~PeerConnection();

  void pump();
  void add_to(std::vector<pollfd>& set) const;
  bool open() const noexcept { return fd_ >= 0; }
  bool client_closed() const noexcept { return client_closed_; }
  bool client_reset() const noexcept { return client_reset_; }
  /// The script has ended.
  bool finished() const noexcept { return at_ == script_.size(); }
  std::size_t at_step() const noexcept { return at_; }
  /// Everything that has come.
  const std::string& received() const noexcept { return received_; }

 private:
  void read_all();
  bool run_step(const Step& step);
  bool take_request(bool with_body);
  bool send_some(const Step& step);
  void send_cut_off(const Step& step);
  bool client_has_read() const;
  long read_some(char* into, std::size_t size);
  long write_some(const char* from, std::size_t size);
  void close_now();
  void reset_now();

  Peer& peer_;
  int fd_;
  SSL* tls_;
  Script script_;
  Step answer_{Step::Kind::send};  ///< of the current step
  std::string last_request_;
  std::size_t at_ = 0;
  std::size_t sent_ = 0;   ///< of the current step
  std::size_t piece_ = 0;  ///< its number in Step::sizes
  std::size_t piece_sent_ = 0;
  std::size_t consumed_ = 0;  ///< of received_
  std::string received_;
  int client_port_ = 0;
  bool reading_ = true;
  bool blocked_ = false;
  bool client_closed_ = false;
  bool client_reset_ = false;
};

class Peer final : public Actor {
 public:
  explicit Peer(World& world, SSL_CTX* tls = nullptr);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  std::uint16_t port() const noexcept { return port_; }
  std::string url(std::string_view path = "/") const;
  /// What the next connection without a script does, in order.
  void expect(Script script) { scripts_.push_back(std::move(script)); }
  /// What the others do; at first always(response("ok")).
  void otherwise(Script script) { default_ = std::move(script); }
  /// Forgets connections, requests and scripts.
  void forget();
  /// Forgets connections that have come to their end, which a crowd leaves by the thousand.
  void forget_closed();
  /// From the next pump on nobody is accepted, until it is called with true.
  void accept_connections(bool yes) noexcept { accepting_ = yes; }
  /// Lets `count` holds go on.
  void release(int count = 1) noexcept { releases_ += count; }
  bool take_release() noexcept { return releases_ > 0 && releases_-- > 0; }
  int fd() const noexcept { return listener_; }
  World& world() noexcept { return world_; }

  /// For Step::Kind::answer.
  std::function<std::string(const std::string& request)> answerer;
  /// Requests as they came, whole ones only.
  std::vector<std::string> requests;
  std::size_t num_accepted() const noexcept { return connections_.size(); }
  /// Connections that neither side has closed, as far as was pumped.
  std::size_t num_open() const noexcept;
  PeerConnection& connection(std::size_t at) { return *connections_.at(at); }

  void pump() override;
  void add_to(std::vector<pollfd>& set) const override;

 private:
  World& world_;
  SSL_CTX* tls_;
  int listener_;
  std::uint16_t port_ = 0;
  bool accepting_ = true;
  int releases_ = 0;
  std::deque<Script> scripts_;
  Script default_;
  std::vector<std::unique_ptr<PeerConnection>> connections_;
};

}  // namespace hiper::wire
