/* SPDX-License-Identifier: MIT
 *
 * curl_off_t, a signed 64-bit integer, and what belongs to it: the printf()
 * formats and the suffix of its constants. It is a long where that has 64
 * bits, which keeps C89 compilers content, and a long long elsewhere.
 */
#ifndef CURLINC_SYSTEM_H
#define CURLINC_SYSTEM_H

#include <limits.h>
#include <sys/socket.h>
#include <sys/types.h>

#define CURL_PULL_SYS_TYPES_H 1
#define CURL_PULL_SYS_SOCKET_H 1

#if LONG_MAX > 2147483647L
#define CURL_TYPEOF_CURL_OFF_T long
#define CURL_FORMAT_CURL_OFF_T "ld"
#define CURL_FORMAT_CURL_OFF_TU "lu"
#define CURL_SUFFIX_CURL_OFF_T L
#define CURL_SUFFIX_CURL_OFF_TU UL
#else
#define CURL_TYPEOF_CURL_OFF_T long long
#define CURL_FORMAT_CURL_OFF_T "lld"
#define CURL_FORMAT_CURL_OFF_TU "llu"
#define CURL_SUFFIX_CURL_OFF_T LL
#define CURL_SUFFIX_CURL_OFF_TU ULL
#endif

/* A constant of that type, from digits or from a macro that stands for digits. */
#define CURL_OFF_T_JOIN(value, suffix) value##suffix
#define CURL_OFF_T_CONSTANT(value, suffix) CURL_OFF_T_JOIN(value, suffix)
#define CURL_OFF_T_C(value) CURL_OFF_T_CONSTANT(value, CURL_SUFFIX_CURL_OFF_T)
#define CURL_OFF_TU_C(value) CURL_OFF_T_CONSTANT(value, CURL_SUFFIX_CURL_OFF_TU)

#ifdef __GNUC__
__extension__ typedef CURL_TYPEOF_CURL_OFF_T curl_off_t;
#else
typedef CURL_TYPEOF_CURL_OFF_T curl_off_t;
#endif

#define CURL_TYPEOF_CURL_SOCKLEN_T socklen_t
typedef CURL_TYPEOF_CURL_SOCKLEN_T curl_socklen_t;

#endif /* CURLINC_SYSTEM_H */
