// A model of HTTP/1 servers: what they answer, when, in which pieces, and how they fail is decided by the
// dice when a request has been read. They check the requests and write everything down in the book.
#pragma once
#include "wire/simulator/book.hpp"
#include "wire/simulator/kernel.hpp"

namespace hiper::sim {

/// What servers of a run do; chances in percent.
struct ServerMood {
  std::size_t trouble = 0;         ///< of an answer that is broken in some way
  std::size_t accept_trouble = 0;  ///< of a connection that ends before its first answer
  std::size_t closes = 20;         ///< connections that are closed behind an answer
  std::size_t redirects = 0;
  std::size_t slow = 10;  ///< answers that take long
  std::size_t max_body = 3000;
};

class HttpServer final : public Service {
 public:
  HttpServer(Kernel& kernel, Book& book, const ServerMood& mood) noexcept
      : kernel_(kernel), book_(book), mood_(mood) {}
  Reach reach(const Place& to, Nanos& delay) override;
  std::unique_ptr<Session> accept(Link& link, const Place& at) override;

  void set_reach(const Place& at, Reach reach) { reaches_[at] = reach; }
  /// URLs without a path that redirects may lead to.
  std::vector<std::string> origins;

  Kernel& kernel() noexcept { return kernel_; }
  Book& book() noexcept { return book_; }
  const ServerMood& mood() const noexcept { return mood_; }

 private:
  Kernel& kernel_;
  Book& book_;
  ServerMood mood_;
  std::map<Place, Reach> reaches_;
};

}  // namespace hiper::sim
