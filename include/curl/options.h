/* SPDX-License-Identifier: MIT
 *
 * The options of an easy handle, as data.
 */
#ifndef CURLINC_CURL_H
#include "curl.h" /* includes this file where its turn is */
#elif !defined(CURLINC_OPTIONS_H)
#define CURLINC_OPTIONS_H

#ifdef __cplusplus
extern "C" {
#endif

/* What the third argument of curl_easy_setopt() is. */
typedef enum {
  CURLOT_LONG = 0,
  CURLOT_VALUES = 1,
  CURLOT_OFF_T = 2,
  CURLOT_OBJECT = 3,
  CURLOT_STRING = 4,
  CURLOT_SLIST = 5,
  CURLOT_CBPTR = 6,
  CURLOT_BLOB = 7,
  CURLOT_FUNCTION = 8
} curl_easytype;

#define CURLOT_FLAG_ALIAS (1 << 0) /* a second name of an option */

struct curl_easyoption {
  const char* name; /* without CURLOPT_ */
  CURLoption id;
  curl_easytype type;
  unsigned int flags;
};

CURL_EXTERN const struct curl_easyoption* curl_easy_option_by_name(const char* name);
CURL_EXTERN const struct curl_easyoption* curl_easy_option_by_id(CURLoption id);

/* The one after prev, or the first after NULL; NULL after the last. */
CURL_EXTERN const struct curl_easyoption* curl_easy_option_next(const struct curl_easyoption* prev);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_OPTIONS_H */
