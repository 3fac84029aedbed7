// A model of name servers: answers the questions of c-ares by UDP and, after a truncated answer, by TCP.
#pragma once
#include "wire/simulator/kernel.hpp"

namespace hiper::sim {

/// What becomes of the questions for a name.
struct NameMood {
  std::vector<Place> addresses;  ///< the port does not matter
  bool exists = true;
  std::size_t trouble = 0;  ///< percent of the questions that get no proper answer
  bool truncates = false;
  Nanos delay_max = 5 * kMillisecond;
  bool silent = false;  ///< never answers
};

class DnsServer final : public Service {
 public:
  explicit DnsServer(Kernel& kernel) noexcept : kernel_(kernel) {}
  std::map<std::string, NameMood> names;
  bool refuses_udp = false;

  Reach reach(const Place&, Nanos& delay) override {
    delay = kernel_.dice().between(0, 10) * kMillisecond;
    return kernel_.dice().once_in(10) ? Reach::refuses : Reach::accepts;
  }
  std::unique_ptr<Session> accept(Link& link, const Place&) override;
  void datagram(int fd, std::string_view question, const Place& to) override;
  /// The answer to a question, or nothing. `tcp`: never truncated.
  std::string answer(std::string_view question, bool tcp, NameMood*& mood);

 private:
  Kernel& kernel_;
};

}  // namespace hiper::sim
