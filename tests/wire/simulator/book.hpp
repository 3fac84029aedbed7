// What both ends of a run know of its transfers: the servers write down what they sent and got, the
// application compares.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace hiper::sim {

/// One request that a server has seen, and what it did with it.
struct Attempt {
  int status = 0;          ///< 0: not answered
  std::string body;        ///< what the client may deliver, as far as the framing shows
  bool whole = false;      ///< all of the response was sent in proper form
  bool wild = false;       ///< nonsense was sent: nothing is known of what the client makes of it
  bool redirects = false;  ///< the next one follows
  bool answered_after_upload = false;
  std::string upload;  ///< what was received
  bool upload_complete = false;
  bool stuck = false;  ///< the server never says another word
};

struct Record {
  std::string upload;  ///< what the client sends
  bool uploads = false;
  bool head_only = false;
  bool calm = false;  ///< the servers must serve it well
  std::deque<Attempt> attempts;
  bool trouble = false;  ///< something was done to it that may make it fail
};

struct Book {
  std::deque<Record> records;  ///< by the number in the path

  Record* find(std::size_t number) noexcept { return number < records.size() ? &records[number] : nullptr; }
};

/// Bytes that differ for each seed.
inline std::string bytes_of(std::uint64_t seed, std::size_t size) {
  std::string bytes(size, ' ');
  std::uint32_t state = static_cast<std::uint32_t>(seed * 2654435761u + 12345u);
  for (char& one : bytes) {
    state = state * 1664525u + 1013904223u;
    one = static_cast<char>('A' + (state >> 24) % 58);
  }
  return bytes;
}

}  // namespace hiper::sim
