#include "wire/simulator/dns_server.hpp"

#include <cerrno>

namespace hiper::sim {
namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr unsigned kTypeA = 1;
constexpr unsigned kTypeAaaa = 28;

unsigned number16(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at]) << 8 |
                               static_cast<unsigned char>(bytes[at + 1]));
}

void put16(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}

/// The name in the question; `end` is set behind it. Empty if it makes no sense.
std::string name_of(std::string_view question, std::size_t& end) {
  std::string name;
  std::size_t at = kHeaderSize;
  while (at < question.size()) {
    const auto length = static_cast<unsigned char>(question[at++]);
    if (length == 0) {
      end = at;
      return at + 4 <= question.size() ? name : std::string();
    }
    if (at + length > question.size()) break;
    if (!name.empty()) name += '.';
    for (unsigned i = 0; i < length; ++i) {
      const char one = question[at + i];
      name += one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one;
    }
    at += length;
  }
  return {};
}

/// A connection for truncated answers: messages with their length in front.
class DnsSession final : public Session {
 public:
  DnsSession(Link& link, DnsServer& server) : Session(link), server_(server) {}
  void on_data(std::string_view bytes) override {
    in_ += bytes;
    while (in_.size() >= 2) {
      const std::size_t size = number16(in_, 0);
      if (in_.size() < 2 + size) return;
      NameMood* mood = nullptr;
      const std::string answer = server_.answer(std::string_view(in_).substr(2, size), true, mood);
      in_.erase(0, 2 + size);
      if (answer.empty()) continue;
      std::string framed;
      put16(framed, static_cast<unsigned>(answer.size()));
      link_.send(framed + answer);
    }
  }

 private:
  DnsServer& server_;
  std::string in_;
};

}  // namespace

std::unique_ptr<Session> DnsServer::accept(Link& link, const Place&) {
  return std::make_unique<DnsSession>(link, *this);
}

std::string DnsServer::answer(std::string_view question, bool tcp, NameMood*& mood) {
  if (question.size() < kHeaderSize) return {};
  std::size_t end = 0;
  const std::string name = name_of(question, end);
  const auto found = names.find(name);
  mood = found == names.end() ? nullptr : &found->second;
  if (name.empty()) return {};
  const unsigned type = number16(question, end);
  const bool truncated = mood != nullptr && mood->truncates && !tcp;
  unsigned flags = 0x8180;
  if (mood == nullptr || !mood->exists) flags |= 3;
  if (truncated) flags |= 0x200;
  std::string records;
  unsigned count = 0;
  if (mood != nullptr && mood->exists && !truncated) {
    for (const Place& place : mood->addresses) {
      const bool fits = type == (place.family == AF_INET ? kTypeA : kTypeAaaa);
      if (!fits || (type != kTypeA && type != kTypeAaaa)) continue;
      put16(records, 0xc00c);
      put16(records, type);
      put16(records, 1);
      put16(records, 0);
      put16(records, 60);
      put16(records, static_cast<unsigned>(place.ip.size()));
      records += place.ip;
      ++count;
    }
  }
  std::string out(question.substr(0, 2));
  for (const unsigned value : {flags, 1u, count, 0u, 0u}) put16(out, value);
  out += question.substr(kHeaderSize, end + 4 - kHeaderSize);
  return out + records;
}

void DnsServer::datagram(int fd, std::string_view question, const Place& to) {
  Dice& dice = kernel_.dice();
  const long life = kernel_.find(fd)->life;
  if (refuses_udp) {
    kernel_.at(kMillisecond, [this, life, to] { kernel_.deliver(life, to, {}, ECONNREFUSED); });
    return;
  }
  NameMood* mood = nullptr;
  std::string reply = answer(question, false, mood);
  if (reply.empty() || (mood != nullptr && mood->silent)) return;
  Place from = to;
  if (mood != nullptr && dice.percent(mood->trouble)) {
    switch (dice.below(6)) {
      case 0:
        return;  // lost
      case 1:
        reply[0] = static_cast<char>(reply[0] ^ 0x55);  // the answer to another question
        break;
      case 2:
        reply[3] = static_cast<char>((reply[3] & 0xf0) | 2);  // SERVFAIL
        break;
      case 3:
        reply.resize(dice.below(reply.size()));
        break;
      case 4:
        for (std::size_t i = 2; i < reply.size(); ++i) reply[i] = static_cast<char>(dice.next());
        break;
      default:
        from = Place::v4(10, 66, 6, 6, 53);  // from a stranger
    }
  }
  const Nanos most = mood != nullptr ? mood->delay_max : kMillisecond;
  const Nanos delay = dice.between(0, most / kMillisecond) * kMillisecond;
  kernel_.at(delay, [this, life, from, reply] { kernel_.deliver(life, from, reply, 0); });
}

}  // namespace hiper::sim
