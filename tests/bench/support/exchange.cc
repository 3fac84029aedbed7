#include "support/exchange.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "support/die.hpp"

namespace hiper::bench {

Origin origin_of(const std::string& url) {
  const std::size_t host = url.find("://") + 3, colon = url.find(':', host), path = url.find('/', host);
  if (host < 3 || colon == url.npos || path == url.npos || path < colon) {
    die("the URL should be http[s]://ADDRESS:PORT/PATH");
  }
  const std::string authority = url.substr(host, path - host), name = url.substr(host, colon - host);
  Origin origin;
  origin.address.sin_family = AF_INET;
  if (inet_aton(name.c_str(), &origin.address.sin_addr) == 0) die("%s is no address", name.c_str());
  origin.address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url.c_str() + colon + 1)));
  origin.request = "GET " + url.substr(path) + " HTTP/1.1\r\nHost: " + authority + "\r\nAccept: */*\r\n\r\n";
  return origin;
}

int connect_to(const Origin& origin) {
  const int on = 1;
  const auto* const address = reinterpret_cast<const sockaddr*>(&origin.address);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, address, sizeof origin.address) != 0) {
    die("cannot connect: %s", std::strerror(errno));
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

AnswerHead read_head(std::string_view text) {
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t end = text.find("\r\n\r\n"), length = text.find(kLength);
  if (!text.starts_with("HTTP/1.1 200") || end == text.npos || length > end) die("an unknown kind of answer");
  AnswerHead head{end + 4, 0};
  std::from_chars(text.data() + length + kLength.size(), text.data() + end, head.body_length);
  return head;
}

}  // namespace hiper::bench
