// The simulated kernel: descriptors, TCP and UDP, epoll, and the clock. libc.cc leads the system calls of the
// library and of c-ares here while a run is active; the servers are below (Service, Session). One Kernel is
// one run; all that it makes lives until the run ends, so that events may point to anything.
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/simulator/dice.hpp"
#include "wire/simulator/trace.hpp"

namespace hiper::sim {

class Kernel;
class Link;

inline constexpr int kFirstDescriptor = 1000;

/// An IP address and port; `text` for messages.
struct Place {
  int family = 0;
  std::string ip;  ///< 4 or 16 bytes
  std::uint16_t port = 0;

  static Place v4(unsigned a, unsigned b, unsigned c, unsigned d, std::uint16_t port);
  static Place v6(unsigned last, std::uint16_t port);
  static bool from(const sockaddr* address, socklen_t length, Place& out);
  void store(sockaddr* address, socklen_t* length) const;
  std::string text() const;
  bool operator<(const Place& other) const noexcept {
    return ip != other.ip ? ip < other.ip : port < other.port;
  }
};

/// A server's end of one connection; made by its Service, owned by the Link.
class Session {
 public:
  explicit Session(Link& link) noexcept : link_(link) {}
  virtual ~Session() = default;
  virtual void on_data(std::string_view bytes) = 0;
  /// The client has closed or reset; nothing may be sent any more.
  virtual void on_client_gone() {}

 protected:
  Link& link_;
};

enum class Reach { accepts, refuses, silent, unreachable };

/// Who answers at an address.
class Service {
 public:
  virtual ~Service() = default;
  /// How a new connection fares, and after which time (nanoseconds).
  virtual Reach reach(const Place& to, Nanos& delay) = 0;
  virtual std::unique_ptr<Session> accept(Link& link, const Place& at) = 0;
  /// A datagram; answers go through `kernel.deliver`.
  virtual void datagram(int, std::string_view, const Place&) {}
};

/// One TCP connection, seen from both ends.
class Link {
 public:
  enum class State { connecting, established, broken };
  Link(Kernel& kernel, Place to);

  // For the server.
  void send(std::string_view bytes);
  void finish() noexcept;  ///< FIN behind what was sent; goes on reading
  void close() noexcept;   ///< FIN, and a reset if the client sends more
  void reset() noexcept;   ///< behind what was sent
  void stop_reading() noexcept { reads_ = false; }
  Kernel& kernel() noexcept { return kernel_; }
  bool client_gone() const noexcept { return client_closed_; }
  const Place& to() const noexcept { return to_; }
  long number() const noexcept { return number_; }

  Nanos latency = 0;
  std::size_t piece = 0;  ///< bytes that arrive together at most
  Nanos gap = 0;          ///< between two pieces
  std::size_t room_in = 0;
  std::size_t room_out = 0;
  bool drops_on_reset = false;  ///< a reset takes what has arrived and was not read

 private:
  friend class Kernel;
  enum class End { none, fin, close, reset };

  short ready() const noexcept;
  void established();
  void failed(int error) noexcept;
  void schedule_arrival(Nanos after);
  void arrive();
  void end_arrived() noexcept;
  void schedule_drain();
  void drain();
  void reset_arrived() noexcept;
  void client_closes();
  std::size_t unread() const noexcept { return in_.size() - in_at_; }
  ssize_t client_sends(std::string_view bytes) noexcept;
  ssize_t client_reads(std::span<char> into, bool peek) noexcept;
  int client_connects_again() noexcept;

  Kernel& kernel_;
  Place to_;
  long number_;
  Service* service_ = nullptr;
  std::unique_ptr<Session> session_;
  State state_ = State::connecting;
  bool told_connected_ = false;
  int error_ = 0;
  std::string in_;  ///< has arrived at the client
  std::size_t in_at_ = 0;
  bool in_ended_ = false;
  std::string coming_;  ///< on the way to the client
  std::size_t coming_at_ = 0;
  End end_ = End::none;
  bool arriving_ = false;
  std::string going_;  ///< on the way to the server
  bool draining_ = false;
  bool reads_ = true;
  bool server_closed_ = false;
  bool client_closed_ = false;
  unsigned edges_ = 0;
};

struct File {
  enum class Kind { tcp, udp, epoll, event } kind;
  long life = 0;  ///< differs for each descriptor ever made
  int family = 0;
  Link* link = nullptr;
  Place remote;
  std::uint16_t local_port = 0;
  bool connected = false;
  int error = 0;
  std::deque<std::pair<Place, std::string>> datagrams;
  unsigned edges = 0;
  std::uint64_t counter = 0;  ///< of an eventfd
  struct Interest {
    epoll_event event;
    unsigned seen_edges;
    bool armed;
  };
  std::map<int, Interest> interests;  ///< of an epoll set
};

/// What can go wrong in system calls; chances in percent.
struct Weather {
  std::size_t short_count = 0;
  std::size_t spurious_again = 0;
  std::size_t interrupts = 0;  ///< EINTR
  std::size_t socket_fails = 0;
  bool connects_at_once = false;
  bool no_ip6 = false;
};

class Kernel {
 public:
  Kernel(Dice& dice, Trace& trace);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  /// The one whose run is active; nullptr: system calls are real.
  static Kernel* active() noexcept { return active_; }
  static bool owns(int fd) noexcept { return active_ != nullptr && fd >= kFirstDescriptor; }

  /// A call of poll(2) with these goes to the active run.
  static bool concerns(pollfd* fds, nfds_t count) noexcept;

  Dice& dice() noexcept { return dice_; }
  Trace& trace() noexcept { return trace_; }
  Weather weather;
  /// Called before a descriptor is closed.
  std::function<void(int fd)> on_close;
  bool may_block = false;  ///< the call under way may wait (curl_multi_poll)

  // The world.
  void serve(const Place& at, Service& service) { services_[at] = &service; }
  void at(Nanos after, std::function<void()> what);
  Nanos now() const noexcept { return now_; }
  /// kNever: nothing will ever happen any more.
  Nanos next_event() const noexcept { return events_.empty() ? kNever : events_.top().due; }
  Nanos last_event() const noexcept { return last_event_; }
  /// Something happens now.
  void touch() noexcept { last_event_ = now_; }
  void run_due();
  void advance_to(Nanos when);
  /// Time passes in the middle of a call.
  void pass(Nanos span) { trace_.now = now_ += span; }
  void deliver(long life, const Place& from, std::string bytes, int error);
  std::uint64_t num_events() const noexcept { return num_events_; }
  /// Grows with everything that is not a vain call.
  std::uint64_t progress = 0;

  // What the application may look at.
  File* find(int fd) noexcept;
  short ready(int fd) noexcept;     ///< poll bits
  unsigned edges(int fd) noexcept;  ///< changes when an edge-triggered application would be told
  std::vector<int> open_descriptors() const;

  // System calls; -1 and errno as in the real ones.
  int make_socket(int family, int type);
  int connect(int fd, const sockaddr* to, socklen_t length);
  ssize_t send(int fd, std::string_view bytes);
  ssize_t receive(int fd, std::span<char> into, bool peek, sockaddr* from, socklen_t* length);
  int close(int fd);
  int socket_error(int fd);
  int name(int fd, bool remote, sockaddr* out, socklen_t* length);
  int make_epoll() { return add_file(File::Kind::epoll); }
  int make_event();
  int epoll_control(int set, int operation, int fd, epoll_event* event);
  int epoll_wait(int set, epoll_event* events, int size, int timeout_ms);
  int poll(pollfd* fds, nfds_t count, int timeout_ms);

 private:
  friend class Link;
  struct Event {
    Nanos due;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Event& other) const noexcept {
      return due != other.due ? due > other.due : order > other.order;
    }
  };
  int add_file(File::Kind kind);
  int collect(File& set, epoll_event* events, int size, bool take);
  int connect_tcp(File& file, const Place& to);
  /// Waits until `look` answers other than 0 or the time is over.
  int wait(int timeout_ms, const std::function<int()>& look);

  static Kernel* active_;
  Dice& dice_;
  Trace& trace_;
  Nanos now_;
  Nanos last_event_;
  std::priority_queue<Event> events_;
  std::uint64_t num_events_ = 0;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::unique_ptr<Link>> links_;
  std::map<Place, Service*> services_;
  long next_life_ = 1;
  std::uint16_t next_port_ = 40000;
};

}  // namespace hiper::sim
