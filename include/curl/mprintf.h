/* SPDX-License-Identifier: MIT
 *
 * A printf() family of the library's own. New programs use the system's.
 */
#ifndef CURLINC_CURL_H
#include "curl.h" /* includes this file where its turn is */
#elif !defined(CURLINC_MPRINTF_H)
#define CURLINC_MPRINTF_H

#include <stdarg.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(CURL_NO_FMT_CHECKS)
#define CURL_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#else
#define CURL_PRINTF(fmt, arg)
#endif

CURL_EXTERN int curl_mprintf(const char* format, ...) CURL_PRINTF(1, 2);
CURL_EXTERN int curl_mfprintf(FILE* fd, const char* format, ...) CURL_PRINTF(2, 3);
CURL_EXTERN int curl_msprintf(char* buffer, const char* format, ...) CURL_PRINTF(2, 3);
CURL_EXTERN int curl_msnprintf(char* buffer, size_t maxlength, const char* format, ...) CURL_PRINTF(3, 4);
CURL_EXTERN int curl_mvprintf(const char* format, va_list args) CURL_PRINTF(1, 0);
CURL_EXTERN int curl_mvfprintf(FILE* fd, const char* format, va_list args) CURL_PRINTF(2, 0);
CURL_EXTERN int curl_mvsprintf(char* buffer, const char* format, va_list args) CURL_PRINTF(2, 0);
CURL_EXTERN int curl_mvsnprintf(char* buffer, size_t maxlength, const char* format, va_list args)
    CURL_PRINTF(3, 0);

/* Into a new string, for curl_free(). */
CURL_EXTERN char* curl_maprintf(const char* format, ...) CURL_PRINTF(1, 2);
CURL_EXTERN char* curl_mvaprintf(const char* format, va_list args) CURL_PRINTF(1, 0);

#undef CURL_PRINTF

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_MPRINTF_H */
