// The one exchange that the yardsticks know (floor/, least/): a prepared request, and an answer with a
// Content-Length.
#pragma once
#include <netinet/in.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hiper::bench {

/// One server and the bytes that ask it.
struct Origin {
  sockaddr_in address{};
  std::string request;
};

/// From "http[s]://ADDRESS:PORT/PATH"; anything else ends the program.
Origin origin_of(const std::string& url);

/// A new connection, blocking, with TCP_NODELAY. A failure ends the program.
int connect_to(const Origin& origin);

struct AnswerHead {
  std::size_t size;       ///< bytes, blank line included
  long long body_length;  ///< Content-Length
};

/// Of an answer whose head is complete in `text`; anything else ends the program.
AnswerHead read_head(std::string_view text);

}  // namespace hiper::bench
