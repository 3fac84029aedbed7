// A server on loopback with a thread of its own, plain or TLS, that remembers every byte each connection
// received. Any number of test threads may ask it at the same time.
//
//   /echo/<text>       the answer's body is the request's path
//   /bytes/<count>     so many bytes
//   /hold/<text>       as /echo, with the second half of the body after release()
//   /close/<text>      as /echo, and the server closes the connection
//   /hsts/<text>       as /echo, with Strict-Transport-Security
//   /cookie/<a>=<b>    as /echo, with that cookie
#pragma once
#include <openssl/ssl.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hiper::threads {

/// What one connection did so far.
struct Received {
  std::string raw;               ///< as it came from the socket
  std::string text;              ///< decrypted, if it is TLS
  std::size_t num_answered = 0;  ///< requests whose answer was sent completely
  bool resumed = false;          ///< an earlier TLS session
  bool said_goodbye = false;     ///< close_notify
  bool fin = false;
  bool reset = false;
};

class Server {
 public:
  enum class Kind { plain, tls };
  explicit Server(Kind kind);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  std::uint16_t port() const noexcept { return port_; }
  std::string url(const std::string& path, const std::string& host = "127.0.0.1") const;
  bool secure() const noexcept { return tls_ != nullptr; }
  /// The certificate to trust, for CURLOPT_CAINFO_BLOB.
  static const std::string& authority_pem();

  /// In the order of their acceptance, with everything that had arrived before the call.
  std::vector<Received> connections();
  std::size_t num_connections() { return connections().size(); }
  /// Waits until `condition` is true of the connections. False if that takes very long.
  bool wait_until(const std::function<bool(const std::vector<Received>&)>& condition);
  /// Returns when everything that had arrived before the call is recorded.
  void catch_up();
  /// All held answers go on, and those that come later are not held.
  void release();
  /// The server's thread stands still, and holds no lock of the process, until resume(): a moment to fork in.
  void pause();
  void resume();

 private:
  class Connection;
  void catch_up(std::unique_lock<std::mutex>& lock);
  void run();
  void accept_all();
  void poll_once();
  void interrupt() const noexcept;

  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  int interrupt_fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<bool> released_{false};
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::vector<Received> received_;
  std::uint64_t num_rounds_ = 0;
  bool pausing_ = false;
  bool paused_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;  ///< the thread's own
  std::thread thread_;
};

}  // namespace hiper::threads
