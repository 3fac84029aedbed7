/* A file that takes the body of one response. Its name comes from the URL. */
#ifndef BODY_FILE_H
#define BODY_FILE_H
#include <stdbool.h>
#include <stddef.h>

enum { BODY_FILE_NAME_MAX = 200 };

struct body_file {
  int fd; /* -1: not open */
  char name[BODY_FILE_NAME_MAX + 16];
};

/* The descriptor of `directory`, which is made if it does not exist. -1, with a message on stderr, if that
 * fails. */
int body_directory_open(const char* directory);

/* Writes a file name for `url` into `name`: host, path and query, with letters, digits and a few harmless
 * characters only. It has no slash and does not begin with a dot, so it stays in its directory whatever the
 * URL says.
 */
void body_file_name(const char* url, char name[BODY_FILE_NAME_MAX + 1]);

/* The three below return false with errno set when the system refuses. */

/* Makes a new file for `url`: a number is added to names that exist, nothing is ever overwritten. */
bool body_file_open(struct body_file* file, int directory_fd, const char* url);
bool body_file_write(struct body_file* file, const char* bytes, size_t count);
/* Closes the file, which is deleted unless `keep`. */
bool body_file_close(struct body_file* file, int directory_fd, bool keep);

#endif
