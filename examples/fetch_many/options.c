#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char help_text[] =
    "usage: fetch_many [OPTION]... URL...\n"
    "       fetch_many [OPTION]... -i FILE\n"
    "\n"
    "Fetches many URLs at once and tells how that went. The bodies of URLs given as arguments\n"
    "are written to files; otherwise they are only counted, unless -o is given.\n"
    "\n"
    "  -i FILE          one URL per line (\"-\": standard input); empty lines and lines that\n"
    "                   begin with # are skipped\n"
    "  -n COUNT         make COUNT requests: the URLs in turn, again and again; {n} in a URL\n"
    "                   becomes the number of the request; bodies are only counted\n"
    "  -c COUNT         so many transfers at the same time (default 200)\n"
    "  -o DIR           write bodies to files in DIR (default ./downloads)\n"
    "  --cacert FILE    trust the certificates in FILE (PEM) instead of the system's\n"
    "  --insecure       do not check certificates\n"
    "  --timeout SECS   give a transfer up after so long (default 30; 0: never)\n"
    "  -h, --help       this text\n"
    "\n"
    "Exit status: 0 all were fetched, 1 some were not (HTTP errors count), 2 bad arguments.\n";

__attribute__((noreturn, format(printf, 1, 2))) static void refuse(const char* format, ...) {
  va_list args;
  va_start(args, format);
  fputs("fetch_many: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\nTry fetch_many -h\n", stderr);
  va_end(args);
  exit(2);
}

static long read_count(const char* option, const char* text, long max) {
  char* end;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || value < 1 || value > max) {
    refuse("%s wants a number from 1 to %ld, not \"%s\"", option, max, text);
  }
  return value;
}

static long read_seconds(const char* option, const char* text) {
  char* end;
  const double seconds = strtod(text, &end);
  if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 1e6)) {
    refuse("%s wants seconds, not \"%s\"", option, text);
  }
  return seconds > 0 && seconds < 0.001 ? 1 : (long)(seconds * 1000);
}

static void check(struct options* options) {
  if (options->num_urls == 0 && options->list == NULL) refuse("no URL was given");
  if (options->num_urls != 0 && options->list != NULL) refuse("give either URLs or -i, not both");
  const bool repeated = options->num_requests != 0;
  if (repeated && options->directory != NULL) refuse("-n and -o do not go together");
  if (options->num_urls != 0 && !repeated && options->directory == NULL) options->directory = "downloads";
}

void options_read(struct options* options, int argc, char** argv) {
  enum { CACERT = 256, INSECURE, TIMEOUT };
  static const struct option names[] = {{"cacert", required_argument, NULL, CACERT},
                                        {"insecure", no_argument, NULL, INSECURE},
                                        {"timeout", required_argument, NULL, TIMEOUT},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};
  *options = (struct options){.concurrency = 200, .timeout_ms = 30000};
  int name;
  while ((name = getopt_long(argc, argv, "i:n:c:o:h", names, NULL)) != -1) {
    switch (name) {
      case 'i':
        options->list = optarg;
        break;
      case 'n':
        options->num_requests = read_count("-n", optarg, 100000000);
        break;
      case 'c':
        options->concurrency = read_count("-c", optarg, 100000);
        break;
      case 'o':
        options->directory = optarg;
        break;
      case CACERT:
        options->ca_file = optarg;
        break;
      case INSECURE:
        options->insecure = true;
        break;
      case TIMEOUT:
        options->timeout_ms = read_seconds("--timeout", optarg);
        break;
      case 'h':
        fputs(help_text, stdout);
        exit(0);
      default:
        fputs("Try fetch_many -h\n", stderr);
        exit(2);
    }
  }
  options->urls = argv + optind;
  options->num_urls = argc - optind;
  check(options);
}
