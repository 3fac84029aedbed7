/* SPDX-License-Identifier: MIT
 *
 * The response headers of a transfer.
 */
#ifndef CURLINC_CURL_H
#include "curl.h" /* includes this file where its turn is */
#elif !defined(CURLINC_HEADER_H)
#define CURLINC_HEADER_H

#ifdef __cplusplus
extern "C" {
#endif

/* One header. Name and value live until the next transfer of the handle. */
struct curl_header {
  char* name;
  char* value;
  size_t amount; /* headers of this name in the request */
  size_t index;  /* of this one among them, from 0 */
  unsigned int origin;
  void* anchor; /* private to the library */
};

/* Origins. */
#define CURLH_HEADER (1 << 0)
#define CURLH_TRAILER (1 << 1)
#define CURLH_CONNECT (1 << 2)
#define CURLH_1XX (1 << 3)
#define CURLH_PSEUDO (1 << 4)

typedef enum {
  CURLHE_OK = 0,
  CURLHE_BADINDEX = 1,
  CURLHE_MISSING = 2,
  CURLHE_NOHEADERS = 3,
  CURLHE_NOREQUEST = 4,
  CURLHE_OUT_OF_MEMORY = 5,
  CURLHE_BAD_ARGUMENT = 6,
  CURLHE_NOT_BUILT_IN = 7
} CURLHcode;

CURL_EXTERN CURLHcode curl_easy_header(CURL* curl, const char* name, size_t nameindex, unsigned int origin,
                                       int request, struct curl_header** hout);
CURL_EXTERN struct curl_header* curl_easy_nextheader(CURL* curl, unsigned int origin, int request,
                                                     struct curl_header* prev);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_HEADER_H */
