/* SPDX-License-Identifier: MIT
 *
 * The easy interface: one handle, one transfer at a time.
 */
#ifndef CURLINC_CURL_H
#include "curl.h" /* includes this file where its turn is */
#elif !defined(CURLINC_EASY_H)
#define CURLINC_EASY_H

#ifdef __cplusplus
extern "C" {
#endif

/* The argument of options for binary data. */
struct curl_blob {
  void* data;
  size_t len;
  unsigned int flags;
};

/* Its flags: the library makes a copy, or the data stays until it is used. */
#define CURL_BLOB_COPY 1
#define CURL_BLOB_NOCOPY 0

CURL_EXTERN CURL* curl_easy_init(void);
CURL_EXTERN CURLcode curl_easy_setopt(CURL* curl, CURLoption option, ...);
CURL_EXTERN CURLcode curl_easy_perform(CURL* curl);
CURL_EXTERN void curl_easy_cleanup(CURL* curl);

/* Fills the variable that the third argument points to. */
CURL_EXTERN CURLcode curl_easy_getinfo(CURL* curl, CURLINFO info, ...);

/* A new handle with the same options. */
CURL_EXTERN CURL* curl_easy_duphandle(CURL* curl);

/* All options back to their defaults; connections, cookies and caches stay. */
CURL_EXTERN void curl_easy_reset(CURL* curl);

CURL_EXTERN CURLcode curl_easy_pause(CURL* curl, int action);
CURL_EXTERN CURLcode curl_easy_upkeep(CURL* curl);
CURL_EXTERN const char* curl_easy_strerror(CURLcode error);

/* Raw data over a connection made with CURLOPT_CONNECT_ONLY. */
CURL_EXTERN CURLcode curl_easy_recv(CURL* curl, void* buffer, size_t buflen, size_t* n);
CURL_EXTERN CURLcode curl_easy_send(CURL* curl, const void* buffer, size_t buflen, size_t* n);

/* Percent-encoding; the results are for curl_free(). A length of 0 means up
   to the terminating zero. */
CURL_EXTERN char* curl_easy_escape(CURL* curl, const char* string, int length);
CURL_EXTERN char* curl_easy_unescape(CURL* curl, const char* string, int inlength, int* outlength);

/* TLS sessions, to keep them beyond the life of a process. */
typedef CURLcode curl_ssls_export_cb(CURL* curl, void* userptr, const char* session_key,
                                     const unsigned char* shmac, size_t shmac_len, const unsigned char* sdata,
                                     size_t sdata_len, curl_off_t valid_until, int ietf_tls_id,
                                     const char* alpn, size_t earlydata_max);
CURL_EXTERN CURLcode curl_easy_ssls_export(CURL* curl, curl_ssls_export_cb* export_fn, void* userptr);
CURL_EXTERN CURLcode curl_easy_ssls_import(CURL* curl, const char* session_key, const unsigned char* shmac,
                                           size_t shmac_len, const unsigned char* sdata, size_t sdata_len);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_EASY_H */
