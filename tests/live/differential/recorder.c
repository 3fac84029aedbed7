/* Runs one scenario and prints what the application does and what it is told:
 *
 *   recorder                        the names of all scenarios
 *   recorder <name> <directory>     one; the directory has the certificates
 *
 * differential_test.py runs it with the system's libcurl and with ours, and compares. */
#include "recorder.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

void start_application(void);

enum { kSecondsMax = 60 };

static const struct scenario* const kTables[] = {basic_scenarios, connection_scenarios, upload_scenarios,
                                                 pause_scenarios, time_scenarios,       member_scenarios,
                                                 odd_scenarios,   tls_scenarios};
enum { kTablesCount = sizeof(kTables) / sizeof(kTables[0]) };

static const struct scenario* find(const char* name) {
  for (int table = 0; table < kTablesCount; ++table) {
    for (const struct scenario* entry = kTables[table]; entry->name != NULL; ++entry) {
      if (name == NULL) {
        puts(entry->name);
      } else if (strcmp(entry->name, name) == 0) {
        return entry;
      }
    }
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    find(NULL);
    return 0;
  }
  const struct scenario* scenario = find(argv[1]);
  CHECK(scenario != NULL, "no scenario %s", argv[1]);
  directory = argv[2];
  alarm(kSecondsMax);
  signal(SIGPIPE, SIG_IGN);
  CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "start");
  printf("# %s\n", curl_version());
  start_application();
  scenario->run();
  finish();
  curl_global_cleanup();
  return 0;
}
