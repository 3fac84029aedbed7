// How the programs of the benchmark end when they cannot go on: a run that is not as it should be has no
// figure.
#pragma once
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace hiper::bench {

/// Writes the program's name and the message to stderr, and exits with 1.
[[noreturn, gnu::format(printf, 1, 2)]] inline void die(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fprintf(stderr, "%s: ", program_invocation_short_name);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  va_end(arguments);
  std::exit(1);
}

}  // namespace hiper::bench
