/* SPDX-License-Identifier: MIT
 *
 * The version of the interface. hiper speaks the interface of this libcurl
 * version; its own version is part of what curl_version() answers.
 */
#ifndef CURLINC_CURLVER_H
#define CURLINC_CURLVER_H

#define LIBCURL_COPYRIGHT "The hiper authors"
#define LIBCURL_TIMESTAMP "hiper"

#define LIBCURL_VERSION "8.22.0"
#define LIBCURL_VERSION_MAJOR 8
#define LIBCURL_VERSION_MINOR 22
#define LIBCURL_VERSION_PATCH 0

/* Six hexadecimal digits, two for each number, to compare in #if. */
#define LIBCURL_VERSION_NUM 0x081600

#define CURL_VERSION_BITS(x, y, z) ((x) << 16 | (y) << 8 | (z))
#define CURL_AT_LEAST_VERSION(x, y, z) (LIBCURL_VERSION_NUM >= CURL_VERSION_BITS(x, y, z))

#endif /* CURLINC_CURLVER_H */
