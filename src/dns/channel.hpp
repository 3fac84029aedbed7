// One c-ares channel: the name servers of one resolver configuration, driven by the engine's reactor. c-ares'
// sockets are the engine's watches, so that the application sees them like any other. Owned by Resolver.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/list.hpp"
#include "dns/address.hpp"
#include "dns/file_stamp.hpp"
#include "flow/reactor.hpp"

struct ares_addrinfo;
struct ares_channeldata;

namespace hiper {

/// How names are asked for: the CURLOPT_DNS_* options; empty texts mean the system's way.
struct ResolverConfig {
  std::string_view servers;  ///< CURLOPT_DNS_SERVERS: "host[:port],…", numeric; IPv6 with port: "[::1]:53"
  std::string_view interface;  ///< CURLOPT_DNS_INTERFACE: name of a network interface
  std::string_view local_ip4;  ///< CURLOPT_DNS_LOCAL_IP4
  std::string_view local_ip6;  ///< CURLOPT_DNS_LOCAL_IP6

  /// Equal for equal configurations; empty for the system's.
  std::string key() const;
};

/// Reads the syntax of CURLOPT_DNS_SERVERS; port 0 where none is given. CURLE_BAD_FUNCTION_ARGUMENT if an
/// entry is no numeric address or there is none. Throws std::bad_alloc. Also for checking the option itself.
CURLcode parse_dns_servers(std::string_view text, std::vector<Address>& out);

class Channel;

/// A question as a channel sees it. It is linked to its channel as long as somebody waits for the answer.
class ChannelQuery : public ListNode<> {
 public:
  ChannelQuery() noexcept = default;
  virtual ~ChannelQuery() = default;
  /// The answer, exactly once per start(): an ARES_* status, and `answer` when that is ARES_SUCCESS (borrowed
  /// for the call). Called below c-ares: it may mark and make ready, nothing else. May delete the query.
  virtual void answered(int status, const ares_addrinfo* answer) noexcept = 0;
  /// The handle of one who waits.
  virtual CURL* easy() noexcept = 0;

 private:
  friend class Channel;
  friend struct AresHooks;
  Channel* channel_ = nullptr;  ///< while c-ares has the question
};

class Channel final : public Runnable {
 public:
  explicit Channel(Reactor& reactor) noexcept : reactor_(reactor), timer_(*this) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  /// Answers all questions with ARES_EDESTRUCTION; never waits.
  ~Channel();

  /// To be called once, before anything else. `resolv_conf`: path, or nullptr for the system's; must outlive
  /// the channel. CURLE_BAD_FUNCTION_ARGUMENT: the configuration makes no sense; CURLE_FAILED_INIT. Throws
  /// std::bad_alloc.
  CURLcode open(const ResolverConfig& config, const char* resolv_conf);

  /// Asks for the addresses of `name`. `query` may be answered before this returns. It must stay alive until
  /// it is answered.
  void start(ChannelQuery& query, const char* name, int family) noexcept;
  /// Nobody waits for `query` any more. If that was the last one somebody waited for, everything is cancelled
  /// and the sockets go at once; otherwise the question stays asked as long as others are waited for.
  void abandon(ChannelQuery& query) noexcept;
  /// Somebody waits for the abandoned `query` again.
  void resume(ChannelQuery& query) noexcept { waited_.push_back(query); }
  /// Who waits has changed: names another handle in announcements.
  void update_easy() noexcept;
  bool idle() const noexcept { return num_active_ == 0; }

  void run() noexcept override;

 private:
  friend struct AresHooks;
  /// A read of what has arrived after so many questions: a burst of them must not overflow the socket.
  static constexpr unsigned kMaxUnread = 64;

  CURLcode open_ares(ares_channeldata*& out) noexcept;
  CURLcode set_servers(ares_channeldata& ares) noexcept;
  void reload() noexcept;
  void process_fired() noexcept;
  void drain() noexcept;
  void cancel() noexcept;
  void settle() noexcept;
  CURL* easy() noexcept { return waited_.empty() ? nullptr : waited_.front().easy(); }
  OwnedWatch* find_socket(int fd) noexcept;

  // What c-ares calls.
  int open_socket(int family, int type, int protocol) noexcept;
  int close_socket(int fd) noexcept;
  int bind_socket(int fd) noexcept;
  int adopt_socket(int fd) noexcept;
  void set_interest(int fd, Events interest) noexcept;
  void answer(ChannelQuery& query, int status, ares_addrinfo* answer) noexcept;

  Reactor& reactor_;
  Timer timer_;
  ares_channeldata* ares_ = nullptr;
  List<ChannelQuery> waited_;
  std::vector<OwnedWatch> sockets_;
  std::size_t num_active_ = 0;  ///< questions that c-ares has
  unsigned num_unread_ = 0;
  bool out_of_memory_ = false;  ///< ours ran out below c-ares, which does not know it
  int family_ = AF_UNSPEC;      ///< of the socket opened last
  int closed_fd_ = -1;          ///< closed by the reactor when it could not adopt it
  const char* resolv_conf_ = nullptr;
  FileStamp stamp_;
  std::vector<Address> servers_;
  std::string interface_;
  Address local_ip4_;
  Address local_ip6_;
};

}  // namespace hiper
